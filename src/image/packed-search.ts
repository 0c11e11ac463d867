import type { PatternStream } from "./pattern-search.ts";

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

/** Unpacks a small file at once, which is cheaper than a stream; undefined when it is broken or becomes large. */
export type UnpackSmall = (packing: Packing, bytes: Uint8Array) => Uint8Array | undefined;

/** How a file is packed, by its first four bytes. */
export const packingOf = (head: Uint8Array): Packing | undefined => {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return "gzip";
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return "zstd";
  return undefined;
};

/** Unpacked bytes of one file that are searched: more is a bomb, or nothing that anybody would put a secret in. */
export const MOST_UNPACKED = 2 ** 30;
const DEEPEST = 3;

export interface PackedMeans {
  readonly unpack: Unpack;
  readonly unpackSmall: UnpackSmall;
  readonly newStream: () => PatternStream;
  readonly onBytes: (count: number) => void;
}

export interface PackedSearch {
  readonly write: (bytes: Uint8Array) => void;
  readonly end: () => void;
  /** Resolves to what could not be searched, if anything, once all that was written so far is. */
  readonly settled: () => Promise<string | undefined>;
}

/** Searches what a file holds once unpacked, and what is packed in that. */
export const packedSearch = (packing: Packing, means: PackedMeans, depth = 1): PackedSearch => {
  const stream = means.newStream();
  let inner: PackedSearch | undefined;
  let seen = 0;
  let hasEnded = false;
  let gap: string | undefined;
  const unpacker = means.unpack(packing, (bytes) => {
    if (gap !== undefined) return;
    if (seen === 0) {
      const innerPacking = packingOf(bytes);
      if (innerPacking !== undefined && depth >= DEEPEST) gap = `is packed more than ${DEEPEST} times`;
      else if (innerPacking !== undefined) inner = packedSearch(innerPacking, means, depth + 1);
    }
    seen += bytes.length;
    means.onBytes(bytes.length);
    stream.push(bytes);
    inner?.write(bytes);
    if (seen <= MOST_UNPACKED) return;
    gap = "unpacks to more than 1 GB";
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

/** Searches a small file that is there as a whole. */
export const smallSearch = (packing: Packing, bytes: Uint8Array, means: PackedMeans): PackedSearch | undefined => {
  const unpacked = means.unpackSmall(packing, bytes);
  if (unpacked !== undefined && packingOf(unpacked) === undefined) {
    means.onBytes(unpacked.length);
    means.newStream().push(unpacked);
    return undefined;
  }
  const search = packedSearch(packing, means);
  search.write(bytes);
  search.end();
  return search;
};
