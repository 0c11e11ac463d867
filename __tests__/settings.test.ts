import { resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { emptyConfig } from "../src/settings.ts";
import { readArguments } from "../src/settings-flags.ts";
import { givenByInputs, type ReadSettings, readSettings } from "../src/settings-values.ts";

const context = { command: "run", paths: [], config: emptyConfig("/repo"), environment: { TOKEN: "x" } } as const;

const byFlags = (...argv: string[]): ReadSettings => readSettings(readArguments(argv).given, context);
const byInputs = (inputs: Readonly<Record<string, string>>): ReadSettings =>
  readSettings(
    givenByInputs((name) => inputs[name] ?? ""),
    context,
  );

const defaults = {
  command: "run",
  paths: [],
  files: [],
  exclude: [],
  profile: "recommended",
  failureThreshold: "error",
  config: undefined,
  shellcheck: "auto",
  buildkitChecks: "auto",
  build: "auto",
  bake: { files: [], folder: "/repo" },
  targets: [],
  secrets: [],
  ssh: [],
  buildArgs: new Map(),
  buildContexts: new Map(),
  platforms: [],
  builder: undefined,
  cacheFrom: [],
  cacheTo: [],
  network: undefined,
  noCache: false,
  pull: false,
  maxParallel: 12,
  timeout: 3_600_000,
  baseline: undefined,
};

describe("settings", () => {
  test("have defaults", () => {
    expect(byFlags()).toEqual({ settings: defaults, secretEnvironment: new Map() });
    expect(byInputs({})).toEqual({ settings: defaults, secretEnvironment: new Map() });
  });

  test("are the same by flags and by inputs", () => {
    const expected = {
      ...defaults,
      files: ["*.docker", "b"],
      exclude: ["old"],
      profile: "strict",
      failureThreshold: "none",
      build: false,
      bake: { files: [resolve("docker-bake.hcl"), "/c.yaml"], folder: resolve(".") },
      targets: ["a", "b"],
      secrets: [
        { id: "npm", from: "env", name: "TOKEN" },
        { id: "key", from: "file", path: "./key" },
      ],
      ssh: [
        { id: "default", paths: [] },
        { id: "git", paths: ["/k1", "/k2"] },
      ],
      buildArgs: new Map([
        ["A", "1,2"],
        ["B", undefined],
      ]),
      buildContexts: new Map([["x", "docker-image://y"]]),
      platforms: ["linux/amd64", "linux/arm64"],
      builder: "mine",
      cacheFrom: ["type=gha,scope=x"],
      cacheTo: ["type=gha,mode=max"],
      network: "none",
      noCache: true,
      pull: true,
      maxParallel: 2,
      timeout: 5_400_000,
      baseline: "sizes.json",
      baselineFindings: { path: "known.json", where: "on the command line" },
    };
    expect(
      byFlags(
        ...[
          "--files",
          "*.docker",
          "--files=b",
          "--exclude",
          "old",
          "--profile",
          "strict",
          "--failure-threshold",
          "none",
        ],
        ...[
          "--no-build",
          "--bake",
          "docker-bake.hcl",
          "--bake=/c.yaml",
          "--target",
          "a",
          "--target",
          "b",
          "--secret",
          "id=npm,env=TOKEN",
          "--secret",
          "id=key,src=./key",
        ],
        ...["--ssh", "default", "--ssh", "git=/k1,/k2", "--build-arg", "A=1,2", "--build-arg", "B"],
        ...["--build-context", "x=docker-image://y", "--platform", "linux/amd64,linux/arm64", "--builder", "mine"],
        ...["--cache-from", "type=gha,scope=x", "--cache-to", "type=gha,mode=max", "--network", "none", "--no-cache"],
        ...["--pull", "--max-parallel", "2", "--timeout", "1h30m", "--baseline", "sizes.json"],
        ...["--baseline-findings", "known.json"],
      ).settings,
    ).toEqual(expected);
    expect(
      byInputs({
        files: "*.docker\nb",
        exclude: "old",
        profile: "strict",
        "failure-threshold": "none",
        build: "false",
        bake: "docker-bake.hcl\n/c.yaml",
        targets: "a\nb",
        "secret-envs": "npm=TOKEN",
        "secret-files": "key=./key",
        ssh: "default\ngit=/k1,/k2",
        "build-args": "A=1,2\nB",
        "build-contexts": "x=docker-image://y",
        platforms: "linux/amd64,linux/arm64",
        builder: "mine",
        "cache-from": "type=gha,scope=x",
        "cache-to": "type=gha,mode=max",
        network: "none",
        "no-cache": "true",
        pull: "True",
        "max-parallel": "2",
        timeout: "90",
        baseline: "sizes.json",
        "baseline-findings": "known.json",
      }).settings,
    ).toEqual({
      ...expected,
      baselineFindings: { path: "known.json", where: "input `baseline-findings` of the workflow" },
    });
  });

  test("keep the values of secrets out of themselves", () => {
    const { settings, secretEnvironment } = byInputs({ secrets: 'a=hunter2\n"b=x\ny"' });
    expect(settings.secrets.map(({ id, from }) => [id, from])).toEqual([
      ["a", "env"],
      ["b", "env"],
    ]);
    expect([...secretEnvironment.values()]).toEqual(["hunter2", "x\ny"]);
    expect(JSON.stringify(settings)).not.toContain("hunter2");
  });

  test("have a private key behind the default agent, by input or by the name of a variable", () => {
    const key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ\n-----END PRIVATE KEY-----\n";
    const byKey = byInputs({ "ssh-private-key": key, ssh: "git=/k1" });
    expect(byKey.settings.ssh).toEqual([
      { id: "git", paths: ["/k1"] },
      { id: "default", paths: [] },
    ]);
    expect(byKey.privateKeys?.keys).toEqual([key]);
    expect(JSON.stringify(byKey.settings)).not.toContain("MC4C");
    const named = readSettings(readArguments(["--ssh", "default", "--ssh-private-key-env", "KEY"]).given, {
      ...context,
      environment: { KEY: key.trim() },
    });
    expect(named.settings.ssh).toEqual([{ id: "default", paths: [] }]);
    expect(named.privateKeys).toEqual({
      keys: [key],
      written: key.trim(),
      origin: { setting: "--ssh-private-key-env", where: "environment variable `KEY`" },
    });
    const forked = readSettings(readArguments(["--ssh-private-key-env", "KEY"]).given, {
      ...context,
      environment: { KEY: "" },
    });
    expect(forked).toMatchObject({ settings: { ssh: [] }, privateKeys: undefined });
    expect(() => byInputs({ "ssh-private-key": key, ssh: "default=/k1" })).toThrow(
      new Error(
        "ssh: `default` is what ssh-private-key gives (input `ssh` of the workflow). Give the other key another id, for `RUN --mount=type=ssh,id=…`.",
      ),
    );
  });

  test("of the configuration stand behind flags and before defaults", () => {
    const config = { ...emptyConfig("/repo"), profile: "all", failureThreshold: "note", exclude: ["x"] } as const;
    const read = (...argv: string[]) => {
      const { settings } = readSettings(readArguments(argv).given, { ...context, config });
      return [settings.profile, settings.failureThreshold, settings.exclude];
    };
    expect(read()).toEqual(["all", "note", ["x"]]);
    expect(read("--profile=strict", "--exclude", "y")).toEqual(["strict", "note", ["y"]]);
  });

  test("of the commands differ in building", () => {
    const build = (command: "run" | "audit" | "build") => readSettings([], { ...context, command }).settings.build;
    expect([build("run"), build("audit"), build("build")]).toEqual(["auto", false, true]);
  });

  test.each<[string[], string]>([
    [
      ["--profile", "strikt"],
      "--profile: `strikt` is not one of recommended, strict, all (on the command line). Did you mean `strict`?",
    ],
    [
      ["--failure-threshold=fatal"],
      "--failure-threshold: `fatal` is not one of error, warning, note, none (on the command line).",
    ],
    [
      ["--timeout", "30x"],
      "--timeout: `30x` is not a time such as 90s, 30m or 1h30m, at most 24 days (on the command line).",
    ],
    [
      ["--timeout", "0s"],
      "--timeout: `0s` is not a time such as 90s, 30m or 1h30m, at most 24 days (on the command line).",
    ],
    [["--max-parallel", "0"], "--max-parallel: `0` is not a whole number from 1 to 9999 (on the command line)."],
    [["--formt", "x"], "--formt: there is no such option (on the command line). Did you mean `--format`?"],
    [["--nonsense"], "--nonsense: there is no such option (on the command line). Run `docker-hygiene help` for all."],
    [["--config"], "--config: a value is missing, as in `--config FILE` (on the command line)."],
    [["-c", "--quiet"], "-c: a value is missing, as in `-c FILE` (on the command line)."],
    [["--quiet=yes"], "--quiet: it takes no value (on the command line)."],
    [
      ["--secret", "hunter2"],
      "--secret: the form is `id=ID,env=VARIABLE` or `id=ID,src=FILE` (on the command line); a value itself is never an argument.",
    ],
    [
      ["--ssh-private-key-env", "MISSING"],
      "--ssh-private-key-env: the environment variable `MISSING` is not set (on the command line).",
    ],
    [
      ["--ssh-private-key-env=-----BEGIN PRIVATE KEY-----"],
      "--ssh-private-key-env: the name of an environment variable is expected (on the command line), never the key itself.",
    ],
    [
      ["--platform", "linux/amd64,linux/"],
      "--platform: `linux/` is not a platform such as linux/amd64 or linux/arm/v7 (on the command line).",
    ],
    [["--network", "bridge"], "--network: `bridge` is not one of default, none, host (on the command line)."],
    [["--ssh", "default", "--ssh", "default"], "--ssh: `default` is given twice (on the command line)."],
    [
      ["--secret", "id=a,env=A", "--secret", "id=a,env=B"],
      "the secret `a` is given twice (in `secrets`, `secret-envs` or `secret-files`); a build takes one value for an id.",
    ],
  ])("given as %j are refused", (argv, message) => {
    expect(() => byFlags(...argv)).toThrow(new Error(message));
  });

  test.each<[Record<string, string>, string]>([
    [{ profile: "loud" }, "profile: `loud` is not one of recommended, strict, all (input `profile` of the workflow)."],
    [{ build: "yes" }, "build: `yes` is not one of auto, true, false (input `build` of the workflow)."],
    [
      { secrets: "a=b\nhunter2" },
      'secrets: line 2 is not `id=value` (input `secrets` of the workflow). Quote a value of several lines: "id=first⏎second".',
    ],
  ])("given by the inputs %j are refused", (inputs, message) => {
    expect(() => byInputs(inputs)).toThrow(new Error(message));
  });

  test("words behind -- are no flags", () => {
    const { words, wordsBeforeEnd } = readArguments(["audit", "-q", "a", "--", "-b", "run"]);
    expect([words, wordsBeforeEnd]).toEqual([["audit", "a", "-b", "run"], 2]);
  });
});
