/** Decodes LZMA chunks, one after the other, as LZMA2 strings them together. */
export interface LzmaDecoder {
  /** Forgets what was decoded before. */
  readonly resetWindow: () => void;
  /** Sets `lc`, `lp` and `pb`, packed as in the format; throws when they are out of range. */
  readonly setProperties: (packed: number) => void;
  readonly resetState: () => void;
  /** Throws on bytes that are no LZMA. */
  readonly decode: (bytes: Uint8Array, unpackedLength: number) => void;
  /** Bytes that are not packed. */
  readonly copy: (bytes: Uint8Array) => void;
}

/**
 * As the specification of the LZMA SDK describes it, with a window that grows with what is decoded.
 * @param onData gets pieces that are valid during the call
 */
export const lzmaDecoder = (largestWindow: number, onData: (bytes: Uint8Array) => void): LzmaDecoder => {
  const window = slidingWindow(largestWindow, onData);
  const probabilities = new Uint16Array(LITERALS + (0x300 << 4));
  const reps = new Int32Array(4);
  let literalContextBits = 3;
  let literalPositionMask = 0;
  let positionMask = 3;
  let state = 0;
  let input = new Uint8Array(0);
  let at = 0;
  let range = 0;
  let code = 0;

  const bit = (index: number): number => {
    if (range < 0x1000000) {
      range = (range << 8) >>> 0;
      code = ((code << 8) | (input[at++] as number)) >>> 0;
    }
    const probability = probabilities[index] as number;
    const bound = Math.imul(range >>> 11, probability) >>> 0;
    if (code < bound) {
      range = bound;
      probabilities[index] = probability + ((2048 - probability) >> 5);
      return 0;
    }
    range = (range - bound) >>> 0;
    code = (code - bound) >>> 0;
    probabilities[index] = probability - (probability >> 5);
    return 1;
  };

  const tree = (base: number, bits: number): number => {
    let node = 1;
    for (let left = bits; left > 0; left--) node = (node << 1) | bit(base + node);
    return node - (1 << bits);
  };

  const reverseTree = (base: number, bits: number): number => {
    let node = 1;
    let value = 0;
    for (let index = 0; index < bits; index++) {
      const one = bit(base + node);
      node = (node << 1) | one;
      value |= one << index;
    }
    return value;
  };

  const directBits = (count: number): number => {
    let value = 0;
    for (let left = count; left > 0; left--) {
      if (range < 0x1000000) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | (input[at++] as number)) >>> 0;
      }
      range >>>= 1;
      const isOne = code >= range;
      if (isOne) code = (code - range) >>> 0;
      value = (value << 1) | (isOne ? 1 : 0);
    }
    return value;
  };

  const matchLength = (base: number, positionState: number): number => {
    if (bit(base) === 0) return 2 + tree(base + 2 + (positionState << 3), 3);
    if (bit(base + 1) === 0) return 10 + tree(base + 130 + (positionState << 3), 3);
    return 18 + tree(base + 258, 8);
  };

  const matchDistance = (length: number): number => {
    const slot = tree(SLOTS + (Math.min(length - 2, 3) << 6), 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) << bits;
    if (slot < 14) return base + reverseTree(SPECIAL + base - slot - 1, bits);
    return (base + (directBits(bits - 4) << 4) + reverseTree(ALIGN, 4)) | 0;
  };

  const literal = (): void => {
    const before = window.back(0);
    const position = (window.position() & literalPositionMask) << literalContextBits;
    const base = LITERALS + 0x300 * (position + (before >> (8 - literalContextBits)));
    let symbol = 1;
    if (state >= 7) {
      let match = window.back(reps[0] as number);
      while (symbol < 0x100) {
        const matchBit = (match >> 7) & 1;
        match <<= 1;
        const one = bit(base + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | one;
        if (one !== matchBit) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | bit(base + symbol);
    window.put(symbol & 0xff);
    state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
  };

  const useRep = (index: number): void => {
    const distance = reps[index] as number;
    reps.copyWithin(1, 0, index);
    reps[0] = distance;
  };

  /** Returns the length of what is repeated from the distance in the first of `reps`. */
  const match = (positionState: number): number => {
    if (bit(IS_REP + state) === 0) {
      reps.copyWithin(1, 0, 3);
      const length = matchLength(LENGTHS, positionState);
      state = state < 7 ? 7 : 10;
      reps[0] = matchDistance(length);
      return length;
    }
    if (bit(IS_REP_0 + state) === 0) {
      if (bit(IS_REP_0_LONG + (state << 4) + positionState) === 0) {
        state = state < 7 ? 9 : 11;
        return 1;
      }
    } else if (bit(IS_REP_1 + state) === 0) useRep(1);
    else useRep(bit(IS_REP_2 + state) === 0 ? 2 : 3);
    const length = matchLength(REP_LENGTHS, positionState);
    state = state < 7 ? 8 : 11;
    return length;
  };

  return {
    resetWindow: window.reset,
    setProperties: (packed) => {
      const literalPositionBits = Math.floor(packed / 9) % 5;
      literalContextBits = packed % 9;
      if (packed >= 225 || literalContextBits + literalPositionBits > 4) throw new Error("is no LZMA");
      literalPositionMask = (1 << literalPositionBits) - 1;
      positionMask = (1 << Math.floor(packed / 45)) - 1;
    },
    resetState: () => {
      probabilities.fill(1024);
      reps.fill(0);
      state = 0;
    },
    decode: (bytes, unpackedLength) => {
      input = bytes as Uint8Array<ArrayBuffer>;
      range = 0xffffffff;
      code = ((bytes[1] ?? 0) << 24) | ((bytes[2] ?? 0) << 16) | ((bytes[3] ?? 0) << 8) | (bytes[4] ?? 0);
      code >>>= 0;
      at = 5;
      for (let left = unpackedLength; left > 0; ) {
        const positionState = window.position() & positionMask;
        if (bit((state << 4) + positionState) === 0) {
          literal();
          left--;
          continue;
        }
        const length = match(positionState);
        if (length > left) throw new Error("is no LZMA");
        window.repeat(reps[0] as number, length);
        left -= length;
      }
      if (at > bytes.length) throw new Error("is no LZMA");
      window.flush();
    },
    copy: (bytes) => {
      for (let index = 0; index < bytes.length; index++) window.put(bytes[index] as number);
      window.flush();
    },
  };
};

/** Where the probabilities of each kind of decision start; those of literal or match are the first. */
const IS_REP = 192;
const IS_REP_0 = 204;
const IS_REP_1 = 216;
const IS_REP_2 = 228;
const IS_REP_0_LONG = 240;
const SLOTS = 432;
const SPECIAL = 688;
const ALIGN = 816;
const LENGTHS = 832;
const REP_LENGTHS = 1346;
const LITERALS = 1860;

interface SlidingWindow {
  readonly reset: () => void;
  readonly position: () => number;
  readonly put: (byte: number) => void;
  /** The byte before the last `distance` ones; 0 before the first. */
  readonly back: (distance: number) => number;
  readonly repeat: (distance: number, length: number) => void;
  readonly flush: () => void;
}

const slidingWindow = (largest: number, onData: (bytes: Uint8Array) => void): SlidingWindow => {
  let bytes = new Uint8Array(64 * 1024);
  let position = 0;
  /** Where the next byte goes, and from where on bytes are still to be handed on. */
  let next = 0;
  let unsent = 0;

  const flush = (): void => {
    if (next > unsent) onData(bytes.subarray(unsent, next));
    unsent = next;
  };

  const turn = (): void => {
    flush();
    if (bytes.length < largest) {
      const larger = new Uint8Array(Math.min(largest, 2 * bytes.length));
      larger.set(bytes);
      bytes = larger;
    } else {
      next = 0;
      unsent = 0;
    }
  };

  const put = (byte: number): void => {
    if (next === bytes.length) turn();
    bytes[next++] = byte;
    position++;
  };

  const back = (distance: number): number => {
    const from = next - distance - 1;
    return bytes[from < 0 ? from + bytes.length : from] ?? 0;
  };

  return {
    reset: () => {
      flush();
      position = 0;
      next = 0;
      unsent = 0;
      bytes.fill(0);
    },
    position: () => position,
    put,
    back: (distance) => (position === 0 ? 0 : back(distance)),
    repeat: (distance, length) => {
      if (distance < 0 || distance >= position) throw new Error("is no LZMA");
      if (distance >= bytes.length) throw new Error("refers further back than 32 MB");
      for (let left = length; left > 0; left--) put(back(distance));
    },
    flush,
  };
};
