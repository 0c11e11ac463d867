import { arParser } from "./ar.ts";
import { feeding } from "./byte-parser.ts";
import { bzip2Decoder } from "./bzip2.ts";
import { PACKED_HEAD, type PackedKind, type Packing, packedKindOf } from "./packed-kinds.ts";
import type { PatternStream } from "./pattern-search.ts";
import {
  collecting,
  containerSearch,
  gapSearch,
  NO_SEARCH,
  type PackedSearch,
  searchesInTurn,
} from "./search-parts.ts";
import { tarReader } from "./tar.ts";
import { xzParser } from "./xz.ts";
import { zipParser } from "./zip.ts";

/** A decompressor that runs beside the reader. */
export interface Unpacker {
  /** The bytes must stay as they are until `settled`. */
  readonly write: (bytes: Uint8Array) => void;
  readonly end: () => void;
  /** Resolves when all that was written has been unpacked; after `end`, to whether it was whole. */
  readonly settled: () => Promise<"whole" | "broken">;
  /** Takes no more; what is written from now on is dropped. */
  readonly stop: () => void;
}

export type StreamPacking = Packing | "deflate" | "zlib";

export type Unpack = (packing: StreamPacking, onData: (bytes: Uint8Array) => void) => Unpacker;

/** Unpacks some bytes at once, which is cheaper than a stream; undefined when they are broken or become too many. */
export type UnpackSmall = (packing: StreamPacking, bytes: Uint8Array) => Uint8Array | undefined;

/** Gives back the memory of what was unpacked at once, and is needed no longer. */
export type Release = (unpacked: Uint8Array) => void;

export interface PackedMeans {
  readonly unpack: Unpack;
  readonly unpackSmall: UnpackSmall;
  readonly release: Release;
  readonly newStream: () => PatternStream;
  readonly searchWhole: (bytes: Uint8Array) => void;
  /** Told how much more is unpacked of one file; false when that is enough. */
  readonly mayUnpack: (count: number) => boolean;
}

/** Unpacked bytes of one file that are searched: more is a bomb, or nothing that anybody would put a secret in. */
export const MOST_UNPACKED = 2 ** 30;

/** @param size of the file */
export const openPacked = (kind: PackedKind, size: number, means: PackedMeans, depth = 1): PackedSearch => {
  if (depth > DEEPEST) return gapSearch(`is packed more than ${DEEPEST} times`);
  const inside = { means, depth: depth + 1 };
  switch (kind.how) {
    case "unknown":
      return gapSearch(kind.gap);
    case "native":
      return size <= SMALL ? smallSearch(kind.packing, size, inside) : streamSearch(kind.packing, inside);
    case "zlib":
      return zlibSearch(size, inside);
    case "bzip2":
    case "xz":
      return decodedSearch(kind.how, inside);
    case "zip":
      return zipSearch(inside);
    case "tar":
    case "ar":
      return membersSearch(kind.how, inside);
  }
};

const DEEPEST = 5;
/** Packed files up to this size are unpacked at once. */
const SMALL = 256 * 1024;
const TOO_MUCH = "unpacks to more than 1 GB";
const BROKEN = "is broken";

interface Inside {
  readonly means: PackedMeans;
  readonly depth: number;
}

/** Looks at how a file starts, and searches it if it is packed. */
const memberSearch = (size: number, { means, depth }: Inside): PackedSearch => {
  const head = new Uint8Array(Math.min(size, PACKED_HEAD));
  let filled = 0;
  let search: PackedSearch | undefined;
  let isOpen = false;

  const open = (start: Uint8Array): void => {
    isOpen = true;
    const kind = packedKindOf(start);
    search = kind && openPacked(kind, size, means, depth);
    search?.write(start);
  };

  return {
    write: (bytes) => {
      let from = 0;
      if (!isOpen) {
        from = Math.min(head.length - filled, bytes.length);
        head.set(bytes.subarray(0, from), filled);
        filled += from;
        if (filled < head.length) return;
        open(head);
      }
      if (from < bytes.length) search?.write(bytes.subarray(from));
    },
    end: () => {
      if (!isOpen && filled > 0) open(head.subarray(0, filled));
      search?.end();
    },
    settled: async () => search?.settled(),
  };
};

/** Searches unpacked bytes as they come, and what is packed in them. */
interface UnpackedSearch extends PackedSearch {
  /** Returns whether there may be more. */
  readonly take: (bytes: Uint8Array) => boolean;
}

const unpackedSearch = (inside: Inside): UnpackedSearch => {
  const stream = inside.means.newStream();
  const member = memberSearch(Number.POSITIVE_INFINITY, inside);
  let isTooMuch = false;
  const take = (bytes: Uint8Array): boolean => {
    if (isTooMuch) return false;
    stream.push(bytes);
    member.write(bytes);
    isTooMuch = !inside.means.mayUnpack(bytes.length);
    return !isTooMuch;
  };
  return {
    take,
    write: take,
    end: member.end,
    settled: async () => {
      const gap = await member.settled();
      return isTooMuch ? TOO_MUCH : gap;
    },
  };
};

/** Searches what was unpacked at once. */
const searchUnpacked = (bytes: Uint8Array, { means, depth }: Inside): PackedSearch => {
  if (!means.mayUnpack(bytes.length)) return gapSearch(TOO_MUCH);
  means.searchWhole(bytes);
  const kind = packedKindOf(bytes.subarray(0, PACKED_HEAD));
  if (kind === undefined) {
    means.release(bytes);
    return NO_SEARCH;
  }
  const search = openPacked(kind, bytes.length, means, depth);
  search.write(bytes);
  search.end();
  return search;
};

const streamSearch = (packing: StreamPacking, inside: Inside): PackedSearch => {
  const unpacked = unpackedSearch(inside);
  let hasEnded = false;
  const unpacker = inside.means.unpack(packing, (bytes) => {
    if (!unpacked.take(bytes)) unpacker.stop();
  });
  return {
    write: unpacker.write,
    end: () => {
      hasEnded = true;
      unpacker.end();
    },
    settled: async () => {
      const outcome = await unpacker.settled();
      if (hasEnded) unpacked.end();
      const gap = await unpacked.settled();
      return gap ?? (outcome === "broken" ? BROKEN : undefined);
    },
  };
};

const smallSearch = (packing: StreamPacking, size: number, inside: Inside): PackedSearch =>
  collecting(
    // A sparse file may claim less than it stores.
    Math.min(size, SMALL),
    (whole) => {
      const unpacked = inside.means.unpackSmall(packing, whole);
      if (unpacked !== undefined) return searchUnpacked(unpacked, inside);
      const search = streamSearch(packing, inside);
      search.write(whole);
      search.end();
      return search;
    },
    () => streamSearch(packing, inside),
  );

/** Two bytes make a poor mark: what does not unpack is something else. */
const zlibSearch = (size: number, inside: Inside): PackedSearch => {
  const search = size <= SMALL ? smallSearch("zlib", size, inside) : streamSearch("zlib", inside);
  const settled = async (): Promise<string | undefined> => {
    const gap = await search.settled();
    return gap === BROKEN ? undefined : gap;
  };
  return { ...search, settled };
};

const decodedSearch = (how: "xz" | "bzip2", inside: Inside): PackedSearch => {
  const unpacked = unpackedSearch(inside);
  let isWhole = false;
  let gap: string | undefined;
  const take = (bytes: Uint8Array): void => {
    // The decoder uses its memory again; a search of what is packed inside may still need it.
    if (!unpacked.take(bytes.slice())) throw new Error(TOO_MUCH);
  };
  const bzip2 = how === "bzip2" ? bzip2Decoder(take) : undefined;
  const decoder =
    bzip2 ??
    feeding(() =>
      xzParser(take, (mayEnd) => {
        isWhole = mayEnd;
      }),
    );
  const run = (act: () => void): void => {
    if (gap !== undefined) return;
    try {
      act();
    } catch (error) {
      gap = KNOWN_GAPS.has(messageOf(error)) ? messageOf(error) : BROKEN;
    }
  };
  return {
    write: (bytes) => run(() => decoder.push(bytes)),
    end: () => {
      run(() => {
        bzip2?.end();
        if (bzip2 === undefined && !isWhole) throw new Error(BROKEN);
      });
      unpacked.end();
    },
    settled: async () => gap ?? (await unpacked.settled()),
  };
};

const KNOWN_GAPS: ReadonlySet<string> = new Set([
  TOO_MUCH,
  "uses a filter that is not known",
  "refers further back than 32 MB",
]);

const BROKEN_ZIP = "is a broken zip archive";
const ODD_MEMBER = "is a zip archive with a member that cannot be unpacked";

const zipSearch = (inside: Inside): PackedSearch => {
  const searches = searchesInTurn();
  let hasEnded = false;
  const decoder = feeding(function* (source) {
    yield* zipParser(source, {
      member: (packing, size = Number.POSITIVE_INFINITY) => {
        if (packing === "deflate") searches.next(smallSearch("deflate", SMALL, inside));
        else searches.next(packing === "none" ? memberSearch(size, inside) : gapSearch(ODD_MEMBER));
      },
      data: searches.write,
      close: searches.close,
    });
    hasEnded = true;
  });
  return containerSearch(
    searches,
    decoder.push,
    () => {
      searches.close();
      if (!hasEnded) throw new Error(BROKEN_ZIP);
    },
    BROKEN_ZIP,
  );
};

const membersSearch = (how: "tar" | "ar", inside: Inside): PackedSearch => {
  const searches = searchesInTurn();
  const member = (size: number): void => searches.next(memberSearch(size, inside));
  const visitor = { data: searches.write, close: searches.close };
  const reader =
    how === "tar"
      ? tarReader({ ...visitor, entry: ({ size }) => member(size) })
      : { ...feeding(() => arParser({ ...visitor, member })), end: searches.close };
  return containerSearch(searches, reader.push, reader.end, "is an archive that is cut off or broken");
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
