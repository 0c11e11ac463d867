import { execFileSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { auditedFile } from "../src/audit/audited-file.ts";
import type { CheckQuestion } from "../src/audit/imported-buildkit.ts";
import { buildCommand } from "../src/build/arguments.ts";
import type { BakeTarget } from "../src/build/bake.ts";
import { ownCache, unusedCaches } from "../src/build/cache.ts";
import { chooseContext } from "../src/build/context.ts";
import { missingFromArguments } from "../src/build/from-arguments.ts";
import type { OutlineAnswer, OutlinedMount } from "../src/build/outline.ts";
import { type PlannedFile, type PlanSettings, planTargets } from "../src/build/plan.ts";
import {
  conflictingSecrets,
  failedBeforeBuild,
  type PreflightProblem,
  preflight,
  type Supplied,
  type SuppliedSecret,
  unusedSupplies,
  withoutUnready,
} from "../src/build/preflight.ts";
import { mountedIds, type NeedOptions, needsOf, stagesBuiltFor } from "../src/build/preflight-needs.ts";
import { shellWord } from "../src/build/shell-word.ts";
import type { Secret } from "../src/build/target.ts";
import { describeRun } from "../src/cli-dry-run.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import type { BuildContext } from "../src/rules/audited-file.ts";
import missingCopySource from "../src/rules/missing-copy-source.ts";
import { askOutlines } from "../src/run-outlines.ts";
import type { DockerfileConfig } from "../src/settings.ts";

const stagesOf = (text: string) => auditedFile(readDockerfile("Dockerfile", text)).stages;

const threeStages = `FROM debian:12 AS builder
RUN make
FROM scratch AS production
COPY --from=builder /app /app
FROM builder AS debug
RUN apt-get install -y gdb
`;

const file = (path: string, text: string, config: Partial<DockerfileConfig> = {}): PlannedFile => ({
  path,
  absolute: `/w/${path}`,
  text,
  stages: stagesOf(text),
  context: `/w/${path.split("/").slice(0, -1).join("/")}`,
  config: {
    file: path,
    matches: () => true,
    context: undefined,
    targets: undefined,
    buildArgs: new Map(),
    buildContexts: new Map(),
    ...config,
  },
});

const settings: PlanSettings = {
  targets: [],
  secrets: [],
  ssh: [],
  buildArgs: new Map(),
  buildContexts: new Map(),
  platforms: [],
  cacheFrom: [],
  cacheTo: [],
  network: undefined,
  noCache: false,
  pull: false,
};

const planned = (files: readonly PlannedFile[], ...targets: readonly string[]) =>
  planTargets(files, { ...settings, targets }).map(({ id }) => id);

const messageOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return "nothing thrown";
};

describe("the plan", () => {
  const api = file("services/api/Dockerfile", threeStages);
  const web = file("web/Dockerfile", "FROM node AS deps\nRUN npm ci\nFROM nginx\nCOPY --from=deps /x /x\n");

  test("holds leaves and the last stage of each file", () => {
    expect(planned([api, web])).toEqual([
      "services/api/Dockerfile:production",
      "services/api/Dockerfile:debug",
      "web/Dockerfile",
    ]);
  });

  test("holds configured stages too", () => {
    expect(planned([file("Dockerfile", threeStages, { targets: ["Builder"] })])).toEqual([
      "Dockerfile:builder",
      "Dockerfile:production",
      "Dockerfile:debug",
    ]);
  });

  test("leaves out what BuildKit finds by no name: stages without one, and with one that a later stage takes", () => {
    const targets = planTargets([file("Dockerfile", "FROM a\nFROM b AS x\nFROM c AS x\nFROM d\n")], settings);
    expect(targets.map(({ id, stage }) => ({ id, stage }))).toEqual([
      { id: "Dockerfile:x", stage: "x" },
      { id: "Dockerfile", stage: undefined },
    ]);
  });

  test.each([
    [["production"], ["services/api/Dockerfile:production"]],
    [["builder"], ["services/api/Dockerfile:builder"]],
    [
      ["Production", "web:Deps"],
      ["services/api/Dockerfile:production", "web/Dockerfile:deps"],
    ],
    [["api:*"], ["services/api/Dockerfile:production", "services/api/Dockerfile:debug"]],
    [["services/api:debug"], ["services/api/Dockerfile:debug"]],
    [["services/*"], ["services/api/Dockerfile:production", "services/api/Dockerfile:debug"]],
    [["*:deps"], ["web/Dockerfile:deps"]],
    [["web"], ["web/Dockerfile"]],
    [
      ["web/Dockerfile", "debug"],
      ["services/api/Dockerfile:debug", "web/Dockerfile"],
    ],
    [["*"], ["services/api/Dockerfile:production", "services/api/Dockerfile:debug", "web/Dockerfile"]],
  ])("is cut to %j", (patterns, ids) => {
    expect(planned([api, web], ...patterns)).toEqual(ids);
  });

  test.each([
    [
      [api],
      "relase-production",
      "UserError: target `relase-production` does not exist in services/api/Dockerfile; it has builder, production, debug",
    ],
    [
      [api],
      "prodution",
      "UserError: target `prodution` does not exist in services/api/Dockerfile; it has builder, production, debug. Did you mean `production`?",
    ],
    [
      [api, web],
      "api:dbug",
      "UserError: target `api:dbug` does not exist in any of the 2 Dockerfiles; they have builder, production, debug, deps. Did you mean `api:debug`?",
    ],
    [
      [api, web],
      "services/api/Dockerfile:bulider",
      "UserError: target `bulider` does not exist in services/api/Dockerfile; it has builder, production, debug. Did you mean `builder`?",
    ],
    [[file("Dockerfile", "FROM x\n")], "x", "UserError: target `x` does not exist in Dockerfile; no stage has a name"],
    [[], "x", "UserError: target `x` does not exist: no Dockerfile was found"],
  ])("refuses an unknown target", (files, written, message) => {
    expect(messageOf(() => planned(files, written))).toBe(message);
  });

  test("refuses an unknown target of the configuration", () => {
    expect(messageOf(() => planned([file("Dockerfile", threeStages, { targets: ["relase", "debug"] })]))).toBe(
      "UserError: target `relase` does not exist in Dockerfile; it has builder, production, debug",
    );
  });

  const bake = (name: string, changes: Partial<BakeTarget> = {}): BakeTarget => ({
    names: [name],
    name,
    isDefault: true,
    dockerfile: "/w/services/api/Dockerfile",
    context: "/w",
    stage: undefined,
    platforms: [],
    buildArgs: new Map(),
    buildContexts: new Map(),
    linked: new Map(),
    secrets: [],
    ssh: [],
    cacheFrom: [],
    network: undefined,
    noCache: false,
    pull: false,
    others: {},
    ...changes,
  });

  test("follows the Bake file where there is one", () => {
    const baked = {
      ...api,
      bake: [
        bake("app", { stage: "Production", names: ["app", "group"] }),
        bake("app-fast", { stage: "production", buildArgs: new Map([["FAST", "1"]]) }),
        bake("later", { isDefault: false, stage: "builder" }),
      ],
    };
    expect(planned([baked, web])).toEqual([
      "services/api/Dockerfile:production@app",
      "services/api/Dockerfile:production@app-fast",
      "web/Dockerfile",
    ]);
    expect(planned([baked], "later", "debug")).toEqual([
      "services/api/Dockerfile:builder",
      "services/api/Dockerfile:debug",
    ]);
    expect(planned([baked], "group")).toEqual(["services/api/Dockerfile:production@app"]);
    expect(planned([{ ...api, bake: [bake("app")] }])).toEqual(["services/api/Dockerfile:debug"]);
    expect(messageOf(() => planned([{ ...api, bake: [bake("app", { stage: "prod" })] }]))).toBe(
      "UserError: target `prod` does not exist in services/api/Dockerfile; it has builder, production, debug",
    );
  });

  test("gives a target of Bake what the run says before what the Bake file says", () => {
    const own = bake("app", {
      platforms: ["linux/arm64"],
      buildArgs: new Map([
        ["A", "bake"],
        ["B", "bake"],
      ]),
      secrets: [
        { id: "x", from: "file", path: "/bake/x" },
        { id: "y", from: "file", path: "/bake/y" },
      ],
      cacheFrom: ["type=registry,ref=r"],
      others: { ulimits: ["nofile=1:1"] },
      linked: new Map([["base", bake("base", { stage: "b" })]]),
    });
    const [target] = planTargets([{ ...api, bake: [own] }], {
      ...settings,
      buildArgs: new Map([["B", "run"]]),
      secrets: [{ id: "x", from: "env", name: "X" }],
    });
    expect(target).toMatchObject({
      context: "/w",
      platforms: ["linux/arm64"],
      buildArgs: new Map([
        ["A", "bake"],
        ["B", "run"],
      ]),
      secrets: [
        { id: "x", from: "env", name: "X" },
        { id: "y", from: "file", path: "/bake/y" },
      ],
      cacheFrom: ["type=registry,ref=r"],
      bake: { name: "app", others: { ulimits: ["nofile=1:1"] } },
    });
    const command = buildCommand(target!, {
      step: "build",
      output: { type: "image" },
      builder: undefined,
      metadataFile: "/t/build-0.json",
      environment: {},
    });
    expect(command.argv).toEqual([
      ...["buildx", "bake", "--progress=rawjson", "--file", "/t/build-0-bake.json", "--provenance=false"],
      ...["--metadata-file", "/t/build-0.json", "app"],
    ]);
    expect(command.definition?.path).toBe("/t/build-0-bake.json");
    expect(JSON.parse(command.definition?.text ?? "")).toEqual({
      target: {
        app: {
          context: "/w",
          dockerfile: "/w/services/api/Dockerfile",
          target: "debug",
          args: { A: "bake", B: "run" },
          contexts: { base: "target:base" },
          secret: ["id=x,env=X", "id=y,src=/bake/y"],
          platforms: ["linux/arm64"],
          "cache-from": ["type=registry,ref=r"],
          ulimits: ["nofile=1:1"],
          output: ["type=image,store=false"],
        },
        base: {
          context: "/w",
          dockerfile: "/w/services/api/Dockerfile",
          target: "b",
          args: { B: "run" },
          secret: ["id=x,env=X"],
          output: ["type=cacheonly"],
        },
      },
    });
  });

  test("is shown with its commands, without values of the environment", async () => {
    const targets = planTargets([web, { ...api, bake: [bake("app", { others: { "shm-size": "64m" } })] }], {
      ...settings,
      secrets: [
        { id: "npm", from: "env", name: "NPM" },
        { id: "unset", from: "env", name: "UNSET" },
      ],
      buildArgs: new Map([
        ["VERSION", "it's 1"],
        ["TOKENISH", undefined],
        ["SAME", "as outside"],
      ]),
    });
    const { text, code } = await describeRun(
      {
        targets,
        refused: new Map([
          [
            targets[0]!,
            [
              {
                at: { start: 0, end: 1 },
                path: "x",
                line: 3,
                columns: undefined,
                message: "it lacks a value",
                rule: "x",
              },
            ],
          ],
        ]),
        supplied: { secrets: new Map([["npm", { source: "x", state: "ready" }]]), ssh: new Map() },
        engine: { status: "ready", description: "docker 1", canExportOci: true, builder: "mine" },
        unused: [],
        notes: ["A note."],
        remarks: [],
      },
      { maxParallel: 4, secrets: [] },
      { TOKENISH: "hidden", SAME: "as outside" },
    );
    expect(code).toBe(1);
    expect(text).toBe(`2 targets in 2 Dockerfiles, 4 at a time, by docker 1
note: A note.
FOLDER is a folder of the run, which is removed after it.

web/Dockerfile
  context /w/web
  build arguments VERSION, TOKENISH, SAME
  secrets npm, unset
  refused: line 3: it lacks a value

services/api/Dockerfile:debug
  context /w
  build arguments VERSION, TOKENISH, SAME
  secrets npm, unset
  FOLDER/build-1-bake.json:
    {
      "target": {
        "app": {
          "shm-size": "64m",
          "context": "/w",
          "dockerfile": "/w/services/api/Dockerfile",
          "target": "debug",
          "args": {
            "VERSION": "it's 1"
          },
          "secret": [
            "id=npm,env=NPM"
          ],
          "output": [
            "type=image,store=false"
          ]
        }
      }
    }
  $ BUILDX_METADATA_PROVENANCE=max BUILDX_BAKE_ENTITLEMENTS_FS=0 docker buildx bake --progress=rawjson --builder mine --file FOLDER/build-1-bake.json --provenance=false --metadata-file FOLDER/build-1.json app
  FOLDER/export-1-bake.json:
    {
      "target": {
        "app": {
          "shm-size": "64m",
          "context": "/w",
          "dockerfile": "/w/services/api/Dockerfile",
          "target": "debug",
          "args": {
            "VERSION": "it's 1"
          },
          "secret": [
            "id=npm,env=NPM"
          ],
          "output": [
            "type=oci,tar=false,dest=FOLDER/layout"
          ]
        }
      }
    }
  $ BUILDX_METADATA_PROVENANCE=max BUILDX_BAKE_ENTITLEMENTS_FS=0 docker buildx bake --progress=rawjson --builder mine --file FOLDER/export-1-bake.json --provenance=false --metadata-file FOLDER/export-1.json app
`);
    const { text: plain } = await describeRun(
      {
        targets: planTargets([web], { ...settings, buildArgs: new Map([["VERSION", "it's 1"]]) }),
        refused: new Map(),
        supplied: { secrets: new Map(), ssh: new Map() },
        engine: { status: "ready", description: "docker 1", canExportOci: false, builder: undefined },
        unused: [],
        notes: [],
        remarks: [],
      },
      { maxParallel: 1, secrets: [] },
      {},
    );
    expect(plain.split("\n").slice(1)).toEqual([
      "FOLDER is a folder of the run, which is removed after it.",
      "The image store exports no layers, so a builder is made for the run and removed after it; where it cannot be made, images are built into the store, saved with `docker image save` and removed.",
      "  $ docker buildx create --name docker-hygiene-RUN --driver docker-container --bootstrap",
      "",
      "web/Dockerfile",
      "  context /w/web",
      "  build arguments VERSION",
      "  $ BUILDX_METADATA_PROVENANCE=max VERSION='it'\\''s 1' docker buildx build --progress=rawjson --builder docker-hygiene-RUN --file /w/web/Dockerfile --provenance=false --metadata-file FOLDER/build-0.json --output type=image,store=false --build-arg VERSION -- /w/web",
      "  $ BUILDX_METADATA_PROVENANCE=max VERSION='it'\\''s 1' docker buildx build --progress=rawjson --builder docker-hygiene-RUN --file /w/web/Dockerfile --provenance=false --metadata-file FOLDER/export-0.json --output type=oci,tar=false,dest=FOLDER/layout --build-arg VERSION -- /w/web",
      "",
    ]);
  });

  test("is shown on lines of its own, whatever names and values hold", async () => {
    const odd = file("a\nb\u001b[31m/Dockerfile", "FROM scratch\n");
    const value = "pin 1\npin 2\n";
    const { text } = await describeRun(
      {
        targets: planTargets([odd], { ...settings, buildArgs: new Map([["A", `it's\\\u200b${value}`]]) }),
        refused: new Map(),
        supplied: { secrets: new Map(), ssh: new Map() },
        engine: { status: "ready", description: "docker 1", canExportOci: true, builder: undefined },
        unused: [],
        notes: [],
        remarks: [],
      },
      { maxParallel: 1, secrets: [{ id: "pins", from: "env", name: "PINS" }] },
      { PINS: value },
    );
    expect(text.split("\n").slice(3, 7)).toEqual([
      "a b/Dockerfile",
      "  context /w/a b",
      "  build arguments A",
      "  $ BUILDX_METADATA_PROVENANCE=max A=$'it\\'s\\\\\\u200b***\\012' docker buildx build --progress=rawjson --file $'/w/a\\012b\\033[31m/Dockerfile' --provenance=false --metadata-file FOLDER/build-0.json --output type=image,store=false --build-arg A -- $'/w/a\\012b\\033[31m'",
    ]);
  });

  test("is shown in words that a shell reads as they are", () => {
    const texts = ["plain", "it's", "a b", "\u0001\n\t\u001b'\\\\", "\u200b\u{e0001}x", "", "1\u00012"];
    const read = texts.map((text) =>
      execFileSync("bash", ["--norc", "-c", `printf %s ${shellWord(text)}`], {
        encoding: "utf8",
        env: { LC_ALL: "C.UTF-8" },
      }),
    );
    expect(read).toEqual(texts);
    expect(texts.map(shellWord).filter((word) => /[\p{Cc}\p{Cf}]/u.test(word))).toEqual([]);
  });

  test("gives each target all that is set, the run's own values before the repository's", () => {
    const [target] = planTargets(
      [
        file("api/Dockerfile", "FROM scratch AS release\n", {
          buildArgs: new Map([
            ["A", "file"],
            ["B", "file"],
          ]),
          buildContexts: new Map([["lib", "../lib"]]),
        }),
      ],
      {
        ...settings,
        buildArgs: new Map([
          ["B", "run"],
          ["C", undefined],
        ]),
        secrets: [{ id: "npm", from: "env", name: "NPM" }],
        ssh: [{ id: "default", paths: [] }],
        platforms: ["linux/amd64"],
        cacheFrom: ["type=gha", "type=registry,ref=r"],
        cacheTo: ["type=gha,mode=max", "type=gha,scope=own"],
        network: "none",
        noCache: true,
        pull: true,
      },
    );
    expect(target).toEqual({
      id: "api/Dockerfile:release",
      dockerfile: "api/Dockerfile",
      dockerfileAbsolute: "/w/api/Dockerfile",
      context: "/w/api",
      stageIndex: 0,
      stage: "release",
      span: { start: 0, end: 23 },
      platforms: ["linux/amd64"],
      buildArgs: new Map([
        ["A", "file"],
        ["B", "run"],
        ["C", undefined],
      ]),
      buildContexts: new Map([["lib", "../lib"]]),
      secrets: [{ id: "npm", from: "env", name: "NPM" }],
      ssh: [{ id: "default", paths: [] }],
      cacheFrom: ["type=gha,scope=api-Dockerfile-release", "type=registry,ref=r"],
      cacheTo: ["type=gha,mode=max,scope=api-Dockerfile-release", "type=gha,scope=own"],
      network: "none",
      noCache: true,
      pull: true,
    });
  });
});

describe("a cache", () => {
  test.each([
    ["type=gha", "type=gha,scope=api-Dockerfile-a"],
    ["type=gha,mode=max,scope=mine", "type=gha,mode=max,scope=mine"],
    ["type=local,dest=/c/,mode=max", "type=local,dest=/c/api-Dockerfile-a,mode=max"],
    ['type=local,"src=/with,comma"', 'type=local,"src=/with,comma/api-Dockerfile-a"'],
    ["type=registry,ref=r.example/app:cache,mode=max", "type=registry,ref=r.example/app:cache,mode=max"],
    ["r.example/app:cache", "r.example/app:cache"],
    ["type=inline", "type=inline"],
  ])("%j of each target is its own", (given, own) => {
    expect(ownCache(given, "api/Dockerfile:a")).toBe(own);
  });
});

describe("caches that nobody will use", () => {
  const action = "crazy-max/ghaction-github-runtime";
  test.each<[readonly string[], Readonly<Record<string, string>>, readonly string[]]>([
    [["type=local,src=/c", "r.example/app:cache"], {}, []],
    [["type=gha"], { ACTIONS_RUNTIME_TOKEN: "t", ACTIONS_RESULTS_URL: "https://x" }, []],
    [["type=gha"], { ACTIONS_RUNTIME_TOKEN: "t", ACTIONS_CACHE_URL: "https://x" }, []],
    [["type=gha,url_v2=https://x,token=t"], {}, []],
    [
      ["type=gha", "type=gha,mode=max"],
      {},
      [
        "The cache `type=gha` is not used: ACTIONS_RUNTIME_TOKEN and ACTIONS_RESULTS_URL are not set, which only a job of GitHub Actions has. Use `type=local` or `type=registry` here",
      ],
    ],
    [
      ["type=gha,url=https://x,token="],
      { GITHUB_ACTIONS: "true" },
      [
        `The cache \`type=gha\` is not used: ACTIONS_RUNTIME_TOKEN is not set, which GitHub gives to actions and to no \`run\` step. Use the action, or hand it on before: ${action}`,
      ],
    ],
  ])("%j with %j are told", (caches, environment, notes) => {
    expect(unusedCaches(caches, environment)).toEqual(notes);
  });
});

describe("the context of a Dockerfile", () => {
  const contextOf = (path: string, files: readonly string[]): BuildContext => ({
    path,
    files,
    read: () => undefined,
    ignoreFile: undefined,
    isIgnored: () => false,
    isGitAware: true,
  });
  const choose = (text: string, here: readonly string[], root: readonly string[], configured?: string) =>
    chooseContext({
      path: "docker/Dockerfile",
      folder: "/w/docker",
      root: "/w",
      configured,
      stages: stagesOf(text),
      contextAt: (folder) => contextOf(folder, folder === "/w" ? root : here),
    });
  const rootNote = "docker/Dockerfile is built in the repository's root, where the files are that it copies";

  test.each([
    ["FROM x\nCOPY src/ /\n", ["src/a"], ["src/a"], { context: "/w/docker", note: undefined }],
    [
      "FROM x\nCOPY src/ ./package.json /\n",
      ["Dockerfile"],
      ["src/a", "package.json"],
      { context: "/w", note: rootNote },
    ],
    ["FROM x\nCOPY src dist /\n", ["Dockerfile"], ["src/a"], { context: "/w/docker", note: undefined }],
    ["FROM x\nCOPY . /\n", ["Dockerfile"], ["a"], { context: "/w/docker", note: undefined }],
    [
      "FROM x AS y\nFROM x\nCOPY --from=y a /\nADD https://x/a /\nCOPY $A *.c /\n",
      [],
      ["a"],
      { context: "/w/docker", note: undefined },
    ],
  ])("%j", (text, here, root, chosen) => {
    expect(choose(text, here, root)).toEqual(chosen);
  });

  test("is the nearest folder above that holds what is copied", () => {
    const held: Readonly<Record<string, readonly string[]>> = { "/w": ["b/x"], "/w/a": ["b/x"], "/w/a/b": [] };
    const chosen = chooseContext({
      path: "a/b/Dockerfile",
      folder: "/w/a/b",
      root: "/w",
      configured: undefined,
      stages: stagesOf("FROM x\nCOPY b/x /\n"),
      contextAt: (folder) => contextOf(folder, held[folder] ?? []),
    });
    expect(chosen).toEqual({
      context: "/w/a",
      note: "a/b/Dockerfile is built in a, where the files are that it copies",
    });
  });

  test.each([
    ["docker/Dockerfile", "docker", []],
    ["Dockerfile", ".", ["The build context `.` does not hold `made.txt`"]],
    ["docker/Dockerfile", ".", ["The build context `.` does not hold `made.txt`"]],
    ["Dockerfile.goreleaser", ".", []],
  ])("%s in %s may be given what its own folder lacks", (path, folder, messages) => {
    const file = auditedFile(readDockerfile(path, "FROM x\nCOPY made.txt /\n"), {
      context: () => contextOf(folder, ["a.txt"]),
      namedContexts: new Set(),
      targets: new Set(),
      supplied: undefined,
    });
    expect([...missingCopySource.check(file, {})].map(({ message }) => message)).toEqual(messages);
  });

  test("is the configured one without a look", () => {
    expect(choose("FROM x\nCOPY a /\n", [], ["a"], "/w/other")).toEqual({ context: "/w/other", note: undefined });
  });
});

describe("preflight", () => {
  const text = `FROM debian:12 AS deps
RUN --mount=type=secret,id=npm_token,required=true \\
    --mount=type=ssh,required npm ci
FROM debian:12 AS other
RUN --mount=type=secret,id=other,required=true true
FROM debian:12 AS tools
RUN --mount=type=secret,target=/root/.netrc curl x
RUN --mount=type=secret,id=$DYNAMIC,required=true true
FROM tools AS release
COPY --from=deps /x /x
RUN --mount=type=ssh,id=deploy git clone x
`;
  const stage = stagesOf(text).find(({ name }) => name === "release")!;
  const words = ({ at }: { readonly at: { readonly start: number; readonly end: number } }) =>
    text.slice(at.start, at.end);
  const given = (
    secrets: Readonly<Record<string, SuppliedSecret>>,
    ssh: Readonly<Record<string, SuppliedSecret>> = {},
  ): Supplied => ({ secrets: new Map(Object.entries(secrets)), ssh: new Map(Object.entries(ssh)) });
  const lineOf = ({ at }: Pick<PreflightProblem, "at">) => text.slice(0, at.start).split("\n").length;
  const told = (supplied: Supplied) =>
    preflight(needsOf(stage), supplied).map((problem) => `${lineOf(problem)} ${words(problem)}: ${problem.message}`);

  const ungiven =
    "The build needs the secret `npm_token`, which is not given. Add npm_token=$" +
    "{{ secrets.NPM_TOKEN }} to `secrets` of the workflow, or --secret id=npm_token,env=NPM_TOKEN to the command line";

  test("knows the mounts of all stages that a target is built with", () => {
    expect(stagesBuiltFor(stage).map(({ name }) => name)).toEqual(["deps", "tools", "release"]);
    expect(
      needsOf(stage).map((need) => `${lineOf(need)} ${need.kind} ${need.id}${need.isRequired ? " required" : ""}`),
    ).toEqual(["2 secret npm_token required", "3 ssh default required", "7 secret .netrc", "11 ssh deploy"]);
  });

  describe("with what BuildKit names", () => {
    const lines = [
      "FROM debian:12 AS base",
      "ONBUILD RUN --mount=type=secret,id=triggered,required=true true",
      "FROM base",
      "RUN --mount=type=secret,id=plain true",
      "RUN --mount=type=secret,id=plain,required=true --mount=type=secret,id=a-$B-c --mount=type=secret,id=$X true",
      "RUN --mount=type=secret,id=perhaps,required=$REQUIRED --mount=type=ssh,id=k-$TARGETARCH true",
      "",
    ].join("\n");
    const mount = (kind: "secret" | "ssh", id: string, line: number, isRequired = false): OutlinedMount => ({
      kind,
      id,
      line,
      isRequired,
    });
    const known = (...mounts: readonly OutlinedMount[]): NeedOptions => ({ outline: { status: "known", mounts } });
    const told = (options: NeedOptions) =>
      needsOf(stagesOf(lines).at(-1)!, options).map(
        ({ kind, id, isRequired, at }) =>
          `${kind} ${id}${isRequired ? " required" : ""} at ${lines.slice(at.start, at.end)}`,
      );
    const written = [
      "secret triggered required at triggered",
      "secret plain at plain",
      "secret plain required at plain",
      "secret perhaps at perhaps",
    ];

    test("has the mounts that are written where BuildKit tells nothing", () => {
      expect(told({})).toEqual(written);
      expect(told({ outline: { status: "unknown", reason: "no such host" } })).toEqual(written);
    });

    test("has the values of variables, triggers of the base, and what is required by a variable", () => {
      const outline = known(
        mount("secret", "triggered", 3, true),
        mount("secret", "plain", 4),
        mount("secret", "a-b-c", 5, true),
        mount("secret", "x", 5),
        mount("secret", "perhaps", 6, true),
        mount("ssh", "k-amd64", 6),
        mount("secret", "of-the-base", 1, true),
      );
      expect(told(outline)).toEqual([
        "secret of-the-base required at debian:12",
        "secret triggered required at triggered",
        "secret plain at plain",
        "secret plain required at plain",
        "secret a-b-c required at a-$B-c",
        "secret x at $X",
        "secret perhaps required at perhaps",
        "ssh k-amd64 at k-$TARGETARCH",
      ]);
      expect(told({ ...outline, hasOtherPlatforms: true })).toEqual(
        told(outline).filter((need) => !need.startsWith("ssh")),
      );
    });

    test("has none that BuildKit does not name, but of another platform", () => {
      expect(told(known(mount("secret", "plain", 4)))).toEqual(written.slice(1, 3));
      expect(told({ ...known(mount("secret", "plain", 4)), hasOtherPlatforms: true })).toEqual(written);
    });

    test("has of a foreign front end those alone", () => {
      expect(told({ hasForeignSyntax: true })).toEqual([]);
      expect(told({ ...known(mount("secret", "plain", 4), mount("ssh", "y", 5)), hasForeignSyntax: true })).toEqual([
        "secret plain at plain",
        "ssh y at RUN",
      ]);
    });
  });

  test("reads types and fields of mounts in capitals, as BuildKit does", () => {
    const { problems } = readDockerfile("Dockerfile", "FROM x\nRUN --mount=Type=SECRET,ID=a,Required true\n");
    expect(problems).toEqual([]);
    const [only] = stagesOf("FROM x\nRUN --mount=Type=SECRET,ID=a,Required true\n");
    expect(needsOf(only!)).toMatchObject([{ kind: "secret", id: "a", isRequired: true }]);
  });

  test("reports what is required and not given on the mount's words", () => {
    expect(told(given({}))).toEqual([
      `2 npm_token: ${ungiven}`,
      "3 type=ssh,required: The build needs the ssh agent `default`, which is not given. Give a key as `ssh-private-key` of the workflow, or add default to `ssh`, or --ssh default to the command line",
    ]);
    expect(told(given({ npm_tokn: { source: "x", state: "ready" } }))[0]).toBe(
      ungiven
        .replace("The build", "2 npm_token: The build")
        .replace(". Add", ", but `npm_tokn` is. Write `npm_token` in its place, or add"),
    );
  });

  test("reports what is given and cannot be used", () => {
    expect(
      told(
        given(
          {
            npm_token: { source: "the environment variable `NPM_TOKEN`", setBy: "NPM_TOKEN", state: "empty" },
            ".netrc": { source: "the file `netrc`", state: "too large" },
            other: { source: "the file `other`", state: "missing" },
          },
          {
            default: { source: "SSH_AUTH_SOCK", state: "empty" },
            deploy: { source: "`/k/deploy`", state: "missing" },
          },
        ),
      ),
    ).toEqual([
      "2 npm_token: The secret `npm_token` is empty: the environment variable `NPM_TOKEN` has no content. Add to `env` of the workflow's step: NPM_TOKEN: ${{ secrets.NPM_TOKEN }}",
      "3 type=ssh,required: No ssh agent answers for `default`: SSH_AUTH_SOCK is not set. Start one before, or give a key: as `ssh-private-key`, or default=path",
      "7 type=secret,target=/root/.netrc: The secret `.netrc` comes from the file `netrc`, which is over BuildKit's limit of 500 KiB",
      "11 deploy: The ssh key `/k/deploy` for `deploy` is not there",
    ]);
  });

  test("reports values that a step cannot take as it asks for them", () => {
    const binary = stagesOf("FROM x\nRUN --mount=type=secret,id=key,env=KEY --mount=type=secret,source=key true\n")[0]!;
    const problems = (supplied: Supplied, of = stage) => preflight(needsOf(of), supplied).map(({ message }) => message);
    expect(problems(given({ key: { source: "the file `k`", state: "ready", hasNul: true } }), binary)).toEqual([
      "The secret `key` comes from the file `k` and holds a NUL byte, which the environment variable `KEY` cannot. Mount it as a file: target=/run/secrets/key",
    ]);
    const ready: SuppliedSecret = { source: "x", state: "ready" };
    expect(
      problems(
        given(
          { npm_token: ready },
          { default: { source: "`/k/1`", state: "locked" }, deploy: { source: "`/k/1.pub`", state: "no key" } },
        ),
      ),
    ).toEqual([
      "The ssh key `/k/1` for `default` has a passphrase, which nobody can type during a build. Add it to an agent before and give `default` alone, or give a key without one: default=path",
      "`/k/1.pub`, given for `deploy`, is not a private ssh key",
    ]);
  });

  test.each<[string, Readonly<Record<string, string | undefined>>, readonly string[]]>([
    ["FROM debian:12\n", {}, []],
    ["ARG BASE\nFROM $BASE\n", {}, ["2 $BASE BASE declared"]],
    ["ARG BASE\nFROM $BASE\n", { BASE: "debian" }, []],
    ["ARG BASE\nFROM $BASE\n", { BASE: undefined }, []],
    [`ARG BASE=debian\nFROM \${BASE}\n`, {}, []],
    [`ARG BASE\nFROM \${BASE:-debian}\n`, {}, []],
    [`ARG TAG\nFROM debian:\${TAG}\n`, {}, [`2 \${TAG} TAG declared`]],
    [`ARG SUFFIX\nFROM debian\${SUFFIX}\n`, {}, []],
    ["FROM $BASE\n", {}, ["1 $BASE BASE not declared"]],
    ["ARG A\nARG B=$A\nFROM $B:1\n", {}, []],
    ["FROM base-$TARGETARCH\n", {}, []],
    ["ARG P\nFROM --platform=$P debian\n", {}, ["2 $P P declared"]],
    ["FROM --platform=$BUILDPLATFORM debian\n", {}, []],
    ["ARG BASE\nFROM $BASE AS unused\nFROM y\n", {}, ["2 $BASE BASE declared"]],
  ])("knows which variables %j lacks when given %j", (lines, given, expected) => {
    const dockerfile = readDockerfile("Dockerfile", lines);
    const problems = missingFromArguments(dockerfile, new Map(Object.entries(given)));
    expect(
      problems.map(({ at, message }) => {
        const line = lines.slice(0, at.start).split("\n").length;
        const [, name] = /^`(\w+)` in FROM/.exec(message) ?? [];
        const declared = message.includes("its ARG has no default") ? "declared" : "not declared";
        return `${line} ${lines.slice(at.start, at.end)} ${name} ${declared}`;
      }),
    ).toEqual(expected);
  });

  test("says which line to add for a variable", () => {
    const messages = (lines: string) => {
      const dockerfile = readDockerfile("Dockerfile", lines);
      return missingFromArguments(dockerfile, new Map()).map(({ message }) => message);
    };
    expect(messages("ARG BASE\nFROM $BASE\n")).toEqual([
      "`BASE` in FROM has no value: its ARG has no default and no build argument gives it. Add to `build-args`: BASE=…",
    ]);
    expect(messages("FROM $BASE\n")).toEqual([
      "`BASE` in FROM has no value: no ARG before the first FROM declares it and no build argument gives it. Add before the first FROM: ARG BASE=…",
    ]);
  });

  test("reports two sources of one secret", () => {
    const at = (name: string): Secret => ({ id: "npm_token", from: "file", path: name });
    const told = (...sources: readonly Secret[]) =>
      conflictingSecrets(needsOf(stage), sources).map(
        (problem) => `${lineOf(problem)} ${words(problem)}: ${problem.message}`,
      );
    expect(told(at("a"), at("a"), { id: "other", from: "env", name: "X" })).toEqual([]);
    expect(told(at("a"), { id: "npm_token", from: "env", name: "B" })).toEqual([
      "2 npm_token: The secret `npm_token` has two values in this run, from the file `a` and the environment variable `B`, which the build cache does not tell apart. Give one of them another id",
    ]);
  });

  test("is silent when all is there, or may be missing", () => {
    const ready: SuppliedSecret = { source: "x", state: "ready" };
    expect(told(given({ npm_token: ready, ".netrc": { source: "x", state: "empty" } }, { default: ready }))).toEqual(
      [],
    );
  });

  test("tells what is given and mounted nowhere", () => {
    const ready: SuppliedSecret = { source: "x", state: "ready" };
    const supplied = given(
      { npm_tokn: ready, unrelated: ready, other: ready, unset: { source: "x", state: "empty" } },
      { default: ready, deploi: ready },
    );
    expect(unusedSupplies(mountedIds(stagesOf(text)), supplied).map(({ message }) => message)).toEqual([
      "The secret `npm_tokn` is given and no RUN mounts it; did you mean `npm_token`?",
      "The secret `unrelated` is given and no RUN mounts it",
      "The ssh forward `deploi` is given and no RUN mounts it; did you mean `deploy`?",
    ]);
  });

  test("fails a target before it is built, and spares the others what would fail them", () => {
    const [target] = planTargets([file("Dockerfile", text)], {
      ...settings,
      targets: ["release"],
      secrets: [
        { id: "npm_token", from: "env", name: "A" },
        { id: "other", from: "file", path: "b" },
      ],
      ssh: [{ id: "default", paths: [] }],
    });
    const refused = preflight(needsOf(stage), given({})).map((problem) => ({
      ...problem,
      path: "Dockerfile",
      line: lineOf(problem),
      columns: { start: 28, end: 37 },
    }));
    expect(failedBeforeBuild(target!, refused)).toEqual({
      target,
      status: "failed",
      milliseconds: 0,
      steps: [],
      failure: {
        message: ungiven,
        lines: { start: 2, end: 2 },
        log: [
          "line 3: The build needs the ssh agent `default`, which is not given. Give a key as `ssh-private-key` of the workflow, or add default to `ssh`, or --ssh default to the command line",
        ],
        step: undefined,
        columns: { start: 28, end: 37 },
      },
    });
    const failure = (isFinding: (line: number) => boolean, path = "Dockerfile", lines = [3, 2, 2, 7]) => {
      const problems = lines.map((line, index) => ({ ...refused[0]!, path, message: `p${index}`, line }));
      const result = failedBeforeBuild(
        target!,
        problems.map((problem) => ({ ...problem, isFinding: isFinding(problem.line) })),
      );
      return result.status === "failed" ? result.failure : undefined;
    };
    const common = { columns: { start: 28, end: 37 }, step: undefined };
    expect([failure(() => true), failure((line) => line === 7)]).toEqual([
      {
        ...common,
        message: "not tried: the errors on lines 2, 3 and 7 would stop it",
        lines: { start: 2, end: 2 },
        log: [],
        isFinding: true,
      },
      { ...common, message: "p0", lines: { start: 3, end: 3 }, log: ["line 2: p1", "line 2: p2"] },
    ]);
    expect([failure(() => true, "lib/Dockerfile", [4]), failure(() => false, "lib/Dockerfile", [4, 5])]).toEqual([
      {
        message: "not tried: the error on line 4 of lib/Dockerfile would stop it",
        lines: undefined,
        log: [],
        step: undefined,
        isFinding: true,
      },
      { message: "lib/Dockerfile:4: p0", lines: undefined, log: ["lib/Dockerfile:5: p1"], step: undefined },
    ]);
    const spared = withoutUnready(target!, given({ npm_token: { source: "x", state: "ready" } }));
    expect({ secrets: spared.secrets, ssh: spared.ssh }).toEqual({
      secrets: [{ id: "npm_token", from: "env", name: "A" }],
      ssh: [],
    });
  });
});

describe("BuildKit is asked", () => {
  const outlines = async (
    texts: Readonly<Record<string, string>>,
    answer: (question: CheckQuestion) => OutlineAnswer = () => ({ status: "known", mounts: [] }),
  ) => {
    const calls: string[][] = [];
    const known = Object.entries(texts).map(([path, text]) => {
      const dockerfile = readDockerfile(path, text);
      return { dockerfile, file: auditedFile(dockerfile), planned: file(path, text) };
    });
    const outline = async (questions: readonly CheckQuestion[]) => {
      calls.push(questions.map((question) => `${question.dockerfile}:${question.stage ?? ""}`));
      return questions.map(answer);
    };
    const found = await askOutlines(
      known,
      { status: "ready", description: "", canExportOci: true, builder: undefined },
      {
        settings,
        world: { buildChecks: { outline } },
        signal: new AbortController().signal,
      },
    );
    return { calls, ids: [...found.keys()] };
  };

  const texts = {
    "a/Dockerfile": "FROM debian:12 AS base\nRUN --mount=type=secret,id=x true\nFROM base AS one\nFROM base\n",
    "b/Dockerfile": "FROM debian:12\n",
    "c/Dockerfile": "FROM alpine:3\nRUN --mount=type=secret,id=$X true\n",
    "d/Dockerfile": "# syntax=example/other\nFROM debian:12\n",
    "scratch/Dockerfile": "FROM scratch\n",
    "wrong/Dockerfile": "FROM debian:12\nRUM\n",
    "without/Dockerfile": "ARG X\nFROM $X\n",
  };
  const asked = ["/w/a/Dockerfile:one", "/w/c/Dockerfile:", "/w/d/Dockerfile:"];

  test("of targets with the same bases about one, and about what it alone knows", async () => {
    expect(await outlines(texts)).toEqual({
      calls: [asked],
      ids: ["a/Dockerfile:one", "c/Dockerfile", "d/Dockerfile"],
    });
  });

  test("about the others too, when a base has triggers", async () => {
    const { calls } = await outlines(texts, () => ({
      status: "known",
      mounts: [{ kind: "secret", id: "x", line: 1, isRequired: false }],
    }));
    expect(calls).toEqual([asked, ["/w/a/Dockerfile:", "/w/b/Dockerfile:"]]);
  });

  test("in vain without any harm", async () => {
    const failing = () => {
      throw new Error("no disk");
    };
    expect(await outlines(texts, failing)).toEqual({ calls: [asked], ids: [] });
  });
});

test("a stage needs what the triggers of the stage below it take from others", () => {
  const text = "FROM a AS tool\nFROM a AS base\nONBUILD COPY --from=tool /t /t\nFROM base AS app\n";
  const { stages } = auditedFile(readDockerfile("Dockerfile", text));
  expect(stages.map(({ name, dependencies }) => [name, dependencies.map((stage) => stage.name)])).toEqual([
    ["tool", []],
    ["base", []],
    ["app", ["base", "tool"]],
  ]);
});
