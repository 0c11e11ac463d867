import type { ImageConfig } from "./image.ts";
import { asArray, asNumber, asObject, asText, asTexts, at } from "./json-reading.ts";

export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:…`, checked. */
  readonly digest: string;
  /** Bytes; undefined when the document does not say. */
  readonly size: number | undefined;
  /** `linux/arm/v7`; undefined when the document does not say. */
  readonly platform: string | undefined;
  /** The digest of the manifest that an attestation speaks of. */
  readonly attestationOf: string | undefined;
  /** What a list of images calls it: `busybox:1.37`. */
  readonly names: readonly string[];
}

export type Document =
  | { readonly kind: "index"; readonly manifests: readonly Descriptor[] }
  | { readonly kind: "manifest"; readonly config: Descriptor; readonly layers: readonly Descriptor[] };

export type Compression = "gzip" | "zstd" | "none";

/** What an image is made of cannot be read; the message says what, in one sentence without a full stop. */
export class ImageError extends Error {
  override readonly name: string = "ImageError";
}

/** An index or a manifest, OCI or Docker; throws an `ImageError` for anything else. */
export const readDocument = (json: unknown): Document => {
  const mediaType = asText(at(json, "mediaType"));
  const isKnown = mediaType === undefined || INDEX_TYPES.has(mediaType) || MANIFEST_TYPES.has(mediaType);
  if (!isKnown) throw new ImageError(`\`${mediaType}\` is neither an image manifest nor an index`);
  const isIndex = mediaType === undefined ? Array.isArray(at(json, "manifests")) : INDEX_TYPES.has(mediaType);
  if (isIndex) return { kind: "index", manifests: asArray(at(json, "manifests")).map(readDescriptor) };
  if (!Array.isArray(at(json, "layers"))) throw new ImageError("the manifest lists no layers");
  return {
    kind: "manifest",
    config: readDescriptor(at(json, "config")),
    layers: asArray(at(json, "layers")).map(readDescriptor),
  };
};

/** How a layer is packed; throws an `ImageError` when its media type is unknown. */
export const layerCompression = (layer: Descriptor): Compression => {
  const match = LAYER_TYPE.exec(layer.mediaType);
  if (match === null) throw new ImageError(`the layer's media type \`${layer.mediaType}\` is not known`);
  const packing = match[1]?.slice(1);
  return packing === "gzip" || packing === "zstd" ? packing : "none";
};

/** Throws an `ImageError` when it is not the configuration of a container image. */
export const readConfig = (json: unknown): ImageConfig => {
  const config = at(json, "config");
  if (!Array.isArray(at(json, "rootfs", "diff_ids"))) throw new ImageError("the configuration is not that of an image");
  const healthcheck = asTexts(at(config, "Healthcheck", "Test"));
  return {
    user: asText(at(config, "User")) ?? "",
    hasHealthcheck: healthcheck.length > 0 && healthcheck[0] !== "NONE",
    labels: Object.fromEntries(
      Object.entries(asObject(at(config, "Labels"))).flatMap(([key, value]) =>
        typeof value === "string" ? [[key, value]] : [],
      ),
    ),
    exposedPorts: Object.keys(asObject(at(config, "ExposedPorts"))),
    entrypoint: asTexts(at(config, "Entrypoint")),
    cmd: asTexts(at(config, "Cmd")),
  };
};

/** `linux/arm/v7`, from an object with `os`, `architecture` and `variant`. */
export const platformOf = (json: unknown): string | undefined => {
  const parts = ["os", "architecture", "variant"].map((key) => asText(at(json, key)));
  if (!parts[0] || !parts[1]) return undefined;
  return parts.filter(Boolean).join("/");
};

/** A descriptor of which only the digest is known. */
export const descriptorOf = (digest: string): Descriptor => ({
  mediaType: "",
  digest,
  size: undefined,
  platform: undefined,
  attestationOf: undefined,
  names: [],
});

/** Bytes of a manifest, configuration or attestation that are still read. */
export const LARGEST_DOCUMENT = 16 << 20;

/** `blobs/sha256/…`; the digest was checked when its descriptor was read. */
export const blobPath = (digest: string): string => `blobs/${digest.replace(":", "/")}`;

/** Throws an `ImageError` unless it is an algorithm and hexadecimal digits: it becomes part of a path. */
export const checkedDigest = (digest: unknown): string => {
  if (typeof digest === "string" && /^[a-z0-9]+:[0-9a-f]{32,128}$/.test(digest)) return digest;
  throw new ImageError("a digest is malformed");
};

/** Of bytes that are all there but not those that their digest stands for. */
export const DAMAGED = "it is damaged: its bytes are not those that its digest stands for";

/** Throws an `ImageError` when a document is not what its digest says. */
export const checkedDocument = (bytes: Uint8Array, digest: string, actual: string): Uint8Array => {
  if (actual === digest) return bytes;
  throw new ImageError(`the document ${digest} is damaged: its bytes are not those that its digest stands for`);
};

/** Throws an `ImageError` for an algorithm that no image names its parts by. */
export const digestAlgorithm = (digest: string): "sha256" | "sha512" => {
  const algorithm = digest.slice(0, digest.indexOf(":"));
  if (algorithm === "sha256" || algorithm === "sha512") return algorithm;
  throw new ImageError(`the kind of the digest \`${digest}\` is not known`);
};

const INDEX_TYPES: ReadonlySet<string> = new Set([
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
]);
const MANIFEST_TYPES: ReadonlySet<string> = new Set([
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
]);
const LAYER_TYPE =
  /^application\/vnd\.(?:oci\.image\.layer(?:\.nondistributable)?\.v1\.tar|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar)([+.](?:gzip|zstd))?$/;

export const readDescriptor = (json: unknown): Descriptor => ({
  mediaType: asText(at(json, "mediaType")) ?? "",
  digest: checkedDigest(at(json, "digest")),
  size: asNumber(at(json, "size")),
  platform: platformOf(at(json, "platform")),
  attestationOf:
    at(json, "annotations", "vnd.docker.reference.type") === "attestation-manifest"
      ? (asText(at(json, "annotations", "vnd.docker.reference.digest")) ?? "")
      : undefined,
  names: [
    asText(at(json, "annotations", "io.containerd.image.name")) ??
      asText(at(json, "annotations", "org.opencontainers.image.ref.name")),
  ].flatMap((name) => (name === undefined ? [] : familiarName(name))),
});

/** `docker.io/library/busybox:1.37` → `busybox:1.37` */
const familiarName = (name: string): string => name.replace(/^docker\.io\/(?:library\/)?/, "");
