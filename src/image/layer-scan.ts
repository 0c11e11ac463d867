import { heaviest } from "./heaviest.ts";
import type { FileBytes } from "./image.ts";
import { hitFinder, type LayerFindings, type SearchMeans } from "./layer-hits.ts";
import { type LayerListing, type ListedKind, listingWriter } from "./layer-listing.ts";
import { type MarkedPath, markedPath, normalPath } from "./layer-path.ts";
import { isInstalledList, LARGEST_LIST } from "./npm-tree.ts";
import { tarReader } from "./tar.ts";
import type { TarEntry, TarEntryType } from "./tar-header.ts";

/** What one layer holds. */
export interface LayerContents extends LayerFindings {
  /** Sum of the sizes of its regular files; a file with several hard links counts once. */
  readonly diskBytes: number;
  readonly fileCount: number;
  readonly largestFiles: readonly FileBytes[];
  readonly listing: LayerListing;
  /** npm's lists of what it installed, by path. */
  readonly installedLists: ReadonlyMap<string, Uint8Array>;
}

export interface LayerScan {
  /** The chunk must stay as it is until `settled`. Throws a `TarError` on what is no tar archive. */
  readonly push: (chunk: Uint8Array) => void;
  /** Resolves when files packed inside the layer have kept up. */
  readonly settled: () => Promise<void>;
  /** Rejects with a `TarError` when the layer is cut off. */
  readonly end: () => Promise<LayerContents>;
}

export interface ScanMeans {
  /** Continues a checksum; starts with 0. */
  readonly checksum: (bytes: Uint8Array, before: number) => number;
  /** Absent when there is nothing to search for. */
  readonly search: SearchMeans | undefined;
}

const LARGEST_FILES = 10;

/** Reads a layer once, while its uncompressed tar archive streams by. */
export const layerScan = (means: ScanMeans): LayerScan => {
  const largest = heaviest(LARGEST_FILES);
  const listing = listingWriter();
  const find = hitFinder(means.search);
  const installedLists = new Map<string, Uint8Array>();
  let list: Uint8Array | undefined;
  let listLength = 0;
  let diskBytes = 0;
  let fileCount = 0;
  let entry: TarEntry | undefined;
  let path = "";
  let marked: MarkedPath | undefined;
  let checksum = 0;

  const reader = tarReader({
    entry: (next) => {
      entry = next;
      path = normalPath(next.path);
      marked = markedPath(path);
      checksum = 0;
      list = undefined;
      find.enter(next, path);
      if (next.type !== "file" || marked !== undefined) return;
      diskBytes += next.size;
      fileCount++;
      largest.add(path, next.size);
      if (!isInstalledList(path) || next.size > LARGEST_LIST) return;
      list = new Uint8Array(next.size);
      listLength = 0;
      installedLists.set(path, list);
    },
    data: (bytes) => {
      if (entry?.type !== "file") return;
      checksum = means.checksum(bytes, checksum);
      find.data(bytes);
      if (list === undefined) return;
      list.set(bytes.subarray(0, list.length - listLength), listLength);
      listLength += bytes.length;
    },
    close: () => {
      if (entry === undefined) return;
      find.leave();
      listing.add({
        kind: marked?.kind ?? KINDS[entry.type],
        path: marked?.path ?? path,
        linkPath: entry.type === "hard link" ? normalPath(entry.linkPath) : entry.linkPath,
        size: entry.size,
        checksum,
        mode: entry.mode,
        uid: entry.uid,
      });
    },
  });

  return {
    push: (chunk) => {
      find.stream(chunk);
      reader.push(chunk);
    },
    settled: find.settled,
    end: async () => {
      reader.end();
      const found = await find.end();
      return {
        diskBytes,
        fileCount,
        largestFiles: largest.list(),
        listing: listing.finish(),
        installedLists,
        ...found,
      };
    },
  };
};

const KINDS: Readonly<Record<TarEntryType, ListedKind>> = {
  file: "file",
  "hard link": "hard link",
  directory: "directory",
  "symbolic link": "other",
  "character device": "other",
  "block device": "other",
  fifo: "other",
  other: "other",
};
