import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDocker } from "../src/adapters/buildx.ts";
import { measure } from "../src/adapters/oci-layout.ts";
import type { Target } from "../src/build/target.ts";
import { engineEnvironment, find, isRoot, targetIn } from "./engine.ts";

/** The same images by the engine's own builder and by a remote one, for several platforms. */

const hasBuildkit = isRoot && find("buildkitd") !== undefined && find("runc") !== undefined;
const withBuildkit = hasBuildkit ? test : test.skip;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dh-builders-test-"));
  for (const name of ["app", "tmp", "buildx"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "app", "content"), "content\n".repeat(1000));
  writeFileSync(
    join(folder, "app", "Dockerfile"),
    "FROM scratch AS files\nCOPY content /a\n\nFROM files\nARG TARGETARCH\nCOPY content /$TARGETARCH\nUSER 1000\n",
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const target = (platforms: readonly string[]): Target => targetIn(join(folder, "app"), "Dockerfile", { platforms });

const build = async (builder: string | undefined, environment: Readonly<Record<string, string | undefined>>) => {
  const connected = connectDocker({ builder, environment, measure, temporaryFolder: join(folder, "tmp") });
  const results = await connected.build([target([]), target(["linux/amd64", "linux/arm64"])], {
    maxParallel: 2,
    timeout: 60_000,
    signal: new AbortController().signal,
    isAsPlanned: async () => true,
    onEvent: () => {},
  });
  expect(readdirSync(join(folder, "tmp"))).toEqual([]);
  return results.map(({ build: result, images, measureError }) => ({
    failure: result.status === "failed" ? result.failure : undefined,
    measureError,
    images: images.map(({ platform, config, isPullEstimated, layers }) => ({
      platform,
      user: config.user,
      isPullEstimated,
      layers: layers.map(({ diskBytes, lines, isBase }) => ({ diskBytes, line: lines?.start, isBase })),
    })),
  }));
};

const image = (platform: string) => ({
  platform,
  user: "1000",
  isPullEstimated: false,
  layers: [
    { diskBytes: 8000, line: 2, isBase: false },
    { diskBytes: 8000, line: 6, isBase: false },
  ],
});

const expected = (own: string) => [
  { failure: undefined, measureError: undefined, images: [image(own)] },
  { failure: undefined, measureError: undefined, images: [image("linux/amd64"), image("linux/arm64")] },
];

const ownPlatform = `linux/${process.arch === "arm64" ? "arm64" : "amd64"}`;

test("the engine's own builder builds and measures every platform", async () => {
  expect(await build(undefined, engineEnvironment())).toEqual(expected(ownPlatform));
}, 60_000);

test("the date of the source reaches every platform, and what bake builds on another target", async () => {
  const app = join(folder, "app");
  writeFileSync(join(app, "linked.Dockerfile"), "FROM base\nCOPY content /b\n");
  const link = { others: {}, linked: new Map() };
  const base = targetIn(app, "Dockerfile", { bake: { ...link, name: "base" } });
  const dates = new Map<string, readonly unknown[]>();
  const connected = connectDocker({
    builder: undefined,
    environment: { ...engineEnvironment(), SOURCE_DATE_EPOCH: "1234567890" },
    temporaryFolder: join(folder, "tmp"),
    measure: async (layout, metadata, { id }) => {
      const { "containerimage.digest": digest } = metadata as { readonly "containerimage.digest": string };
      dates.set(id, createdDates(layout, digest));
      return [];
    },
  });
  await connected.build(
    [
      targetIn(app, "Dockerfile", { id: "platforms", platforms: ["linux/amd64", "linux/arm64"] }),
      targetIn(app, "linked.Dockerfile", {
        id: "linked",
        bake: { ...link, name: "linked", linked: new Map([["base", base]]) },
      }),
    ],
    {
      maxParallel: 1,
      timeout: 60_000,
      signal: new AbortController().signal,
      isAsPlanned: async () => true,
      onEvent: () => {},
    },
  );
  const date = "2009-02-13T23:31:30Z";
  expect(dates).toEqual(
    new Map([
      ["platforms", [date, date]],
      ["linked", [date]],
    ]),
  );
}, 60_000);

/** Of the images behind a digest; attestations have none. */
const createdDates = (layout: string, digest: string): readonly unknown[] => {
  const read = (of: string) => JSON.parse(readFileSync(join(layout, "blobs", "sha256", of.slice(7)), "utf8"));
  const { manifests, config } = read(digest);
  if (config !== undefined) return [read(config.digest).created].filter((created) => created !== undefined);
  return manifests.flatMap((one: { readonly digest: string }) => createdDates(layout, one.digest));
};

withBuildkit(
  "a remote builder does so too, without an engine",
  async () => {
    const socket = `unix://${join(folder, "buildkit.sock")}`;
    const buildkitd: ChildProcess = spawn(
      find("buildkitd")!,
      [
        "--addr",
        socket,
        "--root",
        join(folder, "root"),
        "--oci-worker-binary",
        find("runc")!,
        "--containerd-worker=false",
      ],
      { stdio: "ignore", env: { PATH: process.env.PATH } },
    );
    const ended = new Promise((resolve) => buildkitd.once("exit", resolve));
    const environment = {
      PATH: process.env.PATH,
      HOME: join(folder, "home"),
      BUILDX_CONFIG: join(folder, "buildx"),
      DOCKER_HOST: `unix://${join(folder, "no-engine.sock")}`,
    };
    try {
      for (let tries = 0; tries < 100 && !existsSync(join(folder, "buildkit.sock")); tries++) await delay(100);
      execFileSync("docker", ["buildx", "create", "--name", "dh-remote", "--driver", "remote", socket], {
        env: environment,
        stdio: "ignore",
      });
      expect(await connectDocker({ builder: "dh-remote", environment, measure }).engine()).toEqual({
        status: "ready",
        description: expect.stringMatching(/^buildx \S+, builder dh-remote \(remote\)$/),
        canExportOci: true,
        builder: "dh-remote",
      });
      expect(await build("dh-remote", environment)).toEqual(expected(ownPlatform));
    } finally {
      buildkitd.kill("SIGTERM");
      await ended;
    }
  },
  90_000,
);
