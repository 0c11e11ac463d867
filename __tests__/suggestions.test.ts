import { describe, expect, test } from "@jest/globals";
import type { Finding, Report } from "../src/report/report.ts";
import { type Hunk, suggestions } from "../src/report/suggestions.ts";
import type { Edit } from "../src/rules/rule.ts";

const finding = (edits: readonly Edit[], safety: "safe" | "unsafe" = "safe"): Finding => ({
  rule: "some-rule",
  severity: "warning",
  path: "Dockerfile",
  span: { start: 0, end: 1 },
  place: { line: 1, column: 1, endLine: 1, endColumn: 2 },
  message: "It is `wrong`",
  related: [],
  fix: { title: "Put it right", safety, edits },
  fingerprint: "f",
});

const report = (text: string, findings: readonly Finding[]): Report => ({
  version: "1.0.0",
  files: [{ path: "Dockerfile", text, error: undefined, ignored: 0 }],
  findings,
  targets: undefined,
  sizes: [],
  baseline: undefined,
  engine: undefined,
  notes: [],
  verdict: { status: "pass", reasons: [] },
  timings: [],
});

const edit = (text: string, old: string, replacement: string): Edit => {
  const start = text.indexOf(old);
  return { span: { start, end: start + old.length }, text: replacement };
};

/** Every line of the text, in one hunk. */
const whole = (text: string): Hunk => new Map(text.split("\n").map((line, index) => [index + 1, line]));

const offered = (text: string, findings: readonly Finding[], hunks: readonly Hunk[] = [whole(text)]) =>
  suggestions(report(text, findings), { hunks: () => hunks, repositoryPath: (path) => `api/${path}` });

const places = (text: string, findings: readonly Finding[], hunks?: readonly Hunk[]) =>
  offered(text, findings, hunks).map(({ path, startLine, endLine }) => `${path}:${startLine}-${endLine}`);

const dockerfile = "FROM debian\nRUN apt-get update \\\n && apt-get install curl \\\n && true\nMAINTAINER me\nCMD x\n";
const yes = edit(dockerfile, "install curl", "install -y curl");

describe("a suggestion", () => {
  test("replaces the lines of a safe fix", () => {
    expect(offered(dockerfile, [finding([yes])])).toEqual([
      {
        path: "api/Dockerfile",
        startLine: 3,
        endLine: 3,
        key: "f  && apt-get install -y curl \\",
        body: ["It is `wrong` · `some-rule`", "", "```suggestion", " && apt-get install -y curl \\", "```"].join("\n"),
      },
    ]);
  });

  test("reaches from the first edit to the last", () => {
    expect(places(dockerfile, [finding([edit(dockerfile, "true", "false"), yes])])).toEqual(["api/Dockerfile:3-4"]);
  });

  test("deletes lines without leaving an empty one", () => {
    const [deletion] = offered(dockerfile, [finding([edit(dockerfile, "MAINTAINER me\n", "")])]);
    expect(deletion).toMatchObject({ startLine: 5, endLine: 5 });
    expect(deletion?.body).toMatch(/\n\n```suggestion\n```$/);
  });

  test("replaces whole lines with whole lines", () => {
    const [replaced] = offered(dockerfile, [finding([edit(dockerfile, "MAINTAINER me\n", "LABEL a=b\n")])]);
    expect(replaced?.body).toMatch(/\n```suggestion\nLABEL a=b\n```$/);
  });

  test("changes the first character of a file", () => {
    expect(places(dockerfile, [finding([edit(dockerfile, "FROM", "from")])])).toEqual(["api/Dockerfile:1-1"]);
  });

  test("puts right all that is wrong in its lines, and one of two that touch", () => {
    const all = [
      finding([edit(dockerfile, "curl \\", "curl wget \\")]),
      finding([edit(dockerfile, "install", "install -y")]),
    ];
    const [together, ...others] = offered(dockerfile, all);
    expect(others).toEqual([]);
    expect(together).toMatchObject({ startLine: 3, endLine: 3 });
    expect(together?.body).toBe(
      [
        "- It is `wrong` · `some-rule`",
        "- It is `wrong` · `some-rule`",
        "",
        "```suggestion",
        " && apt-get install -y curl wget \\",
        "```",
      ].join("\n"),
    );
    const touching = [finding([yes]), finding([edit(dockerfile, "curl", "wget")])];
    expect(offered(dockerfile, touching)).toEqual(offered(dockerfile, [finding([yes])]));
  });

  test("leaves out what reaches beyond the diff", () => {
    const wide = finding([edit(dockerfile, "true", "false"), edit(dockerfile, "&& apt-get", "&& sudo apt-get")]);
    expect(offered(dockerfile, [wide, finding([yes])], [new Map([...whole(dockerfile)].slice(0, 3))])).toEqual(
      offered(dockerfile, [finding([yes])]),
    );
  });

  test("has a fence longer than any in its text", () => {
    const text = "FROM debian\nRUN echo '```' && apt-get install curl\n";
    const [suggestion] = offered(text, [finding([edit(text, "install curl", "install -y curl")])]);
    expect(suggestion?.body).toContain("\n````suggestion\nRUN echo '```' && apt-get install -y curl\n````");
  });
});

describe("no suggestion", () => {
  test("is made of an unsafe fix", () => {
    expect(places(dockerfile, [finding([yes], "unsafe")])).toEqual([]);
  });

  test("stands outside the diff, across two hunks or on a line that is another one in the diff", () => {
    const lines = [...whole(dockerfile)];
    const spread = finding([edit(dockerfile, "true", "false"), yes]);
    expect(places(dockerfile, [finding([yes])], [])).toEqual([]);
    expect(places(dockerfile, [spread], [new Map(lines.slice(0, 3)), new Map(lines.slice(3))])).toEqual([]);
    expect(places(dockerfile, [finding([yes])], [new Map([[3, " && apt-get install wget \\"]])])).toEqual([]);
  });

  test("holds text that a page would not show as it is", () => {
    const text = "FROM debian\nRUN echo '\u202e' && apt-get install curl\n";
    expect(places(text, [finding([edit(text, "install curl", "install -y curl")])])).toEqual([]);
    const windows = "FROM debian\r\nRUN apt-get install curl\r\n";
    expect(places(windows, [finding([edit(windows, "install curl", "install -y curl")])])).toEqual([]);
  });

  test("joins a line with the next", () => {
    expect(places(dockerfile, [finding([edit(dockerfile, " me\nCMD", " me; CMD")])])).toEqual(["api/Dockerfile:5-6"]);
    expect(places(dockerfile, [finding([edit(dockerfile, " me\n", " me;")])])).toEqual([]);
  });
});
