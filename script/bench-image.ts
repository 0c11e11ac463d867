/**
 * How fast an image is measured, and in how much memory: `node script/bench-image.ts [folder]`. The image is made of
 * this machine's own programs and manuals, and kept in the folder for the next run when one is given; so are those of
 * a million files per layer.
 */
import { spawn, spawnSync } from "node:child_process";
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
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip, gunzipSync } from "node:zlib";
import { measure } from "../src/adapters/oci-layout.ts";
import { namedTarget, type Target } from "../src/build/target.ts";
import { asArray, asNumber, asText, at } from "../src/image/json-reading.ts";
import { tarReader } from "../src/image/tar.ts";

const main = async (given: string | undefined): Promise<void> => {
  const folder = given ?? mkdtempSync(join(tmpdir(), "bench-image-"));
  try {
    const programs = join(folder, "programs");
    if (!existsSync(join(programs, "index.json"))) await makeImage(programs);
    console.log(`load of the machine: ${loadavg().map((load) => load.toFixed(1))}`);
    await times(programs);
    for (const [name, layers] of IMAGES_OF_FILES) {
      const files = join(folder, name);
      if (!existsSync(join(files, "index.json"))) await makeFiles(files, layers);
    }
    console.log("peak memory, each in a process of its own:");
    for (const [name, image, search] of PEAKS) console.log(`  ${name}: ${peakOf(join(folder, image), search)} MB`);
  } finally {
    if (given === undefined) rmSync(folder, { recursive: true, force: true });
  }
};

/** Their layers by the tar entries that they are made of. */
const IMAGES_OF_FILES = [
  ["files-1", [() => manyFiles(0)]],
  ["files-2", [() => manyFiles(0), () => manyFiles(1)]],
  ["files-gone", [() => manyFiles(0), () => manyFiles(1), () => manyWhiteouts(2)]],
] as const;

const PEAKS = [
  ["nothing, with the sources loaded", "nothing", ""],
  ["programs and manuals", "programs", ""],
  ["the same, 11 secrets searched", "programs", "search"],
  ["a layer of a million files", "files-1", ""],
  ["two layers of a million files, 11 secrets searched", "files-2", "search"],
  ["two layers of a million files, and one that deletes them all", "files-gone", ""],
] as const;

/** The rounds take turns, as the machine may be busier at one time than at another. */
const times = async (folder: string): Promise<void> => {
  const { metadata, layers } = await imageIn(folder);
  const bytes = await inflate(layers);
  const runs = new Map<string, () => Promise<unknown>>([
    ["gunzip only, one layer after the other", () => inflate(layers)],
    ["gunzip only, two at a time", () => Promise.all(halves(layers).map(inflate))],
    ["gunzip, and gunzip of the packed files inside", () => inflateInside(layers)],
    ["measure", () => measure(folder, metadata, TARGET)],
    ["measure, and unpack the packed files inside", () => measure(folder, metadata, TARGET, { secrets: [] })],
    ["measure, 11 secrets", () => measure(folder, metadata, TARGET, { secrets: SECRETS })],
  ]);
  const best = new Map<string, Cost>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of runs) {
      const cost = await costOf(run);
      const before = best.get(name) ?? cost;
      best.set(name, {
        clock: Math.min(cost.clock, before.clock),
        processor: Math.min(cost.processor, before.processor),
      });
    }
  }
  for (const [name, { clock, processor }] of best) {
    const speed = (bytes / 1e6 / clock).toFixed(0);
    console.log(`${name}: ${clock.toFixed(2)} s, ${speed} MB/s; ${processor.toFixed(2)} s of processor`);
  }
  const [image] = await measure(folder, metadata, TARGET, { secrets: SECRETS });
  const { forms, bytes: searched, leaks, gaps } = image?.leaks ?? { forms: 0, bytes: 0, leaks: [], gaps: [] };
  console.log(`${forms} forms, ${megabytes(searched)} MB searched, ${leaks.length} leaks, ${gaps.length} gaps`);
};

const SECRETS = [
  ...Array.from({ length: 10 }, (_, index) => ({ id: `s${index}`, value: randomBytes(30) })),
  {
    id: "text",
    value: Buffer.from(`token=${randomBytes(20).toString("hex")}\nother=${randomBytes(9).toString("hex")}`),
  },
];

const imageIn = async (folder: string): Promise<{ readonly metadata: unknown; readonly layers: readonly string[] }> => {
  const index: unknown = JSON.parse(await readFile(join(folder, "index.json"), "utf8"));
  const digest = asText(at(asArray(at(index, "manifests"))[0], "digest")) ?? "";
  return { metadata: { "containerimage.digest": digest }, layers: await layerPaths(folder, digest) };
};

/** Measures in a process that does nothing else. */
const peakOf = (folder: string, search: string): string =>
  spawnSync(process.execPath, [import.meta.filename, "--peak", folder, search], { encoding: "utf8" }).stdout.trim();

const peak = async (folder: string, search: string | undefined): Promise<void> => {
  if (existsSync(folder)) {
    const { metadata } = await imageIn(folder);
    await measure(folder, metadata, TARGET, search === "search" ? { secrets: SECRETS } : {});
  }
  console.log(megabytes(await peakMemory()));
};

/** What `resourceUsage` tells of a child starts with the memory of its parent. */
const peakMemory = async (): Promise<number> => {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
};

const TARGET: Target = {
  ...namedTarget({
    id: "bench",
    dockerfile: "Dockerfile",
    dockerfileAbsolute: "/Dockerfile",
    stage: undefined,
    platforms: [],
  }),
  context: "/",
};

const ROUNDS = 3;

interface Cost {
  readonly clock: number;
  /** Told beside the clock: the machine may have other work. */
  readonly processor: number;
}

const costOf = async (run: () => Promise<unknown>): Promise<Cost> => {
  const start = performance.now();
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return { clock: (performance.now() - start) / 1000, processor: (user + system) / 1e6 };
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

/** The least that a search of packed files can cost. */
const inflateInside = async (paths: readonly string[]): Promise<number> => {
  let bytes = 0;
  let pieces: Buffer[] = [];
  for (const path of paths) {
    const reader = tarReader({
      entry: () => {},
      data: (piece) => {
        if (pieces.length > 0 || (piece[0] === 0x1f && piece[1] === 0x8b)) pieces.push(Buffer.from(piece));
      },
      close: () => {
        if (pieces.length > 0) bytes += gunzipSync(Buffer.concat(pieces)).length;
        pieces = [];
      },
    });
    const raw = createReadStream(path, { highWaterMark: 256 * 1024 });
    for await (const chunk of raw.pipe(createGunzip({ chunkSize: 256 * 1024 }))) reader.push(chunk as Buffer);
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
  const size = layers.reduce((sum, one) => sum + (asNumber(one.size) ?? 0), 0);
  console.log(`made an image of ${megabytes(size)} MB compressed`);
  describeImage(folder, layers);
};

const makeFiles = async (folder: string, contents: readonly (() => Iterable<Buffer>)[]): Promise<void> => {
  mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
  const layers: Blob[] = [];
  for (const content of contents) layers.push(await layer(folder, Readable.from(content())));
  describeImage(folder, layers);
};

const FILES = 1_000_000;

function* manyFiles(layer: number): Generator<Buffer> {
  for (let start = 0; start < FILES; start += 1000)
    yield Buffer.concat(
      Array.from({ length: 1000 }, (_, index) =>
        tarFile(`data${layer}/package-${start / 1000}/lib/some-module-${index}.js`, `module ${start + index}`),
      ),
    );
  yield Buffer.alloc(1024);
}

/** Of all files of the layers below. */
function* manyWhiteouts(layers: number): Generator<Buffer> {
  for (let start = 0; start < layers * FILES; start += 1000)
    yield Buffer.concat(
      Array.from({ length: 1000 }, (_, index) =>
        tarFile(
          `data${Math.floor(start / FILES)}/package-${(start % FILES) / 1000}/lib/.wh.some-module-${index}.js`,
          "",
        ),
      ),
    );
  yield Buffer.alloc(1024);
}

/** Of a name of at most 100 bytes, and of at most 512 bytes, the rest of them zero. */
const tarFile = (path: string, text: string): Buffer => {
  const size = text === "" ? 0 : 400;
  const bytes = Buffer.alloc(size === 0 ? 512 : 1024);
  bytes.write(path, 0);
  bytes.write(
    `0000644\u00000000000\u00000000000\u0000${size.toString(8).padStart(11, "0")}\u000000000000000\u0000        0`,
    100,
    "latin1",
  );
  bytes.write("ustar", 257);
  bytes.write(text, 512);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\u0000`, 148, "latin1");
  return bytes;
};

const describeImage = (folder: string, layers: readonly Blob[]): void => {
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

if (process.argv[2] === "--peak") await peak(process.argv[3] ?? "", process.argv[4]);
else await main(process.argv[2]);
