export interface ContentSum {
  /** A new file begins. */
  readonly reset: () => void;
  readonly push: (bytes: Uint8Array) => void;
  readonly value: () => number;
}

/** Up to here a file counts byte by byte, beyond it by a piece of each stretch. */
const WHOLE = 16 * 1024;
const STRETCH = 64 * 1024;
const PIECE = 4 * 1024;

/**
 * A checksum that tells copies from other contents of the same length, fed in any pieces. Of a large file it reads a
 * sixteenth: reading all of it would cost a tenth of the whole measurement, and a rewritten file that is as long and
 * the same in every piece weighs the same whatever it is called.
 */
export const contentSum = (checksum: (bytes: Uint8Array, before: number) => number): ContentSum => {
  let offset = 0;
  let sum = 0;
  return {
    reset: (): void => {
      offset = 0;
      sum = 0;
    },
    push: (bytes: Uint8Array): void => {
      let from = 0;
      while (from < bytes.length) {
        const at = offset + from;
        const inside = at < WHOLE ? at : at % STRETCH;
        const counted = at < WHOLE ? WHOLE : PIECE;
        const end = Math.min(bytes.length, from + (inside < counted ? counted : STRETCH) - inside);
        if (inside < counted) sum = checksum(bytes.subarray(from, end), sum);
        from = end;
      }
      offset += bytes.length;
    },
    value: (): number => sum,
  };
};
