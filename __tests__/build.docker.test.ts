import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connectDocker } from "../src/adapters/buildx.ts";
import { ownCache } from "../src/build/cache.ts";
import { parseSecrets, placeSecrets } from "../src/build/secret-inputs.ts";
import type { Target } from "../src/build/target.ts";
import type { BuildEvent, BuiltTarget, Measure } from "../src/ports.ts";
import { argumentLists, engineEnvironment, targetIn } from "./engine.ts";

const dockerfile = `FROM busybox:local AS base
ARG RUN_ID
ARG PIN
RUN echo "$RUN_ID $PIN" > /run-id

FROM base AS token
RUN --mount=type=secret,id=token,required=true \\
    cat /run/secrets/token; sleep 1; sha256sum < /run/secrets/token > /token.sha256

FROM base AS agent
RUN --mount=type=ssh test -S "$SSH_AUTH_SOCK" && echo forwarded > /agent

FROM base AS broken
# The line below is the one to report.
RUN --mount=type=secret,id=token echo first; \\
    cat /run/secrets/token; \\
    printf '\\033[31mred\\033[0m\\n'; \\
    exit 42

FROM base
COPY not-there.txt /
`;

const secret = `first line of ${randomBytes(9).toString("hex")}\nsecond, "line" ${randomBytes(9).toString("hex")}\n`;
const forms = [...secret.trim().split("\n"), Buffer.from(secret).toString("base64").slice(0, 40)];

let folder: string;
let socket: string;
let agent: ChildProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dh-build-test-"));
  mkdirSync(join(folder, "app"));
  mkdirSync(join(folder, "tmp"));
  writeFileSync(join(folder, "app", "Dockerfile"), dockerfile);
  const key = join(folder, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  socket = join(folder, "agent.sock");
  agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  while (!existsSync(socket)) await delay(20);
  execFileSync("ssh-add", ["-q", key], { env: { PATH: process.env.PATH, SSH_AUTH_SOCK: socket } });
});

afterAll(async () => {
  const ended = new Promise((resolve) => agent.once("exit", resolve));
  agent.kill();
  // It removes its socket by itself.
  await ended;
  rmSync(folder, { recursive: true });
});

const target = (stage: string | undefined, changes: Partial<Target> = {}): Target =>
  targetIn(join(folder, "app"), "Dockerfile", {
    id: stage === undefined ? "app/Dockerfile" : `app/Dockerfile:${stage}`,
    stage,
    buildArgs: new Map([
      ["RUN_ID", randomBytes(6).toString("hex")],
      ["PIN", "not for the process list"],
    ]),
    ...changes,
  });

const environment = (more: Iterable<readonly [string, string]> = []) => ({
  ...engineEnvironment(),
  ...Object.fromEntries(more),
});

const ownTemporaryFolders = () => readdirSync(join(folder, "tmp"));

/** Every byte of every blob of the layout, layers unpacked. */
const contentOf = (layout: string): string =>
  readdirSync(join(layout, "blobs", "sha256"))
    .map((name) => readFileSync(join(layout, "blobs", "sha256", name)))
    .map((blob) => (blob[0] === 0x1f && blob[1] === 0x8b ? gunzipSync(blob) : blob).toString("latin1"))
    .join("\n");

const run = async (targets: readonly Target[], measure: Measure, more: Iterable<readonly [string, string]> = []) => {
  const events: BuildEvent[] = [];
  const docker = connectDocker({
    builder: undefined,
    environment: environment(more),
    measure,
    temporaryFolder: join(folder, "tmp"),
  });
  const results = await docker.build(targets, {
    maxParallel: 4,
    timeout: 60_000,
    isAsPlanned: async () => true,
    signal: new AbortController().signal,
    onEvent: (event) => events.push(event),
  });
  return { results, events };
};

const brief = ({ build, measureError }: BuiltTarget) => ({
  id: build.target.id,
  status: build.status,
  ...(build.status === "failed" ? { failure: build.failure } : {}),
  measureError,
});

describe("builds", () => {
  test("give secret and agent to the steps, show neither anywhere, and report each failure on its lines", async () => {
    const placed = placeSecrets(
      parseSecrets(`"token=${secret.replaceAll('"', '""')}"`, { setting: "secrets", where: "the test" }),
    );
    const seen: string[] = [];
    let content = "";
    const watch = setInterval(() => seen.push(argumentLists()), 50);
    const ssh = [{ id: "default", paths: [] }];
    const { secrets } = placed;
    const { results, events } = await run(
      [
        target("token", { secrets, ssh }),
        target("agent", { secrets, ssh }),
        target("broken", { secrets, ssh }),
        target(undefined, { secrets, ssh }),
      ],
      async (layout, metadata) => {
        content = contentOf(layout);
        expect(metadata).toMatchObject({ "containerimage.digest": expect.stringMatching(/^sha256:/) });
        return [];
      },
      [...placed.environment, ["SSH_AUTH_SOCK", socket]],
    );
    clearInterval(watch);

    expect(results.map(brief)).toEqual([
      { id: "app/Dockerfile:token", status: "built", measureError: undefined },
      { id: "app/Dockerfile:agent", status: "built", measureError: undefined },
      {
        id: "app/Dockerfile:broken",
        status: "failed",
        failure: {
          message: "the command ends with exit code 42",
          lines: { start: 15, end: 18 },
          log: ["first", "***", "red"],
          step: expect.stringMatching(/^\[broken 1\/1\] RUN --mount=type=secret,id=token echo first; /),
        },
        measureError: undefined,
      },
      {
        id: "app/Dockerfile",
        status: "failed",
        failure: {
          message: '"/not-there.txt": not found',
          lines: { start: 21, end: 21 },
          log: [],
          step: "[stage-4 1/1] COPY not-there.txt /",
        },
        measureError: undefined,
      },
    ]);

    expect(content).toContain(createHash("sha256").update(secret).digest("hex"));
    expect(content).toContain("forwarded");
    const told = JSON.stringify({ results, events }, (_, value) => (value instanceof Map ? [...value] : value));
    const processes = seen.join("\n");
    expect(processes).toContain("--secret id=token,env=DOCKER_HYGIENE_SECRET_0");
    expect(processes).not.toContain("not for the process list");
    for (const form of forms) {
      expect(content).not.toContain(form);
      expect(told).not.toContain(form);
      expect(told).not.toContain(JSON.stringify(form).slice(1, -1));
      expect(processes).not.toContain(form);
    }
    expect(ownTemporaryFolders()).toEqual([]);

    const steps = results[0]!.build.steps.filter(({ name }) => name.startsWith("[token"));
    expect(steps).toEqual([
      {
        name: expect.stringMatching(/^\[token 1\/1\] RUN --mount/),
        started: expect.any(Number),
        milliseconds: expect.any(Number),
        isCached: false,
        line: 7,
      },
    ]);
    expect(steps[0]!.milliseconds).toBeGreaterThanOrEqual(1000);
    expect(events.filter(({ type }) => type === "started")).toHaveLength(4);
    expect(events.filter(({ type }) => type === "finished")).toHaveLength(4);
  }, 60_000);

  test("go on without a secret that is empty and an agent that is absent", async () => {
    const { results } = await run(
      [
        target("base", {
          secrets: [
            { id: "token", from: "env", name: "NOT_SET" },
            { id: "file", from: "file", path: "/nowhere" },
          ],
          ssh: [{ id: "default", paths: [] }],
        }),
      ],
      async () => {
        throw new Error("cannot be weighed");
      },
    );
    expect(results.map(brief)).toEqual([
      { id: "app/Dockerfile:base", status: "built", measureError: "cannot be weighed" },
    ]);
  }, 30_000);

  test("write a cache for each target, read one that is not there yet, and take the date of the source", async () => {
    const cache = join(folder, "cache");
    const cached = (stage: string): Target => {
      const plain = target(stage, { ssh: [{ id: "default", paths: [] }] });
      const own = (text: string) => ownCache(text, plain.id);
      return {
        ...plain,
        cacheFrom: [own(`type=local,src=${cache}`)],
        cacheTo: [own(`type=local,dest=${cache},mode=max`)],
      };
    };
    let content = "";
    const { results } = await run(
      [cached("base"), cached("agent")],
      async (layout) => {
        content = contentOf(layout);
        return [];
      },
      [
        ["SOURCE_DATE_EPOCH", "1234567890"],
        ["SSH_AUTH_SOCK", socket],
      ],
    );
    expect(results.map(brief)).toMatchObject([{ status: "built" }, { status: "built" }]);
    const indexes = readdirSync(cache).map((own) => join(own, "index.json"));
    expect(indexes).toEqual(["app-Dockerfile-agent/index.json", "app-Dockerfile-base/index.json"]);
    expect(indexes.map((path) => existsSync(join(cache, path)))).toEqual([true, true]);
    expect(content).toContain('"created":"2009-02-13T23:31:30Z"');
    const again = await run([cached("base")], async () => []);
    expect(again.results.map(brief)).toMatchObject([{ status: "built" }]);
  }, 60_000);

  test("that cannot even start say so without the value", async () => {
    const { results } = await run(
      [target("base", { buildArgs: new Map([["PIN", "hunter2\0hunter2"]]) }), target("base")],
      async () => [],
    );
    expect(results.map(({ build }) => (build.status === "failed" ? build.failure : build.status))).toEqual([
      {
        message: "docker could not be started: a value is too long or holds a NUL byte, or docker is gone",
        lines: undefined,
        log: [],
        step: undefined,
      },
      "built",
    ]);
  }, 30_000);

  test("stop at once when told to, and leave nothing behind", async () => {
    writeFileSync(join(folder, "app", "slow.Dockerfile"), "FROM busybox:local\nRUN sleep 60\n");
    const slow = { dockerfileAbsolute: join(folder, "app", "slow.Dockerfile") };
    const abort = new AbortController();
    const docker = connectDocker({
      builder: undefined,
      environment: environment(),
      measure: async () => [],
      temporaryFolder: join(folder, "tmp"),
    });
    const began = Date.now();
    const results = await docker.build([target(undefined, slow), target(undefined, slow)], {
      maxParallel: 1,
      timeout: 60_000,
      isAsPlanned: async () => true,
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === "step" && event.name.includes("sleep")) abort.abort();
      },
    });
    expect(results.map(({ build }) => ({ status: build.status, reason: "reason" in build && build.reason }))).toEqual([
      { status: "skipped", reason: "the run was stopped" },
      { status: "skipped", reason: "the run was stopped" },
    ]);
    expect(Date.now() - began).toBeLessThan(15_000);
    expect(ownTemporaryFolders()).toEqual([]);
    expect(argumentLists()).not.toContain("slow.Dockerfile");
  }, 30_000);
});

describe("what is given", () => {
  test("is looked at before a build", async () => {
    const at = (name: string) => join(folder, name);
    const key = (name: string, ...options: readonly string[]) =>
      execFileSync("ssh-keygen", ["-q", "-f", at(name), ...options]);
    key("open", "-t", "ed25519", "-N", "");
    key("locked", "-t", "ed25519", "-N", "passphrase");
    key("pem", "-t", "rsa", "-b", "1024", "-m", "PEM", "-N", "");
    key("locked-pem", "-t", "rsa", "-b", "1024", "-m", "PEM", "-N", "passphrase");
    key("locked-pkcs8", "-t", "rsa", "-b", "1024", "-m", "PKCS8", "-N", "passphrase");
    writeFileSync(at("text"), "value");
    writeFileSync(at("nul"), "a\0b");
    writeFileSync(at("largest"), "x".repeat(500 * 1024));
    writeFileSync(at("larger"), "x".repeat(500 * 1024 + 1));
    const docker = connectDocker({ builder: undefined, environment: environment(), measure: undefined });
    const { secrets, ssh } = await docker.supplies(
      ["text", "nul", "largest", "larger"].map((name) => ({ id: name, from: "file", path: at(name) })),
      [
        ...["open", "locked", "pem", "locked-pem", "locked-pkcs8", "open.pub"].map((name) => ({
          id: name,
          paths: [at(name)],
        })),
        { id: "second", paths: [at("open"), at("locked")] },
        { id: "socket", paths: [socket] },
      ],
    );
    const states = (given: typeof ssh) =>
      Object.fromEntries([...given].map(([id, { state, hasNul }]) => [id, hasNul ? `${state}, NUL` : state]));
    expect(states(secrets)).toEqual({ text: "ready", nul: "ready, NUL", largest: "ready", larger: "too large" });
    expect(states(ssh)).toEqual({
      open: "ready",
      locked: "locked",
      pem: "ready",
      "locked-pem": "locked",
      "locked-pkcs8": "locked",
      "open.pub": "no key",
      second: "locked",
      socket: "ready",
    });
  });
});

describe("the engine", () => {
  const ask = (more: Readonly<Record<string, string>>, builder?: string) =>
    connectDocker({ builder, environment: { ...environment(), ...more }, measure: undefined }).engine();

  test("is described by what answers", async () => {
    expect(await ask({})).toEqual({
      status: "ready",
      description: expect.stringMatching(
        /^docker \d+\.\d+\.\d+\S*, buildx 0\.\d+\.\d+, builder \S+ \((?:containerd store|classic store|docker-container)\)$/,
      ),
      canExportOci: expect.any(Boolean),
      builder: undefined,
    });
  });

  test("is absent without docker, without a daemon, without the builder, and says so", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    expect(await ask({ PATH: empty })).toEqual({
      status: "absent",
      reason: "docker is not installed, or not on the PATH",
    });
    expect(await ask({ DOCKER_HOST: `unix://${empty}/docker.sock` })).toEqual({
      status: "absent",
      reason: `Cannot connect to the Docker daemon at unix://${empty}/docker.sock. Is the docker daemon running?`,
    });
    expect(await ask({}, "dh-no-such-builder")).toEqual({
      status: "absent",
      reason: 'buildx: no builder "dh-no-such-builder" found',
    });
  });

  test("that is absent skips every target with the reason", async () => {
    const docker = connectDocker({ builder: "dh-no-such-builder", environment: environment(), measure: undefined });
    const results = await docker.build([target("token")], {
      maxParallel: 1,
      timeout: 60_000,
      isAsPlanned: async () => true,
      signal: new AbortController().signal,
      onEvent: () => {},
    });
    expect(results.map(({ build }) => build.status === "skipped" && build.reason)).toEqual([
      'buildx: no builder "dh-no-such-builder" found',
    ]);
  });
});
