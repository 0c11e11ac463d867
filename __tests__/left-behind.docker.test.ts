import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type FakeGitHub, startFakeGitHub } from "./github/fake-github.ts";
import { pullRequest } from "./github/payloads.ts";
import { type Job, startJob } from "./github/step-runner.ts";

const main = resolve("src/main.ts");
const secret = "correct-horse-battery-staple";

let folder: string;
let keys: string;
let pause: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dh-left-"));
  for (const name of ["app", "tmp", "bin"]) mkdirSync(join(folder, name));
  for (const name of ["one", "two"]) {
    execFileSync("ssh-keygen", ["-q", "-t", name === "one" ? "ed25519" : "rsa", "-N", "", "-f", join(folder, name)]);
  }
  keys = ["one", "two"].map((name) => readFileSync(join(folder, name), "utf8").replaceAll("\n", "\r\n")).join("");
  pause = String(200_000 + Math.floor(Math.random() * 100_000));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const put = (...lines: readonly string[]): void =>
  writeFileSync(join(folder, "app", "Dockerfile"), [...lines, "USER 1000", 'CMD ["sh"]', ""].join("\n"));

interface Ended {
  readonly code: number | null;
  readonly said: string;
  readonly stdout: string;
}

const start = (
  argv: readonly string[],
  more: Readonly<Record<string, string>> = {},
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } => {
  const child = spawn(process.execPath, [main, ...argv], {
    cwd: join(folder, "app"),
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      DOCKER_HOST: process.env.DOCKER_HOST,
      NODE_NO_WARNINGS: "1",
      TMPDIR: join(folder, "tmp"),
      KEY: keys,
      TOKEN: secret,
      ...more,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  return { child, ended: new Promise((done) => child.once("close", (code) => done({ code, said, stdout }))) };
};

const withKey = ["run", "--shellcheck=false", "--buildkit-checks=false", "--ssh-private-key-env", "KEY"] as const;

interface Running {
  readonly pid: number;
  readonly args: string;
  readonly environment: string;
}

/** What runs and has this in its arguments or its environment. */
const running = (...words: readonly string[]): readonly Running[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), args: textOf(name, "cmdline"), environment: textOf(name, "environ") }))
    .filter(({ args, environment }) => words.every((word) => args.includes(word) || environment.includes(word)));

const textOf = (pid: string, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
};

const isPausing = (): boolean =>
  execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n").includes(`sleep ${pause}`);

const until = async (holds: () => boolean, tries = 300): Promise<void> => {
  for (let left = tries; left > 0 && !holds(); left--) await delay(100);
  expect(holds()).toBe(true);
};

/** Agents of this test's runs, and what holds the secret for them. */
const agents = (): readonly Running[] => running("ssh-agent", join(folder, "tmp"));
const builds = (): readonly Running[] => running("buildx", secret).filter(({ args }) => !args.includes(main));
const leftFolders = (): readonly string[] => readdirSync(join(folder, "tmp"));

const lookAtAgent =
  'socket(S, AF_UNIX, SOCK_STREAM, 0) or die; connect(S, sockaddr_un($ENV{SSH_AUTH_SOCK})) or die; syswrite S, pack("NC", 1, 11); sysread S, $l, 4; $n = unpack("N", $l); while (length($b) < $n) { sysread(S, $b, $n - length($b), length($b)) or die } ($t, $c, $r) = unpack("CNa*", $b); for (1..$c) { ($k, $r) = unpack("N/a a*", $r); ($m, $r) = unpack("N/a a*", $r); print unpack("H*", $k), "\\n" }';

const publicBlob = (name: string): string =>
  Buffer.from(readFileSync(join(folder, `${name}.pub`), "utf8").split(" ")[1] ?? "", "base64").toString("hex");

describe("an agent of the run", () => {
  test("holds the keys for the builds, and nothing of it is left", async () => {
    put(
      "FROM debian:bookworm-slim",
      `RUN --mount=type=ssh,required=true perl -MSocket -e '${lookAtAgent}' > /keys && sleep 1`,
      `RUN test "$(cat /keys)" = "$(printf '%s\\n%s' ${publicBlob("one")} ${publicBlob("two")})"`,
    );
    const { ended } = start([...withKey, "--no-cache"]);
    await until(() => agents().length > 0 && running("buildx", "build", "--ssh", join(folder, "tmp")).length > 0);
    const lines = keys.split("\r\n").filter((line) => line.length > 30);
    const telling = lines.filter((line) => !line.startsWith("-----") && !line.startsWith("b3BlbnNzaC1rZXktdjE"));
    const seen = running(join(folder, "tmp")).filter(({ args }) => !args.includes(main));
    expect(seen.some(({ args }) => args.includes("buildx"))).toBe(true);
    for (const { args, environment } of seen) {
      for (const line of telling) expect(args + environment).not.toContain(line);
    }
    const { code, said } = await ended;
    expect(said).toContain("✓ Dockerfile");
    expect(said).toMatch(/secrets: 2 values in \d+ forms searched in .* of 1 image, none found/);
    for (const line of telling) expect(said).not.toContain(line);
    expect({ code: code ?? 9, agents: agents(), left: leftFolders() }).toEqual({ code: 0, agents: [], left: [] });
  }, 120_000);

  test("is proved to have kept its keys out of the images", async () => {
    writeFileSync(join(folder, "app", "key"), readFileSync(join(folder, "two")));
    // What everybody may know, and what stands in every key.
    const known = ["one", "two"].map((name) => readFileSync(join(folder, `${name}.pub`), "utf8")).join("");
    const [first = "", second = ""] = readFileSync(join(folder, "one"), "utf8").split("\n");
    writeFileSync(join(folder, "app", "known"), `${known}${first}\n${second}\n-----END OPENSSH PRIVATE KEY-----\n`);
    put("FROM busybox:local", "COPY key /root/key", "COPY known /root/known");
    const { code, said, stdout } = await start([...withKey, "--format", "json"]).ended;
    const report = JSON.parse(stdout);
    const leaks = report.findings.filter(({ rule }: { readonly rule: string }) => rule === "secret-value-in-image");
    expect(code).toBe(1);
    expect(leaks.map(({ line, message }: Record<string, unknown>) => [line, message])).toEqual([
      [2, expect.stringContaining("`ssh-private-key 2`")],
    ]);
    expect(said).not.toContain(readFileSync(join(folder, "two"), "utf8").split("\n")[5]);
  }, 120_000);

  test("is shown without its place where nothing is built", async () => {
    put("FROM busybox:local", "RUN --mount=type=ssh,required=true true");
    const { code, said } = await start([...withKey, "--dry-run"]).ended;
    expect(said).toContain(" --ssh default=FOLDER/agent ");
    expect({ code, agents: agents(), left: leftFolders() }).toEqual({ code: 0, agents: [], left: [] });
  }, 60_000);

  test("is missed in one sentence that shows no key", async () => {
    put("FROM busybox:local");
    const only = (...names: readonly string[]): string => {
      const bin = join(folder, `bin-${names.length}`);
      mkdirSync(bin);
      for (const name of names)
        symlinkSync(execFileSync("which", [name], { encoding: "utf8" }).trim(), join(bin, name));
      return bin;
    };
    const where = "(environment variable `KEY`)";
    const remedy = "Install OpenSSH's client, or give the key as a file: `ssh` with default=PATH.";
    expect(await start(withKey, { PATH: only("docker") }).ended).toMatchObject({
      code: 2,
      said: `docker-hygiene: --ssh-private-key-env: \`ssh-agent\` is not installed ${where}. ${remedy}\n`,
    });
    expect(await start(withKey, { PATH: only("docker", "ssh-agent", "awk") }).ended).toMatchObject({
      code: 2,
      said: `docker-hygiene: --ssh-private-key-env: \`ssh-add\` is not installed ${where}. ${remedy}\n`,
    });
    const junk = "-----BEGIN RSA PRIVATE KEY-----\naHVudGVyMmh1bnRlcjJodW50ZXIy\n-----END RSA PRIVATE KEY-----\n";
    const { code, said } = await start(withKey, { KEY: keys + junk }).ended;
    expect({ code, agents: agents(), left: leftFolders() }).toEqual({ code: 2, agents: [], left: [] });
    expect(said).toMatch(
      /^docker-hygiene: --ssh-private-key-env: ssh-add does not take key 3: \S.* \(environment variable `KEY`\)\. Try the file with `ssh-add FILE`, and give it as a whole\.\n$/,
    );
  }, 60_000);
});

describe("a run that is ended", () => {
  const putPause = (): void =>
    put(
      "FROM busybox:local",
      `RUN --mount=type=ssh,required=true --mount=type=secret,id=token,required=true sleep ${pause}`,
    );
  const argv = [...withKey, "--secret", "id=token,env=TOKEN"];
  const nothing = { agents: [], builds: [], left: [], pausing: false };
  const left = () => ({ agents: agents(), builds: builds(), left: leftFolders(), pausing: isPausing() });
  const untilNothing = async (): Promise<void> => {
    await until(() => !isPausing(), 100);
    expect(left()).toEqual(nothing);
  };

  test("by a signal leaves nothing behind", async () => {
    putPause();
    const { child, ended } = start(argv);
    await until(isPausing);
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
    await untilNothing();
  }, 120_000);

  test("by two signals leaves nothing behind either", async () => {
    putPause();
    const { child, ended } = start(argv);
    await until(isPausing);
    child.kill("SIGINT");
    child.kill("SIGTERM");
    expect([130, 143]).toContain((await ended).code);
    await untilNothing();
  }, 120_000);

  test("by SIGKILL leaves what the next run ends and removes", async () => {
    putPause();
    const { child, ended } = start(argv);
    await until(isPausing);
    child.kill("SIGKILL");
    await ended;
    expect(left()).toMatchObject({ agents: [{}], builds: [{}], left: [expect.any(String)], pausing: true });
    put("FROM busybox:local");
    expect((await start(["audit", "--shellcheck=false"]).ended).code).toBe(0);
    await untilNothing();
  }, 120_000);

  test("by SIGKILL takes its agent with it, although nobody comes after it", async () => {
    putPause();
    const { child, ended } = start(argv);
    await until(isPausing);
    child.kill("SIGKILL");
    await ended;
    await until(() => agents().length === 0, 150);
    for (const { pid } of builds()) process.kill(pid, "SIGKILL");
    await until(() => !isPausing(), 100);
  }, 120_000);
});

describe("a step of a workflow that is killed", () => {
  let github: FakeGitHub;
  let job: Job;

  beforeEach(async () => {
    github = await startFakeGitHub();
    job = await startJob();
  });

  afterEach(async () => {
    await github.close();
    await job.close();
  });

  test("leaves what its post step ends and removes", async () => {
    put(
      "FROM busybox:local",
      `RUN --mount=type=ssh,required=true --mount=type=secret,id=token,required=true sleep ${pause}`,
    );
    const step = {
      action: resolve("."),
      bundle: main,
      workspace: join(folder, "app"),
      apiUrl: github.url,
      token: "write-token",
      event: "pull_request",
      payload: pullRequest(),
      environment: { PATH: process.env.PATH ?? "", HOME: folder, NODE_NO_WARNINGS: "1" },
      inputs: { build: "true", secrets: `token=${secret}`, "ssh-private-key": keys },
      killWhen: isPausing,
    };
    const ownAgents = (): readonly Running[] => running("ssh-agent", job.temp);
    const killed = await job.run(step);
    expect(killed.exitCode).toBe(null);
    expect({ agents: ownAgents(), builds: builds(), left: readdirSync(job.temp) }).toMatchObject({
      agents: [{}],
      builds: [{}],
      left: [expect.any(String)],
    });
    for (const line of keys.split("\r\n").filter((one) => one.length > 40 && !one.startsWith("-----"))) {
      expect(killed.masks).toContain(line);
      expect(killed.log.join("\n")).not.toContain(line);
    }
    const post = await job.post(step, killed);
    expect(post).toMatchObject({ outcome: "success", issues: [] });
    await until(() => !isPausing(), 100);
    expect({ agents: ownAgents(), builds: builds(), left: readdirSync(job.temp) }).toEqual({
      agents: [],
      builds: [],
      left: [],
    });
  }, 120_000);
});
