import type { ByteParser } from "./byte-parser.ts";
import { type LzmaDecoder, lzmaDecoder } from "./lzma.ts";

export const isXz = (head: Uint8Array): boolean =>
  head[0] === 0xfd && head[1] === 0x37 && head[2] === 0x7a && head[3] === 0x58 && head[4] === 0x5a && head[5] === 0;

/** How far an xz file may look back: more would have to be kept in memory. */
const LARGEST_WINDOW = 32 << 20;

/**
 * The .xz file format, version 1.2. Filters for machine code are left out: they change addresses alone. Checks are not
 * made: what is searched need not be whole.
 * @param onEnd called when the file may end here
 */
export function* xzParser(onData: (bytes: Uint8Array) => void, onEnd: (mayEnd: boolean) => void): ByteParser {
  const lzma = lzmaDecoder(LARGEST_WINDOW, onData);
  for (let magic = yield 4; ; magic = yield 4) {
    // Streams are padded with zeros in fours.
    if (magic.every((byte) => byte === 0)) continue;
    onEnd(false);
    if (magic[0] !== 0xfd) throw new Error("is no xz");
    const checkLength = CHECKS[((yield 8)[3] as number) & 15] as number;
    for (let size = (yield 1)[0] as number; size !== 0; size = (yield 1)[0] as number) {
      checkFilters(yield 4 * size + 3);
      const length = yield* lzma2(lzma);
      yield ((4 - (length % 4)) % 4) + checkLength;
    }
    yield* skipIndex();
    yield FOOTER;
    onEnd(true);
  }
}

const CHECKS = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const FOOTER = 12;
const LZMA2 = 0x21;
const DELTA = 3;

const checkFilters = (header: Uint8Array): void => {
  const flags = header[0] as number;
  let at = 1;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = header[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  if ((flags & 0x40) !== 0) number();
  if ((flags & 0x80) !== 0) number();
  let last = 0;
  for (let left = (flags & 3) + 1; left > 0; left--) {
    last = number();
    if (last === DELTA) throw new Error("uses a filter that is not known");
    const properties = number();
    at += properties;
  }
  if (last !== LZMA2) throw new Error("uses a filter that is not known");
};

/** Returns how many packed bytes there were. */
function* lzma2(lzma: LzmaDecoder): Generator<number, number, Uint8Array> {
  let length = 0;
  for (;;) {
    const control = (yield 1)[0] as number;
    length++;
    if (control === 0) return length;
    if (control === 1) lzma.resetWindow();
    if (control < 0x80) {
      if (control > 2) throw new Error("is no xz");
      const size = 1 + wide(yield 2, 0);
      lzma.copy(yield size);
      length += 2 + size;
      continue;
    }
    const reset = (control >> 5) & 3;
    const sizes = (yield 4).slice();
    if (reset === 3) lzma.resetWindow();
    if (reset >= 2) lzma.setProperties((yield 1)[0] as number);
    if (reset >= 1) lzma.resetState();
    const packed = 1 + wide(sizes, 2);
    lzma.decode(yield packed, 1 + ((control & 31) << 16) + wide(sizes, 0));
    length += 4 + (reset >= 2 ? 1 : 0) + packed;
  }
}

const wide = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

/** Its first byte was read. */
function* skipIndex(): Generator<number, void, Uint8Array> {
  let length = 1;
  function* number(): Generator<number, number, Uint8Array> {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = (yield 1)[0] as number;
      length++;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
  for (let left = 2 * (yield* number()); left > 0; left--) yield* number();
  yield ((4 - (length % 4)) % 4) + 4;
}
