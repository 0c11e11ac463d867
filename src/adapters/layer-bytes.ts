import { type FileHandle, open } from "node:fs/promises";
import type { Transform } from "node:stream";
import type { DigestWriter } from "../image/archive-reader.ts";
import { GZIP_TRAILER, gzipHeaderLength } from "../image/gzip-header.ts";
import { type Compression, DAMAGED, ImageError } from "../image/manifest.ts";
import { zstdFrames } from "../image/zstd-frames.ts";
import { newDigest } from "./digests.ts";
import { unpackingStream } from "./image-unpack.ts";

/**
 * The uncompressed bytes of a layer's file; each piece is valid until the next is asked for. Rejects with an
 * `ImageError` after the last of them when the file is not what its digest says.
 */
export async function* layerBytes(path: string, compression: Compression, digest: string): AsyncGenerator<Uint8Array> {
  const actual = newDigest(digest);
  yield* fileBytes(path, compression, actual);
  if (actual.value() !== digest) throw new ImageError(DAMAGED);
}

/** The uncompressed bytes of a file; each piece is valid until the next is asked for. */
export async function* fileBytes(
  path: string,
  packing: Compression,
  stored?: DigestWriter,
): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    if (packing === "none") yield* pieces(file, 0, stored);
    else if (packing === "gzip" && stored !== undefined) yield* gunzipped(file, stored);
    else yield* unpacked(file, 0, packing, stored);
  } finally {
    await file.close();
  }
}

/**
 * The digest proves more than the checksum inside of gzip, and costs as much: the latter is left out by inflating what
 * lies behind the header. Members that follow the first, which few layers have, are unpacked as usual.
 */
async function* gunzipped(file: FileHandle, stored: DigestWriter): AsyncGenerator<Uint8Array> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
  const start = gzipHeaderLength(buffer.subarray(0, bytesRead));
  if (start === undefined) return yield* unpacked(file, 0, "gzip", stored);
  stored.push(buffer.subarray(0, start));
  const consumed = yield* unpacked(file, start, "deflate", stored);
  const rest = start + consumed + GZIP_TRAILER;
  const { size } = await file.stat();
  if (rest > size) throw new ImageError("unexpected end of file");
  if (rest < size) yield* unpacked(file, rest, "gzip", undefined);
}

/** Room for a header with names and comments. */
const HEAD = 4096;
/** Bytes that are handed on at a time: to do so costs as much as reading some 20 KB. */
const PIECE = 256 * 1024;

/** Reads into one buffer again and again. */
async function* pieces(file: FileHandle, start: number, stored: DigestWriter | undefined): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(PIECE);
  for (let at = start; ; ) {
    const { bytesRead } = await file.read(buffer, 0, PIECE, at);
    if (bytesRead === 0) return;
    const piece = buffer.subarray(0, bytesRead);
    stored?.push(piece);
    yield piece;
    at += bytesRead;
  }
}

/** Yields from a byte of the file on, and returns how many bytes the unpacking took. */
async function* unpacked(
  file: FileHandle,
  start: number,
  packing: Exclude<Compression, "none"> | "deflate",
  stored: DigestWriter | undefined,
): AsyncGenerator<Uint8Array, number> {
  const stream = unpackingStream(packing, PIECE);
  const cut = packing === "zstd" ? zstdFrames() : (piece: Uint8Array) => [piece];
  const write = writerTo(stream);
  let isLeft = false;
  const feed = async (): Promise<void> => {
    for await (const piece of pieces(file, start, stored)) {
      if (isLeft) return;
      for (const part of cut(piece)) await write(part);
    }
    stream.end();
  };
  const feeding = feed().catch((error) => void stream.destroy(error));
  try {
    for await (const piece of stream) {
      yield piece;
      release(piece);
    }
    // What follows the end of the packed bytes is part of the file too.
    await feeding;
    return "bytesWritten" in stream ? Number(stream.bytesWritten) : 0;
  } finally {
    isLeft = true;
    stream.destroy();
    await feeding;
  }
}

/** Each write resolves when its bytes are no longer needed, or the stream takes no more. */
const writerTo = (stream: Transform): ((bytes: Uint8Array) => Promise<void>) => {
  let finish = (): void => {};
  // A stream that breaks does not call back.
  stream.on("close", () => finish());
  return (bytes) =>
    new Promise((resolve) => {
      finish = resolve;
      if (stream.writable) stream.write(bytes, () => resolve());
      else resolve();
    });
};

/** Left to the collector of garbage, what was unpacked piles up to many times what is in use. */
const release = ({ buffer, byteOffset, byteLength }: Uint8Array): void => {
  const isFull = byteOffset + byteLength === buffer.byteLength && buffer.byteLength >= PIECE;
  if (isFull && buffer instanceof ArrayBuffer) buffer.transfer(0);
};
