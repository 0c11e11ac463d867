import type { LayerListing, ListedEntry } from "./layer-listing.ts";
import { pathFilter, pathHasher } from "./path-filter.ts";

/**
 * Tells entries that may meet another one when layers lie over each other: a path that is named twice, that is hidden
 * from above, or that shares its contents with another. All others are as they were listed, and of a million files
 * nearly all are. Of these it takes one in fifty for one that meets others, which costs a little and changes nothing.
 */
export const encounters = (layers: readonly LayerListing[]): ((entry: ListedEntry) => boolean) => {
  const count = layers.reduce((sum, listing) => sum + listing.count, 0);
  const paths = pathHasher();
  const targets = pathHasher();
  /** Of what is no folder, and of what hides others. */
  const named = pathFilter(count);
  const namedTwice = pathFilter(count);
  const folders = pathFilter(count);
  for (const listing of layers) {
    for (const entry of listing.entries()) {
      const { hash, isSameFolder } = paths.read(entry.path);
      if (!isSameFolder) for (const folder of paths.folders) folders.add(folder);
      if (entry.kind === "directory") folders.add(hash);
      else if (named.add(hash) || entry.kind === "hard link") namedTwice.add(hash);
      if (entry.kind === "hard link") namedTwice.add(targets.read(entry.linkPath).hash);
    }
  }
  const asked = pathHasher();
  let isBelowHidden = false;
  return ({ kind, path }) => {
    const { hash, isSameFolder } = asked.read(path);
    if (!isSameFolder) isBelowHidden = asked.folders.some(named.has);
    return isBelowHidden || ALWAYS.has(kind) || namedTwice.has(hash) || folders.has(hash);
  };
};

/** Folders are few, and what lies in them needs them. */
const ALWAYS: ReadonlySet<ListedEntry["kind"]> = new Set(["directory", "whiteout", "opaque"]);
