import type { Dockerfile } from "../dockerfile/model.ts";
import type { Image, Layer } from "./image.ts";
import { imageContents } from "./image-contents.ts";
import { type LeakHunt, type SearchedDocument, searchImage } from "./image-leaks.ts";
import { asArray, asText, at } from "./json-reading.ts";
import { historyOrigins, type LayerOrigin, layerOrigins } from "./layer-origins.ts";
import type { LayerContents } from "./layer-scan.ts";
import { lineageOf } from "./lineage.ts";
import { type Descriptor, ImageError, platformOf, readConfig, readDocument } from "./manifest.ts";
import { type Provenance, readProvenance } from "./provenance.ts";

/** Where the parts of images are: a layout directory, or an archive that was read. */
export interface ImageStore {
  /** The bytes of a document; rejects with an `ImageError` when the store does not hold it. */
  readonly document: (digest: string) => Promise<Uint8Array>;
  readonly has: (digest: string) => Promise<boolean>;
  /** Rejects with the reason when the layer is broken, absent or of an unknown kind. */
  readonly layer: (layer: Descriptor) => Promise<StoredLayer>;
}

export interface StoredLayer {
  readonly contents: LayerContents;
  /** What a pull transfers. */
  readonly pullBytes: number;
  readonly isPullEstimated: boolean;
}

/** What is known about a build besides its images. */
export interface BuildRecord {
  /** The parsed metadata file. */
  readonly metadata: unknown;
  /** The Dockerfile that was built, where those of other targets are recorded with it. */
  readonly text: string | undefined;
  readonly stageIndex: number;
  readonly buildArgs: ReadonlyMap<string, string | undefined>;
  readonly readDockerfile: (text: string) => Dockerfile;
}

export interface MeasuredImages {
  readonly images: readonly Image[];
  /** One sentence without a full stop for each platform that is broken. */
  readonly problems: readonly string[];
}

/** Measures every platform of what a digest names, each for itself: a broken one does not hide the others. */
export const measureImages = async (
  store: ImageStore,
  roots: readonly Descriptor[],
  build: BuildRecord | undefined,
  hunt: LeakHunt | undefined,
): Promise<MeasuredImages> => {
  const found = eachOnce((await Promise.all(roots.map((root) => findManifests(store, root, 0)))).flat());
  const attestations = found.filter(({ attestationOf }) => attestationOf !== undefined);
  const manifests = found.filter(({ attestationOf }) => attestationOf === undefined);
  const images: Image[] = [];
  const problems: string[] = [];
  for (const manifest of manifests) {
    try {
      const own = attestations.filter(({ attestationOf }) => attestationOf === manifest.digest);
      images.push(await measureImage(store, manifest, own, build, hunt));
    } catch (error) {
      const which = manifests.length === 1 ? [] : [...manifest.names, manifest.platform ?? ""].filter(Boolean);
      problems.push([which.join(" "), problemOf(error)].filter(Boolean).join(": "));
    }
  }
  if (manifests.length === 0) problems.push("it holds no image");
  return { images, problems };
};

/** An image that has several names is listed under each. */
const eachOnce = (found: readonly Descriptor[]): readonly Descriptor[] =>
  [...Map.groupBy(found, ({ digest }) => digest).values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ ...first, names: [first, ...others].flatMap(({ names }) => names) }],
  );

/** An index may hold an index; nobody nests them deeper. */
const DEEPEST_INDEX = 4;

const findManifests = async (store: ImageStore, root: Descriptor, depth: number): Promise<readonly Descriptor[]> => {
  if (depth > DEEPEST_INDEX) throw new ImageError("indexes are nested too deeply");
  const document = readDocument(await readJson(store, root.digest));
  if (document.kind === "manifest") return [root];
  const nested = document.manifests.map(async (inner) => {
    // An engine keeps the index of all platforms, and the parts of its own one alone.
    if (document.manifests.length > 1 && !(await store.has(inner.digest))) return [];
    if (inner.attestationOf !== undefined) return [inner];
    return findManifests(store, inner.names.length > 0 ? inner : { ...inner, names: root.names }, depth + 1);
  });
  return (await Promise.all(nested)).flat();
};

const measureImage = async (
  store: ImageStore,
  descriptor: Descriptor,
  attestations: readonly Descriptor[],
  build: BuildRecord | undefined,
  hunt: LeakHunt | undefined,
): Promise<Image> => {
  const manifestBytes = await store.document(descriptor.digest);
  const manifest = readDocument(parse(manifestBytes, descriptor.digest));
  if (manifest.kind !== "manifest") throw new ImageError("the manifest is an index");
  const json = await readJson(store, manifest.config.digest);
  const config = readConfig(json);
  const platform = platformOf(json) ?? descriptor.platform ?? "unknown";
  const attested = await readAttestations(store, attestations, build?.text);
  const provenance = metadataProvenance(build, platform) ?? attested.provenance;
  const origins = originsOf(manifest.layers, json, provenance, build);
  const stored = await readLayers(store, manifest.layers);
  const layers = stored.map(({ contents, pullBytes }, index): Layer => {
    const digest = manifest.layers[index]?.digest ?? "";
    return { digest, pullBytes, diskBytes: contents.diskBytes, ...(origins[index] ?? UNKNOWN_ORIGIN) };
  });
  const contents = stored.map((layer) => layer.contents);
  const documents: readonly SearchedDocument[] = [{ in: "manifest", bytes: manifestBytes }, ...attested.documents];
  return {
    digest: descriptor.digest,
    ...(descriptor.names.length > 0 && { names: [...new Set(descriptor.names)] }),
    platform,
    layers,
    config,
    isPullEstimated: stored.some(({ isPullEstimated }) => isPullEstimated),
    contents: imageContents(contents),
    ...(hunt && { leaks: searchImage(hunt, layers, contents, json, documents) }),
  };
};

const UNKNOWN_ORIGIN: LayerOrigin = { lines: undefined, instruction: undefined, isBase: false };

/** Two at a time: one is unpacked while the other is read. */
const LAYERS_AT_ONCE = 2;

const readLayers = async (store: ImageStore, layers: readonly Descriptor[]): Promise<readonly StoredLayer[]> => {
  const read: StoredLayer[] = [];
  const left = [...layers.entries()];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, layer] = next;
      try {
        read[index] = await store.layer(layer);
      } catch (error) {
        left.length = 0;
        throw new ImageError(`layer ${index + 1} of ${layers.length} cannot be read: ${problemOf(error)}`);
      }
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: LAYERS_AT_ONCE }, work));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return read;
};

/** Several platforms have one record each, under the platform's name. */
const metadataProvenance = (build: BuildRecord | undefined, platform: string): Provenance | undefined => {
  const key = "buildx.build.provenance";
  return (
    readProvenance(at(build?.metadata, `${key}/${platform}`), build?.text) ??
    readProvenance(at(build?.metadata, key, platform), build?.text) ??
    readProvenance(at(build?.metadata, key), build?.text)
  );
};

const originsOf = (
  layers: readonly Descriptor[],
  config: unknown,
  provenance: Provenance | undefined,
  build: BuildRecord | undefined,
): readonly LayerOrigin[] => {
  if (provenance === undefined) {
    const history = asArray(at(config, "history")).filter((entry) => at(entry, "empty_layer") !== true);
    return historyOrigins(
      layers.length,
      history.map((entry) => asText(at(entry, "created_by")) ?? ""),
    );
  }
  const dockerfile = build?.readDockerfile(provenance.source?.text ?? "");
  const lineage = build && dockerfile ? lineageOf(dockerfile, build.stageIndex, build.buildArgs) : [];
  return layerOrigins(
    layers.map(({ digest }) => digest),
    provenance,
    lineage,
  );
};

interface Attestations {
  readonly documents: readonly SearchedDocument[];
  /** Told by the image itself, when it was built with `--provenance=mode=max`. */
  readonly provenance: Provenance | undefined;
}

const readAttestations = async (
  store: ImageStore,
  attestations: readonly Descriptor[],
  text: string | undefined,
): Promise<Attestations> => {
  const documents: SearchedDocument[] = [];
  let provenance: Provenance | undefined;
  for (const { digest } of attestations) {
    const manifest = readDocument(await readJson(store, digest));
    if (manifest.kind !== "manifest") continue;
    for (const layer of manifest.layers) {
      const bytes = await store.document(layer.digest);
      documents.push({ in: "attestation", bytes });
      if (IN_TOTO.test(layer.mediaType)) provenance ??= readProvenance(parse(bytes, layer.digest), text);
    }
  }
  return { documents, provenance };
};

const IN_TOTO = /^application\/vnd\.in-toto\+json$/;

const readJson = async (store: ImageStore, digest: string): Promise<unknown> =>
  parse(await store.document(digest), digest);

const parse = (bytes: Uint8Array, digest: string): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new ImageError(`the document ${digest} is not JSON`);
  }
};

export const problemOf = (error: unknown): string => asText(at(error, "message")) ?? String(error);
