import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { auditFile } from "../src/audit/audit.ts";
import { auditedFile } from "../src/audit/audited-file.ts";
import { findingsOf } from "../src/audit/findings.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { UserError } from "../src/errors.ts";
import { compareFindings, parseFindingsBaseline, renderFindingsBaseline } from "../src/report/findings-baseline.ts";
import { rules } from "../src/rules/registry.ts";

const main = resolve("src/main.ts");
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const folderOf = (files: Readonly<Record<string, string>>): string => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "baseline-")));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
};

const cli = (cwd: string, ...argv: string[]) => {
  const env = { PATH: process.env.PATH ?? "", HOME: tmpdir(), NODE_NO_WARNINGS: "1" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...argv], { cwd, env, encoding: "utf8" });
  return { status, stdout, stderr };
};

const audited = (text: string) => {
  const dockerfile = readDockerfile("Dockerfile", text);
  const { problems } = auditFile(auditedFile(dockerfile), { rules, profile: "recommended", settings: new Map() });
  const files = [{ path: "Dockerfile", text, error: undefined, ignored: 0 }];
  return { findings: findingsOf(dockerfile, problems), files };
};

const written = { name: "b.json", where: "on the command line" };
const anew = "`docker-hygiene audit --write-baseline b.json` writes it anew.";
const another = "Name a file that `docker-hygiene audit --write-baseline FILE` wrote.";

const same = (path: string): string => path;

describe("a baseline of findings", () => {
  const before = "FROM debian:bookworm-slim\nENV A b\nENV A b\nUSER root\n";
  const compare = (text: string) => {
    const old = audited(before);
    const baseline = parseFindingsBaseline(renderFindingsBaseline(old.findings, old.files, same), written);
    const now = audited(text);
    const { fresh, known, stale } = compareFindings(now.findings, now.files, baseline, same);
    return {
      fresh: fresh.map(({ rule, place }) => `${place.line} ${rule}`),
      known: known.length,
      stale: stale.map(({ rule }) => rule),
    };
  };
  const count = audited(before).findings.length;

  test("knows findings wherever they move", () => {
    expect(compare(before)).toEqual({ fresh: [], known: count, stale: [] });
    const moved = "# moved\n\nFROM  debian:bookworm-slim\n\n  USER root\nENV A b\n# again\nENV   A b\n";
    expect(compare(moved)).toEqual({ fresh: [], known: count, stale: [] });
  });

  test("tells what is new and what is gone", () => {
    expect(compare(`${before}ENV A b\nENV C d\n`)).toMatchObject({
      fresh: expect.arrayContaining(["6 legacy-key-value"]),
      known: count,
    });
    const { fresh, stale } = compare(before.replace("ENV A b\nENV A b\n", "ENV A b\n"));
    expect({ fresh, isGone: stale.includes("legacy-key-value") }).toEqual({ fresh: [], isGone: true });
  });

  test("reads well", () => {
    const { findings, files } = audited("FROM debian:bookworm-slim\nENV A b\nMAINTAINER me\n");
    expect(renderFindingsBaseline(findings, files, (path) => `api/${path}`)).toBe(`{
  "schemaVersion": 1,
  "kind": "findings",
  "findings": [
    {"path":"api/Dockerfile","rule":"deprecated-maintainer","content":"ce112d82254972fd","message":"MAINTAINER is deprecated: the label \`org.opencontainers.image.authors\` replaces it"},
    {"path":"api/Dockerfile","rule":"legacy-key-value","content":"e69d32baaba25757","message":"\`A\` is separated from its value by a space instead of ="},
    {"path":"api/Dockerfile","rule":"missing-label","content":"e984e3c5e9cf1676","message":"The image built from \`debian:bookworm-slim\` has no label \`org.opencontainers.image.title\`, \`description\`, \`source\` or \`licenses\`"}
  ]
}
`);
    expect(renderFindingsBaseline([], [], same)).toBe(
      '{\n  "schemaVersion": 1,\n  "kind": "findings",\n  "findings": []\n}\n',
    );
  });

  test.each([
    ["", "is empty", anew],
    ["{", "is not JSON", another],
    ["FROM a\n", "is not JSON", another],
    ["[]", "is no baseline of findings", another],
    ['{"schemaVersion":1,"verdict":{}}', "is no baseline of findings", another],
    ['{\n  "kind": "findings",\n<<<<<<< HEAD', "is not JSON", anew],
    [
      '{"schemaVersion":2,"kind":"findings","findings":[]}',
      "has a `schemaVersion` that this version does not read; it reads 1",
      anew,
    ],
    ['{"schemaVersion":1,"kind":"findings"}', "has no list `findings`", anew],
    [
      '{"schemaVersion":1,"kind":"findings","findings":[{"rule":"a"}]}',
      "lacks `path`, `rule` or `content` in `findings[0]`",
      anew,
    ],
  ])("refuses %j", (text, message, hint) => {
    expect(() => parseFindingsBaseline(text, written)).toThrow(
      new UserError(`baseline-findings: \`b.json\` ${message} (on the command line). ${hint}`),
    );
  });
});

test("a baseline that cannot be read is refused where it is named", () => {
  const cwd = folderOf({
    Dockerfile: "FROM debian:12.5\nUSER 1\n",
    ".docker-hygiene.yml": "profile: all\nbaseline-findings: nope.json\n",
  });
  const wayOut = "`docker-hygiene audit --write-baseline FILE` writes one.";
  const refused = (message: string) => ({ status: 2, stdout: "", stderr: `docker-hygiene: ${message}\n` });
  expect(cli(cwd, "audit")).toEqual(
    refused(`baseline-findings: \`nope.json\` cannot be read: it does not exist (.docker-hygiene.yml:2:20). ${wayOut}`),
  );
  expect(cli(cwd, "audit", "--baseline-findings", ".")).toEqual(
    refused(`baseline-findings: \`.\` cannot be read: it is a folder (on the command line). ${wayOut}`),
  );
});

test("a baseline takes the place of no other file", () => {
  const cwd = folderOf({ Dockerfile: "FROM debian:12.5\nUSER 1\n", "empty.json": "", "report.json": "{}\n" });
  const write = (file: string) => cli(cwd, "audit", "--write-baseline", file);
  const refused = (file: string) => ({
    status: 2,
    stdout: "",
    stderr: `docker-hygiene: --write-baseline: \`${file}\` is there and is no baseline of findings; it is left as it is (on the command line).\n`,
  });
  expect([write("Dockerfile"), write("report.json")]).toEqual([refused("Dockerfile"), refused("report.json")]);
  expect(readFileSync(join(cwd, "report.json"), "utf8")).toBe("{}\n");
  expect([write("new.json").status, write("new.json").status, write("empty.json").status]).toEqual([0, 0, 0]);
});

test("old findings pass, new ones do not, wherever the command runs", () => {
  const cwd = folderOf({
    "api/Dockerfile": "FROM debian:latest\nUSER 1\n",
    "web/Dockerfile": "FROM debian:latest\nUSER 1\n",
    ".git/HEAD": "ref: refs/heads/main\n",
    ".docker-hygiene.yml":
      "baseline-findings: .github/baseline.json\nfailure-threshold: note\nrules: { missing-label: off }\n",
  });
  expect(cli(cwd, "audit", "-q")).toEqual({
    status: 2,
    stdout: "",
    stderr:
      "docker-hygiene: baseline-findings: `.github/baseline.json` cannot be read: it does not exist (.docker-hygiene.yml:1:20). `docker-hygiene audit --write-baseline FILE` writes one.\n",
  });
  expect(cli(cwd, "audit", "--write-baseline", ".github/baseline.json")).toEqual({
    status: 0,
    stdout: "wrote 2 findings to .github/baseline.json; name it as `baseline-findings` in the configuration\n",
    stderr: "",
  });
  const { findings } = JSON.parse(readFileSync(join(cwd, ".github/baseline.json"), "utf8"));
  expect(findings.map(({ path }: { path: string }) => path)).toEqual(["../api/Dockerfile", "../web/Dockerfile"]);
  const verdict = (...argv: string[]) => {
    const { status, stdout } = cli(argv[0] === "in" ? join(cwd, argv[1] ?? "") : cwd, "audit", ...argv.slice(2));
    return {
      status,
      said: stdout
        .split("\n")

        .filter((line) => /^(note: \d|pass|fail)/.test(line)),
    };
  };
  const known = "note: 2 findings known from the baseline .github/baseline.json";
  expect(verdict("at", ".")).toEqual({ status: 0, said: [known, "pass: 0 errors, 0 warnings, 0 notes · 2 known"] });
  expect(verdict("in", "api")).toMatchObject({ status: 0 });
  writeFileSync(join(cwd, "api/Dockerfile"), "# moved\nFROM debian:latest\nENV A b\nUSER 1\n");
  writeFileSync(join(cwd, "web/Dockerfile"), "FROM debian:12.5\nUSER 1\n");
  const gone =
    "note: 1 finding of the baseline .github/baseline.json is gone: `docker-hygiene audit --write-baseline .github/baseline.json` takes it off";
  expect(verdict("at", ".")).toEqual({
    status: 1,
    said: [known.replace("2 findings", "1 finding"), gone, "fail: 0 errors, 0 warnings, 1 note · 1 known"],
  });
  expect(verdict("at", ".", "api").said.at(-1)).toBe("fail: 0 errors, 0 warnings, 1 note · 1 known");
});

test("what a nested configuration has to say is said once", () => {
  const cwd = folderOf({
    "a/Dockerfile": "FROM debian:12.5\nUSER 1\n",
    "a/b/Dockerfile": "FROM debian:12.5\nUSER 1\n",
    "a/.hadolint.yaml": "unheard-of: true\nignored: [DL9999]\n",
  });
  const { stdout } = cli(cwd, "audit", "--format", "json");
  const { notes } = JSON.parse(stdout) as { notes: readonly string[] };
  expect(notes.filter((note) => note.includes("hadolint"))).toEqual([
    "a/.hadolint.yaml: `unheard-of` is not understood and left out",
    "a/.hadolint.yaml: there is no rule for `DL9999`",
  ]);
});
