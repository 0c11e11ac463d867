import type { PatternStream } from "./pattern-search.ts";
import { isZip, type ZipMember, zipMembers } from "./zip.ts";

export type Packing = "gzip" | "zstd";

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

export type Unpack = (packing: Packing, onData: (bytes: Uint8Array) => void) => Unpacker;

/** Unpacks some bytes at once, which is cheaper than a stream; undefined when they are broken or become too many. */
export type UnpackSmall = (packing: Packing | "deflate", bytes: Uint8Array) => Uint8Array | undefined;

export interface PackedMeans {
  readonly unpack: Unpack;
  readonly unpackSmall: UnpackSmall;
  readonly newStream: () => PatternStream;
  readonly searchWhole: (bytes: Uint8Array) => void;
  /** Told how much more is unpacked of one file; false when that is enough. */
  readonly mayUnpack: (count: number) => boolean;
}

/** Unpacked bytes of one file that are searched: more is a bomb, or nothing that anybody would put a secret in. */
export const MOST_UNPACKED = 2 ** 30;

/** How a file is packed, by its first four bytes. */
export const packingOf = (head: Uint8Array): Packing | undefined => {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return "gzip";
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return "zstd";
  return undefined;
};

/** Searches what a file holds once unpacked, and what is packed in that. */
export interface PackedSearch {
  readonly write: (bytes: Uint8Array) => void;
  readonly end: () => void;
  /** Resolves to what could not be searched, if anything, once all that was written so far is. */
  readonly settled: () => Promise<string | undefined>;
}

/** Undefined for a file that is not packed. The head is not written yet. */
export const openPacked = (head: Uint8Array, size: number, means: PackedMeans, depth = 1): PackedSearch | undefined => {
  const packing = packingOf(head);
  if (packing === undefined && !isZip(head)) return undefined;
  if (depth > DEEPEST) return gapSearch(`is packed more than ${DEEPEST} times`);
  if (packing === undefined) {
    return size > LARGEST_ZIP ? gapSearch("is a zip archive of more than 16 MB") : zipSearch(size, means, depth);
  }
  return size <= SMALL ? smallSearch(packing, size, means, depth) : streamSearch(packing, means, depth);
};

const DEEPEST = 3;
/** Packed files up to this size are unpacked at once. */
const SMALL = 256 * 1024;
/** The directory of a zip archive stands at its end: it is kept whole. */
const LARGEST_ZIP = 16 << 20;
const TOO_MUCH = "unpacks to more than 1 GB";

const gapSearch = (gap: string): PackedSearch => ({ write: () => {}, end: () => {}, settled: async () => gap });

const streamSearch = (packing: Packing, means: PackedMeans, depth: number): PackedSearch => {
  const stream = means.newStream();
  let inner: PackedSearch | undefined;
  let isFirst = true;
  let hasEnded = false;
  let gap: string | undefined;
  const unpacker = means.unpack(packing, (bytes) => {
    if (gap !== undefined) return;
    if (isFirst) inner = openPacked(bytes, Number.POSITIVE_INFINITY, means, depth + 1);
    isFirst = false;
    stream.push(bytes);
    inner?.write(bytes);
    if (means.mayUnpack(bytes.length)) return;
    gap = TOO_MUCH;
    unpacker.stop();
  });
  return {
    write: unpacker.write,
    end: () => {
      hasEnded = true;
      unpacker.end();
    },
    settled: async () => {
      const outcome = await unpacker.settled();
      if (hasEnded) inner?.end();
      const innerGap = await inner?.settled();
      return gap ?? innerGap ?? (outcome === "broken" ? "is broken" : undefined);
    },
  };
};

/** Collects the file, and searches it when it is there. */
const wholeSearch = (size: number, search: (whole: Uint8Array) => readonly PackedSearch[]): PackedSearch => {
  const whole = new Uint8Array(size);
  let length = 0;
  let searches: readonly PackedSearch[] = [];
  return {
    write: (bytes) => {
      // A sparse file may claim less than it stores.
      const fitting = bytes.subarray(0, size - length);
      whole.set(fitting, length);
      length += fitting.length;
    },
    end: () => {
      searches = search(whole.subarray(0, length));
    },
    settled: async () => {
      const gaps = await Promise.all(searches.map((one) => one.settled()));
      return gaps.find((gap) => gap !== undefined);
    },
  };
};

const smallSearch = (packing: Packing, size: number, means: PackedMeans, depth: number): PackedSearch =>
  wholeSearch(size, (whole) => {
    const unpacked = means.unpackSmall(packing, whole);
    if (unpacked !== undefined) return searchUnpacked(unpacked, means, depth);
    const search = streamSearch(packing, means, depth);
    search.write(whole);
    search.end();
    return [search];
  });

const zipSearch = (size: number, means: PackedMeans, depth: number): PackedSearch =>
  wholeSearch(size, (whole) => {
    const members = zipMembers(whole);
    if (members === undefined) return [gapSearch("is a broken zip archive")];
    const searches: PackedSearch[] = [];
    for (const member of members) {
      // Members may share their bytes: what they become is known only when they are unpacked.
      if (!means.mayUnpack(0)) return [gapSearch(TOO_MUCH)];
      means.searchWhole(member.name);
      const unpacked = memberBytes(member, means);
      const isOdd = unpacked === undefined;
      searches.push(...(isOdd ? [gapSearch(ODD_MEMBER)] : searchUnpacked(unpacked, means, depth)));
    }
    return searches;
  });

const ODD_MEMBER = "is a zip archive with a member that cannot be unpacked";

const memberBytes = ({ packing, bytes }: ZipMember, means: PackedMeans): Uint8Array | undefined => {
  if (packing === "none") return bytes;
  return packing === "deflate" ? means.unpackSmall("deflate", bytes) : undefined;
};

const searchUnpacked = (bytes: Uint8Array, means: PackedMeans, depth: number): readonly PackedSearch[] => {
  if (!means.mayUnpack(bytes.length)) return [gapSearch(TOO_MUCH)];
  means.searchWhole(bytes);
  const inner = openPacked(bytes, bytes.length, means, depth + 1);
  if (inner === undefined) return [];
  inner.write(bytes);
  inner.end();
  return [inner];
};
