import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Target } from "../build/target.ts";
import { readDockerfile } from "../dockerfile/read.ts";
import type { Image } from "../image/image.ts";
import { type LeakHunt, leakHunt } from "../image/image-leaks.ts";
import { at } from "../image/json-reading.ts";
import { type LayerContents, layerScan } from "../image/layer-scan.ts";
import {
  blobPath,
  type Compression,
  checkedDigest,
  checkedDocument,
  descriptorOf,
  ImageError,
  LARGEST_DOCUMENT,
  layerCompression,
} from "../image/manifest.ts";
import { type ImageStore, type MeasuredImages, measureImages } from "../image/measure-image.ts";
import type { SecretValue } from "../image/secret-forms.ts";
import type { Measure } from "../ports.ts";
import { digestOf } from "./digests.ts";
import { checksum, searchMeans } from "./image-unpack.ts";
import { layerBytes } from "./layer-bytes.ts";
import { expectManyBytes } from "./v8-flags.ts";

/** One or more platforms of a target could not be measured; the others are in `measured`. */
export class MeasureError extends ImageError {
  override readonly name = "MeasureError";
  readonly measured: readonly Image[];

  constructor(message: string, measured: readonly Image[]) {
    super(message);
    this.measured = measured;
  }
}

export interface MeasureOptions {
  /** Values to look for; none of them is ever part of the result. */
  readonly secrets?: readonly SecretValue[];
}

/**
 * Measures what a build exported with `-o type=oci,tar=false,dest=layoutDirectory`.
 * @param metadata the parsed file that `--metadata-file` named, written with `BUILDX_METADATA_PROVENANCE=max`
 * @returns one image per platform
 * @throws MeasureError when at least one platform is broken; it carries those that are not
 */
export const measure = (
  layoutDirectory: string,
  metadata: unknown,
  target: Target,
  options: MeasureOptions = {},
): Promise<readonly Image[]> => measurer(options)(layoutDirectory, metadata, target);

/** `measure` for many targets: a layer that several of them share is read once. */
export const measurer = ({ secrets }: MeasureOptions = {}): Measure => {
  expectManyBytes();
  const hunt = secrets && leakHunt(secrets);
  const cache = layerCache(hunt);
  return async (layoutDirectory, metadata, target) => {
    const root = descriptorOf(checkedDigest(at(metadata, "containerimage.digest")));
    const store = layoutStore(layoutDirectory, cache);
    const build = {
      metadata,
      text: target.bake?.text,
      stageIndex: target.stageIndex,
      buildArgs: target.buildArgs,
      readDockerfile: (text: string) => readDockerfile(target.dockerfile, text),
    };
    return imagesOrError(await measureImages(store, [root], build, hunt));
  };
};

export const imagesOrError = ({ images, problems }: MeasuredImages): readonly Image[] => {
  if (problems.length > 0) throw new MeasureError(problems.join("; "), images);
  return images;
};

export type ReadLayer = (path: string, compression: Compression, digest: string) => Promise<LayerContents>;

/** An image layout directory as the OCI describes it. */
export const layoutStore = (layout: string, readLayer: ReadLayer): ImageStore => {
  const pathOf = (digest: string): string => join(layout, blobPath(digest));
  return {
    document: async (digest) => {
      if ((await blobSize(pathOf(digest))) > LARGEST_DOCUMENT)
        throw new ImageError(`the document ${digest} is too large`);
      const bytes = await readFile(pathOf(digest));
      return checkedDocument(bytes, digest, digestOf(bytes, digest));
    },
    has: async (digest) => (await blobSize(pathOf(digest)).catch(() => undefined)) !== undefined,
    layer: async (layer) => {
      const compression = layerCompression(layer);
      const size = await blobSize(pathOf(layer.digest));
      if (layer.size !== undefined && layer.size !== size) {
        throw new ImageError(`it has ${size} bytes instead of ${layer.size}`);
      }
      const contents = await readLayer(pathOf(layer.digest), compression, layer.digest);
      return { contents, pullBytes: size, isPullEstimated: false };
    },
  };
};

const blobSize = async (path: string): Promise<number> => {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) throw new ImageError("it is not there");
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
};

/** Listings that wait for the next image which has the layer, in bytes. */
const LARGEST_CACHE = 32 << 20;

/** Reads layers, and remembers the last ones by path: in a layout that is the digest. */
export const layerCache = (hunt: LeakHunt | undefined): ReadLayer => {
  const kept = new Map<string, LayerContents>();
  let bytes = 0;
  return async (path, compression, digest) => {
    const known = kept.get(path);
    if (known !== undefined) return known;
    const contents = await scanLayer(path, compression, digest, hunt);
    if (kept.has(path)) return contents;
    kept.set(path, contents);
    bytes += contents.listing.byteLength;
    for (const [oldest, { listing }] of kept) {
      if (bytes <= LARGEST_CACHE) break;
      kept.delete(oldest);
      bytes -= listing.byteLength;
    }
    return contents;
  };
};

const scanLayer = async (
  path: string,
  compression: Compression,
  digest: string,
  hunt: LeakHunt | undefined,
): Promise<LayerContents> => {
  const scan = layerScan({ checksum, search: searchMeans(hunt) });
  for await (const chunk of layerBytes(path, compression, digest)) {
    scan.push(chunk);
    await scan.settled();
  }
  return scan.end();
};
