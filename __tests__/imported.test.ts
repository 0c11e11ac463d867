import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { connectShellcheck } from "../src/adapters/shellcheck.ts";
import { type AuditProblem, auditFile } from "../src/audit/audit.ts";
import { auditedFile } from "../src/audit/audited-file.ts";
import { openIgnores } from "../src/audit/ignores.ts";
import { withImported } from "../src/audit/imported.ts";
import {
  buildkitProblems,
  type CheckAnswer,
  checkDefinition,
  checkQuestions,
  readCheckAnswers,
} from "../src/audit/imported-buildkit.ts";
import { buildkitLevel, importedCheck, type LevelOptions, shellLevel } from "../src/audit/imported-checks.ts";
import { type ScriptComment, shellProblems, shellQuestions } from "../src/audit/imported-shell.ts";
import { explainText } from "../src/cli-rules.ts";
import { findRule } from "../src/config/find-rule.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { noPaint } from "../src/report/paint.ts";
import type { AuditedFile } from "../src/rules/audited-file.ts";
import { rules } from "../src/rules/registry.ts";
import type { Level } from "../src/rules/rule.ts";
import { openImportedChecks } from "../src/run-imported.ts";
import type { Profile } from "../src/settings.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const folderOf = (files: Readonly<Record<string, string>>): string => {
  const root = mkdtempSync(join(tmpdir(), "imported-"));
  folders.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
};

const fileOf = (text: string): AuditedFile => auditedFile(readDockerfile("Dockerfile", text));

const levels = (profile: Profile, set: Readonly<Record<string, Level>> = {}): LevelOptions => ({
  profile,
  settings: new Map(Object.entries(set).map(([id, level]) => [id, { level, options: {} }])),
});

const comment = (place: readonly [number, number, number, number], more: Partial<ScriptComment> = {}) => {
  const [line, column, endLine, endColumn] = place;
  return { code: 2115, level: "warning", message: "Wrong.", line, column, endLine, endColumn, ...more } as const;
};

const shown = (text: string, problems: readonly AuditProblem[]) =>
  problems.map(({ rule, severity, at, message }) => `${rule} ${severity} ⟦${text.slice(at.start, at.end)}⟧ ${message}`);

describe("levels of ShellCheck's codes", () => {
  test.each<readonly [code: number, level: "error" | "warning" | "info" | "style", ...Level[]]>([
    [2045, "error", "warning", "warning", "warning"],
    [2115, "warning", "note", "warning", "warning"],
    [2162, "info", "off", "note", "note"],
    [2006, "style", "off", "off", "note"],
    [2086, "info", "off", "note", "note"],
    [2046, "warning", "off", "note", "note"],
    [1091, "info", "off", "off", "off"],
    [2154, "warning", "off", "off", "off"],
    [3010, "error", "off", "off", "off"],
    [3099, "error", "off", "off", "off"],
    [3100, "error", "warning", "warning", "warning"],
  ])("SC%i, %s there", (code, level, ...expected) => {
    const profiles = ["recommended", "strict", "all"] as const;
    expect(profiles.map((profile) => shellLevel(code, level, levels(profile)))).toEqual(expected);
    const named = levels("recommended", { [`shellcheck/SC${code}`]: "error" });
    expect(shellLevel(code, level, named)).toBe("error");
  });
});

describe("what ShellCheck is asked", () => {
  test.each([
    ["debian:12", "dash"],
    ["python:3.12-slim", "dash"],
    ["alpine:3.20", "dash"],
    ["fedora:41", "bash"],
    ["example.com/base", "sh"],
    ["scratch", "sh"],
  ])("takes /bin/sh of %s for %s", (base, dialect) => {
    expect(shellQuestions(fileOf(`FROM ${base}\nRUN make\n`))).toMatchObject([{ dialect, text: "make" }]);
  });

  test("takes the shell that SHELL, a shebang or an exec form names", () => {
    const text = [
      "FROM debian:12",
      'RUN ["bash", "-ec", "make \\"a\\""]',
      "RUN <<E",
      "#!/usr/bin/env ksh",
      "make b",
      "E",
      'SHELL ["/bin/ash", "-c"]',
      "RUN cat <<E && make c",
      "text",
      "E",
      "HEALTHCHECK CMD make d",
      "",
    ].join("\n");
    expect(shellQuestions(fileOf(text)).map((asked) => [asked.dialect, asked.text])).toEqual([
      ["bash", 'make "a"'],
      ["ksh", "#!/usr/bin/env ksh\nmake b\n"],
      ["dash", "cat <<E && make c\ntext\nE"],
      ["dash", "make d"],
    ]);
  });

  test.each([
    ["PowerShell", 'SHELL ["pwsh", "-Command"]\nRUN Write-Host a'],
    ["cmd", 'SHELL ["cmd", "/S", "/C"]\nRUN dir'],
    ["zsh", 'SHELL ["/bin/zsh", "-c"]\nRUN make'],
    ["an unknown shell", 'SHELL ["/bin/fish", "-c"]\nRUN make'],
    ["another interpreter", "RUN <<E\n#!/usr/bin/python3\nprint(1)\nE"],
    ["a syntax error", "RUN make && && make"],
    ["an exec form", 'RUN ["make", "-c", "a b"]\nCMD ["sh"]'],
    ["a trigger that gets another shell", 'ONBUILD RUN make\nSHELL ["/bin/zsh", "-c"]'],
    ["nothing", "HEALTHCHECK NONE"],
  ])("asks nothing of %s", (_, text) => {
    expect(shellQuestions(fileOf(`FROM debian:12\n${text}\n`))).toEqual([]);
  });

  test("takes the trigger of another image", () => {
    expect(shellQuestions(fileOf("FROM debian:12\nONBUILD RUN make\n"))).toMatchObject([{ text: "make" }]);
  });

  test.each([
    ["RUN bash -e <<-'E'\n\tmake\n\tE", ["bash", "make\n"]],
    ["RUN sh <<E\nmake \\$a \\\\ \\`b\\`\nE", ["dash", "make $a \\ `b`\n"]],
    ["RUN sudo /bin/bash -euo pipefail <<E && rm a\nmake\nE", ["bash", "make\n"]],
    ["RUN cat <<E | dash -s\nmake\nE", ["dash", "make\n"]],
    ["RUN bash <<'A' && sh <<'B'\nmake a\nA\nmake b\nB", ["bash", "make a\n"], ["dash", "make b\n"]],
    ["ONBUILD RUN bash <<'E'\nmake\nE", ["bash", "make\n"]],
    ["RUN sh <<E\nmake $a\nE"],
    ["RUN sh <<E\nmake `a`\nE"],
    ["RUN python3 <<'E'\nmake\nE"],
    ["RUN pwsh <<'E'\nmake\nE"],
    ["RUN bash script.sh <<'E'\nmake\nE"],
    ["RUN bash -c make <<'E'\nmake\nE"],
    ["RUN cat <<'E' > a.sh\nmake\nE"],
    ["RUN cat <<E && make\nmake\nE"],
  ])("takes what a shell is fed, where it is known: %j", (run, ...fed) => {
    const [, ...others] = shellQuestions(fileOf(`FROM debian:12\n${run}\n`));
    expect(others.map(({ dialect, text }) => [dialect, text])).toEqual(fed);
  });

  test("exports what ARG and ENV declare and the script names, behind the comments on top", () => {
    const text = [
      "ARG outside",
      "FROM debian:12 AS a",
      "ARG inherited",
      "ENV kept=1 also=2 unused=3",
      "FROM a",
      "ARG version",
      "RUN <<E",
      "#!/bin/sh",
      "# shellcheck disable=SC2086",
      "",
      "make $outside $inherited $version kept=$kept $also $later",
      "E",
      "ARG later",
      "",
    ].join("\n");
    expect(shellQuestions(fileOf(text)).map((asked) => asked.text)).toEqual([
      "#!/bin/sh\n# shellcheck disable=SC2086\n\nexport inherited version kept also\nmake $outside $inherited $version kept=$kept $also $later\n",
    ]);
  });
});

describe("where ShellCheck's comments stand in the Dockerfile", () => {
  test.each<readonly [string, string, readonly [number, number, number, number], string]>([
    ["a line", "RUN rm $a", [1, 4, 1, 6], "$a"],
    ["behind a continuation", "RUN make && \\\n\t# why\n\trm $a", [1, 13, 1, 15], "$a"],
    ["behind an astral letter", 'RUN echo "é😀" $a', [1, 11, 1, 13], "$a"],
    ["behind the exported names", "ARG a\nRUN rm $a", [2, 4, 2, 6], "$a"],
    ["a heredoc", "RUN <<-E\n\tmake\n\t\trm $a\n\tE", [2, 4, 2, 6], "$a"],
    ["fed to a shell, with escapes", "RUN echo && sh <<E\nmake\nrm \\$a\nE", [2, 4, 2, 6], "\\$a"],
    ["a trigger", "ONBUILD RUN rm $a", [1, 4, 1, 6], "$a"],
    ["behind names exported below a comment", "ENV a=1\nRUN <<E\n# b\nrm $a\nE", [3, 4, 3, 6], "$a"],
    ["the comment above them", "ENV a=1\nRUN <<E\n# b\nrm $a\nE", [1, 1, 1, 4], "# b"],
    ["a JSON string", 'CMD ["sh", "-c", "echo \\"b\\" $a"]', [1, 10, 1, 12], "$a"],
    ["over a line break", "RUN <<E\nif a\nthen b; fi\nE", [1, 4, 2, 5], "a\nthen"],
    ["between two characters", "RUN rm $a", [1, 4, 1, 4], "$"],
    ["behind the end", "RUN rm $a", [1, 7, 1, 7], "a"],
  ])("%s", (_, instructions, place, expected) => {
    const text = `FROM debian:12\n${instructions}\n`;
    const asked = shellQuestions(fileOf(text)).at(-1);
    if (asked === undefined) throw new Error("there is no script");
    expect(shown(text, shellProblems(asked, [comment(place)], levels("strict")))).toEqual([
      `shellcheck/SC2115 warning ⟦${expected}⟧ Wrong`,
    ]);
  });

  test("nothing is said of the names that were added, nor of lines that are not there", () => {
    const [asked] = shellQuestions(fileOf("FROM debian:12\nARG a\nRUN rm $a\n"));
    if (asked === undefined) throw new Error("there is no script");
    const places = [comment([1, 8, 1, 9]), comment([9, 1, 9, 2])];
    expect(shellProblems(asked, places, levels("strict"))).toEqual([]);
  });

  test("a script that ShellCheck cannot read is left out, but for what the configuration names", () => {
    const text = "FROM debian:12\nRUN rm $a\n";
    const [asked] = shellQuestions(fileOf(text));
    if (asked === undefined) throw new Error("there is no script");
    const said = [
      comment([1, 1, 1, 3], { code: 1073, level: "error" }),
      comment([1, 4, 1, 6], { code: 1046, level: "error" }),
      comment([1, 4, 1, 6]),
    ];
    const problems = shellProblems(asked, said, levels("all", { "shellcheck/SC1046": "note" }));
    expect(shown(text, problems)).toEqual(["shellcheck/SC1046 note ⟦$a⟧ Wrong"]);
  });

  test("carriage returns are told of once for a script", () => {
    const text = "FROM debian:12\nRUN <<E\nmake\r\nmake\r\nE\n";
    const [asked] = shellQuestions(fileOf(text));
    if (asked === undefined) throw new Error("there is no script");
    const said = [1, 2].map((line) => comment([line, 5, line, 5], { code: 1017, level: "error" }));
    expect(shown(text, shellProblems(asked, said, levels("recommended")))).toEqual([
      "shellcheck/SC1017 warning ⟦\r⟧ Wrong",
    ]);
  });
});

describe("beside our own rules", () => {
  const audited = (text: string, imported: (file: AuditedFile) => readonly AuditProblem[]): readonly string[] => {
    const file = fileOf(text);
    const outcome = auditFile(file, { rules, profile: "strict", settings: new Map() });
    const whole = withImported(outcome, imported(file), openIgnores(file, rules));
    return [...whole.problems, ...whole.ignored.map((one) => ({ ...one, message: "ignored" }))]
      .filter(({ rule }) => /\/|sudo|ignore-without/.test(rule))
      .map(({ rule, at, message }) => `${rule} ⟦${text.slice(at.start, at.end)}⟧ ${message}`);
  };
  const sudo = (file: AuditedFile): readonly AuditProblem[] => {
    const [asked] = shellQuestions(file);
    if (asked === undefined) throw new Error("there is no script");
    const said = [comment([1, 1, 1, 12], { code: 2024 }), comment([1, 13, 1, 15])];
    return shellProblems(asked, said, levels("strict"));
  };

  test("what one of ours has said of the same place is not said again", () => {
    expect(audited("FROM debian:12\nRUN sudo tee /a $a\n", sudo)).toEqual([
      expect.stringContaining("sudo-in-run ⟦sudo⟧ "),
      "shellcheck/SC2115 ⟦$a⟧ Wrong",
    ]);
  });

  test.each([
    ["# hadolint ignore=SC2115", "ignored"],
    ["# docker-hygiene ignore=shellcheck/SC2115 -- why", "ignored"],
    ["# shellcheck disable=SC2046,SC2115", "ignored"],
    ["# shellcheck source=/dev/null disable=all", "ignored"],
    ["# shellcheck disable=SC2046", "Wrong"],
    ["# hadolint ignore=DL3008", "Wrong"],
  ])("%s", (line, expected) => {
    const text = `FROM debian:12\n${line}\nRUN make; \\\n make $a\n`;
    const found = audited(text, (file) => {
      const [asked] = shellQuestions(file);
      return asked ? shellProblems(asked, [comment([1, 13, 1, 15])], levels("strict")) : [];
    });
    expect(found.filter((one) => one.startsWith("shellcheck/"))).toEqual([`shellcheck/SC2115 ⟦$a⟧ ${expected}`]);
  });

  test("ShellCheck's own disable=all hides none of our rules", () => {
    const found = audited("FROM debian:12\n# shellcheck disable=all\nRUN sudo make\n", () => []);
    expect(found.filter((one) => one.startsWith("sudo"))).toHaveLength(1);
  });
});

describe("BuildKit's checks", () => {
  const recorded = (warnings: readonly (readonly [string, string, number])[], error?: string): string =>
    JSON.stringify({
      group: { default: { targets: ["t0"] } },
      target: {
        t0: {
          build: { context: ".", call: "lint" },
          check: {
            sources: [{ filename: "Dockerfile", data: "", language: "Dockerfile" }],
            warnings: warnings.map(([ruleName, detail, line]) => ({
              ruleName,
              description: "Said of all",
              url: "https://docs.docker.com/",
              detail,
              location: { ranges: [{ start: { line }, end: { line } }] },
            })),
            ...(error === undefined ? {} : { buildError: { message: error, location: {} }, error: `${error}\nmore` }),
          },
        },
      },
    });
  const answerOf = (...said: Parameters<typeof recorded>): CheckAnswer => {
    const answer = readCheckAnswers(recorded(...said))?.get("t0");
    if (answer === undefined) throw new Error("there is no answer");
    return answer;
  };
  const isOurs = (name: string): boolean => name === "WorkdirRelativePath";
  const problemsOf = (text: string, answers: readonly CheckAnswer[], options = levels("recommended")) =>
    shown(text, buildkitProblems(fileOf(text), answers, { ...options, isOurs }));

  test.each<readonly [string, string, readonly (readonly [string, string, number])[], readonly string[]]>([
    [
      "each word with the variable",
      'LABEL a=$X b="$Y ${X}" c=\\$X d=$X$X e=$XY\n',
      [1, 2, 3].map(() => ["UndefinedVar", "Usage of undefined variable '$X' (did you mean $XY?)", 2] as const),
      ["$X", "${X}", "$X"].map(
        (word) => `buildkit/UndefinedVar warning ⟦${word}⟧ Usage of undefined variable \`$X\` (did you mean $XY?)`,
      ),
    ],
    [
      "no variable that has a value for its absence",
      "LABEL a=${X:-1} b=$X\n",
      [1, 2].map(() => ["UndefinedVar", "Usage of undefined variable '$X'", 2] as const),
      ["buildkit/UndefinedVar warning ⟦$X⟧ Usage of undefined variable `$X`"],
    ],
    [
      "the word behind a continuation",
      "COPY --chown=a x \\\n  dir/x /x\n",
      [["BrandNew", 'Something about "dir/x"', 2]],
      ["buildkit/BrandNew note ⟦dir/x⟧ Something about `dir/x`"],
    ],
    [
      "the port",
      "EXPOSE 80/tcp 81/TCP\n",
      [["BrandNew", "Port '81/TCP' in EXPOSE instruction", 2]],
      ["buildkit/BrandNew note ⟦81/TCP⟧ Port `81/TCP` in EXPOSE instruction"],
    ],
    [
      "the image of FROM",
      "",
      [["InvalidBaseImagePlatform", 'Base image debian:12 was pulled with platform "linux/amd64", expected "a"', 1]],
      [
        "buildkit/InvalidBaseImagePlatform warning ⟦debian:12⟧ Base image debian:12 was pulled with platform `linux/amd64`, expected `a`",
      ],
    ],
    [
      "the first line for what it quotes nothing of",
      "RUN a \\\n  b\n",
      [["BrandNew", "Wrong.", 3]],
      ["buildkit/BrandNew note ⟦RUN a \\⟧ Wrong"],
    ],
    ["nothing that a rule of ours holds", "WORKDIR a\n", [["WorkdirRelativePath", "Relative 'a'", 2]], []],
    ["nothing that stands nowhere", "ARG a\n", [["BrandNew", "Wrong", 9]], []],
  ])("are shown on %s", (_, instructions, warnings, expected) => {
    expect(problemsOf(`FROM debian:12\n${instructions}`, [answerOf(warnings)])).toEqual(expected);
  });

  test("of several targets are said once", () => {
    const twice = answerOf([1, 2].map(() => ["UndefinedVar", "Usage of undefined variable '$X'", 2] as const));
    const text = "FROM debian:12\nLABEL a=$X b=$X\n";
    expect(problemsOf(text, [twice, answerOf([]), twice])).toHaveLength(2);
  });

  test("stand although the file could not be checked to the end", () => {
    const answer = answerOf([["ExposeProtoCasing", "Defined protocol '1/TCP'", 2]], "no such host");
    expect(answer).toEqual({
      warnings: [{ rule: "ExposeProtoCasing", detail: "Defined protocol '1/TCP'", line: 2 }],
      error: "no such host",
    });
  });

  test.each([
    ["no JSON", "ERROR: no engine", undefined],
    ["nothing", "", undefined],
    ["a list", "[]", new Map()],
    [
      "other types",
      '{"target":{"t0":{"check":{"warnings":[1,{"ruleName":"A b"}],"buildError":2}}}}',
      new Map([["t0", { warnings: [], error: undefined }]]),
    ],
  ])("are read from %s without a fault", (_, text, expected) => {
    expect(readCheckAnswers(text)).toEqual(expected);
  });

  const build = {
    dockerfile: "/a/Dockerfile",
    context: "/a",
    args: new Map([
      ["V", "1"],
      ["W", "2"],
    ]),
    buildContexts: new Map([["c", "/c"]]),
  };

  test("are asked for every target, with the arguments that the file declares", () => {
    const file = fileOf("# syntax=docker/dockerfile:1\nARG V\nFROM a AS base\nFROM base AS one\nFROM base\n");
    const asked = checkQuestions(file, build);
    expect(asked.map(({ stage, syntax, args }) => ({ stage, syntax, args: Object.fromEntries(args) }))).toEqual(
      ["one", undefined].map((stage) => ({
        stage,
        syntax: "docker/dockerfile:1",
        args: { V: "1" },
      })),
    );
  });

  test.each([
    ["# check=skip=A,B;error=true", "skip=A,B"],
    ["# check=experimental=all", "experimental=all"],
    ["# check=skip=all;experimental=B,A,B", "skip=all;experimental=B,A"],
  ])("keep to %s", (directive, expected) => {
    const [asked] = checkQuestions(fileOf(`${directive}\nFROM a\n`), build);
    expect(asked?.args.get("BUILDKIT_DOCKERFILE_CHECK")).toBe(expected);
  });

  test.each([
    ["another front end", "# syntax=example.com/other\nFROM a\n", "/a"],
    ["a context that is no folder", "FROM a\n", "https://example.com/a.git"],
  ])("are not asked of %s", (_, text, context) => {
    expect(checkQuestions(fileOf(text), { ...build, context })).toEqual([]);
  });

  test("go into a Bake file that is taken literally", () => {
    const question = {
      dockerfile: "/a/${b}/Dockerfile",
      context: "/a",
      stage: "one",
      args: new Map([
        ["V", "%{x} $V"],
        ["EMPTY", ""],
        ["UNSET", undefined],
      ]),
      buildContexts: new Map([["c", "docker-image://d"]]),
      syntax: undefined,
    };
    expect(JSON.parse(checkDefinition([question]))).toEqual({
      target: {
        t0: {
          context: "/a",
          dockerfile: "/a/$${b}/Dockerfile",
          target: "one",
          args: { V: "%%{x} $V", EMPTY: "" },
          contexts: { c: "docker-image://d" },
        },
      },
    });
  });

  test("have the levels of the plan", () => {
    const of = (name: string) =>
      (["recommended", "strict", "all"] as const).map((profile) => buildkitLevel(name, levels(profile)));
    expect(["UndefinedVar", "BrandNew"].map(of)).toEqual([
      ["warning", "warning", "warning"],
      ["note", "warning", "warning"],
    ]);
    expect(buildkitLevel("UndefinedVar", levels("all", { "buildkit/UndefinedVar": "off" }))).toBe("off");
  });
});

describe("engines that are there or not", () => {
  const text = "FROM debian:12\nRUN rm $a\n";
  const open = async (given: {
    readonly shellcheck?: boolean | "auto";
    readonly buildkitChecks?: boolean | "auto";
    readonly isReady?: boolean;
    readonly hasShellcheck?: boolean;
  }) => {
    const asked: number[] = [];
    const engine = given.isReady
      ? ({ status: "ready", description: "", canExportOci: true, builder: undefined } as const)
      : ({ status: "absent", reason: "docker is not installed" } as const);
    const docker = { engine: async () => engine } as unknown as Parameters<
      typeof openImportedChecks
    >[0]["world"]["docker"];
    const checks = await openImportedChecks({
      settings: {
        command: "run",
        shellcheck: given.shellcheck ?? "auto",
        buildkitChecks: given.buildkitChecks ?? "auto",
      },
      engine,
      signal: new AbortController().signal,
      world: {
        docker,
        shellcheck: {
          check: async (scripts) => {
            asked.push(scripts.length);
            return given.hasShellcheck
              ? {
                  status: "done",
                  comments: scripts.map((_, index) => (index === 1 ? undefined : [comment([1, 4, 1, 6])])),
                }
              : { status: "absent", reason: "ShellCheck is not on the PATH" };
          },
        },
        buildChecks: {
          check: async (questions) => questions.map(() => ({ warnings: [], error: "no such host" })),
          outline: async () => [],
        },
      },
    });
    const file = fileOf(text);
    const whole = Array.from({ length: 300 }, (_, index) =>
      checks.add({
        path: `${index}/Dockerfile`,
        file,
        outcome: { problems: [], ignored: [], failures: [] },
        levels: levels("strict"),
        build: () => ({ dockerfile: "/Dockerfile", context: "/", args: new Map(), buildContexts: new Map() }),
      }),
    );
    checks.finish();
    const outcomes = await Promise.all(whole);
    return { asked, found: outcomes.flatMap(({ problems }) => problems).length, remarks: checks.remarks() };
  };

  test("both absent cost nothing but a remark", async () => {
    expect(await open({})).toEqual({
      asked: [256, 44],
      found: 0,
      remarks: [
        "BuildKit's checks were not made: docker is not installed",
        "Scripts were not judged by ShellCheck: ShellCheck is not on the PATH",
      ],
    });
  });

  test("neither is asked when both are switched off", async () => {
    expect(await open({ shellcheck: false, buildkitChecks: false, isReady: true, hasShellcheck: true })).toEqual({
      asked: [],
      found: 0,
      remarks: [],
    });
  });

  test("many scripts go in few calls, and what took too long is remarked", async () => {
    expect(await open({ hasShellcheck: true, buildkitChecks: false })).toEqual({
      asked: [256, 44],
      found: 298,
      remarks: [
        "1/Dockerfile: ShellCheck took too long over a script",
        "257/Dockerfile: ShellCheck took too long over a script",
      ],
    });
  });

  test("a file that BuildKit cannot check is remarked", async () => {
    const { remarks } = await open({ isReady: true, shellcheck: false });
    expect(remarks[0]).toBe("0/Dockerfile: BuildKit could not check all of it: no such host");
  });

  test.each([
    [{ shellcheck: true } as const, "shellcheck: ShellCheck is not on the PATH."],
    [{ buildkitChecks: true } as const, "buildkit-checks: docker is not installed."],
  ])("one that must be there and is not is an error: %j", async (given, message) => {
    await expect(open(given)).rejects.toThrow(message);
  });
});

describe("the program", () => {
  const programOf = (body: string): string => {
    const folder = folderOf({ shellcheck: `#!/bin/sh\n${body}\n` });
    chmodSync(join(folder, "shellcheck"), 0o755);
    return folder;
  };
  const check = async (path: string, texts: readonly string[]) => {
    const temporaryFolder = folderOf({});
    const { check: ask } = connectShellcheck({ environment: { PATH: path }, temporaryFolder, patience: 2_000 });
    const scripts = texts.map((text) => ({ dialect: "sh" as const, text }));
    const answer = await ask(scripts, new AbortController().signal);
    expect(readdirSync(temporaryFolder)).toEqual([]);
    return answer;
  };

  test.each([
    ["is not there", folderOf({}), "ShellCheck is not on the PATH"],
    [
      "knows other options",
      programOf("echo 'unrecognized option' >&2; exit 4"),
      "ShellCheck cannot be used: unrecognized option",
    ],
    ["prints something else", programOf("echo hello"), "ShellCheck cannot be used: it gave no reason"],
  ])("%s", async (_, path, reason) => {
    expect(await check(path, ["make"])).toEqual({ status: "absent", reason });
  });

  test("gets files that only this user can read, in the working folder, and no variable of its own", async () => {
    const program = programOf(
      'printf \'{"comments":[{"file":"0.sh","code":2000,"level":"info","line":1,"column":1,"endLine":1,"endColumn":2,"message":"%s"}]}\' "$* $(stat -c %a . 0.sh | tr "\\n" " ")${SHELLCHECK_OPTS-unset}"',
    );
    const answer = await check(`${program}:/usr/bin:/bin`, ["make"]);
    expect(answer).toMatchObject({
      comments: [[{ message: "--norc --shell=sh --format=json1 -- 0.sh 700 600 unset" }]],
    });
  });

  test("that hangs over one script still judges the others", async () => {
    const program = programOf(
      'case $(for f; do [ -f "$f" ] && cat "$f"; done) in *hang*) exec sleep 60;; esac\nprintf \'{"comments":[]}\'',
    );
    const answer = await check(`${program}:/usr/bin:/bin`, ["make a", "hang", "make b", "make a"]);
    expect(answer).toEqual({ status: "done", comments: [[], undefined, [], []] });
  });
});

const hasShellcheck = spawnSync("shellcheck", ["--version"]).status === 0;
if (!hasShellcheck) process.stderr.write("shellcheck is not on the PATH: the tests that run it are skipped\n");

(hasShellcheck ? describe : describe.skip)("ShellCheck itself (skipped where it is not on the PATH)", () => {
  const audit = (cwd: string, ...argv: string[]) => {
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: tmpdir(),
      NODE_NO_WARNINGS: "1",
      SHELLCHECK_OPTS: "--exclude=SC2045",
    };
    const argvs = [resolve("src/main.ts"), "audit", "--format=json", ...argv];
    const { stdout, stderr } = spawnSync(process.execPath, argvs, { cwd, env, encoding: "utf8" });
    if (stderr !== "") throw new Error(stderr);
    const { findings } = JSON.parse(stdout) as {
      findings: readonly { rule: string; severity: string; line: number; column: number; endColumn: number }[];
    };
    return findings
      .filter(({ rule }) => rule.startsWith("shellcheck/"))
      .map(({ rule, severity, line, column, endColumn }) => `${line}:${column}-${endColumn} ${severity} ${rule}`);
  };
  const dockerfile = [
    "FROM debian:bookworm-slim",
    "ARG version=1",
    "RUN set -e; \\",
    "    # a comment",
    '\trm -rf "$dir/"* && \\',
    "    # shellcheck disable=SC2045",
    '    for f in $(ls *.c); do echo "é😀$f"; done && \\',
    '    for f in $(ls *.h); do echo "é😀$f" $version; done',
    "RUN <<END",
    "#!/bin/bash",
    'for f in $(ls *.c); do echo "$f"; done',
    "# shellcheck disable=SC2045",
    'for g in $(ls *.c); do echo "$g"; done',
    "version=2",
    "END",
    "# hadolint ignore=SC2045",
    'RUN for f in $(ls *.c); do echo "$f"; done',
    'CMD ["sh", "-c", "for f in $(ls \\"a b\\"); do echo \\"$f\\"; done"]',
    "RUN [[ -f /a ]] && cd /b && . /c",
    "",
  ].join("\n");

  test("speaks of the very words of the Dockerfile", () => {
    expect(audit(folderOf({ Dockerfile: dockerfile }))).toEqual([
      "5:9-17 note shellcheck/SC2115",
      "8:14-23 warning shellcheck/SC2045",
      "11:10-19 warning shellcheck/SC2045",
      "18:28-41 warning shellcheck/SC2045",
    ]);
  });

  test("is heard as the configuration and the profile say", () => {
    const config =
      "profile: strict\nrules: { SC2045: error, shellcheck/SC2115: off, SC2035: off, SC2086: off, SC2034: off }\n";
    expect(audit(folderOf({ Dockerfile: dockerfile, ".docker-hygiene.yml": config }))).toEqual([
      "8:14-23 error shellcheck/SC2045",
      "11:10-19 error shellcheck/SC2045",
      "18:28-41 error shellcheck/SC2045",
    ]);
  });

  test("reads the heredoc that a shell is fed", () => {
    const fed = "FROM debian:12\nRUN bash -e <<-'E'\n\ttrue\n\tfor f in $(ls /a); do true; done\n\tE\n";
    expect(audit(folderOf({ Dockerfile: fed }))).toEqual([
      "4:2-5 note shellcheck/SC2034",
      "4:11-19 warning shellcheck/SC2045",
    ]);
  });

  test("is not asked when it is switched off", () => {
    expect(audit(folderOf({ Dockerfile: dockerfile }), "--shellcheck=false")).toEqual([]);
    expect(audit(folderOf({ Dockerfile: dockerfile, ".docker-hygiene.yml": "shellcheck: false\n" }))).toEqual([]);
  });
});

test("a check that one of our rules holds is the rule, under BuildKit's name too", () => {
  expect(findRule("buildkit/StageNameCasing", rules)?.id).toBe("uppercase-stage-name");
  expect(findRule("buildkit/root-user", rules)).toBeUndefined();
});

test("every imported check can be explained", () => {
  expect(explainText("SC2086", rules, noPaint, 100)).toBe(
    [
      "shellcheck/SC2086: SC2086 of ShellCheck",
      "off, note in the profile strict · an imported check · no automatic fix",
      "",
      "Left out of the profile `recommended` unless the configuration sets a level for it: package",
      "lists and flags are split on purpose.",
      "",
      "Read more",
      "  https://www.shellcheck.net/wiki/SC2086",
      "",
      "To set its level, write into .docker-hygiene.yml",
      "  rules:",
      "    shellcheck/SC2086: warning # or error, note, off",
      "",
      "To silence it on one instruction, put above it",
      "  # docker-hygiene ignore=shellcheck/SC2086 -- the reason",
      "",
    ].join("\n"),
  );
  expect(
    ["buildkit/undefinedvar", "UndefinedVar", "buildkit/BrandNew", "rot-user", "SC12"].map(
      (name) => importedCheck(name)?.url,
    ),
  ).toEqual([
    "https://docs.docker.com/reference/build-checks/undefined-var/",
    "https://docs.docker.com/reference/build-checks/undefined-var/",
    "https://docs.docker.com/reference/build-checks/brand-new/",
    undefined,
    undefined,
  ]);
});
