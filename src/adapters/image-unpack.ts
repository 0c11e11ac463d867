import type { Transform } from "node:stream";
import {
  crc32,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  type ZlibOptions,
} from "node:zlib";
import type { LeakHunt } from "../image/image-leaks.ts";
import type { SearchMeans } from "../image/layer-hits.ts";
import type { Release, StreamPacking, Unpack, UnpackSmall } from "../image/packed-search.ts";
import { zstdFrames } from "../image/zstd-frames.ts";

export const checksum = (bytes: Uint8Array, before: number): number => crc32(bytes, before);

/** A stream that unpacks what is written to it; several gzip members or zstd frames count as one. */
export const unpackingStream = (packing: StreamPacking, chunkSize: number): Transform => {
  // Room for some chunks lets the unpacking run ahead of the reading.
  const options = { chunkSize, readableHighWaterMark: 4 * chunkSize };
  if (packing === "zstd") return createZstdDecompress(options);
  if (packing === "zlib") return createInflate(options);
  return packing === "gzip" ? createGunzip(options) : createInflateRaw(options);
};

const SMALL_CHUNK = 16 * 1024;

export const unpack: Unpack = (packing, onData) => {
  const stream = unpackingStream(packing, SMALL_CHUNK);
  const cut = packing === "zstd" ? zstdFrames() : undefined;
  let isBroken = false;
  let isOver = false;
  let last: Promise<void> = Promise.resolve();
  const closed = new Promise<void>((resolve) => {
    const over = (): void => {
      isOver = true;
      resolve();
    };
    stream.on("end", over);
    stream.on("close", over);
    stream.on("error", () => {
      isBroken = true;
      over();
    });
  });
  stream.on("data", onData);
  const writePiece = (bytes: Uint8Array): void => {
    if (isOver || stream.writableEnded) return;
    last = new Promise((resolve) => stream.write(bytes, () => resolve()));
  };
  return {
    write: (bytes) => (cut === undefined ? [bytes] : cut(bytes)).forEach(writePiece),
    end: () => {
      if (isOver) return;
      stream.end();
      last = closed;
    },
    settled: async () => {
      await Promise.race([last, closed]);
      return isBroken ? "broken" : "whole";
    },
    stop: () => stream.destroy(),
  };
};

/** Room for what most files unpack to, so that they need no second piece. */
const MOST_AT_ONCE = 1 << 20;
const LARGEST_OUTPUT = 8 << 20;

/** How long the output is stands at the end of gzip; what else is unpacked at once tends to become four times as long. */
const atOnce = (packing: Exclude<StreamPacking, "zstd">, bytes: Uint8Array): ZlibOptions => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isTold = packing === "gzip" && bytes.length > 18;
  const expected = isTold ? view.getUint32(bytes.length - 4, true) + 1 : 4 * bytes.length;
  return { chunkSize: Math.min(MOST_AT_ONCE, Math.max(1024, expected)), maxOutputLength: LARGEST_OUTPUT };
};

const ALL_AT_ONCE = { gzip: gunzipSync, deflate: inflateRawSync, zlib: inflateSync } as const;

export const unpackSmall: UnpackSmall = (packing, bytes) => {
  // Several frames of zstd would be cut off after the first.
  if (packing === "zstd") return undefined;
  try {
    return ALL_AT_ONCE[packing](bytes, atOnce(packing, bytes));
  } catch {
    return undefined;
  }
};

/** Left to the collector of garbage, what was unpacked piles up to many times what is in use. */
export const release: Release = ({ buffer, byteOffset }) => {
  const isShared = byteOffset > 0 || buffer.byteLength <= Buffer.poolSize;
  if (!isShared && buffer instanceof ArrayBuffer) buffer.transfer(0);
};

/** All that a search for secrets needs of this machine. */
export const searchMeans = (hunt: LeakHunt | undefined): SearchMeans | undefined =>
  hunt && { patterns: hunt.patterns, unpack, unpackSmall, release };
