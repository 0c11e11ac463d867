/**
 * The folders and files of an image in some 40 bytes each. Names are kept as 64 bits of hash: two names of one
 * folder that share them are not met in practice.
 */
export interface PathTree {
  /** The node of a path without `/` in front; made when it is not there. */
  readonly node: (path: string) => number;
  /** The node of a path, -1 when it was never there. */
  readonly find: (path: string) => number;
  readonly children: (node: number) => Iterable<number>;
  readonly parent: (node: number) => number;
  readonly clear: () => void;
}

export const ROOT = 0;
const ABOVE_ROOT = -1;
const ABSENT = -1;

export const pathTree = (): PathTree => {
  let capacity = 1024;
  let parents = new Int32Array(capacity);
  let hashes = new Int32Array(capacity);
  let otherHashes = new Int32Array(capacity);
  let firstChildren = new Int32Array(capacity);
  let siblings = new Int32Array(capacity);
  let slots = new Int32Array(4 * capacity);
  let count = 1;
  parents[ROOT] = ABOVE_ROOT;
  // Neighbours in a layer share their folder.
  let lastFolder = "";
  let lastFolderNode = ROOT;
  const name = { hash: 0, other: 0 };

  const slotOf = (parent: number): number => {
    const mask = slots.length - 1;
    let slot = (Math.imul(parent, 0x9e3779b1) ^ name.hash) & mask;
    for (;;) {
      const node = slots[slot] as number;
      if (node === NONE) return slot;
      if (parents[node] === parent && hashes[node] === name.hash && otherHashes[node] === name.other) return slot;
      slot = (slot + 1) & mask;
    }
  };

  const add = (parent: number, slot: number): number => {
    if (count === capacity) grow();
    const node = count++;
    parents[node] = parent;
    hashes[node] = name.hash;
    otherHashes[node] = name.other;
    siblings[node] = firstChildren[parent] as number;
    firstChildren[parent] = node;
    firstChildren[node] = NONE;
    slots[slot] = node;
    if (4 * count > 3 * slots.length) rehash();
    return node;
  };

  const grow = (): void => {
    capacity *= 2;
    parents = grown(parents, capacity);
    hashes = grown(hashes, capacity);
    otherHashes = grown(otherHashes, capacity);
    firstChildren = grown(firstChildren, capacity);
    siblings = grown(siblings, capacity);
  };

  const rehash = (): void => {
    slots = new Int32Array(2 * slots.length);
    for (let node = 1; node < count; node++) {
      name.hash = hashes[node] as number;
      name.other = otherHashes[node] as number;
      slots[slotOf(parents[node] as number)] = node;
    }
  };

  const walk = (path: string, isMade: boolean): number => {
    let node = ROOT;
    for (let from = 0; from < path.length; ) {
      const slash = path.indexOf("/", from);
      const to = slash === -1 ? path.length : slash;
      node = child(node, path, from, to, isMade);
      if (node === NONE) return ABSENT;
      from = to + 1;
    }
    return node;
  };

  const child = (parent: number, path: string, from: number, to: number, isMade: boolean): number => {
    hashName(name, path, from, to);
    const slot = slotOf(parent);
    const found = slots[slot] as number;
    return found !== NONE || !isMade ? found : add(parent, slot);
  };

  const node = (path: string, isMade: boolean): number => {
    if (path === "") return ROOT;
    const slash = path.lastIndexOf("/");
    const folder = slash === -1 ? "" : path.slice(0, slash);
    const isSame = folder === lastFolder;
    const folderNode = isSame ? lastFolderNode : walk(folder, isMade);
    if (folderNode === ABSENT) return ABSENT;
    lastFolder = folder;
    lastFolderNode = folderNode;
    return child(folderNode, path, slash + 1, path.length, isMade) || ABSENT;
  };

  return {
    node: (path) => node(path, true),
    find: (path) => node(path, false),
    children: function* (parent) {
      for (let next = firstChildren[parent] as number; next !== NONE; next = siblings[next] as number) yield next;
    },
    parent: (child) => parents[child] as number,
    clear: () => {
      slots.fill(NONE);
      firstChildren[ROOT] = NONE;
      count = 1;
      lastFolder = "";
      lastFolderNode = ROOT;
    },
  };
};

/** No node: the root, which is 0, is nobody's child. */
const NONE = 0;

const grown = (array: Int32Array, capacity: number): Int32Array<ArrayBuffer> => {
  const larger = new Int32Array(capacity);
  larger.set(array);
  return larger;
};

/** FNV-1a twice, with different primes. */
const hashName = (name: { hash: number; other: number }, path: string, from: number, to: number): void => {
  let hash = 0x811c9dc5 | 0;
  let other = 0x1b873593 | 0;
  for (let index = from; index < to; index++) {
    const code = path.charCodeAt(index);
    hash = Math.imul(hash ^ code, 0x01000193);
    other = Math.imul(other ^ code, 0x85ebca6b);
  }
  name.hash = (hash ^ (hash >>> 15)) | 0;
  name.other = (other ^ (other >>> 13)) | 0;
};
