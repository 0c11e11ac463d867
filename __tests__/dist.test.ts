import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, symlinkSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { parse } from "yaml";
import { type FakeGitHub, startFakeGitHub } from "./github/fake-github.ts";
import { payloadOf, payloads, pullRequest } from "./github/payloads.ts";
import { type Job, type Step, type StepResult, startJob } from "./github/step-runner.ts";

jest.setTimeout(60_000);
const root = fileURLToPath(new URL("..", import.meta.url));
const head = "a".repeat(40);
const metadata = parse(readFileSync(join(root, "action.yml"), "utf8")) as { readonly outputs: object };
let github: FakeGitHub;
let job: Job;
let workspace: string;

beforeEach(async () => {
  github = await startFakeGitHub({
    tokens: {
      "write-token": { checks: "write", contents: "read", pull_requests: "write" },
      "read-token": { checks: "read", contents: "read", pull_requests: "read" },
    },
  });
  job = await startJob();
  workspace = await mkdtemp(join(tmpdir(), "docker-hygiene-workspace-"));
});

afterEach(async () => {
  await github.close();
  await job.close();
  await rm(workspace, { recursive: true, force: true });
});

const step = (given: Partial<Step> = {}): Step => ({
  action: root,
  ...(process.env.DOCKER_HYGIENE_BUNDLE === undefined ? {} : { bundle: process.env.DOCKER_HYGIENE_BUNDLE }),
  workspace,
  apiUrl: github.url,
  token: "write-token",
  event: "pull_request",
  payload: pullRequest(),
  environment: { PATH: process.env.PATH ?? "", HOME: workspace },
  ...given,
  inputs: { build: "false", "failure-threshold": "warning", ...given.inputs },
});

const put = async (files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(workspace, path)), { recursive: true });
    await writeFile(join(workspace, path), text);
  }
};

const bad = 'FROM debian:latest\nRUN apt-get upgrade -y\nCMD ["sh"]\n';
const everything = async (result: StepResult): Promise<string> => {
  const { report = "", sarif = "", html = "" } = result.outputs;
  const files = await Promise.all([report, sarif, html].map((file) => readFile(file, "utf8")));
  const said = [result.log.join("\n"), result.summary ?? "", JSON.stringify(result.outputs)];
  return [...said, JSON.stringify(github.requests), ...files].join("\n");
};

describe("the action", () => {
  test("puts its findings on a check run of the pull request's own head, and fails the job", async () => {
    await put({ Dockerfile: bad });
    const result = await job.run(step());
    expect(result).toMatchObject({ outcome: "failure", exitCode: 1 });
    const [check] = github.state.checks;
    expect(check).toMatchObject({ name: "docker-hygiene", headSha: head, status: "completed", conclusion: "failure" });
    expect(check?.annotations.map(({ path, start_line: line }) => `${path}:${line}`)).toEqual(
      expect.arrayContaining(["Dockerfile:1", "Dockerfile:2"]),
    );
    expect(result.issues).toEqual([]);
    expect(result.outputs).toMatchObject({
      verdict: "fail",
      "check-url": "https://github.com/acme/shop/runs/1000",
      "comment-url": "https://github.com/acme/shop/pull/7#issuecomment-2000",
    });
    const report = JSON.parse(await readFile(result.outputs.report ?? "", "utf8"));
    expect(report).toMatchObject({ schemaVersion: 1, files: [{ path: "Dockerfile" }] });
    expect(report.findings).toHaveLength(
      Number(result.outputs.errors) + Number(result.outputs.warnings) + Number(result.outputs.notes),
    );
    expect(JSON.parse(await readFile(result.outputs.sarif ?? "", "utf8"))).toMatchObject({ version: "2.1.0" });
    expect(await readFile(result.outputs.html ?? "", "utf8")).toMatch(/^<!doctype html>/);
    expect(Object.keys(result.outputs).sort()).toEqual(Object.keys(metadata.outputs).sort());
    expect(result.summary).toContain("## docker-hygiene: ");
    expect(github.violations).toEqual([]);
  });

  test("finds nothing wrong with a good Dockerfile and does not comment", async () => {
    await put({ Dockerfile: good });
    const result = await job.run(step());
    expect(result).toMatchObject({ outcome: "success", exitCode: 0 });
    expect(github.state.checks).toMatchObject([{ conclusion: "success" }]);
    expect(github.state.comments).toEqual([]);
    expect(result.outputs).toMatchObject({ verdict: "pass", errors: "0", "comment-url": "" });
  });

  test("edits its comment when it runs again", async () => {
    await put({ Dockerfile: bad });
    await job.run(step());
    await put({ Dockerfile: good });
    const result = await job.run(step());
    expect(github.state.comments).toHaveLength(1);
    expect(result.outputs["comment-url"]).toBe("https://github.com/acme/shop/pull/7#issuecomment-2000");
    expect(github.state.comments[0]?.body).not.toContain("apt-get upgrade");
  });

  test("gives each leg of a matrix its own check run and comment", async () => {
    await put({ Dockerfile: bad });
    await job.run(step({ matrix: { os: "linux", node: 20 } }));
    await job.run(step({ matrix: { os: "linux", node: 22 } }));
    expect(github.state.checks.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "docker-hygiene (linux, 20) completed",
      "docker-hygiene (linux, 22) completed",
    ]);
    expect(new Set(github.state.checks.map(({ externalId }) => externalId)).size).toBe(2);
    expect(github.state.comments).toHaveLength(2);
  });

  test("offers safe fixes of changed lines once", async () => {
    const text = 'FROM debian:12.5-slim\nRUN apt-get update && apt-get install curl\nUSER 1000\nCMD ["sh"]\n';
    await put({ Dockerfile: text });
    github.state.changedFiles = [
      {
        filename: "Dockerfile",
        patch: `@@ -1,3 +1,4 @@\n FROM debian:12.5-slim\n+${text.split("\n")[1]}\n USER 1000\n CMD ["sh"]`,
      },
    ];
    await job.run(step({ inputs: { suggestions: "true" } }));
    await job.run(step({ inputs: { suggestions: "true" } }));
    expect(github.state.reviews).toHaveLength(1);
    const comments = github.state.reviews[0]?.body.comments as readonly {
      readonly line: number;
      readonly body: string;
    }[];
    expect(comments.map(({ line }) => line)).toEqual([2]);
    expect(comments[0]?.body).toMatch(/\n```suggestion\nRUN apt-get update && apt-get install .*\n```$/);
    expect(github.violations).toEqual([]);
  });

  test("shows its findings as workflow commands when a fork's token is read-only", async () => {
    await put({ Dockerfile: bad });
    const result = await job.run(step({ token: "read-token", payload: pullRequest("mallory/shop") }));
    expect(result).toMatchObject({ outcome: "failure", exitCode: 1 });
    expect(github.state.checks).toEqual([]);
    expect(github.state.comments).toEqual([]);
    expect(result.issues.map(({ properties }) => `${properties.file}:${properties.line}`)).toEqual(
      expect.arrayContaining(["Dockerfile:1", "Dockerfile:2"]),
    );
    expect(result.log).toContain(
      "The check run is left out: GitHub gives pull requests from forks a read-only token. The job summary and the log hold everything.",
    );
    expect(result.issues.filter(({ properties }) => properties.title === "docker-hygiene")).toEqual([]);
    expect(result.summary).toContain("## docker-hygiene: ");
  });

  test("says once which permissions are missing, and judges all the same", async () => {
    await put({ Dockerfile: bad });
    const result = await job.run(step({ token: "read-token" }));
    expect(result.exitCode).toBe(1);
    const warnings = result.issues.filter(({ properties }) => properties.title === "docker-hygiene");
    expect(warnings).toEqual([
      {
        type: "warning",
        message: [
          "The check run could not be delivered: the token lacks a permission (403). Add `checks: write` to `permissions:` of the job.",
          "The comment could not be delivered: the token lacks a permission (403). Add `pull-requests: write` to `permissions:` of the job.",
        ].join("\n"),
        properties: { title: "docker-hygiene" },
      },
    ]);
  });

  test("keeps verdict, summary and files when GitHub is down", async () => {
    await put({ Dockerfile: good });
    await github.close();
    const result = await job.run(step());
    expect(result).toMatchObject({ outcome: "success", exitCode: 0 });
    expect(result.outputs).toMatchObject({ verdict: "pass", "check-url": "", "comment-url": "" });
    expect(result.summary).toContain("## docker-hygiene: ");
    expect(result.issues.map(({ type }) => type)).toEqual(["warning"]);
  }, 60_000);

  test.each([
    [401, "GitHub does not know the token (401). Check the input `github-token`."],
    [404, "GitHub does not find it (404): the token may lack `checks: write`, or this server has no such feature."],
    [409, "GitHub refused it (409: fault)."],
    [422, "GitHub refused it (422: fault)."],
  ])("falls back to workflow commands when GitHub answers %s, and says why once", async (status, why) => {
    await put({ Dockerfile: bad });
    github.fail("checks/create", { status });
    const result = await job.run(step());
    expect(result).toMatchObject({ exitCode: 1, outputs: { verdict: "fail", "check-url": "" } });
    expect(result.issues.map(({ properties }) => properties.file ?? properties.title)).toEqual([
      "Dockerfile",
      "Dockerfile",
      "docker-hygiene",
    ]);
    expect(result.issues.at(-1)?.message).toBe(`The check run could not be delivered: ${why}`);
    expect(github.state.comments).toHaveLength(1);
  });

  test("stays within every limit with a thousand findings", async () => {
    const runs = Array.from({ length: 1200 }, (_, index) => `RUN apt-get upgrade -y && echo ${index}`);
    await put({ Dockerfile: ["FROM debian:12.5-slim", ...runs, "USER 1000", 'CMD ["sh"]', ""].join("\n") });
    const result = await job.run(step());
    expect(result.exitCode).toBe(1);
    expect(Number(result.outputs.warnings)).toBeGreaterThanOrEqual(1200);
    expect(github.state.checks[0]).toMatchObject({ status: "completed", conclusion: "failure" });
    expect(github.state.checks[0]?.annotations.length).toBe(Number(result.outputs.warnings));
    expect(Buffer.byteLength(result.summary ?? "")).toBeGreaterThan(200_000);
    expect(Buffer.byteLength(github.state.comments[0]?.body ?? "")).toBeLessThanOrEqual(65_000);
    expect(result.issues).toEqual([]);
    expect(github.violations).toEqual([]);
    const fork = await job.run(step({ token: "read-token", payload: pullRequest("mallory/shop") }));
    expect(fork.issues).toHaveLength(10);
    expect(fork.log).toContainEqual(expect.stringMatching(/^\d+ more are not shown on their lines: /));
  });

  test("refuses pull_request_target with the reason", async () => {
    await put({ Dockerfile: bad });
    const result = await job.run(step({ event: "pull_request_target" }));
    expect(result.exitCode).toBe(2);
    expect(result.issues).toEqual([
      {
        type: "error",
        message:
          "pull_request_target: building a Dockerfile runs the pull request's code, and this event would hand it a write token and the secrets. Use `on: pull_request`.",
        properties: { title: "docker-hygiene" },
      },
    ]);
    expect(github.requests).toEqual([]);
  });

  test("names the input that it does not understand", async () => {
    const result = await job.run(step({ inputs: { comment: "sometimes" } }));
    expect(result.exitCode).toBe(2);
    expect(result.issues.map(({ message }) => message)).toEqual([
      "comment: `sometimes` is not one of always, changes, failure, never (input `comment` of the workflow).",
    ]);
  });

  test.each(["push", "merge_group", "schedule", "workflow_dispatch"] as const)(
    "runs on %s without a comment",
    async (event) => {
      await put({ Dockerfile: bad });
      const result = await job.run(step({ event, payload: payloadOf(event), sha: head }));
      expect(result.exitCode).toBe(1);
      expect(github.state.checks).toMatchObject([{ headSha: head, status: "completed" }]);
      expect(github.state.comments).toEqual([]);
      expect(result.issues).toEqual([]);
    },
  );
});

describe("what was there before", () => {
  const old = 'FROM debian:12.5-slim\nRUN apt-get upgrade -y\nUSER 1000\nCMD ["sh"]\n';
  const changed = `# moved\n${old.replace("USER 1000", "RUN apt-get dist-upgrade -y\nUSER 1000")}`;
  const git = (...argv: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", "-C", workspace, ...argv], { encoding: "utf8" });
  const commit = async (files: Readonly<Record<string, string>>): Promise<string> => {
    await put(files);
    git("add", "-A");
    git("commit", "-q", "-m", "x");
    return git("rev-parse", "HEAD").trim();
  };
  const isNew = async (result: StepResult): Promise<readonly string[]> => {
    const { findings } = JSON.parse(await readFile(result.outputs.report ?? "", "utf8")) as {
      readonly findings: readonly { readonly rule: string; readonly line: number; readonly isNew?: boolean }[];
    };
    return findings.filter(({ rule }) => rule === "system-upgrade").map(({ line, isNew: is }) => `${line} ${is}`);
  };

  test("does not count with only-new, wherever its lines went, and what is new does", async () => {
    git("init", "-q");
    github.state.mergeBase = await commit({ Dockerfile: old });
    await commit({ Dockerfile: `# moved\n${old}` });
    const passed = await job.run(step({ inputs: { "only-new": "true" } }));
    expect(passed).toMatchObject({ exitCode: 0, issues: [] });
    expect(await isNew(passed)).toEqual(["3 false"]);
    expect(passed.summary).toContain("already there");
    await commit({ Dockerfile: changed });
    const failed = await job.run(step({ inputs: { "only-new": "true" } }));
    expect(failed.exitCode).toBe(1);
    expect(await isNew(failed)).toEqual(["3 false", "4 true"]);
    expect(github.state.comments[0]?.body).toContain("### docker-hygiene: 1 warning\n");
    expect(github.state.comments[0]?.body).toMatch(/<summary>\d+ findings? already there<\/summary>/);
    expect(git("status", "--porcelain")).toBe("");
    expect(readdirSync(job.temp).filter((name) => name.startsWith("docker-hygiene-run-"))).toEqual([]);
    expect(github.violations).toEqual([]);
  });

  test("is judged by the configuration of today, and by the files of its own time", async () => {
    git("init", "-q");
    const copy = 'FROM debian:12.5-slim\nCOPY a.txt /\nUSER 1000\nCMD ["sh"]\n';
    github.state.mergeBase = await commit({
      Dockerfile: copy,
      "a.txt": "a",
      ".docker-hygiene.yml": "profile: recommended\n",
    });
    git("rm", "-q", "a.txt");
    await commit({ ".docker-hygiene.yml": "profile: all\n" });
    const result = await job.run(step({ inputs: { "only-new": "true", "failure-threshold": "note" } }));
    const { findings } = JSON.parse(await readFile(result.outputs.report ?? "", "utf8"));
    const fresh = findings.filter((finding: { isNew: boolean }) => finding.isNew);
    expect(findings.length).toBeGreaterThan(fresh.length);
    expect(fresh.map(({ rule }: { rule: string }) => rule)).toEqual(["missing-copy-source"]);
  });

  test("is fetched where the clone is shallow, and the clone stays as it was", async () => {
    git("init", "-q", "-b", "main");
    github.state.mergeBase = await commit({ Dockerfile: old });
    await commit({ Dockerfile: changed });
    const origin = workspace;
    workspace = await mkdtemp(join(tmpdir(), "docker-hygiene-shallow-"));
    execFileSync("git", ["clone", "-q", "--depth=1", `file://${origin}`, workspace]);
    const result = await job.run(step({ inputs: { "only-new": "true" } }));
    expect(await isNew(result)).toEqual(["3 false", "4 true"]);
    expect(git("rev-list", "--all", "--count").trim()).toBe("1");
    await rm(origin, { recursive: true });
    const lost = await job.run(step({ inputs: { "only-new": "true" } }));
    expect(lost.exitCode).toBe(1);
    expect(lost.summary).toContain("Old findings could not be told from new ones, so all count: ");
  });

  test("is set apart by the lines of the diff without only-new, and counts", async () => {
    await put({ Dockerfile: changed });
    github.state.changedFiles = [
      { filename: "Dockerfile", patch: "@@ -2,1 +2,2 @@\n RUN apt-get upgrade -y\n+RUN apt-get dist-upgrade -y" },
    ];
    const result = await job.run(step());
    expect(result.exitCode).toBe(1);
    expect(await isNew(result)).toEqual(["3 false", "4 true"]);
    expect(github.state.comments[0]?.body).toContain("### docker-hygiene: 2 warnings\n");
    expect(github.state.comments[0]?.body).toContain("<summary>1 warning</summary>");
  });
});

describe("a report from a fork", () => {
  const watched = (event = "pull_request") => {
    const payload = structuredClone(payloads.workflow_run$completed) as { workflow_run: { event: string } };
    payload.workflow_run.event = event;
    return payload;
  };
  const commenting = (file: string, given: Partial<Step> = {}): Step =>
    step({ event: "workflow_run", payload: watched(), ...given, inputs: { "report-from": file, ...given.inputs } });
  const pull = { number: 7, sha: head, from: "mallory/shop", branch: "topic" };

  test("is commented by a workflow that follows, once, and no code is looked at", async () => {
    await put({ Dockerfile: bad });
    const fork = await job.run(step({ token: "read-token", payload: pullRequest("mallory/shop") }));
    await rm(join(workspace, "Dockerfile"));
    github.state.pulls = [{ ...pull, number: 6, sha: "b".repeat(40) }, pull];
    const file = fork.outputs.report ?? "";
    const result = await job.run(commenting(file));
    expect(result).toMatchObject({ exitCode: 0, issues: [] });
    expect(result.outputs).toEqual({
      "comment-url": "https://github.com/acme/shop/pull/7#issuecomment-2000",
    });
    await job.run(commenting(file));
    expect(github.state.comments).toHaveLength(1);
    expect(github.state.comments[0]).toMatchObject({ issue: 7 });
    expect(github.state.comments[0]?.body).toContain("### docker-hygiene: ");
    expect(github.state.comments[0]?.body).toMatch(
      /<sub>as \[the pull request's own run\]\(https:\/\/github\.com\/acme\/shop\/actions\/runs\/4711\) reported it<\/sub>\n$/,
    );
    expect(github.state.checks).toEqual([]);
    expect(github.violations).toEqual([]);
  });

  test("is refused when it is about another commit, no file of ours, or the event is another", async () => {
    const report = { schemaVersion: 1, version: "1.0.0", verdict: { status: "pass", reasons: [] } };
    const lists = { files: [], findings: [], notes: [], timings: [] };
    const about = (repository: string, sha: string) =>
      JSON.stringify({ ...report, commit: { repository, sha }, ...lists });
    await put({
      "good.json": about("acme/shop", head),
      "commit.json": about("acme/shop", "b".repeat(40)),
      "repository.json": about("mallory/shop", head),
      "more.json": `{"more":1,${about("acme/shop", head).slice(1)}`,
    });
    symlinkSync("good.json", join(workspace, "link.json"));
    const said = async (file: string, event?: string): Promise<readonly string[]> => {
      const result = await job.run(commenting(join(workspace, file), { payload: watched(event) }));
      expect(result.exitCode).toBe(result.issues.length === 0 ? 0 : 2);
      return result.issues.map(({ message }) => message);
    };
    const other = ["report-from: the report is about another commit than the run that made it."];
    expect(await said("commit.json")).toEqual(other);
    expect(await said("repository.json")).toEqual(other);
    expect(await said("more.json")).toEqual([
      "report-from: the report has a property that this version does not know.",
    ]);
    expect(await said("link.json")).toEqual(["report-from: the file is no regular file."]);
    expect(await said("none.json")).toEqual(["report-from: the file is not there."]);
    expect(await said("good.json", "push")).toEqual([expect.stringContaining("it is for a workflow")]);
    expect(github.requests).toEqual([]);
    github.state.pulls = [
      { ...pull, sha: "b".repeat(40) },
      { ...pull, from: "mallory/other" },
    ];
    expect(await said("good.json")).toEqual([]);
    expect(github.state.comments).toEqual([]);
  });
});

describe("a job that ends early", () => {
  test("leaves no check run in progress and no folder behind", async () => {
    await put({ Dockerfile: good, "bin/docker": "#!/bin/sh\nexec sleep 60\n" });
    await chmod(join(workspace, "bin/docker"), 0o755);
    const killed = step({
      inputs: { build: "auto" },
      environment: { PATH: `${workspace}/bin:${process.env.PATH}`, HOME: workspace },
      killWhen: () => readdirSync(job.temp).length > 0,
    });
    const main = await job.run(killed);
    expect(main.exitCode).toBe(null);
    expect(await readdir(job.temp)).toHaveLength(1);
    expect(github.state.checks).toMatchObject([{ status: "in_progress" }]);
    const post = await job.post(killed, main);
    expect(post).toMatchObject({ outcome: "success", issues: [], summary: undefined });
    expect(github.state.checks).toMatchObject([{ status: "completed", conclusion: "cancelled" }]);
    expect(await readdir(job.temp)).toEqual([]);
    expect(github.violations).toEqual([]);
  });

  test("has nothing left to do after a run that ended by itself", async () => {
    await put({ Dockerfile: good });
    const main = await job.run(step());
    const before = github.requests.length;
    const post = await job.post(step(), main);
    expect(post).toMatchObject({ outcome: "success", log: [] });
    expect(github.requests).toHaveLength(before);
  });
});

describe("hostile text in a Dockerfile", () => {
  const hostile = [
    "FROM debian:latest",
    "# ::add-mask::debian",
    "ARG API_TOKEN=x ::warning::forged",
    "RUN apt-get upgrade -y # ##[error file=README.md;line=1]forged ##[add-matcher]x ::set-output name=report::x",
    'CMD ["sh"]',
    "",
  ].join("\n");

  test.each(["write-token", "read-token"])("forges no workflow command, with a %s", async (token) => {
    await put({ Dockerfile: hostile, "::error::forged.Dockerfile": hostile, "##[error]forged.Dockerfile": hostile });
    const result = await job.run(step({ token }));
    expect(result.exitCode).toBe(1);
    expect(result.issues.filter(({ message }) => message.startsWith("forged"))).toEqual([]);
    expect(result.issues.filter(({ properties }) => properties.file === "README.md")).toEqual([]);
    expect(result.effects.filter((name) => name !== "group" && name !== "endgroup")).toEqual([]);
    expect(result.masks).not.toContain("debian");
    expect(result.outputs.report).toMatch(/report\.json$/);
  });
});

describe("secrets", () => {
  const value = "correct-horse-battery-staple";

  test("appear in no log, summary, request, output or file, in no form", async () => {
    const encoded = Buffer.from(value).toString("base64");
    await put({ Dockerfile: `FROM debian:latest\nARG NPM_TOKEN=${value}\nENV OTHER_TOKEN=${encoded}\nCMD ["sh"]\n` });
    const result = await job.run(
      step({ inputs: { secrets: `npm_token=${value}`, annotate: "note", comment: "always" } }),
    );
    expect(result.exitCode).toBe(1);
    const text = await everything(result);
    expect(text).not.toContain(value);
    expect(text).not.toContain(encoded);
    expect(result.masks).toContain(value);
    expect(result.masks).toContain(encoded.slice(0, Math.floor((value.length * 8) / 6)));
  });

  test("stay hidden where markdown escapes their characters", async () => {
    const sharp = "pa_ss*wo|rd<va>lue";
    await put({
      Dockerfile: `FROM debian:latest\nARG NPM_TOKEN=${sharp}\nENV "OTHER_TOKEN=${sharp}"\nRUN sudo ${sharp}\n`,
    });
    const result = await job.run(
      step({ inputs: { secrets: `npm_token=${sharp}`, annotate: "note", comment: "always" } }),
    );
    const text = (await everything(result)).replace(/&#(\d+);/g, (_entity, code) => String.fromCharCode(Number(code)));
    expect(text).toContain("***");
    expect(text).not.toContain(sharp);
  });

  test("are masked before anything else is written", async () => {
    await put({ Dockerfile: good });
    const result = await job.run(step({ inputs: { secrets: `npm_token=${value}` } }));
    const lines = result.raw.split("\n");
    const masked = lines.indexOf(`::add-mask::${value}`);
    expect(masked).toBeGreaterThanOrEqual(0);
    expect(lines.slice(0, masked).filter((line) => !line.startsWith("::add-mask::"))).toEqual([]);
  });

  test("are in no message about a mistake", async () => {
    const result = await job.run(step({ inputs: { secrets: `${value}\nnpm token=${value}` } }));
    expect(result.exitCode).toBe(2);
    expect(result.raw).not.toContain(value);
  });
});

const good = [
  "FROM debian:12.5-slim AS app",
  'LABEL org.opencontainers.image.source="https://example.org/app"',
  "USER 1000",
  'CMD ["sh"]',
  "",
].join("\n");
