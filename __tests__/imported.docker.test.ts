import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { connectBuildChecks } from "../src/adapters/buildx-check.ts";
import type { CheckQuestion } from "../src/audit/imported-buildkit.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "imported-checks-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const environment = { PATH: process.env.PATH ?? "", HOME: root, DOCKER_HOST: process.env.DOCKER_HOST, TMPDIR: root };

const write = (path: string, text: string): string => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  return join(root, path);
};

const question = (name: string, text: string, more: Partial<CheckQuestion> = {}): CheckQuestion => {
  const dockerfile = write(`calls/${name}/Dockerfile`, text);
  const args = new Map([["BUILDKIT_DOCKERFILE_CHECK", "experimental=CopyIgnoredFile"]]);
  const context = dirname(dockerfile);
  return { dockerfile, context, stage: undefined, args, buildContexts: new Map(), syntax: undefined, ...more };
};

const check = async (questions: readonly CheckQuestion[]) => {
  const temporaryFolder = join(root, "temporary");
  mkdirSync(temporaryFolder, { recursive: true });
  const checks = connectBuildChecks({ builder: undefined, environment, temporaryFolder });
  const answers = await checks.check(questions, new AbortController().signal);
  expect(readdirSync(temporaryFolder)).toEqual([]);
  return answers;
};

test("one call checks three files, of which one cannot be parsed", async () => {
  write("calls/good/.dockerignore", "secret\n");
  const [good, broken, other] = await check([
    question("good", "FROM busybox:local\nCOPY secret /a\nLABEL a=$NOPE\n"),
    question("broken", "FROM busybox:local\nRUM make\n"),
    question("other", "FROM scratch AS one\nEXPOSE 1/TCP\nFROM scratch\nEXPOSE 2/TCP\n", { stage: "one" }),
  ]);
  expect(good).toEqual({
    warnings: [
      {
        rule: "CopyIgnoredFile",
        line: 2,
        detail: 'Attempting to Copy file "secret" that is excluded by .dockerignore',
      },
      { rule: "UndefinedVar", line: 3, detail: "Usage of undefined variable '$NOPE'" },
    ],
    error: undefined,
  });
  expect(broken).toEqual({
    warnings: [],
    error: "dockerfile parse error on line 2: unknown instruction: RUM (did you mean RUN?)",
  });
  expect(other?.warnings.map(({ rule, line }) => [rule, line])).toEqual([["ExposeProtoCasing", 2]]);
}, 60_000);

test("a front end, a base or a context that cannot be had costs the other files nothing", async () => {
  const undefinedVariable = "FROM busybox:local\nLABEL a=$NOPE\n";
  const syntax = "localhost:1/docker/dockerfile:1";
  const answers = await check([
    question("syntax", `# syntax=${syntax}\n${undefinedVariable}`, { syntax }),
    question("base", "FROM localhost:1/absent:1\nLABEL a=$NOPE\n"),
    question("context", undefinedVariable, { context: join(root, "absent") }),
    question("plain", undefinedVariable),
    question("dollar", undefinedVariable, { args: new Map([["A", "$" + "{NOPE} %{if}"]]) }),
  ]);
  expect(answers.map(({ warnings, error }) => [warnings.length, error?.replace(/:.*/s, "")])).toEqual([
    [0, "failed to solve"],
    [0, "localhost"],
    [0, "unable to prepare context"],
    [1, undefined],
    [1, undefined],
  ]);
}, 60_000);

test("an audit asks the engine only when it is told to", () => {
  write("audit/a/Dockerfile", '# check=skip=UndefinedVar\nFROM busybox:local\nENV A="b $NOPE"\nWORKDIR sub\n');
  write("audit/b/Dockerfile", "FROM busybox:local\nARG A\nLABEL a=${A:-1} b=${NOPE:-1} c=${NOPE}\nEXPOSE 1/TCP\n");
  write("audit/c/Dockerfile", "FROM localhost:1/absent:1\nLABEL a=$NOPE\n");
  const audit = (...argv: readonly string[]) => {
    const { stdout, stderr } = spawnSync(process.execPath, [resolve("src/main.ts"), "audit", ...argv], {
      cwd: join(root, "audit"),
      env: { ...environment, NODE_NO_WARNINGS: "1" },
      encoding: "utf8",
    });
    return { lines: stdout.split("\n").filter((line) => /buildkit\/|^note:/.test(line)), stderr };
  };
  const remark =
    "note: BuildKit's checks were not made: nothing is going to be built, and `buildkit-checks` is not true";
  expect(audit("--verbose", "--shellcheck=false")).toEqual({ lines: [remark], stderr: "" });
  const asked = audit("--verbose", "--shellcheck=false", "--buildkit-checks=true");
  expect(asked.lines.map((line) => line.replace(/\s+/g, " ").trim())).toEqual([
    "3:32 warning Usage of undefined variable `$NOPE` buildkit/UndefinedVar",
    "= help: Declare variables before their use (docker-hygiene explain buildkit/UndefinedVar)",
    expect.stringMatching(/^note: c\/Dockerfile: BuildKit could not check all of it: localhost:1\/absent:1: /),
  ]);
}, 60_000);
