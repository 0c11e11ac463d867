/**
 * What a pull request shows of the examples, by a run of the action against the tests' own GitHub: a first run, growth
 * over a budget, a shrink, a target that fails, all
 * of it at once, and a fork. Writes comment, summary and check run of each.
 *
 *   node script/scenes.ts FOLDER [SCENE]
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startFakeGitHub } from "../__tests__/github/fake-github.ts";
import { pullRequest } from "../__tests__/github/payloads.ts";
import { startJob } from "../__tests__/github/step-runner.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Scene {
  readonly before?: readonly Edit[];
  readonly edits: readonly Edit[];
  readonly inputs?: Readonly<Record<string, string>>;
  readonly isFork?: boolean;
}

type Edit = readonly [path: string, from: string, to: string];

const checkup = "examples/checkup/Dockerfile";
const ballast = "dd if=/dev/zero of=/debug/swap bs=1M count=4";
const more = "dd if=/dev/urandom of=/debug/swap bs=1M count=9";

const scenes: Readonly<Record<string, Scene>> = {
  "first-run": { edits: [], inputs: { baseline: "auto" } },
  growth: { edits: [[checkup, ballast, more]] },
  shrink: { before: [[checkup, ballast, more]], edits: [[checkup, more, ballast]] },
  failed: { edits: [[checkup, ballast, `apk add -U curl && ${ballast}`]] },
  mixed: {
    before: [
      [
        "examples/service/Dockerfile",
        "WORKDIR /srv",
        "RUN dd if=/dev/urandom of=/srv.tar bs=1000 count=1250\nWORKDIR /srv",
      ],
    ],
    edits: [
      [checkup, ballast, more],
      ["examples/service/Dockerfile", "RUN dd if=/dev/urandom of=/srv.tar bs=1000 count=1250\n", ""],
    ],
    inputs: { paths: "examples/checkup\nexamples/service\nexamples/private-deps" },
  },
  fork: { edits: [[checkup, ballast, more]], isFork: true },
};

const play = async (name: string, scene: Scene, folder: string): Promise<void> => {
  const workspace = mkdtempSync(join(tmpdir(), "docker-hygiene-scene-"));
  const github = await startFakeGitHub({
    tokens: {
      "scene-token-that-writes": { checks: "write", contents: "read", pull_requests: "write" },
      "scene-token-that-reads": { checks: "read", contents: "read", pull_requests: "read" },
    },
  });
  const job = await startJob();
  const git = (...argv: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", "-C", workspace, ...argv], {
      encoding: "utf8",
    });
  const commit = (edits: readonly Edit[]): string => {
    for (const [path, from, to] of edits) edit(join(workspace, path), from, to);
    git("add", "-A");
    git("commit", "-q", "--allow-empty", "-m", name);
    return git("rev-parse", "HEAD").trim();
  };
  try {
    cpSync(join(root, "examples"), join(workspace, "examples"), { recursive: true });
    git("init", "-q", "-b", "main");
    github.state.mergeBase = commit(scene.before ?? []);
    commit(scene.edits);
    const result = await job.run({
      action: root,
      bundle: process.env.DOCKER_HYGIENE_BUNDLE ?? join(root, "dist/index.js"),
      workspace,
      inputs: {
        paths: "examples/checkup\nexamples/service",
        baseline: "build",
        comment: "always",
        "failure-threshold": "none",
        ...scene.inputs,
      },
      apiUrl: github.url,
      token: scene.isFork ? "scene-token-that-reads" : "scene-token-that-writes",
      event: "pull_request",
      payload: pullRequest(scene.isFork ? "mallory/shop" : "acme/shop"),
      environment: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "" },
    });
    const check = github.state.checks[0];
    const write = (what: string, text: string | null | undefined): void => {
      if (text) writeFileSync(join(folder, `${name}-${what}`), text);
    };
    write("comment.md", github.state.comments[0]?.body);
    write("summary.md", result.summary);
    write("check.md", check && `# ${check.conclusion}: ${check.title}\n\n${check.summary}\n\n${check.text ?? ""}`);
    write("log.txt", result.log.join("\n"));
  } finally {
    await github.close();
    await job.close();
    rmSync(workspace, { recursive: true, force: true });
  }
};

const edit = (path: string, from: string, to: string): void => {
  const text = readFileSync(path, "utf8");
  if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
  writeFileSync(path, text.replace(from, to));
};

const folder = resolve(process.argv[2] ?? "scenes");
mkdirSync(folder, { recursive: true });
const only = process.argv[3];
for (const [name, scene] of Object.entries(scenes))
  if (only === undefined || only === name) await play(name, scene, folder);
