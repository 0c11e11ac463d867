import type { Secret, SshForward } from "./build/target.ts";
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
  readonly baseline: string | undefined;
}

/** What `.docker-hygiene.yml` may say; every part is optional. */
export interface Config {
  /** As the user knows it; undefined when there is no file. */
  readonly path: string | undefined;
  readonly profile: Profile | undefined;
  readonly failureThreshold: Severity | "none" | undefined;
  readonly files: readonly string[];
  readonly exclude: readonly string[];
  readonly rules: ReadonlyMap<
    string,
    { readonly level: Level | undefined; readonly options: Readonly<Record<string, unknown>> }
  >;
  /** By Dockerfile path (glob). */
  readonly dockerfiles: readonly DockerfileConfig[];
  /** By target id or glob: `max-size`. */
  readonly budgets: readonly { readonly target: string; readonly maxBytes: number; readonly of: "pull" | "disk" }[];
}

export interface DockerfileConfig {
  readonly file: string;
  /** Relative to the config file's folder. */
  readonly context: string | undefined;
  readonly targets: readonly string[] | undefined;
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly buildContexts: ReadonlyMap<string, string>;
}
