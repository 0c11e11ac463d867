import type { AuditedFile, StageFacts } from "../audited-file.ts";
import { firstRunWithArguments } from "./run-commands.ts";

/** How a package manager leaves the development dependencies of a project out. */
export interface ProductionInstall {
  readonly subcommands: RegExp;
  /** Options that leave them out, or decide themselves. */
  readonly options: readonly string[];
  readonly variables: ReadonlyMap<string, RegExp>;
  /** Index of the RUN that first makes a setting which does the same. */
  readonly firstSetting?: (stage: StageFacts, file: AuditedFile) => number;
  readonly insert: string | undefined;
}

const production = new Map([["NODE_ENV", /^production$/]]);

/** By package manager. */
export const productionInstalls: ReadonlyMap<string, ProductionInstall> = new Map<string, ProductionInstall>([
  [
    "npm",
    {
      subcommands: /^(install|i|ci|clean-install)$/,
      options: ["--omit", "--only", "--production", "--prod", "--include", "--global", "-g", "--package-lock-only"],
      variables: new Map([
        ...production,
        ["NPM_CONFIG_OMIT", /dev/],
        ["npm_config_omit", /dev/],
        ["NPM_CONFIG_PRODUCTION", /true/],
      ]),
      insert: "--omit=dev",
    },
  ],
  [
    "pnpm",
    {
      subcommands: /^(install|i)$/,
      options: ["--prod", "--production", "-P", "-D", "--dev", "-g", "--global", "--lockfile-only"],
      variables: production,
      insert: "--prod",
    },
  ],
  [
    // Only version 1 has the option; later ones use `workspaces focus --production`.
    "yarn",
    {
      subcommands: /^install$/,
      options: ["--production", "--prod", "--immutable", "--mode"],
      variables: production,
      insert: "--production",
    },
  ],
  [
    "composer",
    {
      subcommands: /^(install|i)$/,
      options: ["--no-dev", "--dev"],
      variables: new Map([["COMPOSER_NO_DEV", /^(1|true)$/]]),
      insert: "--no-dev",
    },
  ],
  [
    "bundle",
    {
      subcommands: /^(install|i)$/,
      options: ["--without", "--with", "--deployment"],
      variables: new Map([
        ["BUNDLE_WITHOUT", /./],
        ["BUNDLE_ONLY", /./],
        ["BUNDLE_DEPLOYMENT", /./],
      ]),
      firstSetting: firstRunWithArguments(
        /\bconfig\s+(?:set\s+)?(?:--\w+\s+)*(?:(?:without|only)\s+\S|deployment\s+(?!false\b|0\b)\S)/,
      ),
      // `--without` is remembered in a config file and deprecated; ENV BUNDLE_WITHOUT is the way, but not one edit.
      insert: undefined,
    },
  ],
  [
    "poetry",
    {
      subcommands: /^(install|sync)$/,
      options: ["--only", "--no-dev", "--without", "--with", "--only-root"],
      variables: new Map([["POETRY_WITHOUT", /./]]),
      insert: "--only main",
    },
  ],
]);
