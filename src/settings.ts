import type { Secret, SshForward } from "./build/target.ts";
import type { Span } from "./dockerfile/model.ts";
import type { Level, Severity } from "./rules/rule.ts";

export type Profile = "recommended" | "strict" | "all";

/** Everything the user can choose, whether by input, flag or file; read once, before anything runs. */
export interface Settings {
  readonly command: "run" | "audit" | "build";
  /** Files and folders to look in; empty means the current directory. */
  readonly paths: readonly string[];
  /** Globs that take the place of discovery's own names. */
  readonly files: readonly string[];
  readonly exclude: readonly string[];
  readonly profile: Profile;
  readonly failureThreshold: Severity | "none";
  /** Path of the config file that was asked for; undefined: looked for. */
  readonly config: string | undefined;
  /** `true`: building must be possible; `auto`: build when an engine is there; `false`: audit only. */
  readonly build: boolean | "auto";
  /** `true`: ShellCheck must be there; `auto`: it judges scripts where it is on the PATH. */
  readonly shellcheck: boolean | "auto";
  /** `true`: an engine must be there; `auto`: BuildKit's checks are made where there is one for the builds. */
  readonly buildkitChecks: boolean | "auto";
  /** Bake and Compose files to plan targets from (absolute), and the folder that their paths start at. */
  readonly bake: { readonly files: readonly string[]; readonly folder: string };
  readonly targets: readonly string[];
  readonly secrets: readonly Secret[];
  readonly ssh: readonly SshForward[];
  readonly buildArgs: ReadonlyMap<string, string | undefined>;
  readonly buildContexts: ReadonlyMap<string, string>;
  readonly platforms: readonly string[];
  readonly builder: string | undefined;
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  readonly network: string | undefined;
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly maxParallel: number;
  /** Milliseconds that one target may take. */
  readonly timeout: number;
  readonly baseline: string | undefined;
  readonly baselineFindings: BaselineFile | undefined;
}

/** A file of findings that do not count, because they are known. */
export interface BaselineFile {
  readonly path: string;
  /** Who names it: `on the command line`, a place of the configuration. */
  readonly where: string;
}

/** How one rule is set. `level` is undefined when only options are given: the profile's level stays. */
export interface RuleSetting {
  readonly level: Level | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

/** By rule id; aliases are resolved. Imported engines keep their own names: `shellcheck/SC2086`. */
export type RuleSettings = ReadonlyMap<string, RuleSetting>;

/** A configuration file with all that it extends; the defaults when there is none. */
export interface Config {
  /** As the user knows it; undefined when there is no file. */
  readonly path: string | undefined;
  /** Absolute; paths and globs of the file start here. */
  readonly folder: string;
  readonly profile: Profile | undefined;
  readonly failureThreshold: Severity | "none" | undefined;
  readonly shellcheck?: Settings["shellcheck"];
  readonly buildkitChecks?: Settings["buildkitChecks"];
  readonly files: readonly string[];
  readonly exclude: readonly string[];
  /** Bake and Compose files, absolute. */
  readonly bake: readonly string[];
  /** An ignore comment must give its reason. */
  readonly requireReason: boolean;
  readonly rules: RuleSettings;
  /** In order: a later one that matches wins, rule by rule. */
  readonly overrides: readonly { readonly matches: (dockerfile: string) => boolean; readonly rules: RuleSettings }[];
  /** The first that matches holds. */
  readonly dockerfiles: readonly DockerfileConfig[];
  /** The first that matches holds, each limit for itself. */
  readonly budgets: readonly BudgetConfig[];
  readonly customRules: readonly CustomRule[];
  /** Its path is absolute. */
  readonly baselineFindings?: BaselineFile;
  /** What was read and has no meaning here. */
  readonly notes: readonly string[];
}

/** What the configuration says of the Dockerfiles that match a glob. */
export interface DockerfileConfig {
  readonly file: string;
  /** Takes an absolute path. */
  readonly matches: (dockerfile: string) => boolean;
  /** Absolute, or a URL. */
  readonly context: string | undefined;
  readonly targets: readonly string[] | undefined;
  readonly buildArgs: ReadonlyMap<string, string>;
  /** Folders are absolute. */
  readonly buildContexts: ReadonlyMap<string, string>;
}

/** The most that a target may weigh. */
export interface BudgetConfig {
  /** A stage, a target id, another name that `targets` takes, or a glob; `*` stands for any text. */
  readonly target: string;
  readonly maxBytes?: number | undefined;
  readonly maxLayers?: number | undefined;
  /** Bytes in layers that nobody sees. */
  readonly maxWaste?: number | undefined;
  /** Bytes and percent since the baseline; the larger of the two counts. */
  readonly maxIncrease?: { readonly bytes?: number | undefined; readonly percent?: number | undefined } | undefined;
  readonly of: "pull" | "disk";
  readonly matches: (target: {
    readonly id: string;
    readonly stage: string | undefined;
    readonly dockerfileAbsolute: string;
    readonly bakeNames?: readonly string[] | undefined;
  }) => boolean;
}

/** A regular expression of a configuration, which takes time in proportion to the text, whatever it says. */
export interface Pattern {
  readonly source: string;
  /** The first match; undefined when there is none. */
  readonly search: (text: string) => Span | undefined;
}

/** A house rule without code. Every part that is given must match. */
export interface CustomRule {
  readonly kind: "forbid" | "require";
  /** `custom/…` */
  readonly id: string;
  /** Upper-case keyword. */
  readonly instruction: string | undefined;
  /** Name of a command in a RUN. */
  readonly command: string | undefined;
  /** A base image without tag; `*` stands for any text. */
  readonly image: string | undefined;
  /** Key of a label. */
  readonly label: string | undefined;
  /** Searched for in the arguments, the reference or the label's value. */
  readonly pattern: Pattern | undefined;
  readonly message: string;
  readonly level: Severity;
}

/** The settings of all rules for one Dockerfile (absolute), overrides applied. */
export const ruleSettingsFor = (config: Config, dockerfile: string): RuleSettings => {
  const layers = config.overrides.filter(({ matches }) => matches(dockerfile)).map(({ rules }) => rules);
  return layers.length === 0 ? config.rules : new Map([config.rules, ...layers].flatMap((layer) => [...layer]));
};

/** Nothing set. */
export const emptyConfig = (folder: string): Config => ({
  path: undefined,
  folder,
  profile: undefined,
  failureThreshold: undefined,
  files: [],
  exclude: [],
  bake: [],
  requireReason: false,
  rules: new Map(),
  overrides: [],
  dockerfiles: [],
  budgets: [],
  customRules: [],
  notes: [],
});
