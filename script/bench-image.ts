/**
 * How fast an image is measured: `node script/bench-image.ts [folder]`. The image is made of this machine's own
 * programs and manuals, and kept in the folder for the next run when one is given.
 */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { measure } from "../src/adapters/oci-layout.ts";
import type { Target } from "../src/build/target.ts";
import { asArray, asNumber, asText, at } from "../src/image/json-reading.ts";

const main = async (given: string | undefined): Promise<void> => {
  const folder = given ?? mkdtempSync(join(tmpdir(), "bench-image-"));
  try {
    if (!existsSync(join(folder, "index.json"))) await makeImage(folder);
    const digest = asText(
      at(asArray(at(JSON.parse(await readFile(join(folder, "index.json"), "utf8")), "manifests"))[0], "digest"),
    );
    const metadata = { "containerimage.digest": digest };
    const layers = await layerPaths(folder, digest ?? "");
    const secrets = Array.from({ length: 10 }, (_, index) => ({ id: `s${index}`, value: randomBytes(30) }));
    const text = {
      id: "text",
      value: Buffer.from(`token=${randomBytes(20).toString("hex")}\nother=${randomBytes(9).toString("hex")}`),
    };
    const bytes = await inflate(layers);
    await report("gunzip only, one layer after the other", bytes, async () => void (await inflate(layers)));
    await report(
      "gunzip only, two at a time",
      bytes,
      async () => void (await Promise.all(halves(layers).map(inflate))),
    );
    await report("measure", bytes, async () => void (await measure(folder, metadata, TARGET)));
    await report("measure, 11 secrets", bytes, async () => {
      const [image] = await measure(folder, metadata, TARGET, { secrets: [...secrets, text] });
      const { forms, bytes: searched, leaks } = image?.leaks ?? { forms: 0, bytes: 0, leaks: [] };
      console.log(`  ${forms} forms, ${megabytes(searched)} MB searched, ${leaks.length} leaks`);
    });
    console.log(`peak memory ${megabytes(process.resourceUsage().maxRSS * 1024)} MB`);
  } finally {
    if (given === undefined) rmSync(folder, { recursive: true, force: true });
  }
};

const TARGET: Target = {
  id: "bench",
  dockerfile: "Dockerfile",
  dockerfileAbsolute: "/Dockerfile",
  context: "/",
  stageIndex: 0,
  stage: undefined,
  span: { start: 0, end: 0 },
  platforms: [],
  buildArgs: new Map(),
  buildContexts: new Map(),
  secrets: [],
  ssh: [],
  cacheFrom: [],
  cacheTo: [],
  network: undefined,
  noCache: false,
  pull: false,
};

const ROUNDS = 3;

/** Processor time is told beside the clock: the machine may have other work. */
const report = async (name: string, bytes: number, run: () => Promise<void>): Promise<void> => {
  const times: { readonly clock: number; readonly processor: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    times.push({ clock: (performance.now() - start) / 1000, processor: (user + system) / 1e6 });
  }
  const clock = Math.min(...times.map((time) => time.clock));
  const processor = Math.min(...times.map((time) => time.processor));
  console.log(
    `${name}: ${clock.toFixed(2)} s, ${(bytes / 1e6 / clock).toFixed(0)} MB/s; ${processor.toFixed(2)} s of processor`,
  );
};

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

const inflate = async (paths: readonly string[]): Promise<number> => {
  let bytes = 0;
  for (const path of paths) {
    const raw = createReadStream(path, { highWaterMark: 256 * 1024 });
    for await (const chunk of raw.pipe(createGunzip({ chunkSize: 256 * 1024 }))) bytes += (chunk as Buffer).length;
  }
  return bytes;
};

const halves = (paths: readonly string[]): readonly (readonly string[])[] => [
  paths.filter((_, index) => index % 2 === 0),
  paths.filter((_, index) => index % 2 === 1),
];

const layerPaths = async (folder: string, digest: string): Promise<readonly string[]> => {
  const manifest: unknown = JSON.parse(await readFile(blob(folder, digest), "utf8"));
  return asArray(at(manifest, "layers")).map((layer) => blob(folder, asText(at(layer, "digest")) ?? ""));
};

const blob = (folder: string, digest: string): string => join(folder, "blobs/sha256", digest.replace("sha256:", ""));

const makeImage = async (folder: string): Promise<void> => {
  mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
  const layers = [
    await layer(folder, tar(["-C", "/usr", "bin", "sbin"])),
    await layer(folder, tar(["-C", "/usr", "share/doc", "share/man", "share/locale"])),
  ];
  const config = document(folder, {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(() => `sha256:${"0".repeat(64)}`) },
  });
  const manifest = document(folder, {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: layers.map((one) => ({ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...one })),
  });
  const size = layers.reduce((sum, one) => sum + (asNumber(one.size) ?? 0), 0);
  console.log(`made an image of ${megabytes(size)} MB compressed`);
  writeFileSync(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
};

const tar = (args: readonly string[]): Readable => {
  const child = spawn("tar", ["--create", "--ignore-failed-read", ...args], { stdio: ["ignore", "pipe", "ignore"] });
  return child.stdout;
};

interface Blob {
  readonly digest: string;
  readonly size: number;
}

const layer = async (folder: string, content: Readable): Promise<Blob> => {
  const hash = createHash("sha256");
  let size = 0;
  const counted = new PassThrough();
  counted.on("data", (chunk: Buffer) => {
    hash.update(chunk);
    size += chunk.length;
  });
  const unnamed = join(folder, "unnamed");
  await pipeline(content, createGzip(), counted, createWriteStream(unnamed));
  const digest = `sha256:${hash.digest("hex")}`;
  renameSync(unnamed, blob(folder, digest));
  return { digest, size };
};

const document = (folder: string, json: unknown): Blob => {
  const text = JSON.stringify(json);
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  writeFileSync(blob(folder, digest), text);
  return { digest, size: Buffer.byteLength(text) };
};

await main(process.argv[2]);
