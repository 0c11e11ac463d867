import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { inspectImage } from "../src/adapters/image-inspect.ts";
import { type MeasureOptions, measure } from "../src/adapters/oci-layout.ts";
import { namedTarget, type Target } from "../src/build/target.ts";
import { type Image, pullBytes } from "../src/image/image.ts";

const TOKEN = "t0ken-Value-7f3a9c\n";
const secrets = [{ id: "token", value: Buffer.from(TOKEN) }];
const MEBIBYTE = 1_048_576;

const DOCKERFILE = `ARG BASE=busybox:local
FROM \${BASE} AS tools
RUN mkdir /out && \\
    # so much that it cannot be compressed
    head -c ${MEBIBYTE} /dev/urandom > /out/random && \\
    ln /out/random /out/again

FROM tools AS first
COPY --link plain.txt /linked.txt

FROM \${BASE} AS app
COPY --link plain.txt /linked.txt
COPY <<EOF /etc/app.conf
port=80
EOF
RUN head -c 5000 /dev/zero > /rewritten && head -c 7000 /dev/zero > /doomed
COPY --from=tools /out/random /random
RUN head -c 4000 /dev/zero | tr '\\0' x > /rewritten && rm /doomed
RUN chmod 600 \`echo /random\`
RUN --mount=type=secret,id=token base64 /run/secrets/token > /encoded
RUN --mount=type=secret,id=token mkdir -p /var/lib/apt/lists && gzip -c /run/secrets/token > /var/lib/apt/lists/notes.gz
RUN --mount=type=secret,id=token cat /run/secrets/token > /raw; chmod 4755 /raw; mkdir -m 777 /open
RUN --mount=type=secret,id=token rm /raw; ln -s "$(cat /run/secrets/token)" /link; chmod 4755 /encoded
WORKDIR /srv
LABEL title=app
EXPOSE 80 53/udp
USER nobody
ENTRYPOINT ["sh", "-c"]
HEALTHCHECK CMD true

FROM scratch AS bare
COPY --from=tools /out /out
COPY plain.txt /plain

FROM \${BASE} AS noisy
ARG LEAKY
RUN true
ENV KEPT=\${LEAKY}
`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "image-docker-"));
  mkdirSync(join(folder, "context"));
  writeFileSync(join(folder, "context/Dockerfile"), DOCKERFILE);
  writeFileSync(join(folder, "context/plain.txt"), "plain\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("an image that was just built", () => {
  test("each layer has its bytes and its lines, whatever stage it stands in", async () => {
    const [image, ...others] = await built("app", 2, {});
    expect(others).toEqual([]);
    expect(image?.platform).toMatch(/^linux\//);
    expect(own(image)).toEqual([
      [12, 12, "COPY --link plain.txt /linked.txt", 6],
      [13, 15, "COPY <<EOF /etc/app.conf port=80 EOF", 8],
      [16, 16, "RUN head -c 5000 /dev/zero > /rewritten && head -c 7000 /dev/zero > /doomed", 12_000],
      [17, 17, "COPY --from=tools /out/random /random", MEBIBYTE],
      [18, 18, "RUN head -c 4000 /dev/zero | tr '\\0' x > /rewritten && rm /doomed", 4000],
      [19, 19, "RUN chmod 600 `echo /random`", MEBIBYTE],
      [20, 20, "RUN --mount=type=secret,id=token base64 /run/secrets/token > /encoded", 29],
      [21, 21, expect.stringMatching(/^RUN --mount=type=secret,id=token mkdir -p /), expect.any(Number)],
      [
        22,
        22,
        "RUN --mount=type=secret,id=token cat /run/secrets/token > /raw; chmod 4755 /raw; mkdir -m 777 /open",
        TOKEN.length,
      ],
      [23, 23, expect.stringMatching(/^RUN --mount=type=secret,id=token rm \/raw; ln -s/), 29],
      [24, 24, "WORKDIR /srv", 0],
    ]);
    expect(base(image)).toEqual([["busybox:local", undefined]]);
    expect(image?.config).toEqual({
      user: "nobody",
      hasHealthcheck: true,
      labels: { title: "app" },
      exposedPorts: ["53/udp", "80/tcp"],
      entrypoint: ["sh", "-c"],
      cmd: [],
    });
  });

  test("a step that stands in two stages has the line of the target's own", async () => {
    const [image] = await built("first", 1, {});
    expect(own(image)).toEqual([
      [3, 6, `RUN mkdir /out && head -c ${MEBIBYTE} /dev/urandom > /out/random && ln /out/random /out/again`, MEBIBYTE],
      [9, 9, "COPY --link plain.txt /linked.txt", 6],
    ]);
  });

  test("a stage FROM scratch owns all of its layers, and hard links count once", async () => {
    const [image] = await built("bare", 3, {});
    expect(own(image)).toEqual([
      [32, 32, "COPY --from=tools /out /out", MEBIBYTE],
      [33, 33, "COPY plain.txt /plain", 6],
    ]);
    expect(base(image)).toEqual([]);
    expect(image?.contents?.largestFiles).toEqual([
      [{ path: "out/again", bytes: MEBIBYTE }],
      [{ path: "plain", bytes: 6 }],
    ]);
  });

  test("what is pulled is what the engine says", async () => {
    const [image] = await built("bare", 3, {});
    const manifest = JSON.parse(readFileSync(blob(image?.digest), "utf8"));
    const sizes = manifest.layers.map(({ size }: { size: number }) => size);
    expect(image?.layers.map((layer) => layer.pullBytes)).toEqual(sizes);
    expect(image && pullBytes(image)).toBeGreaterThan(MEBIBYTE);
  });

  test("waste, leftovers and rights are told with their layers", async () => {
    const [image] = await built("app", 2, {});
    const contents = image?.contents;
    expect(contents?.waste).toEqual([
      waste("duplicated", 4, 6, MEBIBYTE, "random"),
      waste("deleted", 3, 5, 7000, "doomed"),
      waste("rewritten", 3, 5, 5000, "rewritten"),
      waste("duplicated", 7, 10, 29, "encoded"),
      waste("deleted", 9, 10, TOKEN.length, "raw"),
    ]);
    expect(contents?.leftovers).toEqual([
      { kind: "package lists", of: "apt", layer: 8, folder: "var/lib/apt/lists", bytes: expect.any(Number), files: 1 },
    ]);
    expect(contents?.setuidFiles).toEqual([{ path: "encoded", layer: 10, since: 10, mode: 0o4755, uid: 0 }]);
    expect(contents?.worldWritable).toEqual([{ path: "open", layer: 9, mode: 0o777, uid: 0 }]);
    expect(contents?.shells).toContain("bin/sh");
    expect(contents?.packageManagers).toEqual([]);
  });

  test("a secret is found in every layer and form, deleted or not", async () => {
    const [image] = await built("app", 2, { secrets });
    const found = image?.leaks?.leaks.map(({ secretId, form, where, lines }) => [secretId, form, where, lines?.start]);
    expect(found).toEqual([
      ["token", "base64", { in: "layer", layer: 7, path: "encoded", part: "contents" }, 20],
      ["token", "as it is", { in: "layer", layer: 8, path: "var/lib/apt/lists/notes.gz", part: "packed contents" }, 21],
      ["token", "as it is", { in: "layer", layer: 9, path: "raw", part: "contents" }, 22],
      ["token", "base64", { in: "layer", layer: 10, path: "encoded", part: "contents" }, 23],
      ["token", "as it is", { in: "layer", layer: 10, path: "link", part: "name or attributes" }, 23],
    ]);
    expect(JSON.stringify(image)).not.toContain(TOKEN.trim());
  });

  test("a secret that came as a build argument is found in history and configuration", async () => {
    const [image] = await built("noisy", 4, { secrets });
    const leaks = image?.leaks;
    expect(leaks?.leaks).toEqual([
      { secretId: "token", form: "as it is", where: { in: "config" }, lines: undefined },
      { secretId: "token", form: "as it is", where: { in: "history", layer: undefined }, lines: undefined },
      { secretId: "token", form: "as it is", where: { in: "history", layer: 1 }, lines: { start: 37, end: 37 } },
    ]);
    expect(leaks?.unsearched).toEqual([]);
    expect(leaks?.gaps).toEqual([]);
    expect(leaks?.bytes).toBeGreaterThan(1_000_000);
  });

  test("an image without the secret holds no leak", async () => {
    const [image] = await built("bare", 3, { secrets });
    expect(image?.leaks).toMatchObject({ leaks: [], secrets: 1, unsearched: [], gaps: [] });
  });

  test("several platforms are measured each, with instructions from history when the engine keeps no record", async () => {
    const images = await built("bare", 3, {}, ["--platform", "linux/amd64,linux/arm64"]);
    expect(images.map(({ platform }) => platform)).toEqual(["linux/amd64", "linux/arm64"]);
    for (const image of images) {
      expect(own(image).map(([start, , instruction]) => [start, instruction])).toEqual([
        [undefined, "COPY /out /out"],
        [undefined, "COPY plain.txt /plain"],
      ]);
    }
  });

  test("several platforms have lines when the images carry their provenance", async () => {
    const images = await built("bare", 3, {}, ["--platform", "linux/amd64,linux/arm64", "--provenance=mode=max"]);
    expect(images.map((image) => own(image).map(([start]) => start))).toEqual([
      [32, 33],
      [32, 33],
    ]);
  });
});

describe("an image that exists", () => {
  test("by name, from a saved archive and from a layout it tells the same", async () => {
    const saved = join(folder, "saved.tar");
    const unpacked = join(folder, "unpacked");
    await docker("image", "save", "--output", saved, "busybox:local");
    mkdirSync(unpacked);
    await promisify(execFile)("tar", ["--extract", "--file", saved, "--directory", unpacked]);
    const [image, ...others] = await inspectImage("busybox:local", { environment: environment() });
    expect(others).toEqual([]);
    expect(image?.config.cmd).toEqual(["sh"]);
    expect(image?.contents?.shells).toContain("bin/busybox");
    expect(await inspectImage(saved)).toEqual([image]);
    expect(await inspectImage(unpacked)).toEqual([image]);
  });

  test("one that does not is told with the way to get it", async () => {
    await expect(inspectImage("image-test-nowhere:1", { environment: environment() })).rejects.toThrow(
      "There is no image `image-test-nowhere:1` in the engine, and no file or folder of that name; `docker pull` fetches images.",
    );
    await expect(inspectImage("./nowhere.tar", { environment: environment() })).rejects.toThrow(
      "There is no file or folder `./nowhere.tar`, and no image can have that name.",
    );
  });

  test("without an engine its question is left whole", async () => {
    const host = `unix://${join(folder, "nowhere.sock")}`;
    await expect(
      inspectImage("busybox:local", { environment: { ...environment(), DOCKER_HOST: host } }),
    ).rejects.toThrow(/^The image `busybox:local` cannot be read: .*\?$/);
  });

  test("without docker that is told", async () => {
    await expect(inspectImage("busybox:local", { environment: { PATH: folder } })).rejects.toThrow(
      "The image `busybox:local` cannot be read: docker is not installed, or not on the PATH.",
    );
  });
});

const environment = (): Readonly<Record<string, string | undefined>> => ({ PATH: process.env.PATH, HOME: folder });

const docker = (...args: readonly string[]): Promise<unknown> =>
  promisify(execFile)("docker", args, { env: environment() });

const own = (image: Image | undefined): readonly (readonly unknown[])[] =>
  (image?.layers ?? [])
    .filter(({ isBase }) => !isBase)
    .map(({ lines, instruction, diskBytes }) => [lines?.start, lines?.end, instruction, diskBytes]);

const base = (image: Image | undefined): readonly unknown[] =>
  (image?.layers ?? []).filter(({ isBase }) => isBase).map(({ instruction, lines }) => [instruction, lines]);

const waste = (kind: string, layer: number, hiddenBy: number, bytes: number, path: string): unknown => ({
  kind,
  layer,
  hiddenBy,
  bytes,
  files: 1,
  largest: [{ path, bytes }],
});

const layout = (): string => join(folder, "layout");
const blob = (digest: string | undefined): string =>
  join(layout(), "blobs/sha256", digest?.replace("sha256:", "") ?? "");

const built = async (
  stage: string,
  stageIndex: number,
  options: MeasureOptions,
  args: readonly string[] = [],
): Promise<readonly Image[]> => {
  const metadata = join(folder, "metadata.json");
  await promisify(execFile)(
    "docker",
    [
      ...["buildx", "build", "--progress=quiet", "--target", stage, "--metadata-file", metadata],
      ...["--secret", "id=token,env=TOKEN", "--build-arg", "LEAKY", "-o", `type=oci,tar=false,dest=${layout()}`],
      ...args,
      join(folder, "context"),
    ],
    { env: { PATH: process.env.PATH, HOME: folder, TOKEN, LEAKY: TOKEN.trim(), BUILDX_METADATA_PROVENANCE: "max" } },
  );
  return measure(layout(), JSON.parse(readFileSync(metadata, "utf8")), target(stage, stageIndex), options);
};

const target = (stage: string, stageIndex: number): Target => ({
  ...namedTarget({
    id: `Dockerfile:${stage}`,
    dockerfile: "Dockerfile",
    dockerfileAbsolute: join(folder, "context/Dockerfile"),
    stage,
    platforms: [],
  }),
  context: join(folder, "context"),
  stageIndex,
});
