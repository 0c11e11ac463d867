import { normalPath } from "./layer-path.ts";
import { type LayerContents, type LayerScan, layerScan, type ScanMeans } from "./layer-scan.ts";
import { LARGEST_DOCUMENT } from "./manifest.ts";
import { packingOf } from "./packed-kinds.ts";
import type { Unpack, Unpacker } from "./packed-search.ts";
import { type PullEstimate, pullEstimate } from "./pull-estimate.ts";
import { tarReader } from "./tar.ts";
import type { TarEntry } from "./tar-header.ts";

/** All that an archive of images holds, by path. */
export interface ArchiveParts {
  readonly documents: ReadonlyMap<string, Uint8Array>;
  readonly layers: ReadonlyMap<string, ArchivedLayer>;
  /** Old archives name a layer that they hold twice by a link. */
  readonly links: ReadonlyMap<string, string>;
}

export type ArchivedLayer =
  | {
      readonly status: "read";
      readonly contents: LayerContents;
      readonly pullBytes: number;
      readonly isPacked: boolean;
      /** Of the bytes as the archive holds them. */
      readonly digest: string;
    }
  | { readonly status: "broken"; readonly problem: string };

export interface ArchiveReader {
  /** The chunk must stay as it is until `settled`. Throws a `TarError` on what is no tar archive. */
  readonly push: (chunk: Uint8Array) => void;
  readonly settled: () => Promise<void>;
  readonly end: () => Promise<ArchiveParts>;
}

export interface ArchiveMeans extends ScanMeans {
  readonly unpack: Unpack;
  readonly deflatedLength: (bytes: Uint8Array) => number;
  readonly newDigest: () => DigestWriter;
}

/** Takes bytes, and tells their digest: `sha256:…`. */
export interface DigestWriter {
  readonly push: (bytes: Uint8Array) => void;
  readonly value: () => string;
}

/**
 * Reads what `docker save` writes, or an image layout in an archive, in one go: layers are scanned as they come,
 * before it is known what image they belong to.
 */
export const archiveReader = (means: ArchiveMeans): ArchiveReader => {
  const documents = new Map<string, Uint8Array>();
  const layers = new Map<string, ArchivedLayer>();
  const links = new Map<string, string>();
  const finishing: Promise<void>[] = [];
  let path = "";
  let entry: TarEntry | undefined;
  let head: Uint8Array[] = [];
  let headLength = 0;
  let part: OpenPart | undefined;

  const openPart = (bytes: Uint8Array, size: number): OpenPart => {
    const inside = path;
    if (bytes[0] === BRACE || bytes[0] === BRACKET) return documentPart(size, (whole) => documents.set(inside, whole));
    return layerPart(means, bytes, size, (layer) => layers.set(inside, layer));
  };

  const openWith = (size: number): void => {
    const bytes = joined(head, headLength);
    part = openPart(bytes, size);
    part.push(bytes);
    head = [];
  };

  const reader = tarReader({
    entry: (next) => {
      entry = next;
      path = normalPath(next.path);
      head = [];
      headLength = 0;
      part = undefined;
      if (next.type === "symbolic link") links.set(path, normalPath(`${path}/../${next.linkPath}`));
      if (next.type === "hard link") links.set(path, normalPath(next.linkPath));
    },
    data: (bytes) => {
      if (entry?.type !== "file") return;
      if (part !== undefined) {
        part.push(bytes);
        return;
      }
      head.push(bytes);
      headLength += bytes.length;
      if (headLength >= HEAD) openWith(entry.size);
    },
    close: () => {
      if (part === undefined && headLength > 0) openWith(headLength);
      if (part !== undefined) finishing.push(part.end());
      part = undefined;
    },
  });

  const settled = async (): Promise<void> => {
    await part?.settled();
    await Promise.all(finishing.splice(0));
  };

  return {
    push: reader.push,
    settled,
    end: async () => {
      reader.end();
      await settled();
      return { documents, layers, links };
    },
  };
};

const HEAD = 4;
const BRACE = 0x7b;
const BRACKET = 0x5b;

/** One file of the archive, as it streams by. */
interface OpenPart {
  readonly push: (bytes: Uint8Array) => void;
  readonly settled: () => Promise<void>;
  readonly end: () => Promise<void>;
}

const joined = (pieces: readonly Uint8Array[], length: number): Uint8Array => {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
};

const documentPart = (size: number, onEnd: (whole: Uint8Array) => void): OpenPart => {
  const pieces: Uint8Array[] = [];
  const isKept = size <= LARGEST_DOCUMENT;
  return {
    push: (bytes) => {
      if (isKept) pieces.push(bytes.slice());
    },
    settled: async () => {},
    end: async () => {
      if (isKept) onEnd(joined(pieces, size));
    },
  };
};

const layerPart = (
  means: ArchiveMeans,
  head: Uint8Array,
  size: number,
  onEnd: (layer: ArchivedLayer) => void,
): OpenPart => {
  const packing = packingOf(head);
  const scan = layerScan(means);
  const estimate = packing === undefined ? pullEstimate(means.deflatedLength) : undefined;
  const digest = means.newDigest();
  let problem: string | undefined;
  let unpacker: Unpacker | undefined;

  const take = (bytes: Uint8Array): void => {
    if (problem !== undefined) return;
    try {
      scan.push(bytes);
    } catch (error) {
      problem = messageOf(error);
      unpacker?.stop();
    }
  };

  if (packing !== undefined) unpacker = means.unpack(packing, take);
  return {
    push: (bytes) => {
      digest.push(bytes);
      if (unpacker !== undefined) unpacker.write(bytes);
      else take(bytes);
      estimate?.push(bytes);
    },
    settled: async () => {
      await unpacker?.settled();
      await scan.settled();
    },
    end: async () => {
      unpacker?.end();
      const outcome = await unpacker?.settled();
      if (outcome === "broken") problem ??= "it is not whole, or not what it says it is";
      onEnd(await finished(scan, problem, estimate, size, digest));
    },
  };
};

const finished = async (
  scan: LayerScan,
  problem: string | undefined,
  estimate: PullEstimate | undefined,
  size: number,
  digest: DigestWriter,
): Promise<ArchivedLayer> => {
  if (problem !== undefined) return { status: "broken", problem };
  try {
    const contents = await scan.end();
    return {
      status: "read",
      contents,
      pullBytes: estimate?.bytes() ?? size,
      isPacked: estimate === undefined,
      digest: digest.value(),
    };
  } catch (error) {
    return { status: "broken", problem: messageOf(error) };
  }
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
