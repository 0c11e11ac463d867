import { UserError } from "./errors.ts";
import { wrapWords } from "./report/table.ts";
import type { Arguments, Flag } from "./settings-flags.ts";
import { flags } from "./settings-flags.ts";

export interface Command {
  readonly name: "run" | "audit" | "build" | "fix" | "inspect" | "rules" | "explain" | "init" | "help" | "version";
  readonly usage: string;
  readonly summary: string;
  /** Further paragraphs of the command's own help. */
  readonly about: readonly string[];
  /** How many words it takes at most; any number where it is not said. */
  readonly most?: number;
  readonly flags: readonly Flag[];
}

const looking: readonly Flag[] = [
  flags.files,
  flags.exclude,
  flags.config,
  flags.profile,
  flags.threshold,
  flags.baselineFindings,
];
const comparing: readonly Flag[] = [flags.onlyNew, flags.base];
const engines: readonly Flag[] = [flags.shellcheck, flags.buildkitChecks];
const building: readonly Flag[] = [
  flags.bake,
  flags.target,
  flags.secret,
  flags.ssh,
  flags.sshKeyVariable,
  flags.buildArg,
  flags.buildContext,
  flags.platform,
  flags.builder,
  flags.cacheFrom,
  flags.cacheTo,
  flags.network,
  flags.noCache,
  flags.pull,
  flags.maxParallel,
  flags.timeout,
  flags.dryRun,
  flags.baseline,
];
const showing: readonly Flag[] = [flags.format, flags.output, flags.quiet, flags.verbose, flags.color];
const notesToo: Flag = { ...flags.verbose, summary: "show notes too" };

const textOrJson: Flag = { ...flags.format, summary: "text or json" };

const exitCodes =
  "Exit code: 0 clean, 1 findings, failed builds or broken limits, 2 wrong usage or configuration, 3 no Dockerfile, 70 a bug of ours.";

export const commands: readonly Command[] = [
  {
    name: "run",
    usage: "run [files and folders]",
    summary: "audit, build every target and measure it (the default)",
    about: ["Without an engine the audit still runs. A file that is named is taken whatever its name.", exitCodes],
    flags: [...looking, ...comparing, ...engines, flags.noBuild, ...building, ...showing],
  },
  {
    name: "audit",
    usage: "audit [files and folders]",
    summary: "audit only",
    about: ["A file that is named is taken whatever its name. With --write-baseline nothing is judged.", exitCodes],
    flags: [
      ...looking,
      ...comparing,
      flags.writeBaseline,
      ...engines,
      ...showing.map((flag) => (flag === flags.verbose ? notesToo : flag)),
    ],
  },
  {
    name: "build",
    usage: "build [files and folders]",
    summary: "as run, but an engine must be there",
    about: [exitCodes],
    flags: [...looking, ...comparing, ...engines, ...building, ...showing],
  },
  {
    name: "fix",
    usage: "fix [files and folders]",
    summary: "put right what has an automatic fix",
    about: [
      "Without --unsafe only fixes after which a build behaves as before. What a comment or the configuration silences stays as it is, and so does a file that is not UTF-8, or that BuildKit would refuse.",
      "Exit code: 0 done, 1 a file could not be fixed, or --diff shows something to fix, 2 wrong usage or configuration, 3 no Dockerfile, 70 a bug of ours.",
    ],
    flags: [
      flags.unsafe,
      flags.rule,
      flags.diff,
      ...looking.filter((flag) => flag !== flags.threshold && flag !== flags.baselineFindings),
      flags.quiet,
      notesToo,
      flags.color,
    ],
  },
  {
    name: "inspect",
    usage: "inspect IMAGE",
    summary: "measure an image of the engine, an OCI layout or an archive",
    about: [
      "IMAGE is a folder (an OCI layout), a file (what `docker save` wrote, packed or not), or else the name of an image. With --secret it is searched for the value. Lines of the Dockerfile are known where the image carries its provenance.",
      "Exit code: 0 clean, 1 findings, leaks or broken limits, 2 wrong usage or no such image, 70 a bug of ours.",
    ],
    flags: [
      { ...flags.secret, summary: "search for the value of this secret; or id=ID,src=FILE" },
      flags.config,
      flags.profile,
      flags.threshold,
      textOrJson,
      flags.output,
      flags.quiet,
      flags.color,
    ],
  },
  {
    name: "rules",
    usage: "rules",
    summary: "list the rules",
    about: [],
    flags: [textOrJson, { ...flags.output, summary: "write the list to a file instead of the terminal" }, flags.color],
  },
  {
    name: "explain",
    usage: "explain RULE",
    summary: "say what a rule is about; RULE is an id or an alias such as DL3008",
    about: ["House rules of the configuration are named custom/ and their id."],
    flags: [flags.config, flags.color],
  },
  {
    name: "init",
    usage: "init [folder]",
    summary: "write a commented .docker-hygiene.yml",
    about: ["A configuration that is there is never overwritten."],
    most: 1,
    flags: [],
  },
  {
    name: "help",
    usage: "help [command]",
    summary: "show this text, or that of a command",
    about: [],
    most: 1,
    flags: [],
  },
  { name: "version", usage: "version", summary: "show the version", about: [], most: 0, flags: [] },
];

export const commandNamed = (name: string | undefined): Command | undefined =>
  commands.find((command) => command.name === name);

/** What `docker-hygiene help` prints, or `help COMMAND`. `width`: columns of the terminal. */
export const helpText = (command: Command | undefined, width: number): string => {
  const columnsToFill = Math.min(width, 100);
  const lines = command === undefined ? generalHelp(columnsToFill) : commandHelp(command, columnsToFill);
  return [...lines, ""].join("\n");
};

/** Refuses a flag that the command does nothing with. */
export const requireOwnFlags = (command: Command, { used }: Pick<Arguments, "used">): void => {
  const own = new Set<string>([...command.flags.map(({ name }) => name), flags.help.name, flags.version.name]);
  const stranger = used.find((name) => !own.has(name));
  if (stranger === undefined) return;
  const takers = commands.filter(({ flags: theirs }) => theirs.some(({ name }) => name === stranger));
  throw new UserError(
    `--${stranger}: \`${command.name}\` does not take it, ${takers.map(({ name }) => `\`${name}\``).join(", ")} would (on the command line).`,
  );
};

/** Refuses a word that the command does nothing with. */
export const requireOwnWords = (
  { name, usage, most = Number.POSITIVE_INFINITY }: Command,
  words: readonly string[],
) => {
  const stranger = words[most];
  if (stranger !== undefined)
    throw new UserError(
      `${name}: it takes no \`${stranger}\`; it is used as \`docker-hygiene ${usage}\` (on the command line).`,
    );
};

const generalHelp = (width: number): readonly string[] => [
  ...wrapWords("Finds every Dockerfile, audits it, builds each target and measures the images.", width),
  "",
  ...usageLines("[command] [options] [files and folders]", width),
  "",
  "Commands:",
  ...columns(
    commands.map(({ usage, summary }) => [usage, summary]),
    width,
  ),
  "",
  "Most used options (all: docker-hygiene help run):",
  ...flagLines(
    [
      flags.format,
      flags.output,
      flags.config,
      flags.profile,
      flags.threshold,
      flags.target,
      flags.secret,
      flags.noBuild,
    ],
    width,
  ),
  "",
  ...wrapWords(exitCodes, width),
];

const commandHelp = ({ usage, summary, about, flags: own }: Command, width: number): readonly string[] => [
  ...wrapWords(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`, width),
  "",
  ...usageLines(`${usage}${own.length > 0 ? " [options]" : ""}`, width),
  ...(own.length > 0 ? ["", "Options:", ...flagLines(own, width)] : []),
  ...about.flatMap((paragraph) => ["", ...wrapWords(paragraph, width)]),
];

const usageLines = (usage: string, width: number): readonly string[] =>
  wrapWords(`Usage: docker-hygiene ${usage}`, width);

const flagLines = (list: readonly Flag[], width: number): readonly string[] =>
  columns(
    list.map(({ name, short, value, summary }) => [
      `${short === undefined ? "    " : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`,
      summary,
    ]),
    width,
  );

/** What stands right is wrapped in its column; below the left one where too little is left for it. */
const columns = (rows: readonly (readonly [string, string])[], width: number): readonly string[] => {
  const left = Math.max(...rows.map(([words]) => words.length));
  const isNarrow = width - left - 4 < 20;
  const indent = " ".repeat(isNarrow ? 8 : left + 4);
  return rows.flatMap(([words, told]) => {
    const lines = wrapWords(told, width - indent.length);
    if (isNarrow) return [`  ${words}`, ...lines.map((line) => `${indent}${line}`)];
    return lines.map((line, index) => `${index === 0 ? `  ${words.padEnd(left)}  ` : indent}${line}`);
  });
};
