import type { LayerListing, ListedEntry } from "./layer-listing.ts";
import { pathFilter, pathHasher } from "./path-filter.ts";

/** What may come of an entry when layers lie over each other. */
export interface Encounter {
  /** It may meet another one: its path is named twice, hidden from above, or shares its contents with another. */
  readonly isMet: boolean;
  /** It matters to what lies below its path, wherever that is dealt with. */
  readonly isEverywhere: boolean;
  /** Of the parts in which entries are dealt with, the one that its bytes are counted in. */
  readonly part: number;
}

export interface Encounters {
  readonly parts: number;
  /** Of the entry at a place of a layer's listing. The result is valid until the next call. */
  readonly of: (layer: number, entry: number) => Encounter;
}

/**
 * Of a million files nearly all are in the image as they were listed. Of these one in fifty is taken for one that
 * meets others, which costs a little and changes nothing.
 * @param largestPart entries that are dealt with at a time, unless there are more than 64 times as many
 */
export const encounters = (layers: readonly LayerListing[], largestPart: number): Encounters => {
  const fates = fatesOf(layers);
  const parts = Math.min(BUCKETS, Math.max(1, Math.ceil(metIn(fates) / largestPart)));
  const result = { isMet: false, isEverywhere: false, part: 0 };
  return {
    parts,
    of: (layer, entry) => {
      const fate = fates[layer]?.[entry] ?? 0;
      result.isMet = (fate & MET) !== 0;
      result.isEverywhere = (fate & EVERYWHERE) !== 0;
      result.part = (fate & (BUCKETS - 1)) % parts;
      return result;
    },
  };
};

/** An entry's fate is one byte: whether it is met, whether everywhere, and which bucket of all paths its own is in. */
const BUCKETS = 64;
const MET = 64;
const EVERYWHERE = 128;

/** Folders are few, and what lies in them needs them. A whiteout matters to more than its path if that is a folder. */
const ALWAYS: ReadonlySet<ListedEntry["kind"]> = new Set(["directory", "opaque"]);

const fatesOf = (layers: readonly LayerListing[]): readonly Uint8Array[] => {
  const count = layers.reduce((sum, listing) => sum + listing.count, 0);
  const paths = pathHasher();
  const targets = pathHasher();
  /** Of what is no folder, and of what hides others. */
  const named = pathFilter(count);
  const namedTwice = pathFilter(count);
  const folders = pathFilter(count);
  const linked = pathFilter(layers.reduce((sum, { hardLinks }) => sum + 2 * hardLinks, 0));
  for (const listing of layers) {
    for (const entry of listing.entries()) {
      const { hash, isSameFolder } = paths.read(entry.path);
      if (!isSameFolder) for (const folder of paths.folders) folders.add(folder);
      if (entry.kind === "directory") folders.add(hash);
      else if (named.add(hash)) namedTwice.add(hash);
      if (entry.kind !== "hard link") continue;
      linked.add(hash);
      linked.add(targets.read(entry.linkPath).hash);
    }
  }

  const asked = pathHasher();
  let isBelowHidden = false;
  const fateOf = ({ kind, path }: ListedEntry): number => {
    const { hash, isSameFolder } = asked.read(path);
    if (!isSameFolder) isBelowHidden = asked.folders.some(named.has);
    // All names of the same contents are dealt with together. Of the hash, bits that the filters do not look at.
    const isLinked = linked.has(hash);
    const bucket = isLinked ? 0 : (hash.second >>> 24) % BUCKETS;
    if (ALWAYS.has(kind) || folders.has(hash)) return EVERYWHERE | MET | bucket;
    return isBelowHidden || isLinked || namedTwice.has(hash) ? MET | bucket : bucket;
  };
  return layers.map((listing) => {
    const fates = new Uint8Array(listing.count);
    let at = 0;
    for (const entry of listing.entries()) fates[at++] = fateOf(entry);
    return fates;
  });
};

const metIn = (layers: readonly Uint8Array[]): number => {
  let met = 0;
  for (const fates of layers) for (const fate of fates) if ((fate & MET) !== 0) met++;
  return met;
};
