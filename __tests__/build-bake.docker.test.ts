import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connectDocker } from "../src/adapters/buildx.ts";
import { bakeTargets } from "../src/build/bake.ts";
import { openConfigs } from "../src/config.ts";
import { run } from "../src/run.ts";
import type { Given } from "../src/settings-values.ts";
import { readSettings } from "../src/settings-values.ts";
import { connectWorld } from "../src/world.ts";
import { engineEnvironment } from "./engine.ts";

/** What the real bake says of Bake and Compose files, and what is built by it. */

const bakeFile = `variable "GREETING" { default = "hello" }
group "default" { targets = ["api", "same", "numbers"] }
group "all" { targets = ["default", "debug"] }
target "shared" {
  context = "shared"
}
target "api" {
  context = "api"
  dockerfile = "Api.build"
  target = "release"
  args = { GREETING = GREETING, NOTHING = null }
  contexts = { common = "target:shared", files = "shared" }
  secret = ["id=token,env=BAKE_TOKEN"]
  cache-to = ["type=local,dest=never-written"]
  tags = ["registry.invalid/api:1"]
  output = ["type=registry"]
}
target "same" {
  inherits = ["api"]
  tags = ["registry.invalid/api:2"]
}
target "debug" {
  inherits = ["api"]
  target = "debug"
  secret = ["id=key,src=absent"]
  ssh = ["default"]
}
target "numbers" {
  name = "number-\${n}"
  matrix = { n = ["one", "two"] }
  context = "api"
  dockerfile = "number.Dockerfile"
  args = { NUMBER = n, LITERAL = "$\${HOME} %%{x}" }
  extra-hosts = { "host.example" = "10.1.2.3" }
}
target "inline" {
  dockerfile-inline = "FROM scratch\\n"
}
`;

const composeFile = `services:
  web:
    build:
      context: ./web
      args: { MODE: fast }
      secrets: [token]
  twin:
    build: { context: ./web, args: { MODE: fast }, secrets: [token] }
  database: { image: postgres }
secrets: { token: { environment: BAKE_TOKEN } }
`;

let folder: string;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "dh-bake-test-")));
  for (const name of ["api", "shared", "web", "tmp"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "docker-bake.hcl"), bakeFile);
  writeFileSync(join(folder, "compose.yaml"), composeFile);
  writeFileSync(join(folder, "shared", "Dockerfile"), "FROM scratch\nCOPY common.txt /common.txt\n");
  writeFileSync(join(folder, "shared", "common.txt"), "common\n");
  writeFileSync(
    join(folder, "api", "Api.build"),
    [
      "FROM busybox:local AS build",
      "ARG GREETING",
      "COPY --from=common /common.txt /",
      "COPY --from=files /common.txt /again.txt",
      'RUN --mount=type=secret,id=token,env=TOKEN test "$TOKEN" = "secret of bake" && echo "$GREETING" > /greeting',
      "FROM scratch AS release",
      "COPY --from=build /greeting /common.txt /",
      "FROM build AS debug",
      "RUN --mount=type=secret,id=key,required=true --mount=type=ssh true",
      "",
    ].join("\n"),
  );
  writeFileSync(
    join(folder, "api", "number.Dockerfile"),
    [
      "FROM busybox:local",
      "ARG NUMBER LITERAL",
      `RUN grep -q "10.1.2.3.*host.example" /etc/hosts && test "$LITERAL" = "\\\${HOME} %{x}" && echo "$NUMBER" > /number`,
      "",
    ].join("\n"),
  );
  writeFileSync(join(folder, "web", "Dockerfile"), "FROM scratch\nARG MODE\nCOPY Dockerfile /$MODE\n");
});

afterAll(() => rmSync(folder, { recursive: true }));

const environment = () => ({ ...engineEnvironment(), BAKE_TOKEN: "secret of bake" });

const read = (...files: readonly string[]) =>
  connectDocker({
    builder: undefined,
    environment: environment(),
    measure: undefined,
    temporaryFolder: join(folder, "tmp"),
  }).readBake(
    files.map((file) => join(folder, file)),
    folder,
  );

const runWith = async (...given: readonly (readonly [Given["name"], string])[]) => {
  const report = await runIn(folder, ...given);
  return {
    notes: report.notes,
    targets: report.targets?.map(({ build: result, images, measureError }) => ({
      id: result.target.id,
      told: result.status === "failed" ? result.failure.message : result.status,
      lines: images.flatMap(({ layers }) => layers.map(({ lines }) => lines?.start)),
      ...(measureError === undefined ? {} : { measureError }),
    })),
  };
};

const runIn = async (cwd: string, ...given: readonly (readonly [Given["name"], string])[]) => {
  const origin = { setting: "a setting", where: "the test" };
  const configs = await openConfigs({ cwd, config: undefined, paths: [], rules: async () => [] });
  const { settings } = readSettings(
    given.map(([name, text]) => ({ name, text, origin })),
    { command: "build", paths: [], config: configs.root, environment: environment() },
  );
  return run({
    settings: { ...settings, failureThreshold: "none", bake: { ...settings.bake, folder: cwd } },
    configs,
    world: connectWorld({
      cwd,
      builder: undefined,
      environment: environment(),
      temporaryFolder: join(folder, "tmp"),
    }),
    signal: new AbortController().signal,
  });
};

describe("bake", () => {
  test("tells targets of Bake files without an agent and without the secret's file", async () => {
    const definition = await read("docker-bake.hcl");
    expect({ groups: [...definition.groups], notes: definition.notes }).toEqual({
      groups: [
        ["all", ["debug", "api", "number-one", "number-two", "same"]],
        ["default", ["api", "number-one", "number-two", "same"]],
        ["numbers", ["number-one", "number-two"]],
      ],
      notes: [],
    });
    const targets = bakeTargets(definition);
    expect(targets.find(({ name }) => name === "debug")).toMatchObject({
      secrets: [
        { id: "token", from: "env", name: "BAKE_TOKEN" },
        { id: "key", from: "file", path: join(folder, "absent") },
      ],
      ssh: [{ id: "default", paths: [] }],
    });
    expect(targets.map(({ names, isDefault, dockerfile }) => ({ names, isDefault, dockerfile }))).toEqual([
      { names: ["api", "all", "same"], isDefault: true, dockerfile: join(folder, "api", "Api.build") },
      { names: ["debug", "all"], isDefault: false, dockerfile: join(folder, "api", "Api.build") },
      { names: ["inline"], isDefault: false, dockerfile: undefined },
      {
        names: ["number-one", "all", "numbers"],
        isDefault: true,
        dockerfile: join(folder, "api", "number.Dockerfile"),
      },
      {
        names: ["number-two", "all", "numbers"],
        isDefault: true,
        dockerfile: join(folder, "api", "number.Dockerfile"),
      },
      { names: ["shared"], isDefault: false, dockerfile: join(folder, "shared", "Dockerfile") },
    ]);
    expect(targets[0]).toMatchObject({
      stage: "release",
      buildArgs: new Map([["GREETING", "hello"]]),
      buildContexts: new Map([["files", join(folder, "shared")]]),
      secrets: [{ id: "token", from: "env", name: "BAKE_TOKEN" }],
      others: {},
    });
    expect(readdirSync(join(folder, "tmp"))).toEqual([]);
  }, 60_000);

  test("tells services of Compose files, and merges those that are the same build", async () => {
    expect(bakeTargets(await read("compose.yaml"))).toMatchObject([
      {
        names: ["twin", "web"],
        isDefault: true,
        dockerfile: join(folder, "web", "Dockerfile"),
        buildArgs: new Map([["MODE", "fast"]]),
        secrets: [{ id: "token", from: "env", name: "BAKE_TOKEN" }],
      },
    ]);
  }, 60_000);

  test("misses of a target's secrets and keys those that are absent, and keeps the others", async () => {
    const absent = join(folder, "elsewhere", "npmrc");
    writeFileSync(
      join(folder, "lost.hcl"),
      `target "base" {
  context = "shared"
  secret = ["id=npm,src=${absent}", "id=there,src=docker-bake.hcl"]
  ssh = ["default=nokey,nokey2", "other"]
}
target "app" {
  inherits = ["base"]
  contexts = { lib = "target:lib" }
  secret = [{ type = "file", id = "more", src = "absent" }, "id=token,env=BAKE_TOKEN"]
}
target "lib" {
  context = "shared"
  secret = ["id=lib,src=absent"]
}
`,
    );
    const { targets, notes } = await read("lost.hcl");
    const told = (name: string): unknown =>
      bakeTargets({ folder, shown: "", targets, groups: new Map(), notes: [] }).find((one) => one.name === name);
    expect(notes).toEqual([]);
    expect(told("app")).toMatchObject({
      secrets: [
        { id: "npm", from: "file", path: absent },
        { id: "there", from: "file", path: join(folder, "docker-bake.hcl") },
        { id: "more", from: "file", path: join(folder, "absent") },
        { id: "token", from: "env", name: "BAKE_TOKEN" },
      ],
      ssh: [
        { id: "default", paths: [join(folder, "nokey"), join(folder, "nokey2")] },
        { id: "other", paths: [] },
      ],
      linked: new Map([
        ["lib", expect.objectContaining({ secrets: [{ id: "lib", from: "file", path: join(folder, "absent") }] })],
      ]),
    });
    writeFileSync(
      join(folder, "lost.yaml"),
      "services:\n  web:\n    build:\n      context: ./web\n      secrets: [lost, there]\nsecrets:\n  there:\n    file: ./compose.yaml\n  lost:\n    file: ./lost.txt\n",
    );
    expect(bakeTargets(await read("lost.yaml"))).toMatchObject([
      {
        secrets: [
          { id: "lost", from: "file", path: join(folder, "lost.txt") },
          { id: "there", from: "file", path: join(folder, "compose.yaml") },
        ],
      },
    ]);
    expect(readdirSync(join(folder, "tmp"))).toEqual([]);
  }, 120_000);

  test("says which target it takes without all of them, where it cannot tell them apart", async () => {
    writeFileSync(
      join(folder, "twice.hcl"),
      'target "app" {\n  context = "web"\n  secret = ["id=a,src=absent", "id=b,src=absent", "id=c,env=BAKE_TOKEN"]\n}\n',
    );
    const { targets, notes } = await read("twice.hcl");
    expect(notes).toEqual([
      expect.stringMatching(
        /^The target `app` of .*twice\.hcl is taken without its secrets and ssh keys: failed to stat absent: /,
      ),
    ]);
    expect(targets.get("app")).toEqual({ context: "web", dockerfile: "Dockerfile" });
  }, 60_000);

  test("says where a file is wrong", async () => {
    writeFileSync(join(folder, "broken.hcl"), 'target "a" {\n  context = nosuch\n}\n');
    await expect(read("broken.hcl")).rejects.toThrow(/^bake: .*broken\.hcl cannot be read: .*broken\.hcl:2,13-19: /);
    await expect(read("absent.hcl")).rejects.toThrow(/^bake: .*absent\.hcl cannot be read: /);
  }, 60_000);

  test("plans the builds of a run, one by one where they build on others", async () => {
    const { notes, targets } = await runWith(["bake", join(folder, "docker-bake.hcl")], ["exclude", "shared"]);
    expect(targets).toEqual([
      { id: "api/Api.build:release", told: "built", lines: [7] },
      { id: "api/number.Dockerfile@number-one", told: "built", lines: [undefined, 3] },
      { id: "api/number.Dockerfile@number-two", told: "built", lines: [undefined, 3] },
      { id: "web/Dockerfile", told: "built", lines: [3] },
    ]);
    expect(notes).toEqual([]);
    expect(existsSync(join(folder, "never-written"))).toBe(false);
    expect(readdirSync(join(folder, "tmp"))).toEqual([]);
  }, 120_000);

  test("builds what is selected by its names, and refuses what lacks a secret", async () => {
    const { targets } = await runWith(["bake", join(folder, "docker-bake.hcl")], ["targets", "debug,number-two"]);
    expect(targets).toEqual([
      {
        id: "api/Api.build:debug",
        told: "not tried: the errors on line 9 would stop it",
        lines: [],
      },
      { id: "api/number.Dockerfile@number-two", told: "built", lines: [undefined, 3] },
    ]);
  }, 120_000);
});

describe("a target that is built on another", () => {
  /** A Bake file in which `web` is built on `api`, whose Dockerfiles have the same name. */
  const linked = async (api: readonly string[], web: readonly string[]) => {
    const cwd = realpathSync(mkdtempSync(join(tmpdir(), "dh-linked-test-")));
    try {
      const contexts = { apibase: "target:api" };
      const target = { api: { context: "api" }, web: { context: "web", contexts } };
      writeFileSync(join(cwd, "bake.json"), JSON.stringify({ target }));
      for (const [name, lines] of [["api", api] as const, ["web", web] as const]) {
        mkdirSync(join(cwd, name));
        writeFileSync(join(cwd, name, "Dockerfile"), lines.map((line) => `${line}\n`).join(""));
      }
      return await runIn(cwd, ["bake", join(cwd, "bake.json")]);
    } finally {
      rmSync(cwd, { recursive: true });
    }
  };

  test("has the layers, lines and findings of its own Dockerfile", async () => {
    const fill = (folder: string) => `RUN mkdir -p ${folder} && head -c 2000000 /dev/urandom > ${folder}/a`;
    const { targets, findings } = await linked(
      ["FROM busybox:local", fill("/root/.cache/pip")],
      ["FROM apibase", "RUN true", fill("/root/.npm/_cacache")],
    );
    const web = targets?.find(({ build }) => build.target.dockerfile === "web/Dockerfile");
    const [image] = web?.images ?? [];
    expect(image?.layers.map(({ lines, isBase }) => [lines?.start, isBase])).toEqual([
      [undefined, true],
      [undefined, true],
      [2, false],
      [3, false],
    ]);
    const steps = web?.build.steps.filter(({ name }) => name.includes("] RUN ")) ?? [];
    const byLine = steps.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
    expect(byLine.map(({ name, line }) => [name, line])).toEqual([
      [expect.stringContaining("/root/.cache/pip"), undefined],
      [expect.stringContaining("RUN true"), 2],
      [expect.stringContaining("/root/.npm"), 3],
    ]);
    const caches = findings.filter(({ rule }) => rule === "package-cache-in-image");
    expect(caches.map(({ path, message }) => [path, message])).toEqual([
      ["api/Dockerfile", "2.00 MB of package caches of pip stay in the image (`/root/.cache/pip`)"],
      ["web/Dockerfile", "2.00 MB of package caches of npm stay in the image (`/root/.npm`)"],
    ]);
  }, 120_000);

  test("owns no layer when its Dockerfile has no step that makes one", async () => {
    const { targets } = await linked(["FROM busybox:local", "RUN echo > /a"], ["FROM apibase", "ENV A=b"]);
    expect(targets?.map(({ images }) => images[0]?.layers.map(({ lines }) => lines?.start))).toEqual([
      [undefined, 2],
      [undefined, undefined],
    ]);
  }, 120_000);

  test("fails on no line of its own when the other one fails", async () => {
    const broken = "RUN echo broken; exit 9";
    const { targets } = await linked(
      ["FROM busybox:local", "# a comment", broken],
      ["FROM apibase", "RUN true", "RUN echo", broken],
    );
    expect(
      targets?.map(({ build }) => build.status === "failed" && [build.failure.message, build.failure.lines]),
    ).toEqual([
      ["the command ends with exit code 9", { start: 3, end: 3 }],
      [
        "the command ends with exit code 9 (on line 3 of Dockerfile, which belongs to a target that it is built on)",
        undefined,
      ],
    ]);
  }, 120_000);

  test("fails on its own line when it fails itself", async () => {
    const { targets } = await linked(["FROM busybox:local"], ["FROM apibase", "# a comment", "RUN exit 9"]);
    expect(
      targets?.map(({ build }) => build.status === "failed" && [build.failure.message, build.failure.lines]),
    ).toEqual([false, ["the command ends with exit code 9", { start: 3, end: 3 }]]);
  }, 120_000);
});
