import { spawn } from "node:child_process";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { UserError } from "../errors.ts";
import { archivedImages } from "../image/archive-images.ts";
import { archiveReader } from "../image/archive-reader.ts";
import type { Image } from "../image/image.ts";
import { type LeakHunt, leakHunt } from "../image/image-leaks.ts";
import { asArray, at } from "../image/json-reading.ts";
import { type Descriptor, readDescriptor } from "../image/manifest.ts";
import { type MeasuredImages, measureImages, problemOf } from "../image/measure-image.ts";
import { packingOf } from "../image/packed-kinds.ts";
import { digestOf, newDigest } from "./digests.ts";
import { checksum, searchMeans, unpack } from "./image-unpack.ts";
import { fileBytes } from "./layer-bytes.ts";
import { imagesOrError, layerCache, layoutStore, type MeasureOptions } from "./oci-layout.ts";
import { expectManyBytes } from "./v8-flags.ts";

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
  expectManyBytes();
  const hunt = options.secrets && leakHunt(options.secrets);
  const found = await stat(reference).catch(() => undefined);
  if (found?.isDirectory()) return imagesOrError(await inspectLayout(reference, hunt));
  if (found?.isFile()) return imagesOrError(await inspectFile(reference, hunt));
  if (found !== undefined) throw new UserError(`\`${reference}\` is neither a folder nor a regular file.`);
  return imagesOrError(await inspectNamed(reference, hunt, options.environment ?? process.env));
};

const inspectLayout = async (folder: string, hunt: LeakHunt | undefined): Promise<MeasuredImages> => {
  const text = await readFile(join(folder, "index.json"), "utf8").catch(() => undefined);
  if (text === undefined) throw new UserError(`\`${folder}\` is no image layout: it has no \`index.json\`.`);
  const roots = rootsOf(folder, text);
  return measureImages(layoutStore(folder, layerCache(hunt)), roots, undefined, hunt);
};

const rootsOf = (folder: string, text: string): readonly Descriptor[] => {
  try {
    return asArray(at(JSON.parse(text), "manifests")).map(readDescriptor);
  } catch (error) {
    const reason = error instanceof SyntaxError ? "it is not JSON" : problemOf(error);
    throw new UserError(`\`${folder}\` is no image layout: its \`index.json\` cannot be read, ${reason}.`);
  }
};

const inspectFile = async (path: string, hunt: LeakHunt | undefined): Promise<MeasuredImages> => {
  const head = await firstBytes(path);
  const obstacle = obstacleOf(head);
  if (obstacle !== undefined)
    throw new UserError(`\`${path}\` is no archive of an image that can be read: ${obstacle}.`);
  try {
    return await inspectArchive(fileBytes(path, packingOf(head) ?? "none"), hunt);
  } catch (error) {
    const problem = problemOf(error).replace(/^the tar header at byte 0 .*/, "it is no tar archive");
    throw new UserError(`\`${path}\` is no archive of an image that can be read: ${problem}.`);
  }
};

/** Why there is no use in reading on, by a file's first bytes. */
const obstacleOf = (head: Uint8Array): string | undefined => {
  if (head.length === 0) return "it is empty";
  const start = Buffer.from(head).toString("latin1");
  if (start === "\u00fd7zXZ\0") return "it is packed with xz; unpack it first";
  if (start.startsWith("BZh")) return "it is packed with bzip2; unpack it first";
  if (start.startsWith("PK\u0003\u0004")) return "it is a zip file, and not what `docker save` writes";
  return undefined;
};

const firstBytes = async (path: string): Promise<Uint8Array> => {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(6), 0, 6, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};

const inspectArchive = async (
  stream: AsyncIterable<Uint8Array>,
  hunt: LeakHunt | undefined,
): Promise<MeasuredImages> => {
  const reader = archiveReader({ checksum, search: searchMeans(hunt), unpack, deflatedLength, newDigest });
  for await (const chunk of stream) {
    reader.push(chunk);
    await reader.settled();
  }
  const { roots, store } = archivedImages(await reader.end(), (bytes) => digestOf(bytes));
  return measureImages(store, roots, undefined, hunt);
};

const deflatedLength = (bytes: Uint8Array): number => deflateRawSync(bytes).length;

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
    child.on("error", (error) =>
      resolve(
        (error as NodeJS.ErrnoException).code === "ENOENT"
          ? "docker is not installed, or not on the PATH"
          : `docker cannot be started (${error.message})`,
      ),
    );
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
    throw new UserError(unreadable(reference, (await ended) ?? problemOf(error)));
  }
};

/** Nobody knows whether the name of a file or of an image was meant. */
const unreadable = (reference: string, reason: string): string => {
  if (/\bno such image\b/i.test(reason))
    return `There is no image \`${reference}\` in the engine, and no file or folder of that name; \`docker pull\` fetches images.`;
  if (/invalid reference format/i.test(reason))
    return `There is no file or folder \`${reference}\`, and no image can have that name.`;
  return `The image \`${reference}\` cannot be read: ${reason}${/[.?!]$/.test(reason) ? "" : "."}`;
};

const lastLine = (text: string): string => {
  const line = text.trim().split("\n").at(-1) ?? "";
  return line.replace(/^Error response from daemon: /, "");
};
