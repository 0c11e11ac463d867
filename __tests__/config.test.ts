import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { parse } from "yaml";
import { initConfig } from "../src/cli-init.ts";
import { configSchema, configurationMarkdown } from "../src/config/describe.ts";
import { type Configs, openConfigs } from "../src/config.ts";
import { defineRule, type Rule } from "../src/rules/rule.ts";
import { ruleSettingsFor } from "../src/settings.ts";

const rule = (id: string, aliases: string[], options: Rule["options"] = []): Rule =>
  defineRule({
    id,
    aliases,
    options,
    summary: "",
    level: { recommended: "warning", strict: "warning" },
    scope: "whole file",
    why: "",
    fixes: "none",
    examples: [],
    check: () => [],
  });

const rules = [
  rule("root-user", ["DL3002"]),
  rule("latest-base-tag", ["DL3006", "DL3007"]),
  rule(
    "unpinned-system-package",
    ["DL3008"],
    [
      { name: "managers", summary: "", type: "string[]", default: [] },
      { name: "strict", summary: "", type: "boolean", default: false },
      { name: "most", summary: "", type: "number", default: 1 },
    ],
  ),
  rule("untrusted-base-registry", ["DL3026"], [{ name: "registries", summary: "", type: "string[]", default: [] }]),
  rule("missing-label", ["DL3049"], [{ name: "labels", summary: "", type: "string[]", default: [] }]),
];

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const folderOf = (files: Readonly<Record<string, string>>): string => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "config-")));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
};

const open = (cwd: string, config?: string, paths: readonly string[] = []): Promise<Configs> =>
  openConfigs({ cwd, config, paths, rules: async () => rules });

const levels = (settings: ReturnType<typeof ruleSettingsFor>): Record<string, unknown> =>
  Object.fromEntries(
    [...settings].map(([id, { level, options }]) => [
      id,
      Object.keys(options).length > 0 ? { level, ...options } : level,
    ]),
  );

describe("a configuration", () => {
  test("says all that it can say", async () => {
    const root = folderOf({
      ".docker-hygiene.yml": `
profile: strict
failure-threshold: note
files: ["*.docker"]
exclude: old
bake: [docker-bake.hcl, ../compose.yaml]
require-reason: true
max-size: 1.5 GiB
rules:
  DL3002: off
  SC2086: note
  buildkit/StageNameCasing: off
  unpinned-system-package: { level: error, managers: apt, strict: true, most: 3 }
overrides:
  - files: [tools/**]
    rules: { root-user: error }
  - files: tools/x
    rules: { root-user: note, latest-base-tag: off }
dockerfiles:
  - file: api/Dockerfile
    context: .
    targets: release
    build-args: { VERSION: 3.20, EMPTY: }
    build-contexts: { shared: ../shared, base: docker-image://alpine:3 }
budgets:
  - { target: release, max-size: 20MB, of: pull }
allowed-registries: [ghcr.io]
required-labels: [a.b]
forbid:
  - { command: wget, message: Use curl }
  - { id: no-hub, image: docker.io/*, pattern: ^docker, message: Use ours, level: error }
require:
  - { label: a.b, message: Say where }
`,
    });
    const { root: config } = await open(root);
    expect({ ...config, rules: levels(config.rules), overrides: [], dockerfiles: [], budgets: [] }).toEqual({
      path: ".docker-hygiene.yml",
      folder: root,
      profile: "strict",
      failureThreshold: "note",
      files: ["*.docker"],
      exclude: ["old"],
      bake: [join(root, "docker-bake.hcl"), join(root, "../compose.yaml")],
      requireReason: true,
      rules: {
        "root-user": "off",
        "shellcheck/SC2086": "note",
        "buildkit/StageNameCasing": "off",
        "unpinned-system-package": { level: "error", managers: ["apt"], strict: true, most: 3 },
        "untrusted-base-registry": { level: "error", registries: ["ghcr.io"] },
        "missing-label": { level: "warning", labels: ["a.b"] },
      },
      overrides: [],
      dockerfiles: [],
      budgets: [],
      customRules: [
        custom({ kind: "forbid", id: "custom/forbid-wget", command: "wget", message: "Use curl" }),
        custom({
          kind: "forbid",
          id: "custom/no-hub",
          image: "docker.io/*",
          pattern: expect.objectContaining({ source: "^docker" }),
          message: "Use ours",
          level: "error",
        }),
        custom({ kind: "require", id: "custom/require-a-b", label: "a.b", message: "Say where" }),
      ],
      notes: [],
    });
    const levelOf = (path: string) => ruleSettingsFor(config, join(root, path)).get("root-user")?.level;
    expect(["Dockerfile", "tools/Dockerfile", "tools/x/Dockerfile"].map(levelOf)).toEqual(["off", "error", "note"]);
    const [api] = config.dockerfiles;
    expect({
      ...api,
      matches: [api?.matches(join(root, "api/Dockerfile")), api?.matches(join(root, "Dockerfile"))],
    }).toEqual({
      file: "api/Dockerfile",
      matches: [true, false],
      context: root,
      targets: ["release"],
      buildArgs: new Map([
        ["VERSION", "3.20"],
        ["EMPTY", ""],
      ]),
      buildContexts: new Map([
        ["shared", join(dirname(root), "shared")],
        ["base", "docker-image://alpine:3"],
      ]),
    });
    const budgetOf = (stage: string | undefined) => {
      const target = { id: `api/Dockerfile:${stage}`, stage, dockerfileAbsolute: join(root, "api/Dockerfile") };
      const budget = config.budgets.find(({ matches }) => matches(target));
      return [budget?.maxBytes, budget?.of];
    };
    expect([budgetOf("release"), budgetOf(undefined)]).toEqual([
      [20_000_000, "pull"],
      [1.5 * 1024 ** 3, "disk"],
    ]);
  });

  test("limits targets by every name that selects them", async () => {
    const names = ["production", "services/api/Dockerfile:production", "services/api:production", "api:Prod*", "web"];
    const others = ["api", "prod", "api:production@web", "services/web:production"];
    const root = folderOf({
      ".docker-hygiene.yml": `budgets:\n${[...names, ...others].map((target) => `  - { target: "${target}", max-size: 1MB }\n`).join("")}`,
    });
    const { root: config } = await open(root);
    const dockerfileAbsolute = join(root, "services/api/Dockerfile");
    const id = "services/api/Dockerfile:production@web";
    const matching = (changes: object) =>
      config.budgets
        .filter(({ matches }) =>
          matches({ id, stage: "production", dockerfileAbsolute, bakeNames: ["web"], ...changes }),
        )
        .map(({ target }) => target);
    expect(matching({})).toEqual(names);
    expect(matching({ stage: undefined, bakeNames: undefined })).toEqual(["api"]);
  });

  test("that is nearest to a Dockerfile wins, up to the root of its repository", async () => {
    const root = folderOf({
      ".docker-hygiene.yml": "rules: { root-user: error }",
      "repo/.git/HEAD": "",
      "repo/.github/docker-hygiene.yml": "rules: { root-user: note }\nexclude: [a/b, c]",
      "repo/api/.docker-hygiene.yaml": "rules: { latest-base-tag: off }",
      "repo/web/.docker-hygiene.yml": "extends: ../.github/docker-hygiene.yml\nrules: { latest-base-tag: off }",
      "other/Dockerfile": "",
    });
    const configs = await open(join(root, "repo"));
    const of = async (path: string) => levels((await configs.of(join(root, "repo", path))).rules);
    expect(await Promise.all(["Dockerfile", "x/y/Dockerfile", "api/v1/Dockerfile", "web/Dockerfile"].map(of))).toEqual([
      { "root-user": "note" },
      { "root-user": "note" },
      { "latest-base-tag": "off" },
      { "root-user": "note", "latest-base-tag": "off" },
    ]);
    expect(configs.root.path).toBe(".github/docker-hygiene.yml");
    expect((await open(join(root, "other"))).root.path).toBeUndefined();
    const outside = await open(
      join(root, "other"),
      undefined,
      ["../repo/x/y", "."].slice(0, 1).map(() => "../repo"),
    );
    expect({ path: outside.root.path, exclude: outside.root.exclude }).toEqual({
      path: `${root}/repo/.github/docker-hygiene.yml`,
      exclude: [`${root}/repo/a/b`, "c"],
    });
    const named = await open(root, "repo/api/.docker-hygiene.yaml");
    expect(levels((await named.of(join(root, "repo/web/Dockerfile"))).rules)).toEqual({ "latest-base-tag": "off" });
  });

  test("of hadolint is read when there is none of ours", async () => {
    const text = `
ignored: [DL3008, SC2086, DL9999]
override: { error: [DL3002], warning: [], info: [DL3007], style: [] }
failure-threshold: info
trustedRegistries: [docker.io]
label-schema: { author: text, version: semver }
strict-labels: true
`;
    const root = folderOf({ ".hadolint.yaml": text, "own/.docker-hygiene.yml": "", "sub/Dockerfile": "" });
    const configs = await open(root);
    const config = await configs.of(join(root, "sub/Dockerfile"));
    expect({ rules: levels(config.rules), failureThreshold: config.failureThreshold, notes: config.notes }).toEqual({
      rules: {
        "root-user": "error",
        "latest-base-tag": "note",
        "unpinned-system-package": "off",
        "shellcheck/SC2086": "off",
        "untrusted-base-registry": { level: "error", registries: ["docker.io"] },
        "missing-label": { level: "warning", labels: ["author", "version"] },
      },
      failureThreshold: "note",
      notes: [
        ".hadolint.yaml: `strict-labels` is not understood and left out",
        ".hadolint.yaml: there is no rule for `DL9999`",
      ],
    });
    expect(levels((await configs.of(join(root, "own/Dockerfile"))).rules)).toEqual({});
    await expect(open(folderOf({ ".hadolint.yaml": "trustedRegistries:\n  - *.example.com" }))).rejects.toThrow(
      new Error(".hadolint.yaml:2:5: there is no anchor `&.example.com`; a text that begins with `*` is put in quotes"),
    );
  });

  test.each([
    ["profil: strict", "1:1: the configuration has no key `profil`; did you mean `profile`?"],
    ["a: 1", "1:1: the configuration has no key `a`"],
    ["profile: strikt", "1:10: `profile` must be one of recommended, strict, all; did you mean `strict`?"],
    ["profile: [strict]", "1:10: `profile` must be one of recommended, strict, all"],
    [
      "- a",
      "1:1: the configuration must be a map of extends, profile, failure-threshold, shellcheck, buildkit-checks, files, exclude, bake, rules, overrides, dockerfiles, max-size, max-layers, max-waste, max-increase, budgets, baseline-findings, require-reason, allowed-registries, required-labels, forbid, require",
    ],
    ["\n\nrules:\n  root-usr: off", "4:3: there is no rule `root-usr`; did you mean `root-user`?"],
    ["rules:\n  DL3002: loud", "2:11: the level of `DL3002` must be one of error, warning, note, off"],
    [
      "rules: { unpinned-system-package: { mangers: apt } }",
      "1:37: `unpinned-system-package` has no option `mangers`; did you mean `managers`?",
    ],
    ["rules: { unpinned-system-package: { most: x } }", "1:43: `most` of `unpinned-system-package` must be a number"],
    ["rules: [root-user]", "1:8: `rules` must be a map of rule ids to levels"],
    ["files: { a: b }", "1:8: `files` must be a text or a list of texts"],
    ["require-reason: maybe", "1:17: `require-reason` must be true or false"],
    [
      "budgets:\n  - { target: a, max-size: 20 apples }",
      "2:28: `max-size` must be a number with a unit, such as 20MB or 1.5 GiB",
    ],
    [
      "budgets:\n  - { target: a }",
      "2:5: an entry of `budgets` must have one of the keys max-size, max-layers, max-waste, max-increase",
    ],
    ["budgets: [{ target: a, max-layers: 0 }]", "1:36: `max-layers` must be a whole number from 1 on"],
    ["max-increase: 1 or 2 %%", "1:15: `max-increase` must be bytes, percent or both, such as 5MB, 10% or 5MB or 10%"],
    ["budgets: 20MB", "1:10: `budgets` must be a list"],
    [
      "forbid:\n  - { message: x }",
      "2:5: an entry of `forbid` must have one of the keys instruction, command, image, label",
    ],
    [
      "forbid: [{ command: a, pattern: '(', message: x }]",
      "1:33: `pattern` is not a regular expression of RE2: missing closing ): `(`",
    ],
    [
      "a: [1",
      "1:6: the file is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    ["profile: all\nprofile: all", "2:1: the file is not YAML: Map keys must be unique"],
    ["forbid: [{ id: a/b, command: a, message: x }]", "1:16: `id` must be of letters, digits, `_`, `.` and `-` alone"],
    [
      "forbid: [{ id: custom/a, command: a, message: x }]\nrequire: [{ id: a, label: a, message: x }]",
      "2:17: the id `a` is that of another entry, too",
    ],
    [
      "forbid: [{ instruction: EXPOS, message: x }]",
      "1:25: `instruction` must be the keyword of an instruction; did you mean `EXPOSE`?",
    ],
    [
      "forbid: [{ id: no-wget, command: wget, message: x }]\nrules:\n  custom/no-wgte: off",
      "3:3: there is no house rule `custom/no-wgte`; did you mean `custom/no-wget`?",
    ],
    [
      "overrides: [{ files: a, rules: { custom/forbid-wget: off } }]",
      "1:34: there is no house rule `custom/forbid-wget`",
    ],
    [
      "allowed-registries: *.example.com",
      "1:21: there is no anchor `&.example.com`; a text that begins with `*` is put in quotes",
    ],
    [
      "exclude: [a, **/testdata/**]",
      "1:14: there is no anchor `&*/testdata/**`; a text that begins with `*` is put in quotes",
    ],
    [
      "profile: all\n---\nprofile: strict",
      "2:1: the file holds a second document, which `---` begins; only one is read",
    ],
  ])("that says %j is refused at the place", async (text, message) => {
    const root = folderOf({ "sub/.docker-hygiene.yml": text });
    await expect(open(root, undefined, ["sub"])).rejects.toThrow(new Error(`sub/.docker-hygiene.yml:${message}`));
  });

  test.each([
    [
      "extends: b.yml",
      { "b.yml": "extends: [.docker-hygiene.yml]" },
      "b.yml:1:11: `extends` goes in a circle through .docker-hygiene.yml",
    ],
    [
      "profile: all\nextends: c.yml",
      {},
      ".docker-hygiene.yml:2:10: `extends` names c.yml, which cannot be read: it does not exist",
    ],
    [
      "extends:\n  - b.yml\n  - c.yml",
      { "b.yml": "", "c.yml/x": "" },
      ".docker-hygiene.yml:3:5: `extends` names c.yml, which cannot be read: it is a folder",
    ],
    [
      "extends: https://x.org/y.yml",
      {},
      ".docker-hygiene.yml:1:10: `extends` takes a file, not the address https://x.org/y.yml",
    ],
  ])("with %s is refused", async (text, files, message) => {
    await expect(open(folderOf({ ".docker-hygiene.yml": text, ...files }))).rejects.toThrow(new Error(message));
  });

  test("sets the house rules of what it extends and of what extends it", async () => {
    const root = folderOf({
      ".docker-hygiene.yml":
        "extends: base.yml\nforbid: [{ command: wget, message: x }]\nrules: { custom/no-add: note }",
      "base.yml": "forbid: [{ id: no-add, instruction: ADD, message: x }]\nrules: { custom/forbid-wget: error }",
    });
    expect(levels((await open(root)).root.rules)).toEqual({ "custom/forbid-wget": "error", "custom/no-add": "note" });
    await expect(open(root, "base.yml")).rejects.toThrow(
      new Error("base.yml:2:10: there is no house rule `custom/forbid-wget`"),
    );
  });

  test("that never ends is refused", async () => {
    const message = "the configuration `/dev/zero` cannot be read: it is not a regular file";
    await expect(open(folderOf({}), "/dev/zero")).rejects.toThrow(new Error(message));
    await expect(open(folderOf({ ".docker-hygiene.yml": "extends: /dev/zero" }))).rejects.toThrow(
      new Error(".docker-hygiene.yml:1:10: `extends` names /dev/zero, which is no .yml file"),
    );
  });

  test.each([
    ["gone.yml", "the symbolic link leads nowhere"],
    [".docker-hygiene.yml", "its symbolic links go in a circle"],
  ])("that is a link to %s is refused, and left by init", async (target, reason) => {
    const root = folderOf({});
    symlinkSync(target, join(root, ".docker-hygiene.yml"));
    await expect(open(root)).rejects.toThrow(
      new Error(`the configuration \`.docker-hygiene.yml\` cannot be read: ${reason}`),
    );
    await expect(initConfig(root, undefined)).rejects.toThrow(
      new Error("`.docker-hygiene.yml` is there already; it is left as it is."),
    );
  });

  test("that is asked for and not there is refused", async () => {
    await expect(open(folderOf({}), "x.yml")).rejects.toThrow(
      new Error("the configuration `x.yml` cannot be read: it does not exist"),
    );
  });

  test("of a billion laughs is refused in no time", async () => {
    const laughs = Array.from(
      { length: 12 },
      (_, level) => `a${level}: &a${level} [${level === 0 ? "x" : `*a${level - 1}, `.repeat(9)}]`,
    );
    const started = performance.now();
    await expect(open(folderOf({ ".docker-hygiene.yml": laughs.join("\n") }))).rejects.toThrow(
      "nests or repeats too much",
    );
    expect(performance.now() - started).toBeLessThan(3000);
  });
});

const custom = (parts: object) => ({
  instruction: undefined,
  command: undefined,
  image: undefined,
  label: undefined,
  pattern: undefined,
  level: "warning",
  ...parts,
});

test.each([
  ["20MB", 20_000_000],
  ["20 mb", 20_000_000],
  ["20MiB", 20_971_520],
  ["1.5GB", 1_500_000_000],
  ["512", 512],
  ["512B", 512],
  ["10k", 10_000],
  ["20 apples", undefined],
  ["-1MB", undefined],
  ["", undefined],
])("the size %j is %p bytes", async (text, bytes) => {
  const opened = open(folderOf({ ".docker-hygiene.yml": `max-size: ${JSON.stringify(text)}\n` }));
  if (bytes === undefined) await expect(opened).rejects.toThrow("`max-size` must be a number with a unit");
  else expect((await opened).root.budgets.map(({ maxBytes }) => maxBytes)).toEqual([bytes]);
});

describe("the schema", () => {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  addFormats.default(ajv);
  const validate = ajv.compile(configSchema(rules));

  test.each([
    ["profile: strict\nmax-size: 20MB\nrules: { DL3002: off, root-user: { level: note }, SC2086: off }", true],
    ["forbid: [{ command: a, message: x }]", true],
    ["shellcheck: true\nbuildkit-checks: auto", true],
    ["shellcheck: 'false'\nbuildkit-checks: false", true],
    ["shellcheck: maybe", false],
    ["profil: strict", false],
    ["rules: { nope: off }", false],
    ["rules: { root-user: loud }", false],
    ["forbid: [{ message: x }]", false],
    ["forbid: [{ id: custom/a.b_c-1, instruction: Add, message: x }]", true],
    ["forbid: [{ id: 1, instruction: ONBUILD, message: x }]", true],
    ["forbid: [{ id: 'a b', command: a, message: x }]", false],
    ["forbid: [{ id: a/b, command: a, message: x }]", false],
    ["forbid: [{ instruction: NOPE, message: x }]", false],
    ["forbid: [{ instruction: ADDS, message: x }]", false],
    ["max-size: many", false],
    ["budgets: [{ target: a }]", false],
    ["budgets: [{ target: a, max-layers: 12, max-increase: 10% }]", true],
    ["max-increase: 5MB or 2.5 %", true],
    ["max-increase: 5000000", true],
    ["max-increase: 5% or 2.5 %", false],
    ["max-increase: a lot", false],
    ["max-layers: 1.5", false],
    ["max-waste: 5MiB", true],
  ])("agrees with the reader on %j", async (text, isValid) => {
    const read = await open(folderOf({ ".docker-hygiene.yml": text })).then(
      () => true,
      () => false,
    );
    expect([validate(parse(text)), read]).toEqual([isValid, isValid]);
  });

  test("and the reader take what init writes and what the docs show", async () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(configurationMarkdown())?.[1] ?? "";
    const known = [...rules, rule("missing-user", [])];
    const knownSchema = ajv.compile(configSchema(known));
    const fresh = folderOf({});
    const initialConfig = readFileSync(join(fresh, await initConfig(fresh, undefined)), "utf8");
    const commented = initialConfig.replace(/^# ((?!yaml-)[a-z-]+:.*| {2}.*)$/gm, "$1");
    for (const text of [initialConfig, commented, example]) {
      expect([knownSchema(parse(text)), knownSchema.errors ?? []]).toEqual([true, []]);
      const configs = await openConfigs({
        cwd: folderOf({ ".docker-hygiene.yml": text }),
        config: undefined,
        paths: [],
        rules: async () => known,
      });
      expect(configs.root.profile).toBe("recommended");
    }
    expect(commented).toContain("\nforbid:\n  - {");
  });
});
