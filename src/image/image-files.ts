import { encounters } from "./entry-encounters.ts";
import { type Heaviest, heaviest } from "./heaviest.ts";
import type { Waste } from "./image.ts";
import type { LayerListing, ListedEntry } from "./layer-listing.ts";
import { pathTree } from "./path-tree.ts";

/** All layers of an image laid over each other. */
export interface ImageFiles {
  readonly waste: readonly Waste[];
  /** True when the image shows what this layer puts at the path: a file, a folder or a link. */
  readonly isSeen: (path: string, layer: number) => boolean;
}

/** Lays the layers over each other as the engine does, from the base to the top. */
export const layOver = (layers: readonly LayerListing[]): ImageFiles => {
  const overlay = newOverlay();
  const meetsOthers = encounters(layers);
  for (const [layer, listing] of layers.entries()) {
    for (const entry of listing.entries()) if (meetsOthers(entry)) overlay.apply(entry, layer);
  }
  return { waste: overlay.waste(), isSeen: overlay.isSeen };
};

const LARGEST_WASTE = 10;
const ABSENT = 0;
const NO_FILE = -1;
const KIND_CODES = { file: 1, "hard link": 1, directory: 2, other: 3 } as const;
const FILE = KIND_CODES.file;
const FOLDER = KIND_CODES.directory;

type PresentKind = keyof typeof KIND_CODES;

interface Overlay {
  readonly apply: (entry: ListedEntry, layer: number) => void;
  readonly waste: () => readonly Waste[];
  readonly isSeen: (path: string, layer: number) => boolean;
}

const newOverlay = (): Overlay => {
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
  let fileCount = 0;
  const waste = wasteBook();

  /** Takes a name off its file; returns the file when nothing names it any longer. */
  const unlink = (node: number): number => {
    const file = kinds.get(node) === FILE ? filesOf.get(node) : NO_FILE;
    kinds.set(node, ABSENT);
    if (file === NO_FILE) return NO_FILE;
    links.set(file, links.get(file) - 1);
    return links.get(file) === 0 ? file : NO_FILE;
  };

  /** Hides what lower layers put at a node and below it. */
  const hide = (root: number, rootPath: string, hiddenBy: number, keepsRoot: boolean): void => {
    const lost = new Map<number, { bytes: number; files: number }>();
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
      waste.add({ kind: "deleted", layer, hiddenBy }, rootPath, bytes, files);
    }
  };

  const newFile = (entry: ListedEntry, layer: number): number => {
    const file = fileCount++;
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

  const put = (entry: ListedEntry, kind: PresentKind, layer: number): void => {
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
  };

  return {
    apply: (entry, layer) => {
      if (entry.kind !== "whiteout" && entry.kind !== "opaque") {
        put(entry, entry.kind, layer);
        return;
      }
      const node = tree.find(entry.path);
      if (node >= 0) hide(node, entry.path, layer, entry.kind === "opaque");
    },
    waste: waste.list,
    isSeen: (path, layer) => {
      const node = tree.find(path);
      return node < 0 || (kinds.get(node) !== ABSENT && layersOf.get(node) === layer);
    },
  };
};

type WasteKey = Pick<Waste, "kind" | "layer" | "hiddenBy">;

interface WasteBook {
  readonly add: (key: WasteKey, path: string, bytes: number, files: number) => void;
  /** Heaviest first. */
  readonly list: () => readonly Waste[];
}

const wasteBook = (): WasteBook => {
  const sums = new Map<string, { readonly key: WasteKey; bytes: number; files: number; readonly largest: Heaviest }>();
  return {
    add: (key, path, bytes, files) => {
      if (bytes === 0) return;
      const id = `${key.kind} ${key.layer} ${key.hiddenBy}`;
      const sum = sums.get(id) ?? { key, bytes: 0, files: 0, largest: heaviest(LARGEST_WASTE) };
      sums.set(id, sum);
      sum.bytes += bytes;
      sum.files += files;
      sum.largest.add(path, bytes);
    },
    list: () =>
      [...sums.values()]
        .map(({ key, bytes, files, largest }) => ({ ...key, bytes, files, largest: largest.list() }))
        .sort((a, b) => b.bytes - a.bytes || a.layer - b.layer || a.hiddenBy - b.hiddenBy),
  };
};

/** V8 keeps up to four kinds apart in the code below; with a fifth all become slow. */
type NumberArray = Uint8Array | Uint16Array | Int32Array | Float64Array;

interface Numbers {
  /** 0 where nothing was set. */
  readonly get: (index: number) => number;
  readonly set: (index: number, value: number) => void;
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
  };
};
