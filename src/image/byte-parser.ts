/**
 * Asks for so many bytes and gets exactly these, or with a negative number for at most so many and gets what is there.
 * They are valid until it asks again. Throws on what it does not understand.
 */
export type ByteParser = Generator<number, void, Uint8Array>;

/** A decoder that keeps pace with what it is fed. */
export interface Decoder {
  /** Throws on what it does not understand. */
  readonly push: (bytes: Uint8Array) => void;
}

export interface ByteSource {
  /** Takes back the last bytes of a piece that was asked for with a negative number. */
  readonly unread: (count: number) => void;
}

/** Feeds a parser whatever pieces the bytes come in. What follows its return is left alone. */
export const feeding = (parse: (source: ByteSource) => ByteParser): Decoder => {
  let held = new Uint8Array(256);
  let length = 0;
  let unread = 0;
  const parser = parse({ unread: (count) => (unread = count) });
  let step = parser.next();

  const hold = (bytes: Uint8Array): void => {
    if (length + bytes.length > held.length) {
      const larger = new Uint8Array(Math.max(length + bytes.length, 2 * held.length));
      larger.set(held.subarray(0, length));
      held = larger;
    }
    held.set(bytes, length);
    length += bytes.length;
  };

  /** Returns the bytes that are asked for, undefined while they are not all there; all of the rest is held then. */
  const wanted = (bytes: Uint8Array, asked: number): Uint8Array | undefined => {
    if (asked < 0) return bytes.subarray(0, -asked);
    if (asked - length > bytes.length) {
      hold(bytes);
      return undefined;
    }
    if (length === 0) return bytes.subarray(0, asked);
    hold(bytes.subarray(0, asked - length));
    return held.subarray(0, asked);
  };

  return {
    push: (bytes) => {
      let from = 0;
      while (!step.done && (from < bytes.length || step.value === 0)) {
        const before = length;
        const piece = wanted(bytes.subarray(from), step.value);
        if (piece === undefined) return;
        from += piece.length - before;
        length = 0;
        step = parser.next(piece);
        from -= unread;
        unread = 0;
      }
    },
  };
};
