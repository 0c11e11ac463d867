import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { deflateRawSync } from "node:zlib";
import { UserError } from "../errors.ts";
import { archivedImages } from "../image/archive-images.ts";
import { archiveReader } from "../image/archive-reader.ts";
import type { Image } from "../image/image.ts";
import { type LeakHunt, leakHunt } from "../image/image-leaks.ts";
import { asArray, at } from "../image/json-reading.ts";
import { readDescriptor } from "../image/manifest.ts";
import { type MeasuredImages, measureImages, problemOf } from "../image/measure-image.ts";
import { packingOf } from "../image/packed-search.ts";
import { CHUNK, checksum, framing, unpack, unpackingStream, unpackSmall } from "./image-unpack.ts";
import { imagesOrError, layerCache, layoutStore, type MeasureOptions } from "./oci-layout.ts";

export interface InspectOptions extends MeasureOptions {
  /** Of the `docker` that is asked for an image by name; that of this process when it is not given. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Measures images that exist: an OCI layout directory, an archive of one (also compressed), what `docker save`
 * wrote, or the name of an image in the engine. Lines are known only where the image carries its provenance.
 * @throws UserError when there is no such image, MeasureError when one of the images is broken
 */
export const inspectImage = async (reference: string, options: InspectOptions = {}): Promise<readonly Image[]> => {
  const hunt = options.secrets && leakHunt(options.secrets);
  const found = await stat(reference).catch(() => undefined);
  if (found?.isDirectory()) return imagesOrError(await inspectLayout(reference, hunt));
  if (found?.isFile()) return imagesOrError(await inspectFile(reference, hunt));
  return imagesOrError(await inspectNamed(reference, hunt, options.environment ?? process.env));
};

const inspectLayout = async (folder: string, hunt: LeakHunt | undefined): Promise<MeasuredImages> => {
  const text = await readFile(join(folder, "index.json"), "utf8").catch(() => undefined);
  if (text === undefined) throw new UserError(`\`${folder}\` is no image layout: it has no \`index.json\`.`);
  const roots = asArray(at(JSON.parse(text), "manifests")).map(readDescriptor);
  return measureImages(layoutStore(folder, layerCache(hunt)), roots, undefined, hunt);
};

const inspectFile = async (path: string, hunt: LeakHunt | undefined): Promise<MeasuredImages> => {
  const raw = createReadStream(path, { highWaterMark: CHUNK });
  const packing = packingOf(await firstBytes(path));
  try {
    if (packing === undefined) return await inspectArchive(raw, hunt);
    const inflate = unpackingStream(packing, CHUNK);
    const frames = framing(packing);
    raw.on("error", (error) => inflate.destroy(error));
    return await inspectArchive((frames === undefined ? raw : raw.pipe(frames)).pipe(inflate), hunt);
  } catch (error) {
    throw new UserError(`\`${path}\` is no archive of an image that can be read: ${problemOf(error)}.`);
  } finally {
    raw.destroy();
  }
};

const firstBytes = async (path: string): Promise<Uint8Array> => {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};

const inspectArchive = async (stream: Readable, hunt: LeakHunt | undefined): Promise<MeasuredImages> => {
  const search = hunt && { newStream: hunt.newStream, unpack, unpackSmall };
  const reader = archiveReader({ checksum, search, unpack, deflatedLength });
  for await (const chunk of stream) {
    reader.push(chunk);
    await reader.settled();
  }
  const { roots, store } = archivedImages(await reader.end(), sha256);
  return measureImages(store, roots, undefined, hunt);
};

const deflatedLength = (bytes: Uint8Array): number => deflateRawSync(bytes).length;

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const inspectNamed = async (
  reference: string,
  hunt: LeakHunt | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<MeasuredImages> => {
  const child = spawn("docker", ["image", "save", "--", reference], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  const ended = new Promise<string | undefined>((resolve) => {
    child.on("error", (error) => resolve(`docker cannot be started (${error.message})`));
    child.on("close", (code) => resolve(code === 0 ? undefined : lastLine(complaint) || `docker ended with ${code}`));
  });
  try {
    const measured = await inspectArchive(child.stdout, hunt);
    const failure = await ended;
    if (failure === undefined) return measured;
    throw new Error(failure);
  } catch (error) {
    child.kill();
    // When docker fails, its own words say more than that its output ends early.
    throw new UserError(`The image \`${reference}\` cannot be read: ${(await ended) ?? problemOf(error)}.`);
  }
};

const lastLine = (text: string): string => text.trim().split("\n").at(-1)?.replace(/\.$/, "") ?? "";
