import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connectDocker } from "../src/adapters/buildx.ts";
import { removeLeftovers } from "../src/adapters/buildx-exporter.ts";
import { measure } from "../src/adapters/oci-layout.ts";
import type { Target } from "../src/build/target.ts";
import type { BuiltTarget } from "../src/ports.ts";
import { canStartDaemon, find, startDaemon, targetIn } from "./engine.ts";

/** An image of BuildKit is made of its programs, where they are on the PATH. */
const buildkit = { buildkitd: find("buildkitd"), buildctl: find("buildctl"), "buildkit-runc": find("runc") };

const onClassic = canStartDaemon ? describe : describe.skip;
const withBuildkit = Object.values(buildkit).includes(undefined) ? test.skip : test;

onClassic("a daemon with the classic image store", () => {
  let folder: string;
  let daemon: Awaited<ReturnType<typeof startDaemon>>;
  let environment: Readonly<Record<string, string | undefined>>;

  const docker = (...argv: readonly string[]): string =>
    execFileSync("docker", [...argv], { encoding: "utf8", env: environment, stdio: ["ignore", "pipe", "pipe"] });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "dh-classic-test-"));
    for (const name of ["app", "tmp"]) mkdirSync(join(folder, name));
    writeFileSync(
      join(folder, "app", "Dockerfile"),
      "FROM scratch AS a\nCOPY f /f\nFROM scratch\nCOPY --from=a /f /g\n",
    );
    writeFileSync(join(folder, "app", "local.Dockerfile"), "FROM dh-local:base\nCOPY f /h\nCOPY --link f /i\n");
    writeFileSync(join(folder, "app", "base.Dockerfile"), "FROM scratch\nCOPY f /base\n");
    writeFileSync(join(folder, "app", "f"), "content\n".repeat(1000));
    daemon = await startDaemon(join(folder, "engine"), {}, ["--storage-driver=overlay2"]);
    ({ environment } = daemon);
    docker(
      ...["buildx", "build", "--quiet", "--load", "--tag=dh-local:base"],
      ...[`--file=${folder}/app/base.Dockerfile`, `${folder}/app`],
    );
  }, 30_000);

  afterAll(async () => {
    await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  const target = (file: string): Target => targetIn(join(folder, "app"), file);

  const build = () =>
    connectDocker({ builder: undefined, environment, measure, temporaryFolder: join(folder, "tmp") }).build(
      [target("Dockerfile"), target("local.Dockerfile")],
      {
        maxParallel: 2,
        timeout: 60_000,
        isAsPlanned: async () => true,
        signal: new AbortController().signal,
        onEvent: () => {},
      },
    );

  const brief = ({ build: result, images, measureError }: BuiltTarget) => ({
    failure: "failure" in result ? result.failure : undefined,
    measureError,
    images: images.map(({ layers, isPullEstimated }) => ({
      isPullEstimated,
      layers: layers.map(({ diskBytes, lines, isBase }) => ({ diskBytes, lines, isBase })),
    })),
  });
  const line = (number: number, isBase = false) => ({
    diskBytes: 8000,
    lines: isBase ? undefined : { start: number, end: number },
    isBase,
  });

  const left = () => ({
    builders: docker("buildx", "ls", "--format", "{{.Name}}").trim().split("\n"),
    containers: docker("ps", "--all", "--quiet"),
    images: docker("images", "--all", "--format", "{{.Repository}}").replace(/^(?:moby\/buildkit|dh-local)\n/gm, ""),
    volumes: docker("volume", "ls", "--quiet"),
    files: readdirSync(join(folder, "tmp")),
  });
  const nothing = { builders: ["default", "default"], containers: "", images: "", volumes: "", files: [] };

  test("is known as one", async () => {
    expect(await connectDocker({ builder: undefined, environment, measure }).engine()).toEqual({
      status: "ready",
      description: expect.stringMatching(/^docker \S+, buildx \S+, builder default \(classic store\)$/),
      canExportOci: false,
      builder: undefined,
    });
  });

  test("builds into its store and saves from there where no builder can be made", async () => {
    const results = await build();
    expect(results.map(brief)).toEqual([
      { failure: undefined, measureError: undefined, images: [{ isPullEstimated: true, layers: [line(4)] }] },
      {
        failure: undefined,
        measureError: undefined,
        images: [{ isPullEstimated: true, layers: [line(0, true), line(2), line(3)] }],
      },
    ]);
    for (const { images } of results) {
      const layers = images.flatMap((image) => image.layers);
      for (const { pullBytes: bytes } of layers) expect(bytes).toBeGreaterThan(100);
      for (const { pullBytes: bytes } of layers) expect(bytes).toBeLessThan(300);
    }
    expect(left()).toEqual(nothing);
  }, 120_000);

  test("forgets what a killed run left", async () => {
    const leftover = join(folder, "tmp", "docker-hygiene-build-killed");
    mkdirSync(leftover);
    writeFileSync(join(leftover, "name"), "docker-hygiene-0123456789ab");
    docker("tag", "dh-local:base", "docker-hygiene-0123456789ab:7");
    docker("buildx", "create", "--name", "docker-hygiene-0123456789ab", "--driver", "docker-container");
    await removeLeftovers(join(folder, "tmp"), environment);
    expect(left()).toEqual(nothing);
  });

  withBuildkit(
    "measures with a builder of its own, which it removes, and takes a base that only the store has from there",
    async () => {
      const image = join(folder, "image");
      mkdirSync(image);
      for (const [name, path] of Object.entries(buildkit)) cpSync(path!, join(image, name), { dereference: true });
      writeFileSync(
        join(image, "Dockerfile"),
        'FROM scratch\nCOPY buildkitd buildctl buildkit-runc /usr/bin/\nWORKDIR /tmp\nENV PATH=/usr/bin\nVOLUME /var/lib/buildkit\nENTRYPOINT ["buildkitd"]\n',
      );
      docker("buildx", "build", "--quiet", "--tag", "moby/buildkit:buildx-stable-1", "--load", image);
      const results = await build();
      expect(results.map(brief)).toEqual([
        { failure: undefined, measureError: undefined, images: [{ isPullEstimated: false, layers: [line(4)] }] },
        {
          failure: undefined,
          measureError: undefined,
          // Its base is in the engine's store alone.
          images: [{ isPullEstimated: true, layers: [line(0, true), line(2), line(3)] }],
        },
      ]);
      expect(left()).toEqual(nothing);
    },
    180_000,
  );
});
