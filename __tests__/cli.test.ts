import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, describe, expect, test } from "@jest/globals";
import { commands, helpText } from "../src/cli-commands.ts";
import { shownExamples } from "../src/cli-examples.ts";
import { explainText } from "../src/cli-rules.ts";
import { noPaint } from "../src/report/paint.ts";
import { rules } from "../src/rules/registry.ts";

const main = resolve("src/main.ts");
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const folderOf = (files: Readonly<Record<string, string>>): string => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "cli-")));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
};

const environment = { PATH: process.env.PATH ?? "", HOME: tmpdir(), NODE_NO_WARNINGS: "1" };

const cli = (
  cwd: string,
  argv: readonly string[],
  extra: Readonly<Record<string, string>> = {},
): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [main, ...argv], { cwd, env: { ...environment, ...extra }, encoding: "utf8" });

const said = ({ status, stdout, stderr }: SpawnSyncReturns<string>) => ({ status, stdout, stderr });

const clean = `FROM debian:12.5-slim AS app
COPY --chown=65532 app /app
USER 65532
ENTRYPOINT ["/app"]
`;
const unclean = "FROM debian:12\nRUN curl https://x.org/a.sh | sh\nUSER root\nCMD ['app']\n";

const long = "x".repeat(300);

describe("the command line", () => {
  test("helps", () => {
    const general = said(cli(tmpdir(), ["help"]));
    expect(general).toEqual({
      status: 0,
      stderr: "",
      stdout: `Finds every Dockerfile, audits it, builds each target and measures the images.

Usage: docker-hygiene [command] [options] [files and folders]

Commands:
  run [files and folders]    audit, build every target and measure it (the default)
  audit [files and folders]  audit only
  build [files and folders]  as run, but an engine must be there
  fix [files and folders]    put right what has an automatic fix
  inspect IMAGE              measure an image of the engine, an OCI layout or an archive
  rules                      list the rules
  explain RULE               say what a rule is about; RULE is an id or an alias such as DL3008
  init [folder]              write a commented .docker-hygiene.yml
  help [command]             show this text, or that of a command
  version                    show the version

Most used options (all: docker-hygiene help run):
  -f, --format FORMAT            text, json, markdown, html, github or sarif
  -o, --output FILE              write the report to a file instead of the terminal
  -c, --config FILE              use this configuration and look for no other
      --profile PROFILE          recommended, strict or all
      --failure-threshold LEVEL  fail on findings of this level: error, warning, note or none
      --target STAGE             build this stage, or the target file:stage
      --secret id=ID,env=VAR     give a secret; or id=ID,src=FILE
      --no-build                 audit only

Exit code: 0 clean, 1 findings, failed builds or broken limits, 2 wrong usage or configuration, 3 no
Dockerfile, 70 a bug of ours.
`,
    });
    expect(said(cli(tmpdir(), ["--help"]))).toEqual(general);
    expect(cli(tmpdir(), ["init", "-h"]).stdout).toBe(`Write a commented .docker-hygiene.yml.

Usage: docker-hygiene init [folder]

A configuration that is there is never overwritten.
`);
    expect(cli(tmpdir(), ["help", "rules"]).stdout).toBe(`List the rules.

Usage: docker-hygiene rules [options]

Options:
  -f, --format FORMAT  text or json
  -o, --output FILE    write the list to a file instead of the terminal
      --color WHEN     auto, always or never
`);
  });

  test("knows its version", () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    for (const argv of [["version"], ["--version"], ["-V"]])
      expect(said(cli(tmpdir(), argv))).toEqual({ status: 0, stdout: `docker-hygiene ${version}\n`, stderr: "" });
  });

  test.each<[readonly string[], string, Readonly<Record<string, string>>?]>([
    [["--formt"], "--formt: there is no such option (on the command line). Did you mean `--format`?"],
    [["audit", "--target", "x"], "--target: `audit` does not take it, `run`, `build` would (on the command line)."],
    [
      ["audit", "--format", "xml"],
      "--format: `xml` is not one of text, json, markdown, html, github, sarif (on the command line).",
    ],
    [["run", "--dry-run", "-f", "json"], "--format: --dry-run gives text, and no `json` (on the command line)."],
    [["audit", "--color", "blue"], "--color: `blue` is not one of auto, always, never (on the command line)."],
    [["aduit"], "`aduit` is neither a command nor a file. Did you mean `docker-hygiene audit`?"],
    [["audit", "nowhere"], "`nowhere` cannot be looked into: it does not exist"],
    [["audit", long], `\`${long}\` cannot be looked into: its name is too long`],
    [["init", long], `init: there is no folder \`${long}\` to write a configuration into.`],
    [["inspect"], "inspect: name an image, an image layout or an archive (on the command line)."],
    [["inspect", "/", "-f", "sarif"], "--format: `sarif` is not one of text, json (on the command line)."],
    [["inspect", tmpdir()], `\`${tmpdir()}\` is no image layout: it has no \`index.json\`.`],
    [
      ["rules", "root-user"],
      "rules: it lists all rules and takes no `root-user` (on the command line). `docker-hygiene explain root-user` tells of one.",
    ],
    [["explain"], "explain: name one rule, as in `docker-hygiene explain root-user` (on the command line)."],
    [["explain", "rot-user"], "there is no rule `rot-user`. Did you mean `root-user`?"],
    [
      ["help", "aduit"],
      "help: `aduit` is not one of run, audit, build, fix, inspect, rules, explain, init, help, version (on the command line). Did you mean `audit`?",
    ],
    [
      ["help", "audit", "x"],
      "help: it takes no `x`; it is used as `docker-hygiene help [command]` (on the command line).",
    ],
    [["version", "x"], "version: it takes no `x`; it is used as `docker-hygiene version` (on the command line)."],
    [["init", "a", "b"], "init: it takes no `b`; it is used as `docker-hygiene init [folder]` (on the command line)."],
    [["init", "nowhere"], "init: there is no folder `nowhere` to write a configuration into."],
    [["inspect", "/dev/null"], "`/dev/null` is neither a folder nor a regular file."],
    [
      ["inspect", "app:1.2"],
      "The image `app:1.2` cannot be read: docker is not installed, or not on the PATH.",
      { PATH: "/nowhere" },
    ],
    [
      ["audit"],
      "`/nowhere` cannot hold temporary files: it does not exist. Give another folder in TMPDIR.",
      { TMPDIR: "/nowhere/" },
    ],
    [["audit", "--config", "no.yml"], "the configuration `no.yml` cannot be read: it does not exist"],
  ])("refuses %j in one message", (argv, message, extra = {}) => {
    expect(said(cli(folderOf({ Dockerfile: clean }), argv, extra))).toEqual({
      status: 2,
      stdout: "",
      stderr: `docker-hygiene: ${message}\n`,
    });
  });

  test("refuses a link to itself", () => {
    const cwd = folderOf({});
    symlinkSync("loop", join(cwd, "loop"));
    const stderr = "docker-hygiene: `loop` cannot be looked into: its symbolic links go in a circle\n";
    expect(said(cli(cwd, ["audit", "loop"]))).toEqual({ status: 2, stdout: "", stderr });
  });

  test("leaves nothing in the current directory where it has no folder for its cache", () => {
    const cwd = folderOf({});
    const env = { ...environment, HOME: "", XDG_CACHE_HOME: "cache" };
    const { status } = spawnSync(process.execPath, [resolve("src/start.ts"), "version"], { cwd, env });
    expect({ status, left: readdirSync(cwd) }).toEqual({ status: 0, left: [] });
  });

  // Only root may run something as somebody else.
  const rootTest = process.getuid?.() === 0 ? test : test.skip;
  rootTest("starts for a user whom the system does not know", () => {
    const { HOME: _home, ...env } = environment;
    const { status, stderr } = spawnSync(process.execPath, [resolve("src/start.ts"), "version"], {
      cwd: "/",
      env,
      uid: 54_321,
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("wraps its help to the width, below the option where the column would be too narrow", () => {
    const command = commands.find(({ name }) => name === "init");
    const inspect = commands.find(({ name }) => name === "inspect");
    expect(helpText(command, 30)).toBe(
      "Write a commented\n.docker-hygiene.yml.\n\nUsage: docker-hygiene init\n[folder]\n\nA configuration that is there\nis never overwritten.\n",
    );
    const options = helpText(inspect, 40).split("\n").slice(7, 10);
    expect(options).toEqual([
      "      --secret id=ID,env=VAR",
      "        search for the value of this",
      "        secret; or id=ID,src=FILE",
    ]);
    for (const each of commands)
      expect(
        Math.max(
          ...helpText(each, 80)
            .split("\n")
            .map((line) => line.length),
        ),
      ).toBeLessThanOrEqual(80);
  });

  test("refuses a wrong configuration with its place", () => {
    const cwd = folderOf({ "a/Dockerfile": clean, "a/.docker-hygiene.yml": "rules:\n  rot-user: off\n" });
    expect(said(cli(cwd, ["audit"]))).toEqual({
      status: 2,
      stdout: "",
      stderr: "docker-hygiene: a/.docker-hygiene.yml:2:3: there is no rule `rot-user`; did you mean `root-user`?\n",
    });
  });

  test("tells by its exit code what it found", () => {
    const cwd = folderOf({ "a/Dockerfile": clean, "b/Dockerfile": unclean, "c/Dockerfile.j2": "", "d/x": "" });
    const status = (...argv: string[]) => cli(cwd, ["audit", ...argv]).status;
    expect([status("a"), status("b"), status("b", "--failure-threshold", "none"), status("d")]).toEqual([0, 1, 0, 3]);
    expect(said(cli(cwd, ["audit", "c", "d"]))).toEqual({
      status: 3,
      stdout: "",
      stderr:
        "note: c/Dockerfile.j2 is left out, because it is a template; name it in `files` to have it read\ndocker-hygiene: there is no Dockerfile in c, d; a file of another name is taken when it is named\n",
    });
  });

  test("says once that no engine is there, and fails when one was asked for", () => {
    const cwd = folderOf({ Dockerfile: clean, app: "" });
    const nothing = { PATH: cwd };
    const report = (...argv: readonly string[]) => {
      const { stdout, stderr, status } = cli(cwd, argv, nothing);
      return { lines: stdout.split("\n").filter((line) => /built|verdict|pass|fail/.test(line)), stderr, status };
    };
    const reason = "docker is not installed, or not on the PATH";
    expect(report("run")).toEqual({
      lines: [`nothing was built: ${reason}`, "pass: 0 errors, 0 warnings, 1 note"],
      stderr: "",
      status: 0,
    });
    for (const argv of [["build"], ["run", "--builder", "mine"]])
      expect(report(...argv)).toEqual({
        lines: [
          `nothing was built: ${reason}`,
          `fail: nothing could be built: ${reason} · 0 errors, 0 warnings, 1 note`,
        ],
        stderr: "",
        status: 1,
      });
  });

  test("gives JSON for many files and folders, here and elsewhere", () => {
    const there = folderOf({ "x/Containerfile": unclean });
    const cwd = folderOf({ "a/Dockerfile": clean, "b/odd.txt": unclean });
    const { stdout, stderr, status } = cli(cwd, ["audit", "--format", "json", "a", "b/odd.txt", there]);
    const report = JSON.parse(stdout) as { files: { path: string }[]; findings: { rule: string; path: string }[] };
    expect({ status, stderr, files: report.files.map(({ path }) => path) }).toEqual({
      status: 1,
      stderr: "",
      files: [`${there}/x/Containerfile`, "a/Dockerfile", "b/odd.txt"],
    });
    expect(report.findings.filter(({ rule }) => rule === "root-user").map(({ path }) => path)).toEqual([
      `${there}/x/Containerfile`,
      "b/odd.txt",
    ]);
  });

  test("gives JSON and nothing else, whatever is on the PATH", () => {
    const cwd = folderOf({
      Dockerfile: clean,
      ".git/HEAD": "",
      'bin "x"/git': "#!/bin/sh\nprintf 'H Dockerfile\\0'\n",
    });
    chmodSync(join(cwd, 'bin "x"/git'), 0o755);
    const path = `${process.execPath}:${join(cwd, 'bin "x"')}:${environment.PATH}`;
    const { stdout, stderr } = cli(cwd, ["audit", "--format", "json"], { PATH: path });
    const { files, notes } = JSON.parse(stdout) as { files: readonly { readonly path: string }[]; notes: string[] };
    expect({ files: files.map((file) => file.path), notes, stderr }).toEqual({
      files: ["Dockerfile"],
      notes: [],
      stderr: "",
    });
  });

  test("writes the report to a file, in a folder it makes", () => {
    const cwd = folderOf({ Dockerfile: clean });
    expect(said(cli(cwd, ["audit", "-f", "json", "-o", "out/report.json"]))).toEqual({
      status: 0,
      stdout: "",
      stderr: "wrote out/report.json\n",
    });
    expect(JSON.parse(readFileSync(join(cwd, "out/report.json"), "utf8"))).toMatchObject({
      files: [{ path: "Dockerfile" }],
    });
  });

  test("writes what would be built to a file", () => {
    const cwd = folderOf({ Dockerfile: clean, app: "" });
    const plan = ["run", "--dry-run"];
    const { status, stdout, stderr } = cli(cwd, [...plan, "--output", "plan.txt"], { PATH: cwd });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "wrote plan.txt\n" });
    const text = readFileSync(join(cwd, "plan.txt"), "utf8");
    expect(text).toMatch(/^1 target in 1 Dockerfile, /);
    expect(text).toBe(cli(cwd, plan, { PATH: cwd }).stdout);
  });

  test("colours when it is asked to", () => {
    const cwd = folderOf({ Dockerfile: unclean });
    const plain = cli(cwd, ["audit"]).stdout;
    const coloured = cli(cwd, ["audit", "--color", "always"]).stdout;
    expect(coloured).not.toBe(plain);
    expect(stripVTControlCharacters(coloured)).toBe(plain);
    expect(cli(cwd, ["audit"], { FORCE_COLOR: "1" }).stdout).toBe(coloured);
    expect(cli(cwd, ["audit"], { FORCE_COLOR: "1", NO_COLOR: "1" }).stdout).toBe(plain);
    expect(cli(cwd, ["audit", "--quiet"]).stdout.split("\n")).toHaveLength(2);
  });

  test("shows the value of a secret in no format", () => {
    const value = "correct-horse-battery-staple";
    const folder = folderOf({ Dockerfile: `FROM debian:12.5-slim\nENV API_TOKEN=${value}\nUSER 1\nCMD ["x"]\n` });
    for (const format of ["text", "json", "markdown", "html", "github", "sarif"]) {
      const argv = ["run", "--no-build", "--verbose", "--format", format, "--secret", "id=token,env=TOKEN"];
      const { stdout, stderr } = cli(folder, argv, { TOKEN: value });
      expect(stdout).toContain("API_TOKEN".slice(4));
      expect(stdout + stderr).not.toContain(value);
    }
  });

  test("lists its rules", () => {
    const { stdout, status } = cli(tmpdir(), ["rules", "--format", "json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual(
      rules.map(({ id, summary, level, aliases, fixes }) => ({
        id,
        summary,
        severity: level.recommended === "off" ? (level.strict === "off" ? "note" : level.strict) : level.recommended,
        aliases,
        fixable: fixes !== "none",
      })),
    );
    const text = cli(tmpdir(), ["rules"]).stdout.split("\n");
    expect(text[0]).toMatch(/^rule +recommended +strict +fix +what it asks for$/);
    expect(text.at(-2)).toBe(`${rules.length} rules; more on one: docker-hygiene explain RULE`);
  });

  test("shows examples with carets and the fix as a diff", () => {
    const examples = [
      { bad: "FROM a\nRUN \\\n\t⟦x\\\n  y⟧ && ⟦⟧z\n", title: "Two places", files: { "x.sh": "" } },
      { bad: "FROM a\nENV ⟦A b⟧\nRUN c\nENV ⟦D e⟧", fixed: "FROM a\nENV A=b\nRUN c\nENV D=e" },
      { good: `ENV A=${"b".repeat(40)}` },
      { bad: `RUN ⟦${"b".repeat(40)}⟧` },
      { bad: "more" },
    ];
    const { shown, left } = shownExamples(examples, { paint: noPaint, width: 30 });
    expect(left).toBe(1);
    expect(shown.flatMap(({ title, lines }) => [title, ...lines])).toEqual([
      "Bad: Two places",
      "# beside it: x.sh",
      "FROM a",
      "RUN \\",
      "    x\\",
      "    ^^",
      "  y && z",
      "  ^    ^",
      "Bad",
      "  FROM a",
      "- ENV A b",
      "      ^^^",
      "+ ENV A=b",
      "  RUN c",
      "- ENV D e",
      "      ^^^",
      "+ ENV D=e",
      "Bad",
      `RUN ${"b".repeat(40)}`,
      "Good",
      `ENV A=${"b".repeat(40)}`,
    ]);
  });

  test("explains a rule by its alias", () => {
    const byAlias = cli(tmpdir(), ["explain", "dl3002"]);
    expect(said(byAlias)).toEqual(said(cli(tmpdir(), ["explain", "root-user"])));
    const lines = byAlias.stdout.split("\n");
    expect(lines.slice(0, 2)).toEqual([
      "root-user: End shipped stages with a user other than root",
      "warning · shipped stages · no automatic fix",
    ]);
    expect(lines.slice(-3)).toEqual([
      "To silence it on one instruction, put above it",
      "  # docker-hygiene ignore=root-user -- the reason",
      "",
    ]);
    const marked = rules
      .flatMap(({ id }) => explainText(id, rules, noPaint, 80).split("\n"))
      .filter((line) => line.includes("⟦"));
    expect(marked).toEqual([]);
    const ones = rules.flatMap(({ id }) => /^1 more .*?:/m.exec(explainText(id, rules, noPaint, 80)) ?? []);
    expect(new Set(ones.map(String))).toEqual(new Set(["1 more example:"]));
  });

  test("inspects what it can of several images", () => {
    const config = JSON.stringify({ rootfs: { diff_ids: [] }, config: { User: "1" } });
    const blob = (text: string) => ({
      digest: `sha256:${createHash("sha256").update(text).digest("hex")}`,
      size: text.length,
    });
    const manifest = JSON.stringify({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: blob(config),
      layers: [],
    });
    const cwd = folderOf({
      [`layout/blobs/${blob(config).digest.replace(":", "/")}`]: config,
      [`layout/blobs/${blob(manifest).digest.replace(":", "/")}`]: manifest,
      "layout/index.json": JSON.stringify({ manifests: [blob(manifest)] }),
      "text.tar": "words",
    });
    const problem =
      "docker-hygiene: `text.tar` is no archive of an image that can be read: the tar archive is cut off after 5 bytes.\n";
    const both = cli(cwd, ["inspect", "text.tar", "layout"]);
    expect([both.status, both.stderr, both.stdout.split("\n")[0]]).toEqual([
      2,
      problem,
      "layout: 0 B to pull, 0 B on disk",
    ]);
    expect(said(cli(cwd, ["inspect", "text.tar"]))).toEqual({ status: 2, stdout: "", stderr: problem });
  });

  test("inspects each image of an archive under its names, and each once", () => {
    const files: Record<string, string> = {};
    const add = (json: unknown) => {
      const text = JSON.stringify(json);
      const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
      files[`two/blobs/${digest.replace(":", "/")}`] = text;
      return { digest, size: text.length };
    };
    const imageOf = (architecture: string, user: string) => {
      const config = add({ os: "linux", architecture, rootfs: { diff_ids: [] }, config: { User: user } });
      return add({ mediaType: "application/vnd.oci.image.manifest.v1+json", config, layers: [] });
    };
    const named = (name: string, image: ReturnType<typeof add>) => ({
      ...image,
      annotations: { "io.containerd.image.name": `docker.io/library/${name}` },
    });
    const [first, second] = [imageOf("amd64", "1"), imageOf("amd64", "2")];
    const list = (manifests: readonly unknown[]) => {
      files["two/index.json"] = JSON.stringify({ manifests });
      const { status, stdout, stderr } = cli(folderOf(files), ["inspect", "two", "--profile", "strict"]);
      return [
        status,
        stderr,
        stdout.split("\n").flatMap((line) => /^two.*:|missing|runs as [^·]*/.exec(line)?.[0] ?? []),
      ];
    };
    expect(list([named("a:1", first), named("b:1", second), named("c:1", first)])).toEqual([
      0,
      "",
      ["two (a:1, c:1):", "runs as 1 ", "two (b:1):", "runs as 2 "],
    ]);
    expect(list([first, second, first])).toEqual([
      0,
      "",
      [`two (${first.digest}):`, "runs as 1 ", `two (${second.digest}):`, "runs as 2 "],
    ]);
    expect(list([first, imageOf("arm64", "3")])).toEqual([
      0,
      "",
      ["two linux/amd64:", "runs as 1 ", "two linux/arm64:", "runs as 3 "],
    ]);
  });

  test("writes a configuration once", () => {
    const cwd = folderOf({ Dockerfile: clean });
    expect(said(cli(cwd, ["init"]))).toEqual({ status: 0, stdout: "wrote .docker-hygiene.yml\n", stderr: "" });
    expect(said(cli(cwd, ["init"]))).toEqual({
      status: 2,
      stdout: "",
      stderr: "docker-hygiene: `.docker-hygiene.yml` is there already; it is left as it is.\n",
    });
    expect(cli(cwd, ["audit"]).status).toBe(0);
  });

  test("counts only what a commit does not have, where the branch left it", () => {
    const old = "FROM debian:12.5-slim\nRUN sudo ls\nUSER 1\n";
    const cwd = folderOf({ "a/Dockerfile": old });
    const git = (...argv: readonly string[]): void => {
      const identity = {
        GIT_AUTHOR_NAME: "a",
        GIT_AUTHOR_EMAIL: "a@b",
        GIT_COMMITTER_NAME: "a",
        GIT_COMMITTER_EMAIL: "a@b",
      };
      const { status } = spawnSync("git", ["-C", cwd, ...argv], { env: { ...environment, ...identity } });
      expect([argv, status]).toEqual([argv, 0]);
    };
    git("init", "--quiet", "--initial-branch=main");
    git("add", ".");
    git("commit", "--quiet", "--message=1");
    git("branch", "topic");
    // What the base branch puts right later is not laid at the topic's door.
    writeFileSync(join(cwd, "a/Dockerfile"), "FROM debian:12.5-slim\nUSER 1\n");
    git("commit", "--quiet", "--all", "--message=2");
    git("checkout", "--quiet", "topic");
    writeFileSync(join(cwd, "a/Dockerfile"), old.replace("RUN", "RUN cd /x && sudo id\nRUN"));
    const audit = (...argv: readonly string[]) => cli(cwd, ["audit", "--failure-threshold", "warning", ...argv]);
    const { stdout, stderr, status } = audit("--only-new", "--base", "main");
    expect([status, stderr]).toEqual([1, ""]);
    expect(stdout.split("\n").filter((line) => /^ +\d+:\d+ |not shown|^fail/.test(line))).toEqual([
      expect.stringMatching(/^ {2}2:14 {2}warning .*sudo-in-run$/),
      "2 findings already there not shown: --verbose shows all",
      "fail: 0 errors, 1 warning, 0 notes · 2 findings already there",
    ]);
    git("commit", "--quiet", "--all", "--message=3");
    expect(said(audit("--only-new", "--base", "HEAD", "--quiet"))).toEqual({
      status: 0,
      stdout: "pass: 0 errors, 0 warnings, 0 notes · 3 findings already there\n",
      stderr: "",
    });
    const refused = [
      [["--only-new", "--base", "-x"], "--base: a value is missing, as in `--base REF` (on the command line)."],
      [["--only-new", "--base=-x"], "--base: `-x`: git knows no such commit (on the command line)."],
      [["--only-new"], "--only-new: --base is missing, as in `--only-new --base main` (on the command line)."],
      [["--base", "main"], "--base: it says what --only-new compares with, which is not given (on the command line)."],
    ] as const;
    for (const [argv, message] of refused)
      expect(said(audit(...argv))).toEqual({ status: 2, stdout: "", stderr: `docker-hygiene: ${message}\n` });
    writeFileSync(join(cwd, ".git/shallow"), spawnSync("git", ["-C", cwd, "rev-parse", "HEAD"]).stdout);
    expect(said(audit("--only-new", "--base", "release"))).toEqual({
      status: 2,
      stdout: "",
      stderr:
        "docker-hygiene: --base: `release`: git knows no such commit, and the clone is shallow; `git fetch --unshallow` or, in a workflow, `fetch-depth: 0` completes it (on the command line).\n",
    });
  });

  const linuxTest = process.platform === "linux" ? test : test.skip;
  linuxTest("says that its output cannot be written, and leaves nothing behind", () => {
    const cwd = folderOf({ Dockerfile: unclean, "tmp/x": "" });
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [main, "audit"], {
      cwd,
      env: { ...environment, TMPDIR: join(cwd, "tmp") },
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    closeSync(full);
    expect({ status, stderr, left: readdirSync(join(cwd, "tmp")) }).toEqual({
      status: 2,
      stderr: "docker-hygiene: the output cannot be written: the disk is full\n",
      left: ["x"],
    });
  });

  test("survives a reader that goes away", async () => {
    const cwd = folderOf(
      Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`d${index}/Dockerfile`, unclean])),
    );
    const child = spawn(process.execPath, [main, "audit"], { cwd, env: environment });
    let stderr = "";
    child.stderr.on("data", (data: Buffer) => {
      stderr += data;
    });
    child.stdout.once("data", () => child.stdout.destroy());
    const status = await new Promise((done) => child.on("close", done));
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  }, 60_000);
});
