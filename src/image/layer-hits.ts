import type { LeakPlace } from "./image.ts";
import { PACKED_HEAD, packedKindOf } from "./packed-kinds.ts";
import {
  MOST_UNPACKED,
  openPacked,
  type PackedMeans,
  type Release,
  type Unpack,
  type UnpackSmall,
} from "./packed-search.ts";
import type { PatternSearch } from "./pattern-search.ts";
import type { PackedSearch } from "./search-parts.ts";
import type { TarEntry } from "./tar-header.ts";
import { zipEndFinder } from "./zip.ts";

/** Where a pattern was found. */
export interface LayerHit {
  readonly pattern: number;
  readonly path: string;
  readonly part: Extract<LeakPlace, { in: "layer" }>["part"];
}

export interface LayerFindings {
  readonly hits: readonly LayerHit[];
  /** Bytes that were searched, unpacked ones included; 0 without anything to search for. */
  readonly searchedBytes: number;
  /** Packed files that could not be searched, and why. */
  readonly gaps: readonly string[];
}

export interface SearchMeans {
  readonly patterns: PatternSearch;
  readonly unpack: Unpack;
  readonly unpackSmall: UnpackSmall;
  readonly release: Release;
}

/** Follows the reader of a layer, and knows in which entry a hit lies. */
export interface HitFinder {
  /** The archive as it streams by: called before the reader sees the same chunk. */
  readonly stream: (chunk: Uint8Array) => void;
  readonly enter: (entry: TarEntry, path: string) => void;
  readonly data: (bytes: Uint8Array) => void;
  readonly leave: () => void;
  readonly settled: () => Promise<void>;
  readonly end: () => Promise<LayerFindings>;
}

export const hitFinder = (means: SearchMeans | undefined): HitFinder =>
  means === undefined ? NO_SEARCH : searchingFinder(means);

const NOTHING: LayerFindings = { hits: [], searchedBytes: 0, gaps: [] };
const NO_SEARCH: HitFinder = {
  stream: () => {},
  enter: () => {},
  data: () => {},
  leave: () => {},
  settled: async () => {},
  end: async () => NOTHING,
};

/** A layer full of one pattern is told by the first places, which leave the others theirs. */
const MOST_HITS = 200;
/** Of one pattern before the reader tells its entries; a file that repeats a secret is told once. */
const MOST_PENDING = 1000;
const MOST_GAPS = 20;

const counts = () => {
  const known = new Map<number, number>();
  return {
    add: (key: number, change: 1 | -1): number => {
      const count = (known.get(key) ?? 0) + change;
      known.set(key, count);
      return count;
    },
  };
};

const searchingFinder = ({ patterns, unpack, unpackSmall, release }: SearchMeans): HitFinder => {
  const hits = new Map<string, LayerHit>();
  const gaps: string[] = [];
  const running: { readonly path: string; readonly search: PackedSearch }[] = [];
  const pending: { readonly pattern: number; readonly start: number }[] = [];
  const head = new Uint8Array(PACKED_HEAD);
  const zipEnd = zipEndFinder();
  let headLength = 0;
  let moreGaps = 0;
  let searchedBytes = 0;
  let entry: TarEntry | undefined;
  let path = "";
  let packed: PackedSearch | undefined;
  const pendingOf = counts();
  const archive = patterns.newStream((pattern, start) => {
    if (pendingOf.add(pattern, 1) <= MOST_PENDING) pending.push({ pattern, start });
    else pendingOf.add(pattern, -1);
  });

  const keptOf = counts();
  const keep = (hit: LayerHit): void => {
    const key = `${hit.pattern} ${hit.part} ${hit.path}`;
    if (!hits.has(key) && keptOf.add(hit.pattern, 1) <= MOST_HITS) hits.set(key, hit);
  };

  /** Hits are reported chunk by chunk, before the reader tells what entries the chunk holds. */
  const resolve = (before: number): void => {
    let resolved = 0;
    for (; (pending[resolved]?.start ?? before) < before; resolved++) {
      const hit = pending[resolved];
      if (hit !== undefined) pendingOf.add(hit.pattern, -1);
      if (hit === undefined || entry === undefined) continue;
      keep({ pattern: hit.pattern, path, part: hit.start < entry.dataStart ? "name or attributes" : "contents" });
    }
    if (resolved > 0) pending.splice(0, resolved);
  };

  const packedMeans = (inside: string): PackedMeans => {
    let unpacked = 0;
    const found = (pattern: number): void => keep({ pattern, path: inside, part: "packed contents" });
    return {
      unpack,
      unpackSmall,
      release,
      newStream: () => patterns.newStream(found),
      searchWhole: (bytes) => patterns.searchWhole(bytes, found),
      mayUnpack: (count) => {
        searchedBytes += count;
        unpacked += count;
        return unpacked <= MOST_UNPACKED;
      },
    };
  };

  const open = (start: Uint8Array): void => {
    const kind = packedKindOf(start);
    if (kind !== undefined) packed = openPacked(kind, entry?.size ?? 0, packedMeans(path));
  };

  const openHead = (): void => {
    open(head.subarray(0, headLength));
    packed?.write(head.slice(0, headLength));
  };

  const keepGap = (inside: string, gap: string): void => {
    if (gaps.length === MOST_GAPS) moreGaps++;
    else gaps.push(`\`${inside}\` ${gap}`);
  };

  const settle = async (): Promise<void> => {
    for (const { path: inside, search } of running.splice(0)) {
      const gap = await search.settled();
      if (gap !== undefined) keepGap(inside, gap);
    }
    await packed?.settled();
  };

  return {
    stream: (chunk) => {
      searchedBytes += chunk.length;
      archive.push(chunk);
      pending.sort((a, b) => a.start - b.start);
    },
    enter: (next, nextPath) => {
      resolve(next.start);
      entry = next;
      path = nextPath;
      headLength = 0;
      zipEnd.reset(next.size);
    },
    data: (bytes) => {
      let from = 0;
      if (headLength < PACKED_HEAD) {
        if (headLength === 0 && bytes.length >= PACKED_HEAD) {
          headLength = PACKED_HEAD;
          open(bytes.subarray(0, PACKED_HEAD));
        } else {
          from = Math.min(PACKED_HEAD - headLength, bytes.length);
          head.set(bytes.subarray(0, from), headLength);
          headLength += from;
          if (headLength === PACKED_HEAD) openHead();
        }
      }
      if (packed === undefined) zipEnd.push(bytes);
      else if (from < bytes.length) packed.write(bytes.subarray(from));
    },
    leave: () => {
      if (headLength > 0 && headLength < PACKED_HEAD) openHead();
      if (packed === undefined) {
        if (zipEnd.isFound()) keepGap(path, "is a zip archive with something in front of it, which is not unpacked");
        return;
      }
      packed.end();
      running.push({ path, search: packed });
      packed = undefined;
    },
    settled: settle,
    end: async () => {
      resolve(Number.POSITIVE_INFINITY);
      await settle();
      if (moreGaps > 0) gaps.push(`${moreGaps} more packed files`);
      return { hits: [...hits.values()], searchedBytes, gaps };
    },
  };
};
