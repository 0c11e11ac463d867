import type { ShellCommand, ShellWord } from "../../dockerfile/script.ts";

/** One option as the program sees it: `-qy` gives two, `-o x`, `-ox` and `--option=x` give one with a value. */
export interface CommandOption {
  /** With its dashes: `-y`, `--yes`. */
  readonly name: string;
  readonly value: string | undefined;
  /** The word that the option stands in. */
  readonly word: ShellWord;
  /** The word that holds the value; the same as `word` for `--option=x`. */
  readonly valueWord: ShellWord | undefined;
}

export interface CommandOptions {
  readonly options: readonly CommandOption[];
  /** Words that are neither options nor their values, in order; those of `unknown` included. */
  readonly operands: readonly ShellWord[];
  /** Words such as `$OPTS` that may hold options, operands or nothing. */
  readonly unknown: readonly ShellWord[];
}

export interface OptionSyntax {
  /** Options that take the next word as their value when none is attached: `-o`, `--option`. */
  readonly valued: ReadonlySet<string>;
  /** `-tags x` is one option, not a cluster of letters, as in Go programs. */
  readonly singleDashWords?: boolean;
}

const noSyntax: OptionSyntax = { valued: new Set() };

/** Tells options from operands; options may follow operands, `--` ends them. */
export const readOptions = (args: readonly ShellWord[], syntax: OptionSyntax = noSyntax): CommandOptions => {
  const options: CommandOption[] = [];
  const operands: ShellWord[] = [];
  const unknown: ShellWord[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at];
    if (word === undefined) break;
    if (word.isLiteral && word.value === "--") {
      for (const operand of args.slice(at + 1)) {
        operands.push(operand);
        if (mayHoldSeveral(operand)) unknown.push(operand);
      }
      break;
    }
    if (mayHoldOption(word)) {
      unknown.push(word);
      operands.push(word);
      continue;
    }
    if (!isOption(word)) {
      operands.push(word);
      continue;
    }
    const found = splitOption(word, syntax);
    const last = found.at(-1);
    const next = args[at + 1];
    if (last !== undefined && last.value === undefined && syntax.valued.has(last.name) && next !== undefined) {
      found[found.length - 1] = { ...last, value: next.value, valueWord: next };
      at += 1;
    }
    for (const option of found) options.push(option);
  }
  return { options, operands, unknown };
};

/** The first option with one of these names. */
export const findOption = (read: CommandOptions, ...names: readonly string[]): CommandOption | undefined =>
  read.options.find((option) => names.includes(option.name));

export const hasOption = (read: CommandOptions, ...names: readonly string[]): boolean =>
  findOption(read, ...names) !== undefined;

/** True unless it is certain that none of the options is given: `$OPTS` may hold it. */
export const mayHaveOption = (read: CommandOptions, ...names: readonly string[]): boolean =>
  read.unknown.length > 0 || hasOption(read, ...names);

/** Whether an argument may turn out to be an option, as `$OPTS`, `${X:+--flag}` and `$(options)` may. */
const mayHoldOption = (word: ShellWord): boolean => !word.isLiteral && /^-{0,2}[$`]/.test(word.value);

/** xargs adds operands, and perhaps options, that the script does not show. */
export const isFedByXargs = (command: ShellCommand): boolean =>
  command.wrappers.some((wrapper) => /(^|\/)(xargs|parallel)$/.test(wrapper.value));

const mayHoldSeveral = (word: ShellWord): boolean => !word.isLiteral && /^[$`]/.test(word.value);

const isOption = (word: ShellWord): boolean => word.value.length > 1 && word.value.startsWith("-");

const splitOption = (word: ShellWord, syntax: OptionSyntax): CommandOption[] => {
  const text = word.value;
  if (text.startsWith("--") || syntax.singleDashWords === true) {
    const equals = text.indexOf("=");
    if (equals < 0) return [{ name: text, value: undefined, word, valueWord: undefined }];
    return [{ name: text.slice(0, equals), value: text.slice(equals + 1), word, valueWord: word }];
  }
  const options: CommandOption[] = [];
  for (let at = 1; at < text.length; at++) {
    const name = `-${text[at]}`;
    const rest = text.slice(at + 1);
    if (rest.startsWith("=")) return [...options, { name, value: rest.slice(1), word, valueWord: word }];
    if (rest !== "" && syntax.valued.has(name)) return [...options, { name, value: rest, word, valueWord: word }];
    options.push({ name, value: undefined, word, valueWord: undefined });
  }
  return options;
};
