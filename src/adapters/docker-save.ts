import { closeSync, createReadStream, mkdirSync, openSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { stripTerminalCodes } from "../build/terminal-codes.ts";
import type { Image, Layer } from "../image/image.ts";
import { asArray, asText, at } from "../image/json-reading.ts";
import { blobPath } from "../image/manifest.ts";
import { tarReader } from "../image/tar.ts";
import { runDocker } from "./buildx-process.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Images that stand in the engine's store under names of one run. */
export interface SavedImages {
  /** Digests of their manifests, by name. */
  readonly digests: ReadonlyMap<string, string>;
  /** Why there are none, or not all. */
  readonly problem: string | undefined;
}

/**
 * One `docker save` of all images into a layout folder; its layers are not compressed and named by what they unpack
 * to. Never rejects.
 */
export const saveImages = async (request: {
  readonly names: readonly string[];
  readonly layout: string;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}): Promise<SavedImages> => {
  const { names, layout, environment, signal } = request;
  const broken = new AbortController();
  let problem: string | undefined;
  const unpacking = unpackLayout(layout);
  const result = await runDocker(["image", "save", "--", ...names], {
    environment,
    signal: AbortSignal.any([signal, broken.signal]),
    onStdout: (chunk) => {
      if (problem !== undefined) return;
      try {
        unpacking.push(chunk);
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
        broken.abort();
      }
    },
  });
  unpacking.end();
  if (problem === undefined && result.code !== 0) problem = lastLine(result.stderr);
  if (problem !== undefined) return { digests: new Map(), problem };
  const digests = await readDigests(layout);
  return digests.size > 0
    ? { digests, problem: undefined }
    : { digests, problem: "this version of docker saves no OCI layout; 25 or newer is needed" };
};

/** Takes the run's names away from its images, which removes those that have no other name. Never rejects. */
export const removeImages = async (repository: string, environment: Environment): Promise<void> => {
  const listed = await runDocker(
    ["image", "ls", "--filter", `reference=${repository}`, "--format", "{{.Repository}}:{{.Tag}}"],
    { environment, timeout: patience },
  );
  const names = listed.stdout.split("\n").filter((name) => name.startsWith(`${repository}:`));
  if (names.length > 0) await runDocker(["image", "rm", "--force", ...names], { environment, timeout: patience });
};

/**
 * The images with what a pull of them would transfer: the store keeps no compressed layers, so each is packed as
 * `docker push` does it, at zlib's level 6, and counted. `estimates` remembers layers by digest.
 */
export const withEstimatedPull = async (
  images: readonly Image[],
  layout: string,
  estimates: Map<string, Promise<number>>,
): Promise<readonly Image[]> => {
  const estimated = async (layer: Layer): Promise<Layer> => {
    const known = estimates.get(layer.digest) ?? packedSize(join(layout, blobPath(layer.digest)));
    estimates.set(layer.digest, known);
    return { ...layer, pullBytes: await known };
  };
  return Promise.all(
    images.map(async (image) => {
      const layers: Layer[] = [];
      for (const layer of image.layers) layers.push(await estimated(layer));
      return { ...image, layers, isPullEstimated: true };
    }),
  );
};

const patience = 120_000;

/** Writes the members of an archive as it streams by; throws what the disk says. */
const unpackLayout = (layout: string): { readonly push: (chunk: Uint8Array) => void; readonly end: () => void } => {
  mkdirSync(join(layout, "blobs", "sha256"), { recursive: true });
  let file: number | undefined;
  const close = (): void => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  const reader = tarReader({
    entry: ({ type, path }) => {
      close();
      if (type === "file" && member.test(path)) file = openSync(join(layout, path), "w", 0o600);
    },
    data: (bytes) => {
      for (let at = 0; file !== undefined && at < bytes.length; ) at += writeSync(file, bytes, at);
    },
    close,
  });
  return { push: reader.push, end: close };
};

/** All of the archive that is read; nothing else is written to the disk. */
const member = /^(?:blobs\/sha256\/[0-9a-f]{64}|index\.json)$/;

const readDigests = async (layout: string): Promise<ReadonlyMap<string, string>> => {
  try {
    const index: unknown = JSON.parse(await readFile(join(layout, "index.json"), "utf8"));
    return new Map(
      asArray(at(index, "manifests")).flatMap((manifest) => {
        const name = asText(at(manifest, "annotations", "io.containerd.image.name"));
        const digest = asText(at(manifest, "digest"));
        return name && digest ? [[name.replace(/^docker\.io\/(?:library\/)?/, ""), digest] as const] : [];
      }),
    );
  } catch {
    return new Map();
  }
};

const packedSize = async (path: string): Promise<number> => {
  let size = 0;
  const raw = createReadStream(path, { highWaterMark: 256 * 1024 });
  await pipeline(raw, createGzip({ level: 6 }), async (packed: AsyncIterable<Uint8Array>) => {
    for await (const chunk of packed) size += chunk.length;
  });
  return size;
};

const lastLine = (text: string): string =>
  stripTerminalCodes(text).trim().split("\n").at(-1) || "docker gave no reason";
