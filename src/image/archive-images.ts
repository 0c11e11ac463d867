import type { ArchiveParts } from "./archive-reader.ts";
import { asArray, asText, asTexts, at } from "./json-reading.ts";
import {
  blobPath,
  checkedDigest,
  checkedDocument,
  DAMAGED,
  type Descriptor,
  descriptorOf,
  ImageError,
  layerCompression,
  readDescriptor,
} from "./manifest.ts";
import type { ImageStore } from "./measure-image.ts";

/** The images of an archive, and the store that has their parts. */
export interface ArchivedImages {
  readonly roots: readonly Descriptor[];
  readonly store: ImageStore;
}

/** @param digestOf `sha256:…` of some bytes */
export const archivedImages = (parts: ArchiveParts, digestOf: (bytes: Uint8Array) => string): ArchivedImages => {
  const index = parts.documents.get("index.json");
  const saved = parts.documents.get("manifest.json");
  if (index !== undefined) {
    const roots = asArray(at(parse(index), "manifests")).map(readDescriptor);
    return { roots, store: archiveStore(parts, blobPath, saved !== undefined, digestOf) };
  }
  if (saved === undefined) throw new ImageError("it holds no image: neither `index.json` nor `manifest.json` is in it");
  return savedImages(parts, asArray(parse(saved)), digestOf);
};

const archiveStore = (
  { documents, layers, links }: ArchiveParts,
  pathOf: (digest: string) => string,
  isSaved: boolean,
  digestOf: (bytes: Uint8Array) => string,
): ImageStore => {
  const resolve = (digest: string): string => {
    const path = pathOf(digest);
    return links.get(path) ?? path;
  };
  return {
    has: async (digest) => documents.has(resolve(digest)) || layers.has(resolve(digest)),
    document: async (digest) => {
      const bytes = documents.get(resolve(digest));
      if (bytes === undefined) throw new ImageError(`the document ${digest} is not in the archive`);
      return checkedDocument(bytes, digest, digestOf(bytes));
    },
    layer: async (descriptor) => {
      const compression = layerCompression(descriptor);
      const layer = layers.get(resolve(descriptor.digest));
      if (layer === undefined) throw new ImageError("it is not in the archive");
      if (layer.status === "broken") throw new ImageError(layer.problem);
      // Old archives name a layer by its unpacked bytes, whether it is packed or not.
      const isNamedByBytes = compression !== "none" || !layer.isPacked;
      if (isNamedByBytes && layer.digest !== descriptor.digest) throw new ImageError(DAMAGED);
      // What `docker save` holds unpacked was unpacked by the engine; a layout's own layers are as they are pulled.
      const isPullEstimated = isSaved && compression === "none" && !layer.isPacked;
      const pullBytes = isPullEstimated || descriptor.size === undefined ? layer.pullBytes : descriptor.size;
      return { contents: layer.contents, pullBytes, isPullEstimated };
    },
  };
};

/** Archives from before Docker 25 have no layout: a list of configurations, each with the paths of its layers. */
const savedImages = (
  parts: ArchiveParts,
  images: readonly unknown[],
  digestOf: (bytes: Uint8Array) => string,
): ArchivedImages => {
  const paths = new Map<string, string>();
  const documents = new Map(parts.documents);
  const roots = images.map((image): Descriptor => {
    const configPath = asText(at(image, "Config")) ?? "";
    const config = parts.documents.get(configPath);
    if (config === undefined) throw new ImageError("the configuration of an image is not in the archive");
    const diffIds = asTexts(at(parse(config), "rootfs", "diff_ids")).map(checkedDigest);
    const layerPaths = asTexts(at(image, "Layers"));
    if (diffIds.length !== layerPaths.length) throw new ImageError("its configuration and its list of layers disagree");
    for (const [index, digest] of diffIds.entries()) paths.set(digest, layerPaths[index] ?? "");
    const configDigest = digestOf(config);
    paths.set(configDigest, configPath);
    const manifest = new TextEncoder().encode(
      JSON.stringify({
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: { digest: configDigest },
        layers: diffIds.map((digest) => ({ mediaType: "application/vnd.oci.image.layer.v1.tar", digest })),
      }),
    );
    const manifestDigest = digestOf(manifest);
    paths.set(manifestDigest, manifestDigest);
    documents.set(manifestDigest, manifest);
    return { ...descriptorOf(manifestDigest), names: asTexts(at(image, "RepoTags")) };
  });
  const pathOf = (digest: string): string => paths.get(digest) ?? blobPath(digest);
  return { roots, store: archiveStore({ ...parts, documents }, pathOf, true, digestOf) };
};

const parse = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new ImageError("its list of images is not JSON");
  }
};
