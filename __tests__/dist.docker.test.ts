import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type FakeGitHub, startFakeGitHub } from "./github/fake-github.ts";
import { payloadOf, pullRequest } from "./github/payloads.ts";
import { type Job, type Step, startJob } from "./github/step-runner.ts";

let github: FakeGitHub;
let job: Job;
let workspace: string;

beforeEach(async () => {
  github = await startFakeGitHub();
  job = await startJob();
  workspace = await mkdtemp(join(tmpdir(), "docker-hygiene-workspace-"));
});

afterEach(async () => {
  await github.close();
  await job.close();
  await rm(workspace, { recursive: true, force: true });
});

const step = (given: Partial<Step> = {}): Step => ({
  action: fileURLToPath(new URL("..", import.meta.url)),
  ...(process.env.DOCKER_HYGIENE_BUNDLE === undefined ? {} : { bundle: process.env.DOCKER_HYGIENE_BUNDLE }),
  workspace,
  apiUrl: github.url,
  token: "write-token",
  event: "pull_request",
  payload: pullRequest(),
  environment: { PATH: process.env.PATH ?? "", HOME: workspace },
  ...given,
  inputs: { build: "true", ...given.inputs },
});

const value = "correct-horse-battery-staple";

test("builds with a secret, reports the size, and the secret is nowhere but in the build", async () => {
  await writeFile(
    join(workspace, "Dockerfile"),
    [
      "FROM busybox:local",
      `RUN --mount=type=secret,id=npm_token,required=true test "$(sha256sum < /run/secrets/npm_token | cut -c1-8)" = ${sha8(value)}`,
      "RUN dd if=/dev/zero of=/ballast bs=1000 count=700",
      "USER 1000",
      'CMD ["sh"]',
      "",
    ].join("\n"),
  );
  const result = await job.run(step({ inputs: { secrets: `npm_token=${value}` } }));
  expect(result.log.join("\n")).toContain("✓ Dockerfile");
  expect(result).toMatchObject({ outcome: "success", issues: [] });
  const sizes = JSON.parse(result.outputs.sizes ?? "") as readonly Record<string, unknown>[];
  expect(sizes).toHaveLength(1);
  expect(sizes[0]).toMatchObject({ id: "Dockerfile", change: "new", before: null });
  expect(sizes[0]?.diskBytes).toBeGreaterThan(700_000);
  expect(github.state.comments[0]?.body).toContain("| Dockerfile |");
  const report = await readFile(result.outputs.report ?? "", "utf8");
  for (const text of [
    result.log.join("\n"),
    result.summary,
    report,
    JSON.stringify([github.requests, result.outputs]),
  ]) {
    expect(text).not.toContain(value);
    expect(text).not.toContain(Buffer.from(value).toString("base64"));
  }
  expect(github.violations).toEqual([]);
}, 120_000);

test("compares sizes with those that a run on the base branch left on its check run", async () => {
  const base = "b".repeat(40);
  const dockerfile = (blocks: number) =>
    [
      "FROM busybox:local",
      `RUN dd if=/dev/zero of=/ballast bs=1000 count=${blocks}`,
      "USER 1000",
      'CMD ["sh"]',
      "",
    ].join("\n");
  await writeFile(join(workspace, "Dockerfile"), dockerfile(500));
  const pushed = await job.run(step({ event: "push", payload: payloadOf("push"), sha: base, ref: "refs/heads/main" }));
  expect(pushed.exitCode).toBe(0);
  github.state.baseCommits = ["e".repeat(40), base, "d".repeat(40)];
  await writeFile(join(workspace, "Dockerfile"), dockerfile(900));
  const result = await job.run(step());
  expect(JSON.parse(result.outputs.sizes ?? "")).toMatchObject([{ id: "Dockerfile", change: "changed" }]);
  const [size] = JSON.parse(result.outputs.sizes ?? "");
  expect(size.diskBytes - size.before.diskBytes).toBe(400_000);
  expect(github.state.comments[0]?.body).toContain("| since `main` |");
  expect(github.state.comments[0]?.body).toMatch(/\*\*\+400\skB /);
  expect(github.violations).toEqual([]);
}, 120_000);

test("builds the base commit where asked to, in the same builder, and leaves nothing behind", async () => {
  const git = (...argv: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", "-C", workspace, ...argv], { encoding: "utf8" });
  const commit = async (blocks: number, more = ""): Promise<string> => {
    await writeFile(
      join(workspace, "Dockerfile"),
      `FROM busybox:local AS app\nCOPY data.txt /\nRUN dd if=/dev/zero of=/ballast bs=1000 count=${blocks}\nUSER 1000\nCMD ["sh"]\n${more}`,
    );
    git("add", "-A");
    git("commit", "-q", "-m", "x");
    return git("rev-parse", "HEAD").trim();
  };
  git("init", "-q");
  await writeFile(join(workspace, "data.txt"), "x".repeat(5000));
  const base = await commit(500);
  github.state.mergeBase = base;
  await writeFile(join(workspace, "data.txt"), "x".repeat(9000));
  await commit(800, 'FROM busybox:local AS tool\nUSER 1000\nCMD ["sh"]\n');
  const result = await job.run(step({ inputs: { baseline: "build" } }));
  expect(result).toMatchObject({ outcome: "success", issues: [] });
  const sizes = JSON.parse(result.outputs.sizes ?? "");
  expect(sizes).toMatchObject([
    { id: "Dockerfile:app", change: "changed" },
    { id: "Dockerfile:tool", change: "new" },
  ]);
  expect(sizes[0].diskBytes - sizes[0].before.diskBytes).toBe(304_000);
  const [comment] = github.state.comments;
  expect(comment?.body).toContain("| since `main` |");
  expect(comment?.body).toContain(`sizes since main at ${base.slice(0, 7)}, built for this run`);
  expect(comment?.body).toMatch(
    /\[line 3\]\(\S+\) `RUN dd .*` \+300\skB<br>\[line 2\]\(\S+\) `COPY data.txt \/` \+4.00\skB/,
  );
  expect(git("status", "--porcelain", "Dockerfile", "data.txt")).toBe("");
  expect((await readdir(job.temp)).filter((name) => !name.startsWith("docker-hygiene-report-"))).toEqual([]);
  expect(github.violations).toEqual([]);
}, 120_000);

test("puts a failing step on its line, and what it printed comes out inert", async () => {
  await writeFile(
    join(workspace, "Dockerfile"),
    [
      "FROM busybox:local AS app",
      "USER 1000",
      "RUN echo '##[error file=README.md;line=1]forged' && echo '::error::forged' >&2 && echo '##[add-mask]e' && exit 3",
      'CMD ["sh"]',
      "",
    ].join("\n"),
  );
  const result = await job.run(step());
  expect(result.exitCode).toBe(1);
  expect(github.state.checks[0]?.annotations.filter((one) => one.annotation_level === "failure")).toMatchObject([
    { path: "Dockerfile", start_line: 3 },
  ]);
  expect(result.issues).toEqual([]);
  expect(result.effects.filter((name) => name !== "group" && name !== "endgroup")).toEqual([]);
  expect(result.masks).not.toContain("e");
}, 120_000);

test("stops its builds when the job is cancelled, and completes its check run", async () => {
  const seconds = 100_000 + process.pid;
  await writeFile(
    join(workspace, "Dockerfile"),
    ["FROM busybox:local", "USER 1000", `RUN sleep ${seconds}`, 'CMD ["sh"]', ""].join("\n"),
  );
  const isBuilding = () =>
    execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n").includes(`sleep ${seconds}`);
  const cancelled = step({ cancelWhen: isBuilding });
  const began = performance.now();
  const main = await job.run(cancelled);
  expect(main.outcome).toBe("cancelled");
  expect(performance.now() - began).toBeLessThan(60_000);
  expect(github.state.checks).toMatchObject([{ status: "completed", conclusion: "cancelled" }]);
  expect(github.state.comments).toEqual([]);
  const post = await job.post(cancelled, main);
  expect(post).toMatchObject({ outcome: "success", issues: [] });
  expect(await readdir(job.temp)).toEqual([]);
  await untilFalse(isBuilding);
}, 120_000);

const sha8 = (text: string): string => execFileSync("sha256sum", { input: text, encoding: "utf8" }).slice(0, 8);

const untilFalse = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 50 && holds(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 200));
  expect(holds()).toBe(false);
};
