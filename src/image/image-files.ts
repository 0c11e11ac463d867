import { type Encounters, encounters } from "./entry-encounters.ts";
import { type Heaviest, heaviest } from "./heaviest.ts";
import type { Waste } from "./image.ts";
import type { LayerListing, ListedEntry } from "./layer-listing.ts";
import { pathTree } from "./path-tree.ts";

/** All layers of an image laid over each other. */
export interface ImageFiles {
  readonly waste: readonly Waste[];
  /** True when the image shows a layer's entry, given by its place in the listing. */
  readonly isSeen: (layer: number, entry: number) => boolean;
}

/**
 * Lays the layers over each other as the engine does, from the base to the top.
 * @param largestPart entries that are dealt with at a time: fewer take less memory and more time
 */
export const layOver = (layers: readonly LayerListing[], largestPart = LARGEST_PART): ImageFiles => {
  const waste = wasteBook();
  const hidden = layers.map(({ count }) => new Uint8Array(Math.ceil(count / 8)));
  const { parts, of } = encounters(layers, largestPart);
  const overlay = newOverlay(waste);
  for (let part = 0; part < parts; part++) {
    overlay.clear();
    layPart(layers, of, part, overlay, hidden);
  }
  return {
    waste: waste.list(),
    isSeen: (layer, entry) => (((hidden[layer]?.[entry >> 3] ?? 0) >> (entry & 7)) & 1) === 0,
  };
};

const LARGEST_PART = 500_000;

const layPart = (
  layers: readonly LayerListing[],
  encounter: Encounters["of"],
  part: number,
  overlay: Overlay,
  hidden: readonly Uint8Array[],
): void => {
  const entries = numbers(Int32Array);
  const layersOf = numbers(Uint16Array);
  const nodes = numbers(Int32Array);
  let count = 0;
  for (const [layer, listing] of layers.entries()) {
    let index = -1;
    for (const entry of listing.entries()) {
      index++;
      const { isMet, isEverywhere, part: own } = encounter(layer, index);
      if (!isMet || (own !== part && !isEverywhere)) continue;
      const node = overlay.apply(own === part ? entry : withoutBytes(entry), layer);
      if (own !== part || node < 0) continue;
      entries.set(count, index);
      layersOf.set(count, layer);
      nodes.set(count++, node);
    }
  }
  for (let at = 0; at < count; at++) {
    const bits = hidden[layersOf.get(at)] as Uint8Array;
    const entry = entries.get(at);
    const isHidden = !overlay.isSeen(nodes.get(at), layersOf.get(at));
    if (isHidden) bits[entry >> 3] = (bits[entry >> 3] as number) | (1 << (entry & 7));
  }
};

/** A file that takes the place of a folder matters to all that was below it, and is counted once. */
const withoutBytes = (entry: ListedEntry): ListedEntry =>
  entry.kind === "file" || entry.kind === "hard link" ? { ...entry, kind: "other" } : entry;

const LARGEST_WASTE = 10;
const ABSENT = 0;
const NO_FILE = -1;
const NO_NODE = -1;
const KIND_CODES = { file: 1, "hard link": 1, directory: 2, other: 3 } as const;
const FILE = KIND_CODES.file;
const FOLDER = KIND_CODES.directory;

type PresentKind = keyof typeof KIND_CODES;

interface Overlay {
  readonly clear: () => void;
  /** Returns the node of what the entry puts there, -1 for what only hides. */
  readonly apply: (entry: ListedEntry, layer: number) => number;
  /** Whether a node shows what a layer put there. */
  readonly isSeen: (node: number, layer: number) => boolean;
}

const newOverlay = (waste: WasteBook): Overlay => {
  const tree = pathTree();
  /** Per node. */
  const kinds = numbers(Uint8Array);
  const layersOf = numbers(Uint16Array);
  /** The last layer that put something there or below. */
  const touchedBy = numbers(Uint16Array);
  const filesOf = numbers(Int32Array);
  /** Per file contents, which hard links share. */
  const sizes = numbers(Float64Array);
  const checksums = numbers(Int32Array);
  const owners = numbers(Uint16Array);
  const links = numbers(Int32Array);
  const freeFiles: number[] = [];
  let fileCount = 0;

  /** Takes a name off its file; returns the file when nothing names it any longer. */
  const unlink = (node: number): number => {
    const file = kinds.get(node) === FILE ? filesOf.get(node) : NO_FILE;
    kinds.set(node, ABSENT);
    if (file === NO_FILE) return NO_FILE;
    links.set(file, links.get(file) - 1);
    if (links.get(file) > 0) return NO_FILE;
    freeFiles.push(file);
    return file;
  };

  /** Hides what lower layers put at a node and below it. */
  const hide = (root: number, rootPath: string, hiddenBy: number, keepsRoot: boolean): void => {
    const lost = new Map<number, { bytes: number; files: number }>();
    const add = kinds.get(root) === FOLDER ? waste.addPart : waste.add;
    const waiting = keepsRoot ? [...tree.children(root)] : [root];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (kinds.get(node) === ABSENT) continue;
      if (kinds.get(node) === FOLDER) for (const child of tree.children(node)) waiting.push(child);
      if (touchedBy.get(node) >= hiddenBy) continue;
      const file = unlink(node);
      if (file === NO_FILE || owners.get(file) === hiddenBy) continue;
      const sum = lost.get(owners.get(file)) ?? { bytes: 0, files: 0 };
      lost.set(owners.get(file), { bytes: sum.bytes + sizes.get(file), files: sum.files + 1 });
    }
    for (const [layer, { bytes, files }] of lost) {
      add({ kind: "deleted", layer, hiddenBy }, rootPath, bytes, files);
    }
  };

  const newFile = (entry: ListedEntry, layer: number): number => {
    const file = freeFiles.pop() ?? fileCount++;
    sizes.set(file, entry.size);
    checksums.set(file, entry.checksum);
    owners.set(file, layer);
    links.set(file, 1);
    return file;
  };

  const fileOf = (entry: ListedEntry, layer: number): number => {
    if (entry.kind === "file") return newFile(entry, layer);
    if (entry.kind !== "hard link") return NO_FILE;
    const target = tree.find(entry.linkPath);
    if (target < 0 || kinds.get(target) !== FILE) return newFile(entry, layer);
    const file = filesOf.get(target);
    links.set(file, links.get(file) + 1);
    return file;
  };

  const replace = (node: number, entry: ListedEntry, layer: number): void => {
    const lost = unlink(node);
    if (lost === NO_FILE || owners.get(lost) === layer) return;
    const isSameSum = (entry.checksum | 0) === checksums.get(lost);
    const isSame = entry.kind === "file" && entry.size === sizes.get(lost) && isSameSum;
    const kind = isSame ? "duplicated" : "rewritten";
    waste.add({ kind, layer: owners.get(lost), hiddenBy: layer }, entry.path, sizes.get(lost), 1);
  };

  /** Folders that a layer does not list were there before, or come with what lies in them. */
  const touchFolders = (node: number, layer: number): void => {
    for (let folder = tree.parent(node); folder >= 0; folder = tree.parent(folder)) {
      const isFolder = kinds.get(folder) === FOLDER;
      if (isFolder && touchedBy.get(folder) === layer) return;
      touchedBy.set(folder, layer);
      if (isFolder) continue;
      unlink(folder);
      kinds.set(folder, FOLDER);
      layersOf.set(folder, layer);
    }
  };

  const put = (entry: ListedEntry, kind: PresentKind, layer: number): number => {
    const node = tree.node(entry.path);
    const wasFolder = kinds.get(node) === FOLDER;
    if (wasFolder && kind !== "directory") hide(node, entry.path, layer, false);
    // Made before the old one goes: a hard link may name it.
    const file = fileOf(entry, layer);
    if (!wasFolder) replace(node, entry, layer);
    kinds.set(node, KIND_CODES[kind]);
    layersOf.set(node, layer);
    touchedBy.set(node, layer);
    filesOf.set(node, file);
    touchFolders(node, layer);
    return node;
  };

  return {
    clear: () => {
      tree.clear();
      for (const values of [kinds, layersOf, touchedBy]) values.clear();
      freeFiles.length = 0;
      fileCount = 0;
    },
    apply: (entry, layer) => {
      if (entry.kind !== "whiteout" && entry.kind !== "opaque") return put(entry, entry.kind, layer);
      const node = tree.find(entry.path);
      if (node >= 0) hide(node, entry.path, layer, entry.kind === "opaque");
      return NO_NODE;
    },
    isSeen: (node, layer) => kinds.get(node) !== ABSENT && layersOf.get(node) === layer,
  };
};

type WasteKey = Pick<Waste, "kind" | "layer" | "hiddenBy">;

interface WasteBook {
  readonly add: (key: WasteKey, path: string, bytes: number, files: number) => void;
  /** Adds to what was lost at the same path before. */
  readonly addPart: WasteBook["add"];
  /** Heaviest first. */
  readonly list: () => readonly Waste[];
}

const wasteBook = (): WasteBook => {
  const sums = new Map<string, { readonly key: WasteKey; bytes: number; files: number; readonly largest: Heaviest }>();
  const parts = new Map<string, { readonly key: WasteKey; readonly path: string; bytes: number; files: number }>();

  const add: WasteBook["add"] = (key, path, bytes, files) => {
    if (bytes === 0) return;
    const id = `${key.kind} ${key.layer} ${key.hiddenBy}`;
    const sum = sums.get(id) ?? { key, bytes: 0, files: 0, largest: heaviest(LARGEST_WASTE) };
    sums.set(id, sum);
    sum.bytes += bytes;
    sum.files += files;
    sum.largest.add(path, bytes);
  };

  return {
    add,
    addPart: (key, path, bytes, files) => {
      const id = `${key.layer} ${key.hiddenBy} ${path}`;
      const sum = parts.get(id) ?? { key, path, bytes: 0, files: 0 };
      parts.set(id, sum);
      sum.bytes += bytes;
      sum.files += files;
    },
    list: () => {
      for (const { key, path, bytes, files } of parts.values()) add(key, path, bytes, files);
      return [...sums.values()]
        .map(({ key, bytes, files, largest }) => ({ ...key, bytes, files, largest: largest.list() }))
        .sort(heavierFirst);
    },
  };
};

const heavierFirst = (a: Waste, b: Waste): number =>
  b.bytes - a.bytes || a.layer - b.layer || a.hiddenBy - b.hiddenBy || a.kind.localeCompare(b.kind);

/** V8 keeps up to four kinds apart in the code below; with a fifth all become slow. */
type NumberArray = Uint8Array | Uint16Array | Int32Array | Float64Array;

interface Numbers {
  /** 0 where nothing was set. */
  readonly get: (index: number) => number;
  readonly set: (index: number, value: number) => void;
  readonly clear: () => void;
}

const numbers = (kind: new (length: number) => NumberArray): Numbers => {
  let values = new kind(1024);
  return {
    get: (index) => values[index] ?? 0,
    set: (index, value) => {
      if (index >= values.length) {
        const larger = new kind(Math.max(index + 1, 2 * values.length));
        larger.set(values);
        values = larger;
      }
      values[index] = value;
    },
    clear: () => {
      values.fill(0);
    },
  };
};
