import { commandNamed, commands, helpText, requireOwnFlags, requireOwnWords } from "./cli-commands.ts";
import { describeError, openTerminal, type Terminal } from "./cli-terminal.ts";
import { UserError } from "./errors.ts";
import { type Arguments, flags, readArguments } from "./settings-flags.ts";
import { refuseChoice } from "./settings-values.ts";
import { version } from "./version.ts";

/** The command line; resolves to the exit code. What a command needs is loaded when it runs. */
export const runCli = async (argv: readonly string[] = process.argv.slice(2)): Promise<number> => {
  try {
    return await dispatch(readArguments(argv));
  } catch (error) {
    const { text, code } = describeError(error, version);
    process.stderr.write(text);
    return code;
  }
};

const dispatch = async (given: Arguments): Promise<number> => {
  const terminal = openTerminal(given.values.get(flags.color.name));
  const [first, ...rest] = given.words;
  const named = given.wordsBeforeEnd > 0 ? commandNamed(first) : undefined;
  const words = named === undefined ? given.words : rest;
  if (given.values.has(flags.version.name)) return printVersion(terminal);
  if (given.values.has(flags.help.name)) return print(terminal, helpText(named, terminal.width));
  const command = named ?? commandNamed("run");
  if (command === undefined) throw new Error("the command table lacks `run`");
  requireOwnFlags(command, given);
  requireOwnWords(command, words);
  switch (command.name) {
    case "help":
      return print(terminal, helpText(words[0] === undefined ? undefined : requireCommand(words[0]), terminal.width));
    case "version":
      return printVersion(terminal);
    case "rules":
      return listRules(terminal, words, given);
    case "explain":
      return explain(terminal, words, given);
    case "init": {
      const { initConfig } = await import(/* webpackMode: "eager" */ "./cli-init.ts");
      return print(terminal, `wrote ${await initConfig(process.cwd(), words[0])}\n`);
    }
    case "fix": {
      const { fixFiles } = await import(/* webpackMode: "eager" */ "./cli-fix.ts");
      return fixFiles({ paths: words, given, terminal });
    }
    case "inspect": {
      const { inspectImages } = await import(/* webpackMode: "eager" */ "./cli-inspect.ts");
      return inspectImages({ references: words, given, terminal });
    }
    case "run":
    case "audit":
    case "build": {
      const { runPipeline } = await import(/* webpackMode: "eager" */ "./cli-run.ts");
      return runPipeline({ command: command.name, isDefault: named === undefined, paths: words, given, terminal });
    }
  }
};

const print = (terminal: Terminal, text: string): number => {
  terminal.out(text);
  return 0;
};

const printVersion = (terminal: Terminal): number => print(terminal, `docker-hygiene ${version}\n`);

const requireCommand = (name: string) =>
  commandNamed(name) ??
  refuseChoice(
    { setting: "help", where: "on the command line" },
    name,
    commands.map((command) => command.name),
  );

const listRules = async (terminal: Terminal, words: readonly string[], given: Arguments): Promise<number> => {
  if (words[0] !== undefined)
    throw new UserError(
      `rules: it lists all rules and takes no \`${words[0]}\` (on the command line). \`docker-hygiene explain ${words[0]}\` tells of one.`,
    );
  const { rules } = await import(/* webpackMode: "eager" */ "./rules/registry.ts");
  const { rulesJson, rulesText } = await import(/* webpackMode: "eager" */ "./cli-rules.ts");
  const format = given.values.get(flags.format.name) ?? "text";
  if (format !== "text" && format !== "json")
    return refuseChoice({ setting: "--format", where: "on the command line" }, format, ["text", "json"]);
  const output = given.values.get(flags.output.name);
  const text = format === "json" ? rulesJson(rules) : rulesText(rules, output === undefined ? terminal.paint : plain);
  if (output === undefined) return print(terminal, text);
  const { createFiles } = await import(/* webpackMode: "eager" */ "./adapters/files.ts");
  await createFiles().writeText(output, text);
  return 0;
};

const plain = (_style: unknown, text: string): string => text;

const explain = async (terminal: Terminal, words: readonly string[], given: Arguments): Promise<number> => {
  const [name, ...others] = words;
  if (name === undefined || others.length > 0)
    throw new UserError("explain: name one rule, as in `docker-hygiene explain root-user` (on the command line).");
  const { rules } = await import(/* webpackMode: "eager" */ "./rules/registry.ts");
  if (name.startsWith("custom/")) {
    const { openConfigs } = await import(/* webpackMode: "eager" */ "./config.ts");
    const { explainCustom } = await import(/* webpackMode: "eager" */ "./cli-custom.ts");
    const config = given.values.get(flags.config.name);
    const { root } = await openConfigs({ cwd: process.cwd(), config, paths: [], rules: async () => rules });
    return print(terminal, explainCustom(name, root, terminal.paint, terminal.width));
  }
  const { explainText } = await import(/* webpackMode: "eager" */ "./cli-rules.ts");
  return print(terminal, explainText(name, rules, terminal.paint, terminal.width));
};
