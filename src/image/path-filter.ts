/**
 * A set of paths in two bytes each, for millions of them (Bloom, "Space/time trade-offs in hash coding with allowable
 * errors", 1970): it holds all that was added, and one in seventy of what was not.
 */
export interface PathFilter {
  /** Returns whether the path was there already. */
  readonly add: (hash: PathHash) => boolean;
  readonly has: (hash: PathHash) => boolean;
}

/** Two hashes of a path. */
export interface PathHash {
  readonly first: number;
  readonly second: number;
}

/** @param count of paths that will be added */
export const pathFilter = (count: number): PathFilter => {
  const size = 2 ** Math.ceil(Math.log2(Math.max(64, BITS_PER_PATH * count)));
  const words = new Int32Array(size / 32);
  const mask = size - 1;
  const isSet = (bit: number): boolean => ((words[bit >>> 5] as number) & (1 << (bit & 31))) !== 0;
  const has = ({ first, second }: PathHash): boolean => isSet(first & mask) && isSet(second & mask);
  const set = (bit: number): void => {
    words[bit >>> 5] = (words[bit >>> 5] as number) | (1 << (bit & 31));
  };
  return {
    add: (hash) => {
      const isKnown = has(hash);
      set(hash.first & mask);
      set(hash.second & mask);
      return isKnown;
    },
    has,
  };
};

const BITS_PER_PATH = 16;

/** Hashes a path and the folders above it, each by going on from the one above. */
export interface PathHasher {
  /** The hashes of the folders above the last path, the topmost first; the root is one of them. */
  readonly folders: readonly PathHash[];
  /** Returns whether the folder is the one of the path before. The result is valid until the next call. */
  readonly read: (path: string) => { readonly hash: PathHash; readonly isSameFolder: boolean };
}

export const pathHasher = (): PathHasher => {
  const hash = { first: 0, second: 0 };
  const result = { hash, isSameFolder: false };
  const folders: PathHash[] = [];
  const state = { first: 0, second: 0 };
  let folder: string | undefined;

  const step = (path: string, from: number, to: number): void => {
    let { first, second } = state;
    for (let index = from; index < to; index++) {
      const code = path.charCodeAt(index);
      first = Math.imul(first ^ code, 0x01000193);
      second = Math.imul(second ^ code, 0x85ebca6b);
    }
    state.first = first;
    state.second = second;
  };

  const enter = (path: string, slash: number): void => {
    folders.length = 0;
    state.first = 0x811c9dc5 | 0;
    state.second = 0x1b873593 | 0;
    folders.push(mixed(state));
    for (let from = 0; from < slash; ) {
      const next = path.indexOf("/", from);
      step(path, from === 0 ? 0 : from - 1, next);
      folders.push(mixed(state));
      from = next + 1;
    }
    folder = path.slice(0, Math.max(0, slash));
    start.first = state.first;
    start.second = state.second;
  };
  const start = { first: 0, second: 0 };

  return {
    folders,
    read: (path) => {
      const slash = path.lastIndexOf("/");
      result.isSameFolder = folder !== undefined && folder.length === Math.max(0, slash) && path.startsWith(folder);
      if (!result.isSameFolder) enter(path, slash);
      state.first = start.first;
      state.second = start.second;
      step(path, Math.max(0, slash), path.length);
      hash.first = scattered(state.first);
      hash.second = scattered(state.second);
      return result;
    },
  };
};

const mixed = ({ first, second }: PathHash): PathHash => ({ first: scattered(first), second: scattered(second) });

/** The low bits of a product know nothing of the high ones of its factors. */
const scattered = (value: number): number => {
  const mixed = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  return mixed ^ (mixed >>> 15);
};
