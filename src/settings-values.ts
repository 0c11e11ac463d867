import { resolve } from "node:path";
import { parseBuildArgs, parseBuildContexts, parseSsh } from "./build/build-inputs.ts";
import { parsePlatforms } from "./build/platforms.ts";
import { type Origin, readLines, readList } from "./build/records.ts";
import {
  parseSecretEnvs,
  parseSecretFiles,
  parseSecretFlag,
  parseSecrets,
  placeSecrets,
  requireUniqueSecrets,
} from "./build/secret-inputs.ts";
import { type PrivateKeys, readPrivateKeys } from "./build/ssh-key.ts";
import { nearestName } from "./build/target-names.ts";
import { UserError } from "./errors.ts";
import type { Config, Profile, Settings } from "./settings.ts";

/** One value as the user gave it. A flag that is given twice is two of them. */
export interface Given {
  /** The input's name: `secrets`, `failure-threshold`. */
  readonly name: SettingName;
  readonly text: string;
  readonly origin: Origin;
}

const settingNames = [
  "files",
  "exclude",
  "profile",
  "failure-threshold",
  "config",
  "shellcheck",
  "buildkit-checks",
  "build",
  "bake",
  "targets",
  "secrets",
  "secret-envs",
  "secret-files",
  "secret",
  "ssh",
  "ssh-private-key",
  "ssh-private-key-env",
  "build-args",
  "build-contexts",
  "platforms",
  "builder",
  "cache-from",
  "cache-to",
  "network",
  "no-cache",
  "pull",
  "max-parallel",
  "timeout",
  "baseline",
  "baseline-findings",
] as const;

export type SettingName = (typeof settingNames)[number];

/** The settings that are inputs of the workflow too. */
export const inputNames: readonly SettingName[] = settingNames.filter(
  (name) => name !== "secret" && name !== "ssh-private-key-env",
);

export const profiles: readonly Profile[] = ["recommended", "strict", "all"];
const failureThresholds = ["error", "warning", "note", "none"] as const;

/** BuildKit knows no network of the engine. */
const networks = ["default", "none", "host"] as const;

export interface ReadSettings {
  readonly settings: Settings;
  /** Values of secrets under private names: for the builder's process and the redaction alone. */
  readonly secretEnvironment: ReadonlyMap<string, string>;
  /** For an agent of the run, which is then what `ssh` forwards as `default`. */
  readonly privateKeys: PrivateKeys | undefined;
}

/**
 * Turns what was given into settings: an input or flag wins over the configuration file, which wins over the
 * defaults. Throws a UserError that names the setting and the accepted form, and never the value of a secret.
 */
export const readSettings = (
  given: readonly Given[],
  context: {
    readonly command: Settings["command"];
    readonly paths: readonly string[];
    readonly config: Config;
    readonly environment: Readonly<Record<string, string | undefined>>;
  },
): ReadSettings => {
  const all = (name: SettingName): readonly Given[] => given.filter((one) => one.name === name);
  const last = (name: SettingName): Given | undefined => all(name).at(-1);
  const text = (name: SettingName): string | undefined => last(name)?.text.trim() || undefined;
  const list = (name: SettingName): readonly string[] => all(name).flatMap((one) => readList(one.text, one.origin));
  const lines = (name: SettingName): readonly string[] => all(name).flatMap((one) => readLines(one.text, one.origin));
  const pairs = <Value>(name: SettingName, parse: (text: string, origin: Origin) => ReadonlyMap<string, Value>) =>
    new Map(all(name).flatMap((one) => [...parse(one.text, one.origin)]));
  const { command, paths, config, environment } = context;
  const inline = placeSecrets(all("secrets").flatMap((one) => parseSecrets(one.text, one.origin)));
  const isSet = (name: string): boolean => environment[name] !== undefined;
  const secrets = requireUniqueSecrets([
    ...inline.secrets,
    ...all("secret-envs").flatMap((one) => parseSecretEnvs(one.text, one.origin)),
    ...all("secret-files").flatMap((one) => parseSecretFiles(one.text, one.origin)),
    ...all("secret").map((one) => parseSecretFlag(one.text, one.origin, isSet)),
  ]);
  const privateKeys =
    readKeysOf(last("ssh-private-key")) ?? readKeysOf(namedVariable(last("ssh-private-key-env"), environment));
  const settings: Settings = {
    command,
    paths,
    files: all("files").length > 0 ? lines("files") : config.files,
    exclude: all("exclude").length > 0 ? lines("exclude") : config.exclude,
    profile: readChoice(last("profile"), profiles) ?? config.profile ?? "recommended",
    failureThreshold: readChoice(last("failure-threshold"), failureThresholds) ?? config.failureThreshold ?? "error",
    config: text("config"),
    shellcheck: readEngine(last("shellcheck")) ?? config.shellcheck ?? "auto",
    buildkitChecks: readEngine(last("buildkit-checks")) ?? config.buildkitChecks ?? "auto",
    build: readBuild(last("build"), command),
    bake:
      all("bake").length > 0
        ? { files: lines("bake").map((file) => resolve(file)), folder: resolve(".") }
        : { files: config.bake, folder: config.folder },
    targets: list("targets"),
    secrets,
    ssh: readSsh(all("ssh"), privateKeys?.origin),
    buildArgs: pairs("build-args", parseBuildArgs),
    buildContexts: pairs("build-contexts", parseBuildContexts),
    platforms: all("platforms").flatMap((one) => parsePlatforms(one.text, one.origin)),
    builder: text("builder"),
    cacheFrom: lines("cache-from"),
    cacheTo: lines("cache-to"),
    network: readChoice(last("network"), networks),
    noCache: readBoolean(last("no-cache")) ?? false,
    pull: readBoolean(last("pull")) ?? false,
    maxParallel: readCount(last("max-parallel")) ?? 12,
    timeout: readDuration(last("timeout")) ?? 60 * minute,
    baseline: text("baseline"),
    baselineFindings: readBaselineFile(last("baseline-findings")) ?? config.baselineFindings,
  };
  return { settings, secretEnvironment: inline.environment, privateKeys };
};

const readBaselineFile = (given: Given | undefined): Settings["baselineFindings"] => {
  const path = given?.text.trim();
  return given === undefined || path === undefined || path === "" ? undefined : { path, where: given.origin.where };
};

/** Inputs of the workflow; an empty one was not given. `read` gets the input's name. */
export const givenByInputs = (read: (name: string) => string): readonly Given[] =>
  inputNames
    .map((name) => ({
      name,
      text: read(name),
      origin: { setting: name, where: `input \`${name}\` of the workflow` },
    }))
    .filter(({ text }) => text.trim() !== "");

/** Says that a value is none of those accepted, and which one was likely meant. */
export const refuseChoice = (origin: Origin, written: string, accepted: readonly string[]): never => {
  const meant = nearestName(written, accepted);
  const hint = meant === undefined ? "" : ` Did you mean \`${meant}\`?`;
  throw new UserError(
    `${origin.setting}: \`${written}\` is not one of ${accepted.join(", ")} (${origin.where}).${hint}`,
  );
};

const readChoice = <Value extends string>(given: Given | undefined, accepted: readonly Value[]): Value | undefined => {
  const written = given?.text.trim().toLowerCase();
  if (given === undefined || written === undefined || written === "") return undefined;
  return accepted.find((value) => value === written) ?? refuseChoice(given.origin, given.text.trim(), accepted);
};

const readBuild = (given: Given | undefined, command: Settings["command"]): Settings["build"] => {
  if (command === "audit") return false;
  const choice = readChoice(given, ["auto", "true", "false"]) ?? (command === "build" ? "true" : "auto");
  return choice === "auto" ? choice : choice === "true";
};

const readEngine = (given: Given | undefined): boolean | "auto" | undefined => {
  const choice = readChoice(given, ["auto", "true", "false"]);
  return choice === undefined || choice === "auto" ? choice : choice === "true";
};

const readBoolean = (given: Given | undefined): boolean | undefined => {
  const choice = readChoice(given, ["true", "false"]);
  return choice === undefined ? undefined : choice === "true";
};

const readCount = (given: Given | undefined): number | undefined => {
  if (given === undefined) return undefined;
  const written = given.text.trim();
  if (/^[1-9][0-9]{0,3}$/.test(written)) return Number(written);
  throw new UserError(
    `${given.origin.setting}: \`${written}\` is not a whole number from 1 to 9999 (${given.origin.where}).`,
  );
};

const minute = 60_000;
/** What a timer of Node can wait, rounded down to days. */
const longestDuration = 24 * 24 * 60 * minute;

/** `90s`, `30m`, `1h30m`, or minutes as a bare number; as milliseconds. */
const readDuration = (given: Given | undefined): number | undefined => {
  if (given === undefined) return undefined;
  const written = given.text.trim();
  const [, bare] = /^(\d+)$/.exec(written) ?? [];
  const [, hours = 0, minutes = bare ?? 0, seconds = 0] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(written) ?? [];
  const duration = (Number(hours) * 60 + Number(minutes)) * minute + Number(seconds) * 1000;
  if (duration > 0 && duration <= longestDuration) return duration;
  throw new UserError(
    `${given.origin.setting}: \`${written}\` is not a time such as 90s, 30m or 1h30m, at most 24 days (${given.origin.where}).`,
  );
};

/** A secret that is not there for this run, as on a pull request from a fork, is empty: the same as none. */
const readKeysOf = (given: Given | undefined): PrivateKeys | undefined =>
  given === undefined || given.text.trim() === "" ? undefined : readPrivateKeys(given.text, given.origin);

const namedVariable = (
  given: Given | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Given | undefined => {
  if (given === undefined) return undefined;
  const { setting, where } = given.origin;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(given.text)) {
    throw new UserError(
      `${setting}: the name of an environment variable is expected (${where}), never the key itself.`,
    );
  }
  const text = environment[given.text];
  if (text !== undefined)
    return { ...given, text, origin: { setting, where: `environment variable \`${given.text}\`` } };
  throw new UserError(`${setting}: the environment variable \`${given.text}\` is not set (${where}).`);
};

/** The agent that holds the given keys is the one that `default` alone means. */
const readSsh = (given: readonly Given[], keys: Origin | undefined): Settings["ssh"] => {
  const forwards = given.flatMap((one) =>
    parseSsh(one.text, one.origin).map((forward) => ({ forward, origin: one.origin })),
  );
  for (const [index, { forward, origin }] of forwards.entries()) {
    if (forwards.findIndex((other) => other.forward.id === forward.id) < index)
      throw new UserError(`${origin.setting}: \`${forward.id}\` is given twice (${origin.where}).`);
  }
  const written = forwards.find(({ forward }) => forward.id === "default");
  if (keys === undefined) return forwards.map(({ forward }) => forward);
  if (written !== undefined && written.forward.paths.length > 0) {
    throw new UserError(
      `${written.origin.setting}: \`default\` is what ${keys.setting} gives (${written.origin.where}). Give the other key another id, for \`RUN --mount=type=ssh,id=…\`.`,
    );
  }
  return [...forwards.map(({ forward }) => forward), ...(written === undefined ? [{ id: "default", paths: [] }] : [])];
};
