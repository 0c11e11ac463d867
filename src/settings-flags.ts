import { parseArgs } from "node:util";
import { nearestName } from "./build/target-names.ts";
import { UserError } from "./errors.ts";
import type { Given, SettingName } from "./settings-values.ts";

/** One flag of the command line: the source of parsing, of `--help` and of the documentation. */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** What stands behind it in the help; undefined: it takes no value. */
  readonly value?: string;
  readonly summary: string;
  /** The setting that it gives, and the value when it takes none. */
  readonly gives?: SettingName;
  readonly fixed?: string;
}

export const flags = {
  format: { name: "format", short: "f", value: "FORMAT", summary: "text, json, markdown, html, github or sarif" },
  output: { name: "output", short: "o", value: "FILE", summary: "write the report to a file instead of the terminal" },
  config: {
    name: "config",
    short: "c",
    value: "FILE",
    summary: "use this configuration and look for no other",
    gives: "config",
  },
  profile: { name: "profile", value: "PROFILE", summary: "recommended, strict or all", gives: "profile" },
  threshold: {
    name: "failure-threshold",
    value: "LEVEL",
    summary: "fail on findings of this level: error, warning, note or none",
    gives: "failure-threshold",
  },
  shellcheck: {
    name: "shellcheck",
    value: "WHEN",
    summary: "let ShellCheck judge scripts: auto, true or false",
    gives: "shellcheck",
  },
  buildkitChecks: {
    name: "buildkit-checks",
    value: "WHEN",
    summary: "ask BuildKit for its own checks: auto, true or false",
    gives: "buildkit-checks",
  },
  files: { name: "files", value: "GLOB", summary: "look for these files instead of the usual names", gives: "files" },
  exclude: { name: "exclude", value: "GLOB", summary: "leave out these files and folders", gives: "exclude" },
  bake: { name: "bake", value: "FILE", summary: "plan targets by this Bake or Compose file", gives: "bake" },
  target: { name: "target", value: "STAGE", summary: "build this stage, or the target file:stage", gives: "targets" },
  secret: { name: "secret", value: "id=ID,env=VAR", summary: "give a secret; or id=ID,src=FILE", gives: "secret" },
  ssh: { name: "ssh", value: "default", summary: "forward the agent; or id=SOCKET, id=KEY", gives: "ssh" },
  sshKeyVariable: {
    name: "ssh-private-key-env",
    value: "VAR",
    summary: "forward an agent that holds the private key of this variable",
    gives: "ssh-private-key-env",
  },
  buildArg: { name: "build-arg", value: "NAME=VALUE", summary: "set a build argument", gives: "build-args" },
  buildContext: {
    name: "build-context",
    value: "NAME=PATH",
    summary: "give a named build context",
    gives: "build-contexts",
  },
  platform: { name: "platform", value: "OS/ARCH", summary: "build for this platform", gives: "platforms" },
  builder: { name: "builder", value: "NAME", summary: "use this builder of buildx", gives: "builder" },
  cacheFrom: { name: "cache-from", value: "CACHE", summary: "read a build cache: type=gha", gives: "cache-from" },
  cacheTo: { name: "cache-to", value: "CACHE", summary: "write a build cache: type=gha,mode=max", gives: "cache-to" },
  network: { name: "network", value: "MODE", summary: "network of RUN: default, none or host", gives: "network" },
  noCache: { name: "no-cache", summary: "build every step again", gives: "no-cache", fixed: "true" },
  pull: { name: "pull", summary: "look for newer base images", gives: "pull", fixed: "true" },
  maxParallel: {
    name: "max-parallel",
    value: "N",
    summary: "build at most N targets at a time",
    gives: "max-parallel",
  },
  timeout: { name: "timeout", value: "TIME", summary: "stop a target after this time: 90s, 30m, 1h", gives: "timeout" },
  dryRun: { name: "dry-run", summary: "print what would be built, and by which commands" },
  noBuild: { name: "no-build", summary: "audit only", gives: "build", fixed: "false" },
  baseline: {
    name: "baseline",
    value: "FILE",
    summary: "compare sizes with this earlier JSON report",
    gives: "baseline",
  },
  baselineFindings: {
    name: "baseline-findings",
    value: "FILE",
    summary: "let the findings pass that this file knows",
    gives: "baseline-findings",
  },
  onlyNew: { name: "only-new", summary: "count only findings that the commit of --base does not have" },
  base: { name: "base", value: "REF", summary: "for --only-new: where HEAD left this branch or commit" },
  writeBaseline: {
    name: "write-baseline",
    value: "FILE",
    summary: "write all findings to this file, for baseline-findings",
  },
  rule: { name: "rule", value: "RULE", summary: "fix what this rule finds and nothing else; may be repeated" },
  unsafe: { name: "unsafe", summary: "apply fixes too after which a build may behave differently" },
  diff: { name: "diff", summary: "print the fixes as a patch and write nothing" },
  quiet: { name: "quiet", short: "q", summary: "print the verdict alone" },
  verbose: { name: "verbose", short: "v", summary: "show notes, the commands, and what was withdrawn and why" },
  color: { name: "color", value: "WHEN", summary: "auto, always or never" },
  help: { name: "help", short: "h", summary: "show this text" },
  version: { name: "version", short: "V", summary: "show the version" },
} as const satisfies Record<string, Flag>;

export interface Arguments {
  /** What is no flag, in order. */
  readonly words: readonly string[];
  /** How many of the words stand before `--`; only those may name a command. */
  readonly wordsBeforeEnd: number;
  readonly given: readonly Given[];
  /** The last value by flag name; `""` for a flag that takes none. */
  readonly values: ReadonlyMap<string, string>;
  /** Every value of a flag that may be repeated, in order. */
  readonly all: (flag: Flag) => readonly string[];
  /** Names of the flags in order, for the check against a command's own. */
  readonly used: readonly string[];
}

/** Reads the command line; throws a UserError for an unknown flag or a missing value. */
export const readArguments = (argv: readonly string[]): Arguments => {
  const known: readonly Flag[] = Object.values(flags);
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(
      known.map(({ name, short, value }) => [
        name,
        { type: value === undefined ? "boolean" : "string", ...(short === undefined ? {} : { short }) } as const,
      ]),
    ),
  });
  const end = tokens.find(({ kind }) => kind === "option-terminator")?.index ?? Number.POSITIVE_INFINITY;
  const options = tokens.filter((token) => token.kind === "option");
  const words = tokens.filter((token) => token.kind === "positional");
  const read = options.map((option) => {
    const flag = known.find(({ name }) => name === option.name);
    if (flag === undefined) return refuseFlag(option.rawName, known);
    return { flag, text: readValue(flag, option) };
  });
  return {
    words: words.map(({ value }) => value),
    wordsBeforeEnd: words.filter(({ index }) => index < end).length,
    given: read.flatMap(({ flag, text }) =>
      flag.gives === undefined
        ? []
        : [
            {
              name: flag.gives,
              text: flag.fixed ?? text,
              origin: { setting: `--${flag.name}`, where: "on the command line" },
            },
          ],
    ),
    values: new Map(read.map(({ flag, text }) => [flag.name, text])),
    all: ({ name }) => read.flatMap(({ flag, text }) => (flag.name === name ? [text] : [])),
    used: read.map(({ flag }) => flag.name),
  };
};

const readValue = (
  flag: Flag,
  option: { readonly rawName: string; readonly value?: string | undefined; readonly inlineValue?: boolean | undefined },
): string => {
  if (flag.value === undefined) {
    if (option.inlineValue) throw new UserError(`${option.rawName}: it takes no value (on the command line).`);
    return "";
  }
  const isNextFlag = !option.inlineValue && option.value !== undefined && /^-./.test(option.value);
  if (option.value === undefined || option.value === "" || isNextFlag)
    throw new UserError(
      `${option.rawName}: a value is missing, as in \`${option.rawName} ${flag.value}\` (on the command line).`,
    );
  return option.value;
};

const refuseFlag = (written: string, known: readonly Flag[]): never => {
  const meant = nearestName(
    written.replace(/^-+/, ""),
    known.map(({ name }) => name),
  );
  const hint = meant === undefined ? "Run `docker-hygiene help` for all." : `Did you mean \`--${meant}\`?`;
  throw new UserError(`${written}: there is no such option (on the command line). ${hint}`);
};
