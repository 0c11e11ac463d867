import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connectBuildChecks } from "../src/adapters/buildx-check.ts";
import { inspectSupplies } from "../src/adapters/buildx-secrets.ts";
import { auditedFile } from "../src/audit/audited-file.ts";
import type { CheckQuestion } from "../src/audit/imported-buildkit.ts";
import { missingFromArguments } from "../src/build/from-arguments.ts";
import type { OutlineAnswer } from "../src/build/outline.ts";
import { preflight } from "../src/build/preflight.ts";
import { mountedIds, type Need, needsOf, stagesBuiltFor } from "../src/build/preflight-needs.ts";
import type { Secret, SshForward } from "../src/build/target.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import type { StageFacts } from "../src/rules/audited-file.ts";
import { engineEnvironment } from "./engine.ts";
import { randomFrom } from "./random.ts";

/** What is said before anything is built, against what BuildKit itself says of the same files. */

let folder: string;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "dh-preflight-test-")));
  for (const name of ["tmp", "home"]) mkdirSync(join(folder, name));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (path: string, text: string | Uint8Array): string => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  return join(folder, path);
};

const outline = async (questions: readonly CheckQuestion[]): Promise<readonly OutlineAnswer[]> => {
  const temporaryFolder = join(folder, "tmp");
  const checks = connectBuildChecks({
    builder: undefined,
    environment: { ...engineEnvironment(), FROM_OUTSIDE: "outside" },
    temporaryFolder,
  });
  const answers = await checks.outline(questions, new AbortController().signal);
  expect(readdirSync(temporaryFolder)).toEqual([]);
  return answers;
};

const question = (name: string, text: string, more: Partial<CheckQuestion> = {}): CheckQuestion => {
  const dockerfile = write(`outline/${name}/Dockerfile`, text);
  const context = dirname(dockerfile);
  return {
    dockerfile,
    context,
    stage: undefined,
    args: new Map(),
    buildContexts: new Map(),
    syntax: undefined,
    ...more,
  };
};

const mount = (kind: "secret" | "ssh", id: string, line: number, isRequired = false) => ({
  kind,
  id,
  line,
  isRequired,
});

describe("BuildKit's outline", () => {
  const image = `dh-preflight-${randomBytes(6).toString("hex")}`;

  afterAll(() => {
    execFileSync("docker", ["image", "rm", "--force", image], { stdio: "ignore" });
  });

  test("names values of variables and triggers of the base, of all targets but those it cannot read", async () => {
    const base = write(
      "base/Dockerfile",
      "FROM busybox:local\nENV ID=inherited\nONBUILD RUN --mount=type=secret,id=triggered,required=true true\n",
    );
    execFileSync("docker", ["buildx", "build", "--quiet", "--load", "--tag", image, dirname(base)], {
      stdio: "ignore",
    });
    const variables = [
      "ARG GLOBAL=global",
      "FROM busybox:local AS one",
      "ARG GLOBAL LOCAL=local GIVEN=given OUTSIDE FROM_OUTSIDE=x TARGETARCH EMPTY=full",
      "RUN --mount=type=secret,id=$GLOBAL-$LOCAL-$GIVEN,required true",
      `RUN --mount=type=secret,id=\${FROM_OUTSIDE}-\${EMPTY}- --mount=type=ssh,id=$TARGETARCH true`,
      "FROM one AS other",
      "",
    ].join("\n");
    const answers = await outline([
      question("variables", variables, {
        stage: "one",
        args: new Map([
          ["GIVEN", "%{x}"],
          ["EMPTY", ""],
          ["FROM_OUTSIDE", undefined],
        ]),
      }),
      question("absent", "FROM localhost:1/absent:1\n"),
      question("base", `FROM ${image}\nRUN --mount=type=secret,target=/x/$ID true\n`),
      question("wrong", "FROM busybox:local\nRUN --mount=type=secret,id=$NOTHING true\n"),
      question("syntax", "# syntax=localhost:1/front:1\nFROM scratch\n", { syntax: "localhost:1/front:1" }),
    ]);
    expect(answers).toEqual([
      {
        status: "known",
        mounts: [
          mount("secret", "global-local-%{x}", 4, true),
          mount("secret", "outside--", 5),
          mount("ssh", process.arch === "arm64" ? "arm64" : "amd64", 5),
        ],
      },
      { status: "unknown", reason: expect.stringMatching(/^failed to solve: localhost:1\/absent:1: /) },
      { status: "known", mounts: [mount("secret", "triggered", 1, true), mount("secret", "inherited", 2)] },
      { status: "unknown", reason: expect.stringMatching(/invalid secret mount/) },
      { status: "unknown", reason: expect.stringMatching(/localhost:1\/front:1/) },
    ]);
  }, 60_000);

  test("says of the first mount of an id alone whether it is required", async () => {
    const text = "FROM busybox:local\nRUN --mount=type=secret,id=x true\nRUN --mount=type=secret,id=x,required true\n";
    const [answer] = await outline([question("twice", text)]);
    expect(answer).toEqual({ status: "known", mounts: [mount("secret", "x", 2)] });
  }, 60_000);
});

/** What a run of the command line says in JSON. */
const runIn = (folderName: string, argv: readonly string[], more: Readonly<Record<string, string>> = {}) => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [
      ...[resolve("src/main.ts"), "run", "--format", "json", "--shellcheck", "false", "--buildkit-checks", "false"],
      ...argv,
    ],
    { cwd: join(folder, folderName), encoding: "utf8", env: { ...engineEnvironment(), ...more } },
  );
  return { report: JSON.parse(stdout) as JsonReport, stderr, status };
};

interface JsonReport {
  readonly findings: readonly {
    readonly path: string;
    readonly line: number;
    readonly column: number;
    readonly endColumn: number;
    readonly severity: string;
    readonly message: string;
  }[];
  readonly notes: readonly string[];
  readonly targets: readonly {
    readonly id: string;
    readonly status: string;
    readonly failure?: { readonly message: string };
  }[];
}

describe("a run", () => {
  const problem = (path: string, line: number, column: number, words: string, message: string) => ({
    path,
    line,
    column,
    words,
    message,
  });

  test("says what stops each target on the very word, once, before anything is built", () => {
    const project = join(folder, "project");
    const needs = (mounts: string, from = "busybox:local") => `FROM ${from}\nRUN ${mounts} \\\n  echo built\n`;
    write("project/missing/Dockerfile", needs("--mount=type=secret,id=npm_token,required=true"));
    write("project/near/Dockerfile", needs("--mount=type=ssh \\\n --mount=type=secret,required,id=big-file"));
    write("project/empty/Dockerfile", needs("--mount=type=secret,id=empty,required"));
    write("project/unset/Dockerfile", needs("--mount=type=secret,id=unset"));
    write("project/large/Dockerfile", needs('--mount="type=secret,id=big_file"'));
    write("project/nul/Dockerfile", needs("--mount=type=secret,id=nul,env=NUL"));
    write("project/locked/Dockerfile", needs("--mount=type=ssh,id=locked"));
    write("project/from/Dockerfile", `ARG TAG\n${needs("true", `busybox:\${TAG}`)}`);
    write(
      "project/stages/Dockerfile",
      `${needs("--mount=type=secret,id=other,required", "busybox:local AS base")}FROM base AS one\nFROM base AS two\n`,
    );
    write("project/fine/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    write("big", Buffer.alloc(500 * 1024 + 1, "x"));
    write("nul", "a\0b");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "passphrase", "-f", join(folder, "locked")]);
    const given = [
      ...["--secret", "id=big_file,src=../big", "--secret", "id=nul,src=../nul", "--secret", "id=empty,env=EMPTY"],
      ...["--secret", "id=unset,env=UNSET", "--secret", "id=unrelated,env=HOME", "--secret", "id=nuul,env=HOME"],
      ...["--ssh", "locked=../locked", "--ssh", "default"],
    ];
    const { report, stderr, status } = runIn("project", given, { EMPTY: "" });
    expect(status).toBe(1);
    const places = report.findings
      .filter(({ severity }) => severity === "error")
      .map(({ path, line, column, endColumn, message }) => {
        const text = readFileSync(join(project, path), "utf8").split("\n")[line - 1] ?? "";
        return problem(path, line, column, text.slice(column - 1, endColumn - 1), message);
      });
    const lines = (id: string, name: string) =>
      `${id}=\${{ secrets.${name} }} to \`secrets\` of the workflow, or --secret id=${id},env=${name} to the command line`;
    expect(places).toEqual([
      problem(
        "empty/Dockerfile",
        2,
        28,
        "empty",
        "The secret `empty` is empty: the environment variable `EMPTY` has no content. Add to `env` of the workflow's step: EMPTY: ${{ secrets.EMPTY }}",
      ),
      problem(
        "from/Dockerfile",
        2,
        14,
        "${TAG}",
        "`TAG` in FROM has no value: its ARG has no default and no build argument gives it. Add to `build-args`: TAG=…",
      ),
      problem(
        "large/Dockerfile",
        2,
        13,
        '"type=secret,id=big_file"',
        "The secret `big_file` comes from the file `../big`, which is over BuildKit's limit of 500 KiB",
      ),
      problem(
        "locked/Dockerfile",
        2,
        25,
        "locked",
        "The ssh key `../locked` for `locked` has a passphrase, which nobody can type during a build. Add it to an agent before and give `locked` alone, or give a key without one: locked=path",
      ),
      problem(
        "missing/Dockerfile",
        2,
        28,
        "npm_token",
        `The build needs the secret \`npm_token\`, which is not given. Add ${lines("npm_token", "NPM_TOKEN")}`,
      ),
      problem(
        "near/Dockerfile",
        2,
        13,
        "type=ssh",
        "No ssh agent answers for `default`: SSH_AUTH_SOCK is not set. Start one before, or give a key: as `ssh-private-key`, or default=path",
      ),
      problem(
        "near/Dockerfile",
        3,
        34,
        "big-file",
        `The build needs the secret \`big-file\`, which is not given, but \`big_file\` is. Write \`big-file\` in its place, or add ${lines("big-file", "BIG_FILE")}`,
      ),
      problem(
        "nul/Dockerfile",
        2,
        28,
        "nul",
        "The secret `nul` comes from the file `../nul` and holds a NUL byte, which the environment variable `NUL` cannot. Mount it as a file: target=/run/secrets/nul",
      ),
      problem(
        "stages/Dockerfile",
        2,
        28,
        "other",
        `The build needs the secret \`other\`, which is not given. Add ${lines("other", "OTHER")}`,
      ),
      problem(
        "unset/Dockerfile",
        2,
        28,
        "unset",
        "The secret `unset` comes from the environment variable `UNSET`, which is not set. Add to `env` of the workflow's step: UNSET: ${{ secrets.UNSET }}",
      ),
    ]);
    expect(report.notes).toEqual([
      "The secret `unrelated` is given and no RUN mounts it",
      "The secret `nuul` is given and no RUN mounts it; did you mean `nul`?",
    ]);
    const told = report.targets.map(({ id, status: result, failure }) => `${id} ${failure?.message ?? result}`);
    const onLine = (line: number) => `not tried: the error on line ${line} would stop it`;
    expect(told).toEqual([
      `empty/Dockerfile ${onLine(2)}`,
      "fine/Dockerfile built",
      `from/Dockerfile ${onLine(2)}`,
      `large/Dockerfile ${onLine(2)}`,
      `locked/Dockerfile ${onLine(2)}`,
      `missing/Dockerfile ${onLine(2)}`,
      "near/Dockerfile not tried: the errors on lines 2 and 3 would stop it",
      `nul/Dockerfile ${onLine(2)}`,
      `stages/Dockerfile:one ${onLine(2)}`,
      `stages/Dockerfile:two ${onLine(2)}`,
      `unset/Dockerfile ${onLine(2)}`,
    ]);
    // All refusals are told before the first build begins.
    const events = stderr.split("\n").filter((line) => /^ {2}(?:✗|building) /.test(line));
    expect(events.map((line) => line.trim().split(/ +/).slice(0, 2).join(" ")).slice(-2)).toEqual([
      "✗ unset",
      "building fine",
    ]);
  }, 60_000);

  test("tells of a target what is missing in one that it builds on", () => {
    write("baked/lib/Dockerfile", "FROM busybox:local\nRUN --mount=type=secret,id=lib,required true\n");
    write("baked/app/Dockerfile", "FROM lib\nRUN true\n");
    write(
      "baked/docker-bake.json",
      JSON.stringify({
        group: { default: { targets: ["app"] } },
        target: { lib: { context: "lib" }, app: { context: "app", contexts: { lib: "target:lib" } } },
      }),
    );
    const { report, status } = runIn("baked", ["--bake", "docker-bake.json"]);
    expect(status).toBe(1);
    expect(
      report.findings.flatMap(({ severity, path, line }) => (severity === "error" ? `${path}:${line}` : [])),
    ).toEqual(["lib/Dockerfile:2"]);
    expect(report.targets.map(({ id, failure }) => [id, failure?.message])).toEqual([
      ["app/Dockerfile", "not tried: the error on line 2 of lib/Dockerfile would stop it"],
    ]);
  }, 60_000);
});

test("refuses all targets of a file for a variable without a value, as BuildKit does", () => {
  const rest = (stage: string) => `${stage}\nRUN true\nFROM busybox:local AS b\nRUN echo 1\n`;
  write("blank/first/Dockerfile", rest("ARG P\nFROM $P AS a"));
  write("blank/last/Dockerfile", "ARG X\nFROM busybox:local AS a\nRUN true\nFROM busybox:$X AS b\n");
  write("blank/platform/Dockerfile", rest("ARG P\nFROM --platform=$P busybox:local AS a"));
  for (const [name, stage] of [["first", "b"] as const, ["last", "a"] as const, ["platform", "b"] as const]) {
    const args = ["build", "--quiet", "--target", stage, join(folder, "blank", name)];
    expect([name, spawnSync("docker", args).status]).toEqual([name, 1]);
  }
  const { report, status } = runIn("blank", []);
  expect(status).toBe(1);
  expect(report.targets.map(({ id, failure }) => [id, failure?.message])).toEqual(
    ["first", "last", "platform"].flatMap((name) =>
      ["a", "b"].map((stage) => [
        `${name}/Dockerfile:${stage}`,
        `not tried: the error on line ${name === "last" ? 4 : 2} would stop it`,
      ]),
    ),
  );
}, 60_000);

describe("what is given", () => {
  const stage = auditedFile(
    readDockerfile("Dockerfile", "FROM x\nRUN --mount=type=ssh --mount=type=secret,id=token true\n"),
  ).stages[0]!;

  const told = async (secrets: readonly Secret[], ssh: readonly SshForward[], socket = "") => {
    const supplied = await inspectSupplies(secrets, ssh, { SSH_AUTH_SOCK: socket });
    return preflight(needsOf(stage), supplied).map(({ message }) => message.replaceAll(folder, "FOLDER"));
  };

  const forwarded = (...paths: readonly string[]) => told([], [{ id: "default", paths }]);

  test("as an agent is one that answers", async () => {
    const live = join(folder, "live");
    const stale = join(folder, "stale");
    const file = write("plain", "no key");
    const killed = `require("net").createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, "SIGKILL"))`;
    spawnSync(process.execPath, ["-e", killed]);
    const server = createServer().listen(live);
    await once(server, "listening");
    try {
      const start = "Start one before, or give a key: as `ssh-private-key`, or default=path";
      const ofVariable = (socket: string) => told([], [{ id: "default", paths: [] }], socket);
      expect(await ofVariable(live)).toEqual([]);
      expect(await ofVariable(stale)).toEqual([
        `No ssh agent answers for \`default\`: nobody listens on SSH_AUTH_SOCK. ${start}`,
      ]);
      for (const path of [file, folder, join(folder, "nowhere")]) {
        expect(await ofVariable(path)).toEqual([
          `No ssh agent answers for \`default\`: SSH_AUTH_SOCK is no socket. ${start}`,
        ]);
      }
      expect(await forwarded(live)).toEqual([]);
      expect(await forwarded(stale)).toEqual([
        `No ssh agent answers for \`default\`: nobody listens on \`FOLDER/stale\`. ${start}`,
      ]);
      expect(await forwarded(live, file)).toEqual([
        "The socket `FOLDER/live` for `default` is given beside other paths, and an agent is forwarded alone. Give each an id of its own",
      ]);
      expect(await forwarded(folder)).toEqual(["`FOLDER`, given for `default`, is not a private ssh key"]);
    } finally {
      server.close();
    }
  });

  test("as the file of a secret is a file", async () => {
    expect(await told([{ id: "token", from: "file", path: folder }], [])).toEqual([
      "The secret `token` comes from the folder `FOLDER`, which is no regular file",
    ]);
    expect(await told([{ id: "token", from: "file", path: "/dev/null" }], [])).toEqual([
      "The secret `token` comes from the file `/dev/null`, which is no regular file",
    ]);
  });
});

describe("our reading of what targets mount", () => {
  const fixtures = resolve("__tests__/fixtures/conformance/edge");
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));

  test(`is BuildKit's, on the fixtures and on files made at random (SEED=${seed})`, async () => {
    const random = randomOf(seed);
    const made = Array.from({ length: 60 }, () => randomDockerfile(random));
    expect(made.flatMap((text) => readDockerfile("Dockerfile", text).problems)).toEqual([]);
    const texts = [
      ...readdirSync(fixtures)
        .sort()
        .map((name) => readFileSync(join(fixtures, name), "utf8")),
      ...made,
    ];
    const cases = texts.flatMap((text, index) => casesOf(offline(text), `compare/${index}`));
    const answers = await outline(cases.map((one) => one.question));
    const compared = cases.flatMap(({ text, stage }, index) => {
      const answer = answers[index];
      if (answer?.status !== "known") return [];
      const ours = needsOf(stage);
      const engines = answer.mounts;
      const hasVariables = mountedIds(stagesBuiltFor(stage)).some(({ id }) => id.includes("$"));
      return [
        {
          text,
          ids: idsOf(hasVariables ? needsOf(stage, { outline: answer }) : ours),
          theirs: idsOf(engines),
          missing: idsOf(engines.filter(({ isRequired }) => isRequired)).filter(
            (id) => !hasVariables && !idsOf(ours.filter(({ isRequired }) => isRequired)).includes(id),
          ),
        },
      ];
    });
    const isRandom = (index: number): boolean => cases[index]?.text.startsWith("# random") === true;
    expect(answers.filter((answer, index) => answer.status === "unknown" && isRandom(index))).toEqual([]);
    expect(compared.filter(({ ids, theirs, missing }) => `${ids}` !== `${theirs}` || missing.length > 0)).toEqual([]);
    expect(compared.filter(({ theirs }) => theirs.length > 0).length).toBeGreaterThan(20);
  }, 240_000);
});

const idsOf = (needs: readonly Pick<Need, "kind" | "id">[]): readonly string[] =>
  [...new Set(needs.map(({ kind, id }) => `${kind} ${id}`))].sort();

/** The same file without bases, front ends and platforms that would have to be fetched; every line stays. */
const offline = (text: string): string => {
  const dockerfile = readDockerfile("Dockerfile", text);
  const { stages } = auditedFile(dockerfile);
  const edits = [
    ...dockerfile.directives.flatMap(({ name, span }) => (name === "syntax" ? [{ span, by: "#" }] : [])),
    ...stages.flatMap(({ base, stage }) => [
      ...stage.from.flags.map(({ span }) => ({ span, by: "" })),
      ...(base.kind === "stage" || base.kind === "scratch" ? [] : [{ span: stage.from.image.span, by: "scratch" }]),
    ]),
  ];
  return edits
    .sort((a, b) => b.span.start - a.span.start)
    .reduce((whole, { span, by }) => whole.slice(0, span.start) + by + whole.slice(span.end), text);
};

interface Case {
  readonly text: string;
  readonly stage: StageFacts;
  readonly question: CheckQuestion;
}

/** The targets of a file, if BuildKit can read it without fetching anything. */
const casesOf = (text: string, path: string): readonly Case[] => {
  const dockerfile = readDockerfile("Dockerfile", text);
  const file = auditedFile(dockerfile);
  if (dockerfile.problems.length > 0 || file.hasForeignSyntax) return [];
  const isFetching = /--from=|from=|ADD|COPY|\$|onbuild/i.test(text) && !text.startsWith("# random");
  if (isFetching) return [];
  const absolute = write(`${path}/Dockerfile`, text);
  return file.targetStages.flatMap((stage): readonly Case[] => {
    const isLast = stage.index === file.stages.length - 1;
    if (!isLast && stage.name === undefined) return [];
    if (missingFromArguments(dockerfile, new Map()).length > 0) return [];
    const asked: CheckQuestion = {
      dockerfile: absolute,
      context: dirname(absolute),
      stage: isLast ? undefined : stage.name,
      args: new Map(),
      buildContexts: new Map(),
      syntax: undefined,
    };
    return [{ text, stage, question: asked }];
  });
};

type Random = (below: number) => number;

const randomOf = (seed: number): Random => {
  const random = randomFrom(seed);
  return (below) => Math.floor(random() * below);
};

/** Stages that build on, copy from and mount from each other, with mounts in all ways that they are written. */
const randomDockerfile = (random: Random): string => {
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
  const ids = ["npm", "npmrc", "token", ".netrc", "a-b", "x_y", "default"];
  const required = ["", "", ",required", ",required=true", ",required=1", ",required=false", ",required=T"];
  const mounts: readonly (() => string)[] = [
    () => `type=secret,id=${pick(ids)}${pick(required)}`,
    () => `type=secret,source=${pick(ids)},target=/t/${pick(ids)}${pick(required)}`,
    () => `type=secret,target=/root/${pick(ids)}${pick(required)}`,
    () => `"type=secret,id=${pick(ids)}${pick(required)}"`,
    () => `type=Secret,ID=${pick(ids)},env=VALUE${pick(required)}`,
    () => `id=${pick(ids)},dst=/d,type=secret`,
    () => `type=ssh${pick(required)}`,
    () => `type=ssh,id=${pick(ids)}${pick(required)}`,
    () => `type=cache,target=/cache,id=${pick(ids)}`,
    () => `type=secret,id=$LOCAL-${pick(ids)}${pick(required)}`,
    () => `type=tmpfs,target=/tmp`,
  ];
  const lines = ["# random", "ARG BASE=scratch", "ARG WITHOUT"];
  const stages = 1 + random(5);
  for (let stage = 0; stage < stages; stage++) {
    const earlier = Array.from({ length: stage }, (_, index) => `s${index}`);
    const base = random(2) === 0 && earlier.length > 0 ? pick(earlier) : pick(["scratch", "$BASE"]);
    lines.push(`FROM ${base} AS ${random(4) === 0 ? `S${stage}` : `s${stage}`}`, "ARG LOCAL=local");
    for (let step = random(4); step > 0; step--) {
      const prefix = random(8) === 0 ? "ONBUILD " : "";
      const written = Array.from({ length: 1 + random(2) }, () => `--mount=${pick(mounts)()}`);
      const from =
        earlier.length > 0 && random(4) === 0 ? [`--mount=type=bind,from=${pick(earlier)},target=/from`] : [];
      lines.push(`${prefix}RUN ${[...written, ...from].join(pick([" ", " \\\n  ", " \\\n# comment\n  "]))} true`);
      if (earlier.length > 0 && random(4) === 0) lines.push(`COPY --from=${pick(earlier)} /a /b`);
      if (earlier.length > 0 && random(8) === 0) lines.push(`COPY --from=${random(earlier.length)} /a /c`);
    }
  }
  return `${lines.join("\n")}\n`;
};
