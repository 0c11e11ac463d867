import { isAccountFile, LARGEST_ACCOUNT_FILE } from "./account-faults.ts";
import { contentSum } from "./content-sum.ts";
import { credentialIn, LARGEST_CREDENTIAL, mayBeCredential } from "./credential-files.ts";
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
  /** npm's lists of what it installed, and the files of accounts, by path. */
  readonly keptFiles: ReadonlyMap<string, KeptFile>;
  /** Files that hold a credential. */
  readonly credentials: readonly FoundCredential[];
}

export interface KeptFile {
  readonly bytes: Uint8Array;
  /** Its place in the listing. */
  readonly entry: number;
}

export interface FoundCredential {
  readonly path: string;
  readonly what: string;
  /** Its place in the listing. */
  readonly entry: number;
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
  const keptFiles = new Map<string, KeptFile>();
  const credentials: FoundCredential[] = [];
  let kept: Uint8Array | undefined;
  let keptLength = 0;
  let diskBytes = 0;
  let fileCount = 0;
  let entry: TarEntry | undefined;
  let path = "";
  let marked: MarkedPath | undefined;
  const sum = contentSum(means.checksum);

  const keep = (bytes: Uint8Array): void => {
    if (isAccountFile(path) || isInstalledList(path)) {
      keptFiles.set(path, { bytes, entry: listing.count() });
      return;
    }
    const what = credentials.length < MOST_CREDENTIALS ? credentialIn(path, bytes) : undefined;
    if (what !== undefined) credentials.push({ path, what, entry: listing.count() });
  };

  const reader = tarReader({
    entry: (next) => {
      entry = next;
      path = normalPath(next.path);
      marked = markedPath(path);
      sum.reset();
      kept = undefined;
      find.enter(next, path);
      if (next.type !== "file" || marked !== undefined) return;
      diskBytes += next.size;
      fileCount++;
      largest.add(path, next.size);
      if (next.size === 0 || next.size > largestKept(path)) return;
      kept = new Uint8Array(next.size);
      keptLength = 0;
    },
    data: (bytes) => {
      if (entry?.type !== "file") return;
      sum.push(bytes);
      find.data(bytes);
      if (kept === undefined) return;
      kept.set(bytes.subarray(0, kept.length - keptLength), keptLength);
      keptLength += bytes.length;
    },
    close: () => {
      if (entry === undefined) return;
      find.leave();
      if (kept !== undefined) keep(kept);
      listing.add({
        kind: marked?.kind ?? KINDS[entry.type],
        path: marked?.path ?? path,
        linkPath: entry.type === "hard link" ? normalPath(entry.linkPath) : entry.linkPath,
        size: entry.size,
        checksum: sum.value(),
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
        keptFiles,
        credentials,
        ...found,
      };
    },
  };
};

/** Bytes up to which a file is looked into once it is complete. */
const largestKept = (path: string): number => {
  if (isInstalledList(path)) return LARGEST_LIST;
  if (isAccountFile(path)) return LARGEST_ACCOUNT_FILE;
  return mayBeCredential(path) ? LARGEST_CREDENTIAL : 0;
};

/** A layer full of them is told by the first ones. */
const MOST_CREDENTIALS = 100;

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
