import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
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

/** Real faults: each fails its own target with a clear status, keeps the others, and leaves nothing behind. */

const find = (program: string): string | undefined =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .concat("/usr/sbin", "/sbin")
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));

const isRoot = process.getuid?.() === 0;
const canStartDaemon = isRoot && find("dockerd") !== undefined && find("unshare") !== undefined;
const withDaemon = canStartDaemon ? test : test.skip;
const withTmpfs = isRoot && find("mount") !== undefined ? test : test.skip;

let folder: string;
let imagesBefore: string;

const environment = () => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  DOCKER_HOST: process.env.DOCKER_HOST,
});

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

const argumentLists = (): string =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .join("\n");

const target = (name: string, text: string): Target => {
  writeFileSync(join(folder, "app", `${name}.Dockerfile`), text);
  return {
    id: name,
    dockerfile: `${name}.Dockerfile`,
    dockerfileAbsolute: join(folder, "app", `${name}.Dockerfile`),
    context: join(folder, "app"),
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
    environment: changes.environment ?? environment(),
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
        environment: environment(),
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
      const engine = await startDaemon();
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

const isGoodOf = (id: string) => ({ ...isGood, id });

/** A daemon of its own, with the containerd store, in a network of its own: it would remove the bridge of the other. */
const startDaemon = async () => {
  const home = join(folder, "engine");
  for (const name of ["buildx", "home"]) mkdirSync(join(home, name), { recursive: true });
  writeFileSync(join(home, "daemon.json"), '{"features":{"containerd-snapshotter":true}}');
  const socket = `unix://${join(home, "docker.sock")}`;
  const flags = { "config-file": "daemon.json", "data-root": "data", "exec-root": "exec", pidfile: "pid" };
  const daemon: ChildProcess = spawn(
    find("unshare")!,
    [
      ...["--net", find("dockerd")!],
      ...Object.entries(flags).map(([flag, name]) => `--${flag}=${join(home, name)}`),
      ...["--host", socket, "--bridge=none", "--iptables=false", "--ip6tables=false"],
    ],
    { stdio: "ignore", env: { PATH: process.env.PATH } },
  );
  const exited = new Promise<void>((resolve) => daemon.once("exit", () => resolve()));
  const own = {
    PATH: process.env.PATH,
    HOME: join(home, "home"),
    DOCKER_HOST: socket,
    BUILDX_CONFIG: join(home, "buildx"),
  };
  for (let tries = 0; ; tries++) {
    try {
      execFileSync("docker", ["version"], { env: own, stdio: "ignore" });
      break;
    } catch {
      if (tries > 100) throw new Error("the second daemon does not answer");
      await delay(200);
    }
  }
  const image = execFileSync("docker", ["image", "save", "busybox:local"], { maxBuffer: 1 << 28 });
  execFileSync("docker", ["image", "load", "--quiet"], { env: own, input: image });
  execFileSync("docker", ["image", "tag", "busybox:local", "dh-local:base"], { env: own });
  return {
    environment: own,
    stop: async () => {
      daemon.kill("SIGTERM");
      await exited;
    },
  };
};
