import type { Transform } from "node:stream";
import {
  crc32,
  createGunzip,
  createInflateRaw,
  createZstdDecompress,
  gunzipSync,
  inflateRawSync,
  inflateSync,
} from "node:zlib";
import type { Packing } from "../image/packed-kinds.ts";
import type { Unpack, UnpackSmall } from "../image/packed-search.ts";
import { zstdFrames } from "../image/zstd-frames.ts";

export const checksum = (bytes: Uint8Array, before: number): number => crc32(bytes, before);

/** A stream that unpacks what is written to it; several gzip members or zstd frames count as one. */
export const unpackingStream = (packing: Packing | "deflate", chunkSize: number): Transform => {
  // Room for some chunks lets the unpacking run ahead of the reading.
  const options = { chunkSize, readableHighWaterMark: 4 * chunkSize };
  if (packing === "zstd") return createZstdDecompress(options);
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

const MOST_AT_ONCE = 64 * 1024;

/** A buffer that is far too large costs more than unpacking a manual page. */
const atOnce = (bytes: Uint8Array) => ({
  chunkSize: Math.min(MOST_AT_ONCE, Math.max(1024, 4 * bytes.length)),
  maxOutputLength: 8 << 20,
});

const ALL_AT_ONCE = { gzip: gunzipSync, deflate: inflateRawSync, zlib: inflateSync } as const;

export const unpackSmall: UnpackSmall = (packing, bytes) => {
  // Several frames of zstd would be cut off after the first.
  if (packing === "zstd") return undefined;
  try {
    return ALL_AT_ONCE[packing](bytes, atOnce(bytes));
  } catch {
    return undefined;
  }
};
