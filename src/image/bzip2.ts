import type { Decoder } from "./byte-parser.ts";

/** `BZh9`, and the start of a block or of the end. */
export const isBzip2 = (head: Uint8Array): boolean => {
  const isStart = head[0] === 0x42 && head[1] === 0x5a && head[2] === 0x68;
  const level = head[3] ?? 0;
  return isStart && level >= 0x31 && level <= 0x39 && (head[4] === 0x31 || head[4] === 0x17);
};

export interface Bzip2Decoder extends Decoder {
  /** Throws when the file is cut off. */
  readonly end: () => void;
}

/**
 * bzip2, with several streams one after the other. A block is decoded when enough bytes for the largest one are there.
 * Checksums are not compared: what is searched need not be whole.
 */
export const bzip2Decoder = (onData: (bytes: Uint8Array) => void): Bzip2Decoder => {
  const source = bitSource();
  let block = new Uint32Array(0);
  /** In hundreds of thousands of bytes; 0 between streams. */
  let level = 0;
  let hasEnded = false;

  const readStart = (): void => {
    // What follows the last stream is nobody's.
    if (level === 0 && source.bits(24) !== 0x425a68) {
      hasEnded = true;
      return;
    }
    level = source.bits(8) - 0x30;
    if (level < 1 || level > 9) throw new Error("is no bzip2");
    if (block.length < level * 100_000) block = new Uint32Array(level * 100_000);
  };

  const readBlock = (): void => {
    const magic = source.bits(24) * 0x1000000 + source.bits(24);
    source.bits(16);
    source.bits(16);
    if (magic === BLOCK) decodeBlock(source, block, level * 100_000, onData);
    else if (magic === END) {
      source.align();
      level = 0;
    } else throw new Error("is no bzip2");
  };

  const decode = (room: number): void => {
    while (!hasEnded && source.left() >= Math.max(4, room)) {
      if (level === 0) readStart();
      else readBlock();
    }
  };

  return {
    push: (bytes) => {
      if (hasEnded) return;
      source.add(bytes);
      decode(LARGEST_BLOCK);
    },
    end: () => {
      decode(0);
      if (level !== 0) throw new Error("is cut off");
    },
  };
};

const BLOCK = 0x314159265359;
const END = 0x177245385090;
/** Packed, at the worst, with the tables in front. */
const LARGEST_BLOCK = 1_000_000;
const LONGEST_CODE = 20;
const GROUP = 50;

interface BitSource {
  readonly add: (bytes: Uint8Array) => void;
  /** Bytes that are there. */
  readonly left: () => number;
  /** Throws when there are no more. */
  readonly bits: (count: number) => number;
  readonly align: () => void;
}

const bitSource = (): BitSource => {
  let bytes = new Uint8Array(64 * 1024);
  let length = 0;
  let at = 0;
  let held = 0;
  let heldBits = 0;
  return {
    add: (more) => {
      bytes.copyWithin(0, at, length);
      length -= at;
      at = 0;
      if (length + more.length > bytes.length) {
        const larger = new Uint8Array(Math.max(length + more.length, 2 * bytes.length));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(more, length);
      length += more.length;
    },
    left: () => length - at,
    bits: (count) => {
      while (heldBits < count) {
        if (at >= length) throw new Error("is cut off");
        held = (held << 8) | (bytes[at++] as number);
        heldBits += 8;
      }
      heldBits -= count;
      return (held >>> heldBits) & ((1 << count) - 1);
    },
    align: () => {
      heldBits -= heldBits % 8;
      at -= heldBits / 8;
      heldBits = 0;
    },
  };
};

const decodeBlock = (
  source: BitSource,
  block: Uint32Array,
  largest: number,
  onData: (bytes: Uint8Array) => void,
): void => {
  if (source.bits(1) !== 0) throw new Error("is of a version that nobody writes any more");
  const origin = source.bits(24);
  const symbols = readSymbols(source);
  const tables = source.bits(3);
  const selectors = readSelectors(source, tables);
  const codes = Array.from({ length: tables }, () => readCode(source, symbols.length + 2));
  const counts = new Int32Array(256);
  const length = readRuns(source, block, largest, symbols, selectors, codes, counts);
  if (origin >= length) throw new Error("is no bzip2");
  for (let symbol = 0, sum = 0; symbol < 256; symbol++) {
    const count = counts[symbol] as number;
    counts[symbol] = sum;
    sum += count;
  }
  for (let index = 0; index < length; index++) {
    const symbol = (block[index] as number) & 0xff;
    const place = counts[symbol] as number;
    counts[symbol] = place + 1;
    block[place] = (block[place] as number) | (index << 8);
  }
  writeBlock(block, origin, length, onData);
};

const readSymbols = (source: BitSource): Uint8Array => {
  const used = source.bits(16);
  const symbols: number[] = [];
  for (let high = 0; high < 16; high++) {
    if ((used & (0x8000 >> high)) === 0) continue;
    const lows = source.bits(16);
    for (let low = 0; low < 16; low++) if ((lows & (0x8000 >> low)) !== 0) symbols.push(16 * high + low);
  }
  return Uint8Array.from(symbols);
};

const readSelectors = (source: BitSource, tables: number): Uint8Array => {
  if (tables < 2 || tables > 6) throw new Error("is no bzip2");
  const selectors = new Uint8Array(source.bits(15));
  const recent = Uint8Array.from({ length: tables }, (_, index) => index);
  for (let index = 0; index < selectors.length; index++) {
    let place = 0;
    while (source.bits(1) === 1) if (++place >= tables) throw new Error("is no bzip2");
    selectors[index] = toFront(recent, place);
  }
  return selectors;
};

const toFront = (recent: Uint8Array, place: number): number => {
  const value = recent[place] as number;
  recent.copyWithin(1, 0, place);
  recent[0] = value;
  return value;
};

/** A canonical Huffman code: for each length the last code, and what its codes are short of their place in `order`. */
interface Code {
  readonly last: Int32Array;
  readonly shortfall: Int32Array;
  readonly order: Uint16Array;
  readonly shortest: number;
}

const readCode = (source: BitSource, count: number): Code => {
  const lengths = new Uint8Array(count);
  let length = source.bits(5);
  for (let symbol = 0; symbol < count; symbol++) {
    while (source.bits(1) === 1) length += source.bits(1) === 0 ? 1 : -1;
    if (length < 1 || length > LONGEST_CODE) throw new Error("is no bzip2");
    lengths[symbol] = length;
  }
  const order = new Uint16Array(count);
  const last = new Int32Array(LONGEST_CODE + 2).fill(-1);
  const shortfall = new Int32Array(LONGEST_CODE + 2);
  let filled = 0;
  let code = 0;
  for (let size = 1; size <= LONGEST_CODE; size++) {
    shortfall[size] = code - filled;
    for (let symbol = 0; symbol < count; symbol++) if (lengths[symbol] === size) order[filled++] = symbol;
    code = (shortfall[size] as number) + filled;
    last[size] = code - 1;
    code *= 2;
  }
  return { last, shortfall, order, shortest: lengths.reduce((least, size) => Math.min(least, size), LONGEST_CODE) };
};

const readSymbol = (source: BitSource, { last, shortfall, order, shortest }: Code): number => {
  let code = source.bits(shortest);
  let size = shortest;
  while (code > (last[size] as number)) {
    if (++size > LONGEST_CODE) throw new Error("is no bzip2");
    code = code * 2 + source.bits(1);
  }
  return order[code - (shortfall[size] as number)] ?? 0;
};

/** Undoes Huffman's code, the runs of zeros and the move to the front; returns the length of the block. */
const readRuns = (
  source: BitSource,
  block: Uint32Array,
  largest: number,
  symbols: Uint8Array,
  selectors: Uint8Array,
  codes: readonly Code[],
  counts: Int32Array,
): number => {
  const recent = symbols.slice();
  const end = symbols.length + 1;
  let length = 0;
  let run = 0;
  let weight = 1;
  for (let read = 0; ; read++) {
    const code = codes[selectors[Math.floor(read / GROUP)] ?? -1];
    if (code === undefined) throw new Error("is no bzip2");
    const symbol = readSymbol(source, code);
    if (symbol <= 1) {
      run += weight << symbol;
      weight *= 2;
      if (run > largest) throw new Error("is no bzip2");
      continue;
    }
    if (run > 0) {
      if (length + run > largest) throw new Error("is no bzip2");
      const byte = recent[0] as number;
      counts[byte] = (counts[byte] as number) + run;
      block.fill(byte, length, length + run);
      length += run;
      run = 0;
      weight = 1;
    }
    if (symbol === end) return length;
    if (length >= largest) throw new Error("is no bzip2");
    const byte = toFront(recent, symbol - 1);
    counts[byte] = (counts[byte] as number) + 1;
    block[length++] = byte;
  }
};

const PIECE = 64 * 1024;

/** Follows the links of the sorted block, and undoes the runs: four equal bytes are followed by how many more. */
const writeBlock = (block: Uint32Array, origin: number, length: number, onData: (bytes: Uint8Array) => void): void => {
  const piece = new Uint8Array(PIECE + 256);
  let filled = 0;
  let at = (block[origin] as number) >>> 8;
  let before = -1;
  let equal = 0;
  for (let left = length; left > 0; left--) {
    const entry = block[at] as number;
    at = entry >>> 8;
    const byte = entry & 0xff;
    if (equal === 4) {
      piece.fill(before, filled, filled + byte);
      filled += byte;
      equal = 0;
      before = -1;
    } else {
      equal = byte === before ? equal + 1 : 1;
      before = byte;
      piece[filled++] = byte;
    }
    if (filled < PIECE) continue;
    onData(piece.subarray(0, filled));
    filled = 0;
  }
  if (filled > 0) onData(piece.subarray(0, filled));
};
