import type { Level } from "../rules/rule.ts";
import type { Profile, RuleSettings } from "../settings.ts";

/** What ShellCheck calls the weight of a comment. */
export type ShellLevel = "error" | "warning" | "info" | "style";

/** Codes of ShellCheck that say nothing here unless a configuration names them. */
export interface Exclusion {
  /** A code, or the first and the last of a range. */
  readonly codes: readonly (number | readonly [number, number])[];
  /** Why it says nothing in a Dockerfile, in markdown. */
  readonly reason: string;
  /** The level in the profile `strict`, where it is not off. */
  readonly strict?: Level;
}

export const shellExclusions: readonly Exclusion[] = [
  { codes: [1090, 1091], reason: "the sourced file lies in the image, not where the check runs" },
  { codes: [2148, 2187], reason: "a RUN body has no shebang; ash is checked as dash on purpose" },
  {
    codes: [2154],
    reason:
      "the variable comes from the base image; those that ARG and ENV of the file declare are given to ShellCheck",
  },
  { codes: [2086], reason: "package lists and flags are split on purpose", strict: "note" },
  {
    codes: [2046],
    reason: "`$(nproc)`, `$(dpkg --print-architecture)` and the like are one word, or split on purpose",
    strict: "note",
  },
  { codes: [2016], reason: "a literal `$` is meant when a RUN writes configuration, sed or awk programs" },
  { codes: [2015], reason: "`a && b || true` and chains of tests are the idiom of RUN" },
  { codes: [2164], reason: "`unchecked-failure-in-run` knows whether `set -e` or `&&` protects the `cd`" },
  {
    codes: [2039, [3000, 3099]],
    reason: "`bash-syntax-in-posix-shell` knows which sh the base has; ShellCheck must guess",
  },
  {
    codes: [1009, 1072, 1073],
    reason:
      "`shell-syntax-error` says it once, on the exact word; of a script that ShellCheck alone cannot read, it says nothing at all",
  },
];

/** A check that BuildKit alone can make. */
export interface BuildkitCheck {
  readonly name: string;
  readonly summary: string;
  readonly recommended: Level;
  readonly strict: Level;
  /** Why there is no rule of ours, in markdown. */
  readonly reason: string;
}

export const buildkitChecks: readonly BuildkitCheck[] = [
  {
    name: "InvalidBaseImagePlatform",
    summary: "Build on a base image of the platform that is built for",
    recommended: "warning",
    strict: "warning",
    reason: "needs the manifest of the base, which the engine has",
  },
  {
    name: "UndefinedVar",
    summary: "Declare variables before their use",
    recommended: "warning",
    strict: "warning",
    reason: "needs the environment of the base image, which the engine resolves",
  },
];

/** Rules of ours that say the same: where one has spoken of the same place, the engine's finding is left out. */
export const saidByOurs: ReadonlyMap<string, readonly string[]> = new Map([
  ["shellcheck/SC2164", ["unchecked-failure-in-run", "directory-change-in-run"]],
  ["shellcheck/SC2103", ["directory-change-in-run"]],
  ["shellcheck/SC2024", ["sudo-in-run"]],
  ["shellcheck/SC2034", ["shell-state-lost"]],
  ["shellcheck/SC2112", ["bash-syntax-in-posix-shell"]],
  ["shellcheck/SC2113", ["bash-syntax-in-posix-shell"]],
  ["buildkit/UndefinedVar", ["self-referencing-env", "undefined-arg-in-from"]],
]);

export interface LevelOptions {
  readonly profile: Profile;
  readonly settings: RuleSettings;
}

/** The level of a code of ShellCheck; a configuration that names it has the last word. */
export const shellLevel = (code: number, level: ShellLevel, { profile, settings }: LevelOptions): Level => {
  const set = settings.get(shellRule(code))?.level;
  if (set !== undefined) return set;
  const exclusion = exclusionOf(code);
  if (exclusion !== undefined) return profile === "recommended" ? "off" : (exclusion.strict ?? "off");
  return shellLevels[profile][level];
};

export const shellLevels: Readonly<Record<Profile, Readonly<Record<ShellLevel, Level>>>> = {
  recommended: { error: "warning", warning: "note", info: "off", style: "off" },
  strict: { error: "warning", warning: "warning", info: "note", style: "off" },
  all: { error: "warning", warning: "warning", info: "note", style: "note" },
};

/** The level of a check of BuildKit; one that is not known here is a note until `strict`. */
export const buildkitLevel = (name: string, { profile, settings }: LevelOptions): Level => {
  const set = settings.get(buildkitRule(name))?.level;
  if (set !== undefined) return set;
  const { recommended, strict } = buildkitChecks.find((check) => check.name === name) ?? unknownCheck;
  if (profile === "recommended") return recommended;
  return profile === "all" && strict === "off" ? "note" : strict;
};

const unknownCheck = { recommended: "note", strict: "warning" } as const;

export const shellRule = (code: number): string => `shellcheck/SC${code}`;
export const buildkitRule = (name: string): string => `buildkit/${name}`;

/** `SC2039`, `SC3000–SC3099` */
export const codesText = ({ codes }: Exclusion): string =>
  codes.map((code) => (typeof code === "number" ? `SC${code}` : `SC${code[0]}–SC${code[1]}`)).join(", ");

const exclusionOf = (code: number): Exclusion | undefined =>
  shellExclusions.find(({ codes }) =>
    codes.some((one) => (typeof one === "number" ? one === code : code >= one[0] && code <= one[1])),
  );

/** What can be said of a check that another program makes. */
export interface ImportedCheck {
  /** `shellcheck/SC2086`, `buildkit/UndefinedVar` */
  readonly id: string;
  readonly summary: string;
  /** Plain markdown, one paragraph. */
  readonly why: string;
  readonly recommended: Level;
  readonly strict: Level;
  /** Where its own authors explain it. */
  readonly url: string;
}

/** The check that a name (`SC2086`, `shellcheck/SC2086`, `buildkit/UndefinedVar`, `UndefinedVar`) speaks of. */
export const importedCheck = (name: string): ImportedCheck | undefined => {
  const code = /^(?:shellcheck\/)?SC(\d{4})$/i.exec(name)?.[1];
  if (code !== undefined) return shellCheckOf(Number(code));
  const [, prefix, short = ""] = /^(buildkit\/)?([A-Za-z][\w-]*)$/.exec(name) ?? [];
  const check = buildkitChecks.find((one) => one.name.toLowerCase() === short.toLowerCase());
  if (check === undefined && (prefix === undefined || short === "")) return undefined;
  return buildkitCheckOf(check?.name ?? short, check);
};

const shellCheckOf = (code: number): ImportedCheck => {
  const exclusion = exclusionOf(code);
  const why =
    exclusion === undefined
      ? "ShellCheck reads the scripts of RUN, CMD, ENTRYPOINT and HEALTHCHECK. Its errors are warnings here, its warnings notes; in the profile `strict` its warnings are warnings and its infos notes."
      : `Left out${exclusion.strict === undefined ? "" : " of the profile `recommended`"} unless the configuration sets a level for it: ${exclusion.reason}.`;
  return {
    id: shellRule(code),
    summary: `SC${code} of ShellCheck`,
    why,
    recommended: exclusion === undefined ? "note" : "off",
    strict: exclusion === undefined ? "warning" : (exclusion.strict ?? "off"),
    url: `https://www.shellcheck.net/wiki/SC${code}`,
  };
};

const buildkitCheckOf = (name: string, check: BuildkitCheck | undefined): ImportedCheck => ({
  id: buildkitRule(name),
  summary: check?.summary ?? `${name} of BuildKit`,
  why: `A check of BuildKit, made when an engine is there${check === undefined ? "" : `: ${check.reason}`}.`,
  recommended: check?.recommended ?? unknownCheck.recommended,
  strict: check?.strict ?? unknownCheck.strict,
  url: `https://docs.docker.com/reference/build-checks/${slug(name)}/`,
});

/** `CopyIgnoredFile` is at `copy-ignored-file`. */
const slug = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
