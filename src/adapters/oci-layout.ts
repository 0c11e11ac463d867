import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip, createZstdDecompress } from "node:zlib";
import type { Target } from "../build/target.ts";
import { readDockerfile } from "../dockerfile/read.ts";
import type { Image, Layer } from "../image/image.ts";
import { asArray, asText, at } from "../image/json-reading.ts";
import { historyOrigins, type LayerOrigin, layerOrigins } from "../image/layer-origins.ts";
import { type LayerContents, layerScan } from "../image/layer-scan.ts";
import { lineageOf } from "../image/lineage.ts";
import {
  blobPath,
  checkedDigest,
  type Descriptor,
  ImageError,
  layerCompression,
  platformOf,
  readConfig,
  readDocument,
} from "../image/manifest.ts";
import { type Provenance, readProvenance } from "../image/provenance.ts";

/** One or more platforms of a target could not be measured; the others are in `measured`. */
export class MeasureError extends ImageError {
  override readonly name = "MeasureError";
  readonly measured: readonly Image[];

  constructor(message: string, measured: readonly Image[]) {
    super(message);
    this.measured = measured;
  }
}

/**
 * Measures what a build exported with `-o type=oci,tar=false,dest=layoutDirectory`.
 * @param metadata the parsed file that `--metadata-file` named, written with `BUILDX_METADATA_PROVENANCE=max`
 * @returns one image per platform
 * @throws MeasureError when at least one platform is broken; it carries those that are not
 */
export const measure = async (
  layoutDirectory: string,
  metadata: unknown,
  target: Target,
): Promise<readonly Image[]> => {
  const digest = checkedDigest(at(metadata, "containerimage.digest"));
  const found = await findManifests(layoutDirectory, { ...NO_DESCRIPTOR, digest }, 0);
  const attestations = found.filter(({ attestationOf }) => attestationOf !== undefined);
  const manifests = found.filter(({ attestationOf }) => attestationOf === undefined);
  const measured: Image[] = [];
  const problems: string[] = [];
  for (const manifest of manifests) {
    try {
      const attestation = attestations.find(({ attestationOf }) => attestationOf === manifest.digest);
      const attested = attestation && (await attestedProvenance(layoutDirectory, attestation));
      measured.push(await measureManifest(layoutDirectory, manifest, metadata, attested, target));
    } catch (error) {
      const platform = manifests.length > 1 && manifest.platform !== undefined ? `${manifest.platform}: ` : "";
      problems.push(`${platform}${problemOf(error)}`);
    }
  }
  if (manifests.length === 0) throw new MeasureError("the export holds no image", []);
  if (problems.length > 0) throw new MeasureError(problems.join("; "), measured);
  return measured;
};

const NO_DESCRIPTOR: Omit<Descriptor, "digest"> = {
  mediaType: "",
  size: undefined,
  platform: undefined,
  attestationOf: undefined,
};

/** An index may hold an index; nobody nests them deeper. */
const DEEPEST_INDEX = 4;

const findManifests = async (layout: string, descriptor: Descriptor, depth: number): Promise<readonly Descriptor[]> => {
  if (depth > DEEPEST_INDEX) throw new ImageError("indexes are nested too deeply");
  const document = readDocument(await readJson(layout, descriptor.digest));
  if (document.kind === "manifest") return [descriptor];
  const nested = await Promise.all(
    document.manifests.map((inner) =>
      inner.attestationOf !== undefined ? [inner] : findManifests(layout, inner, depth + 1),
    ),
  );
  return nested.flat();
};

const measureManifest = async (
  layout: string,
  descriptor: Descriptor,
  metadata: unknown,
  attested: Provenance | undefined,
  target: Target,
): Promise<Image> => {
  const manifest = readDocument(await readJson(layout, descriptor.digest));
  if (manifest.kind !== "manifest") throw new ImageError("the manifest is an index");
  const json = await readJson(layout, manifest.config.digest);
  const config = readConfig(json);
  const platform = platformOf(json) ?? descriptor.platform ?? "unknown";
  const provenance = metadataProvenance(metadata, platform) ?? attested;
  const origins = originsOf(manifest.layers, json, provenance, target);
  const layers: Layer[] = [];
  for (const [index, layer] of manifest.layers.entries()) {
    const contents = await scanLayer(layout, layer).catch((error: unknown) => {
      throw new ImageError(`layer ${index + 1} of ${manifest.layers.length} cannot be read: ${problemOf(error)}`);
    });
    const pullBytes = layer.size ?? (await stat(join(layout, blobPath(layer.digest)))).size;
    const origin = origins[index] ?? { lines: undefined, instruction: undefined, isBase: false };
    layers.push({ digest: layer.digest, pullBytes, diskBytes: contents.diskBytes, ...origin });
  }
  return { digest: descriptor.digest, platform, layers, config, isPullEstimated: false };
};

/** Several platforms have one record each, under the platform's name. */
const metadataProvenance = (metadata: unknown, platform: string): Provenance | undefined => {
  const key = "buildx.build.provenance";
  return (
    readProvenance(at(metadata, `${key}/${platform}`)) ??
    readProvenance(at(metadata, key, platform)) ??
    readProvenance(at(metadata, key))
  );
};

const originsOf = (
  layers: readonly Descriptor[],
  config: unknown,
  provenance: Provenance | undefined,
  target: Target,
): readonly LayerOrigin[] => {
  if (provenance === undefined) {
    const history = asArray(at(config, "history")).filter((entry) => at(entry, "empty_layer") !== true);
    return historyOrigins(
      layers.length,
      history.map((entry) => asText(at(entry, "created_by")) ?? ""),
    );
  }
  const dockerfile = readDockerfile(target.dockerfile, provenance.source?.text ?? "");
  const lineage = lineageOf(dockerfile, target.stageIndex, target.buildArgs);
  return layerOrigins(
    layers.map(({ digest }) => digest),
    provenance,
    lineage,
  );
};

/** The provenance that the image itself carries, when it was built with `--provenance=mode=max`. */
const attestedProvenance = async (layout: string, attestation: Descriptor): Promise<Provenance | undefined> => {
  const document = readDocument(await readJson(layout, attestation.digest));
  if (document.kind !== "manifest") return undefined;
  for (const { digest, mediaType } of document.layers) {
    if (mediaType !== "application/vnd.in-toto+json") continue;
    const provenance = readProvenance(await readJson(layout, digest));
    if (provenance !== undefined) return provenance;
  }
  return undefined;
};

const LARGEST_JSON = 16 << 20;

const readJson = async (layout: string, digest: string): Promise<unknown> => {
  const path = join(layout, blobPath(digest));
  if ((await blobSize(path)) > LARGEST_JSON) throw new ImageError(`the document ${digest} is too large`);
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    throw new ImageError(`the document ${digest} is not JSON`);
  }
};

const blobSize = async (path: string): Promise<number> => {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) throw new ImageError("the export does not hold it");
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
};

const CHUNK = 256 * 1024;

const scanLayer = async (layout: string, layer: Descriptor): Promise<LayerContents> => {
  const compression = layerCompression(layer);
  const path = join(layout, blobPath(layer.digest));
  const size = await blobSize(path);
  if (layer.size !== undefined && layer.size !== size) {
    throw new ImageError(`it has ${size} bytes instead of ${layer.size}`);
  }
  const scan = layerScan();
  for await (const chunk of uncompressed(path, compression)) scan.push(chunk);
  return scan.end();
};

async function* uncompressed(path: string, compression: "gzip" | "zstd" | "none"): AsyncGenerator<Uint8Array> {
  const raw = createReadStream(path, { highWaterMark: CHUNK });
  if (compression === "none") return yield* raw;
  const inflate =
    compression === "gzip" ? createGunzip({ chunkSize: CHUNK }) : createZstdDecompress({ chunkSize: CHUNK });
  raw.on("error", (error) => inflate.destroy(error));
  try {
    yield* raw.pipe(inflate);
  } finally {
    raw.destroy();
    inflate.destroy();
  }
}

const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
