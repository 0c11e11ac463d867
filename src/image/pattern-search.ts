/** `start` is the byte of the stream at which the pattern begins. */
export type OnHit = (pattern: number, start: number) => void;

/** The hits of one chunk come in no particular order. */
export interface PatternStream {
  readonly push: (chunk: Uint8Array) => void;
}

export interface PatternSearch {
  readonly newStream: (onHit: OnHit) => PatternStream;
  /** Searches what comes in one piece. */
  readonly searchWhole: (bytes: Uint8Array, onHit: OnHit) => void;
}

/**
 * Finds any of many byte patterns in streams, at the speed of a single one (Wu and Manber, "A fast algorithm for
 * multi-pattern searching", 1994). Patterns have at least two bytes. A hit that lies across chunks is found too.
 */
export const patternSearch = (patterns: readonly Uint8Array[]): PatternSearch => {
  if (patterns.length === 0) return { newStream: () => ({ push: () => {} }), searchWhole: () => {} };
  const tables = buildTables(patterns);
  return {
    newStream: newStream(tables, Math.max(...patterns.map(({ length }) => length)) - 1),
    searchWhole: (bytes, onHit) => scan(tables, bytes, bytes.length, onHit),
  };
};

const newStream =
  (tables: Tables, overlap: number): PatternSearch["newStream"] =>
  (onHit) => {
    const seam = new Uint8Array(2 * overlap);
    let tailLength = 0;
    let position = 0;
    return {
      push: (chunk) => {
        const head = Math.min(overlap, chunk.length);
        seam.set(chunk.subarray(0, head), tailLength);
        const seamStart = position - tailLength;
        scan(tables, seam, tailLength + head, (pattern, start, end) => {
          if (start < tailLength && end > tailLength) onHit(pattern, seamStart + start);
        });
        const chunkStart = position;
        scan(tables, chunk, chunk.length, (pattern, start) => onHit(pattern, chunkStart + start));
        tailLength = keepTail(seam, tailLength, chunk, overlap);
        position += chunk.length;
      },
    };
  };

/** Moves the last bytes seen to the front of the seam; returns how many they are. */
const keepTail = (seam: Uint8Array, tailLength: number, chunk: Uint8Array, overlap: number): number => {
  if (chunk.length >= overlap) {
    seam.set(chunk.subarray(chunk.length - overlap), 0);
    return overlap;
  }
  const length = tailLength + chunk.length;
  const dropped = Math.max(0, length - overlap);
  seam.copyWithin(0, dropped, length);
  return length - dropped;
};

interface Tables {
  readonly patterns: readonly Uint8Array[];
  /** Length of the shortest pattern; only so many bytes of each are in the tables. */
  readonly window: number;
  /** For each pair of bytes: how far the window may move when it ends with them. */
  readonly shift: Uint8Array;
  /** For each pair with no shift: the first pattern whose window ends with it; -1 ends the list. */
  readonly first: Int32Array;
  readonly next: Int32Array;
}

const LONGEST_WINDOW = 200;

const buildTables = (patterns: readonly Uint8Array[]): Tables => {
  const window = Math.min(LONGEST_WINDOW, ...patterns.map(({ length }) => length));
  const shift = new Uint8Array(65_536).fill(window - 1);
  const first = new Int32Array(65_536).fill(-1);
  const next = new Int32Array(patterns.length).fill(-1);
  for (const [index, pattern] of patterns.entries()) {
    for (let end = 1; end < window; end++) {
      const pair = pairAt(pattern, end);
      shift[pair] = Math.min(shift[pair] as number, window - 1 - end);
    }
    const last = pairAt(pattern, window - 1);
    next[index] = first[last] as number;
    first[last] = index;
  }
  return { patterns, window, shift, first, next };
};

const pairAt = (bytes: Uint8Array, end: number): number => ((bytes[end - 1] as number) << 8) | (bytes[end] as number);

type OnMatch = (pattern: number, start: number, end: number) => void;

/**
 * Four windows move at once, each over its quarter: where one goes next is known only when its pair has been looked
 * up, and meanwhile the processor looks up those of the others.
 */
const scan = (tables: Tables, bytes: Uint8Array, length: number, onMatch: OnMatch): void => {
  const { shift, window } = tables;
  const quarter = Math.max(0, length - window + 1) >> 2;
  const endA = window - 1 + quarter;
  const endB = endA + quarter;
  const endC = endB + quarter;
  let a = window - 1;
  let b = endA;
  let c = endB;
  let d = endC;
  while (a < endA && b < endB && c < endC && d < length) {
    const stepA = shift[pairAt(bytes, a)] as number;
    const stepB = shift[pairAt(bytes, b)] as number;
    const stepC = shift[pairAt(bytes, c)] as number;
    const stepD = shift[pairAt(bytes, d)] as number;
    a += stepA === 0 ? compare(tables, bytes, length, a, onMatch) : stepA;
    b += stepB === 0 ? compare(tables, bytes, length, b, onMatch) : stepB;
    c += stepC === 0 ? compare(tables, bytes, length, c, onMatch) : stepC;
    d += stepD === 0 ? compare(tables, bytes, length, d, onMatch) : stepD;
  }
  for (; a < endA; ) a += shift[pairAt(bytes, a)] || compare(tables, bytes, length, a, onMatch);
  for (; b < endB; ) b += shift[pairAt(bytes, b)] || compare(tables, bytes, length, b, onMatch);
  for (; c < endC; ) c += shift[pairAt(bytes, c)] || compare(tables, bytes, length, c, onMatch);
  for (; d < length; ) d += shift[pairAt(bytes, d)] || compare(tables, bytes, length, d, onMatch);
};

/** Compares the patterns whose window may end at a byte; returns how far it moves on. */
const compare = (
  { patterns, window, first, next }: Tables,
  bytes: Uint8Array,
  length: number,
  at: number,
  onMatch: OnMatch,
): number => {
  const start = at - window + 1;
  for (let index = first[pairAt(bytes, at)] as number; index !== -1; index = next[index] as number) {
    const pattern = patterns[index] as Uint8Array;
    if (start + pattern.length <= length && matches(bytes, start, pattern)) {
      onMatch(index, start, start + pattern.length);
    }
  }
  return 1;
};

const matches = (bytes: Uint8Array, start: number, pattern: Uint8Array): boolean => {
  for (let index = 0; index < pattern.length; index++) if (bytes[start + index] !== pattern[index]) return false;
  return true;
};
