/** Searches what a file holds once unpacked, and what is packed in that. */
export interface PackedSearch {
  /** The bytes must stay as they are until `settled`. */
  readonly write: (bytes: Uint8Array) => void;
  readonly end: () => void;
  /** Resolves to what could not be searched, if anything, once all that was written so far is. */
  readonly settled: () => Promise<string | undefined>;
}

export const NO_SEARCH: PackedSearch = { write: () => {}, end: () => {}, settled: async () => undefined };
export const gapSearch = (gap: string): PackedSearch => ({ ...NO_SEARCH, settled: async () => gap });

const NO_BYTES = new Uint8Array(0);

/** Collects up to so many bytes; when more come, `tooLong` takes all of them. */
export const collecting = (
  most: number,
  atOnce: (whole: Uint8Array) => PackedSearch,
  tooLong: () => PackedSearch,
): PackedSearch => {
  let held: Uint8Array = NO_BYTES;
  let length = 0;
  let search: PackedSearch | undefined;
  return {
    write: (bytes) => {
      if (search === undefined && length + bytes.length > most) {
        search = tooLong();
        search.write(held.subarray(0, length));
      }
      if (search !== undefined) {
        search.write(bytes);
        return;
      }
      // What comes in one piece stays as it is until it is searched.
      if (length === 0 && bytes.length === most) {
        held = bytes;
        length = most;
        return;
      }
      if (length + bytes.length > held.length) {
        const larger = new Uint8Array(Math.min(most, Math.max(length + bytes.length, 2 * held.length, 4096)));
        larger.set(held.subarray(0, length));
        held = larger;
      }
      held.set(bytes, length);
      length += bytes.length;
    },
    end: () => {
      if (search === undefined) search = atOnce(held.subarray(0, length));
      else search.end();
    },
    settled: async () => search?.settled(),
  };
};

/** Several searches one after the other, told as one. */
export const searchesInTurn = (): {
  readonly next: (search: PackedSearch) => void;
  readonly write: (bytes: Uint8Array) => void;
  readonly close: () => void;
  readonly settled: () => Promise<string | undefined>;
} => {
  const closed: PackedSearch[] = [];
  let current: PackedSearch | undefined;
  let gap: string | undefined;
  return {
    next: (search) => {
      current = search;
    },
    write: (bytes) => current?.write(bytes),
    close: () => {
      current?.end();
      if (current !== undefined && current !== NO_SEARCH) closed.push(current);
      current = undefined;
    },
    settled: async () => {
      for (const search of closed.splice(0)) {
        const one = await search.settled();
        gap ??= one;
      }
      await current?.settled();
      return gap;
    },
  };
};

/** A container whose members are searched; what breaks is told when all that was written has been searched. */
export const containerSearch = (
  searches: ReturnType<typeof searchesInTurn>,
  push: (bytes: Uint8Array) => void,
  end: () => void,
  broken: string,
): PackedSearch => {
  let isBroken = false;
  const run = (act: () => void): void => {
    if (isBroken) return;
    try {
      act();
    } catch {
      isBroken = true;
    }
  };
  return {
    write: (bytes) => run(() => push(bytes)),
    end: () => run(end),
    settled: async () => (await searches.settled()) ?? (isBroken ? broken : undefined),
  };
};
