import type { LayerListing, ListedEntry } from "./layer-listing.ts";
import { type PathHash, pathFilter, pathHasher } from "./path-filter.ts";

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
  /** The result is valid until the next call. */
  readonly of: (entry: ListedEntry) => Encounter;
}

/**
 * Of a million files nearly all are in the image as they were listed. Of these one in fifty is taken for one that
 * meets others, which costs a little and changes nothing.
 * @param largestPart entries that are dealt with at a time
 */
export const encounters = (layers: readonly LayerListing[], largestPart: number): Encounters => {
  const count = layers.reduce((sum, listing) => sum + listing.count, 0);
  const paths = pathHasher();
  const targets = pathHasher();
  /** Of what is no folder, and of what hides others. */
  const named = pathFilter(count);
  const namedTwice = pathFilter(count);
  const folders = pathFilter(count);
  const linked = pathFilter(count);
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

  const reader = (parts: number): ((entry: ListedEntry) => Encounter) => {
    const asked = pathHasher();
    const result = { isMet: false, isEverywhere: false, part: 0 };
    let isBelowHidden = false;
    return ({ kind, path }) => {
      const { hash, isSameFolder } = asked.read(path);
      if (!isSameFolder) isBelowHidden = asked.folders.some(named.has);
      const isLinked = linked.has(hash);
      result.isEverywhere = ALWAYS.has(kind) || folders.has(hash);
      result.isMet = result.isEverywhere || isBelowHidden || isLinked || namedTwice.has(hash);
      // All names of the same contents are dealt with together.
      result.part = isLinked ? 0 : partOf(hash, parts);
      return result;
    };
  };

  const countMet = (): number => {
    const of = reader(1);
    let met = 0;
    for (const listing of layers) for (const entry of listing.entries()) if (of(entry).isMet) met++;
    return met;
  };

  const parts = count <= largestPart ? 1 : Math.ceil(countMet() / largestPart);
  return { parts: Math.max(1, parts), of: reader(Math.max(1, parts)) };
};

/** Folders are few, and what lies in them needs them. */
const ALWAYS: ReadonlySet<ListedEntry["kind"]> = new Set(["directory", "whiteout", "opaque"]);

/** By bits that the filters do not look at. */
const partOf = ({ second }: PathHash, parts: number): number => (second >>> 24) % parts;
