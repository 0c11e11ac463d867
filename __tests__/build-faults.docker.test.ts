import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { connectDocker } from "../src/adapters/buildx.ts";
import { measure } from "../src/adapters/oci-layout.ts";
import type { Target } from "../src/build/target.ts";
import { openConfigs } from "../src/config.ts";
import type { Docker, Measure } from "../src/ports.ts";
import { run } from "../src/run.ts";
import { emptyConfig } from "../src/settings.ts";
import { readSettings } from "../src/settings-values.ts";
import { connectWorld } from "../src/world.ts";
import { argumentLists, canStartDaemon, engineEnvironment, find, isRoot, startDaemon, targetIn } from "./engine.ts";

/** Real faults: each fails its own target with a clear status, keeps the others, and leaves nothing behind. */

const withDaemon = canStartDaemon ? test : test.skip;
const withTmpfs = isRoot && find("mount") !== undefined ? test : test.skip;

let folder: string;
let imagesBefore: string;

const docker = (...argv: readonly string[]): string => execFileSync("docker", [...argv], { encoding: "utf8" });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dh-faults-test-"));
  for (const name of ["app", "tmp"]) mkdirSync(join(folder, name));
  imagesBefore = docker("image", "ls", "--all", "--quiet", "--filter", "dangling=true");
});

afterEach(() => {
  expect(readdirSync(join(folder, "tmp"))).toEqual([]);
  expect(argumentLists()).not.toContain(folder);
  expect(docker("image", "ls", "--all", "--quiet", "--filter", "dangling=true")).toBe(imagesBefore);
  expect(docker("buildx", "ls", "--format", "{{.Name}}")).not.toContain("docker-hygiene-");
  rmSync(folder, { recursive: true });
});

const target = (name: string, text: string): Target => {
  const file = `${name}.Dockerfile`;
  writeFileSync(join(folder, "app", file), text);
  return targetIn(join(folder, "app"), file, { id: name });
};

const build = async (
  targets: readonly Target[],
  changes: {
    readonly measure?: Measure;
    readonly environment?: Readonly<Record<string, string | undefined>>;
    readonly run?: Partial<Parameters<Docker["build"]>[1]>;
  } = {},
) => {
  const connected = connectDocker({
    builder: undefined,
    environment: changes.environment ?? engineEnvironment(),
    measure: changes.measure ?? measure,
    temporaryFolder: join(folder, "tmp"),
  });
  const results = await connected.build(targets, {
    maxParallel: 4,
    timeout: 60_000,
    signal: new AbortController().signal,
    isAsPlanned: async () => true,
    onEvent: () => {},
    ...changes.run,
  });
  return results.map(({ build: result, images, measureError }) => ({
    id: result.target.id,
    ...(result.status === "failed" ? { failure: result.failure } : {}),
    ...(measureError === undefined ? {} : { measureError }),
    layers: images.map(({ layers }) => layers.length),
  }));
};

const good = () => target("good", "FROM scratch\nCOPY good.Dockerfile /\n");
const isGood = { id: "good", layers: [1] };

describe("a fault", () => {
  test("of a target that hangs stops it with its last lines", async () => {
    const began = Date.now();
    expect(
      await build([target("hang", "FROM busybox:local\nRUN echo first; echo last; sleep 1234\n"), good()], {
        run: { timeout: 4000 },
      }),
    ).toEqual([
      {
        id: "hang",
        failure: {
          message: "stopped after 4 s",
          lines: undefined,
          log: ["first", "last"],
          step: "[2/2] RUN echo first; echo last; sleep 1234",
        },
        layers: [],
      },
      isGood,
    ]);
    expect(Date.now() - began).toBeLessThan(20_000);
    for (let tries = 0; tries < 50 && argumentLists().includes("sleep 1234"); tries++) await delay(100);
    expect(argumentLists()).not.toContain("sleep 1234");
  }, 60_000);

  test("of a base image that cannot be pulled names it on its line", async () => {
    const [unpullable, other] = await build([
      target("unpullable", "# The base is on line 2.\nFROM registry.invalid/team/app:1\n"),
      good(),
    ]);
    expect(unpullable).toEqual({
      id: "unpullable",
      failure: {
        message: expect.stringMatching(
          /^the image `registry\.invalid\/team\/app:1` cannot be had: \S.*registry\.invalid/,
        ),
        lines: { start: 2, end: 2 },
        log: [],
        step: "[internal] load metadata for registry.invalid/team/app:1",
      },
      layers: [],
    });
    expect(other).toEqual(isGood);
  }, 60_000);

  test("of a Dockerfile that changes under the run refuses what came of it", async () => {
    const changing = target("changing", "FROM busybox:local\nARG SALT\nRUN sleep 2; echo $SALT\n");
    good();
    const { settings } = readSettings(
      [{ name: "build-args", text: `SALT=${Date.now()}`, origin: { setting: "build-args", where: "the test" } }],
      { command: "build", paths: [], config: emptyConfig(folder), environment: {} },
    );
    const report = await run({
      settings: { ...settings, paths: [join(folder, "app")], failureThreshold: "none" },
      configs: await openConfigs({ cwd: folder, config: undefined, paths: [], rules: async () => [] }),
      world: connectWorld({
        cwd: folder,
        builder: undefined,
        environment: engineEnvironment(),
        temporaryFolder: join(folder, "tmp"),
      }),
      signal: new AbortController().signal,
      onEvent: (event) => {
        if (event.type === "step" && event.name.includes("sleep 2")) {
          writeFileSync(changing.dockerfileAbsolute, "FROM scratch\nCOPY / /\n");
        }
      },
    });
    expect(
      report.targets?.map(({ build: result, images }) => ({
        id: result.target.id,
        told: result.status === "failed" ? result.failure.message : result.status,
        layers: images.map(({ layers }) => layers.length),
      })),
    ).toEqual([
      {
        id: "app/changing.Dockerfile",
        told: "the Dockerfile was changed while it was built, after it was audited; run again",
        layers: [],
      },
      { id: "app/good.Dockerfile", told: "built", layers: [1] },
    ]);
  }, 60_000);

  test("of a layer that is broken leaves the build, and the other images", async () => {
    const results = await build([target("broken", "FROM busybox:local\nCOPY broken.Dockerfile /\n"), good()], {
      measure: async (layout, metadata, one) => {
        if (one.id === "broken") {
          const blobs = join(layout, "blobs", "sha256");
          for (const name of readdirSync(blobs)) {
            const path = join(blobs, name);
            if (
              readFileSync(path)
                .subarray(0, 2)
                .equals(Buffer.from([0x1f, 0x8b]))
            )
              truncateSync(path, 100);
          }
        }
        return measure(layout, metadata, one);
      },
    });
    expect(results).toEqual([
      {
        id: "broken",
        measureError: expect.stringMatching(/^layer \d of 2 cannot be read: it has 100 bytes instead of \d+$/),
        layers: [],
      },
      isGood,
    ]);
  }, 60_000);

  test("is none of a base whose layers are packed with zstd, in a list with attestations", async () => {
    const name = `dh-faults-${randomBytes(6).toString("hex")}`;
    const base = target("base", "FROM scratch\nCOPY base.Dockerfile /\n");
    const output = `type=image,name=${name},compression=zstd,force-compression=true`;
    const flags = ["--quiet", "--provenance=mode=max", "--output", output, "--file", base.dockerfileAbsolute];
    execFileSync("docker", ["buildx", "build", ...flags, base.context], { stdio: "ignore" });
    try {
      const kinds = new Set<string>();
      const results = await build([target("zstd", `FROM ${name}\nCOPY zstd.Dockerfile /\n`), good()], {
        measure: async (layout, metadata, one) => {
          const blobs = join(layout, "blobs", "sha256");
          for (const blob of readdirSync(blobs))
            kinds.add(
              readFileSync(join(blobs, blob))
                .subarray(0, 4)
                .toString("hex")
                .replace(/^1f8b.*/, "1f8b"),
            );
          const images = await measure(layout, metadata, one);
          if (one.id === "zstd")
            expect(images.map(({ layers }) => layers.map(({ isBase, lines }) => [isBase, lines?.start]))).toEqual([
              [
                [true, undefined],
                [false, 2],
              ],
            ]);
          return images;
        },
      });
      expect(results).toEqual([{ id: "zstd", layers: [2] }, isGood]);
      expect([...kinds]).toEqual(expect.arrayContaining(["28b52ffd", "1f8b"]));
    } finally {
      execFileSync("docker", ["image", "rm", "--force", name], { stdio: "ignore" });
    }
  }, 60_000);

  test("of a layer of an unknown kind leaves the build, and the other images", async () => {
    const results = await build([target("strange", "FROM scratch\nCOPY strange.Dockerfile /\n"), good()], {
      measure: async (layout, metadata, one) =>
        measure(layout, one.id === "strange" ? withUnknownLayers(layout, metadata) : metadata, one),
    });
    expect(results).toEqual([
      {
        id: "strange",
        measureError:
          "layer 1 of 1 cannot be read: the layer's media type `application/vnd.oci.image.layer.v1.tar+lz4` is not known",
        layers: [],
      },
      isGood,
    ]);
  }, 60_000);

  withTmpfs(
    "of a full disk while exporting names it, and the small images are measured",
    async () => {
      const mounted = join(folder, "tmp");
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1M", "tmpfs", mounted]);
      try {
        expect(await build([target("large", "FROM busybox:local\n"), good()])).toEqual([
          {
            id: "large",
            measureError:
              "the image could not be exported: no space is left on the disk (of the temporary folder, or of the engine)",
            layers: [],
          },
          isGood,
        ]);
        expect(readdirSync(mounted)).toEqual([]);
      } finally {
        execFileSync("umount", [mounted]);
      }
    },
    60_000,
  );

  withDaemon(
    "of an engine that stops fails the targets it was building, and keeps what it had built",
    async () => {
      const engine = await startEngine();
      try {
        let stopped: Promise<void> | undefined;
        const results = await build(
          [
            target("first", "FROM scratch\nCOPY first.Dockerfile /\n"),
            target("hit", "FROM dh-local:base\nRUN --network=none echo begun; sleep 1235\n"),
            target("after", "FROM scratch\nCOPY after.Dockerfile /after\n"),
          ],
          {
            environment: engine.environment,
            run: {
              maxParallel: 1,
              onEvent: (event) => {
                if (event.type === "step" && event.name.includes("sleep 1235")) {
                  stopped ??= delay(1000).then(() => engine.stop());
                }
              },
            },
          },
        );
        await stopped;
        const message = "the engine stopped or could not be reached any more";
        expect(results).toEqual([
          isGoodOf("first"),
          {
            id: "hit",
            failure: {
              message,
              lines: undefined,
              log: ["begun"],
              step: "[2/2] RUN --network=none echo begun; sleep 1235",
            },
            layers: [],
          },
          { id: "after", failure: { message, lines: undefined, log: [], step: undefined }, layers: [] },
        ]);
      } finally {
        await engine.stop();
        rmSync(join(folder, "engine"), { recursive: true, force: true });
      }
    },
    90_000,
  );
});

/** The image of the metadata, in a manifest that calls its layers packed in a way that nobody knows. */
const withUnknownLayers = (layout: string, metadata: unknown): unknown => {
  const blobs = join(layout, "blobs", "sha256");
  const old = (metadata as { readonly "containerimage.digest": string })["containerimage.digest"];
  const text = readFileSync(join(blobs, old.replace("sha256:", "")), "utf8").replaceAll("tar+gzip", "tar+lz4");
  const digest = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(blobs, digest), text);
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  const entry = { mediaType: JSON.parse(text).mediaType, digest: `sha256:${digest}`, size: text.length };
  writeFileSync(join(layout, "index.json"), JSON.stringify({ ...index, manifests: [...index.manifests, entry] }));
  return { ...(metadata as object), "containerimage.digest": `sha256:${digest}`, "containerimage.descriptor": entry };
};

const isGoodOf = (id: string) => ({ ...isGood, id });

/** A daemon with the containerd store, and a base in it. */
const startEngine = async () => {
  const engine = await startDaemon(join(folder, "engine"), { features: { "containerd-snapshotter": true } });
  const { environment: env } = engine;
  const image = execFileSync("docker", ["image", "save", "busybox:local"], { maxBuffer: 1 << 28 });
  execFileSync("docker", ["image", "load", "--quiet"], { env, input: image });
  execFileSync("docker", ["image", "tag", "busybox:local", "dh-local:base"], { env });
  return engine;
};
