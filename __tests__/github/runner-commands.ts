/** What the runner reads out of a step's output: https://github.com/actions/runner, Runner.Common/ActionCommand.cs and Runner.Worker. */
export interface Issue {
  readonly type: "error" | "warning" | "notice";
  readonly message: string;
  readonly properties: Readonly<Record<string, string>>;
}

export interface StepOutput {
  /** One line of stdout or stderr, as it comes. */
  readonly line: (text: string) => void;
  /** What people see, masked. */
  readonly log: readonly string[];
  /** Annotations: ten per kind, the rest is in the log alone. */
  readonly issues: readonly Issue[];
  readonly masks: readonly string[];
  readonly mask: (text: string) => string;
  /** Commands that took effect, without issues and masks: `group`, `set-output`, `add-matcher`, … */
  readonly effects: readonly string[];
  readonly addError: (message: string) => void;
}

const registered = new Set([
  "stop-commands",
  "add-mask",
  "add-matcher",
  "add-path",
  "debug",
  "echo",
  "endgroup",
  "error",
  "group",
  "notice",
  "remove-matcher",
  "save-state",
  "set-env",
  "set-output",
  "warning",
]);

const issuesPerType = 10;
const longestIssue = 4096;

export const newStepOutput = (initialMasks: readonly string[]): StepOutput => {
  const log: string[] = [];
  const issues: Issue[] = [];
  const effects: string[] = [];
  const masks = [...initialMasks];
  let stopToken: string | undefined;

  const mask = (text: string): string =>
    [...masks]
      .sort((a, b) => b.length - a.length)
      .reduce((masked, value) => (value === "" ? masked : masked.replaceAll(value, "***")), text);
  const write = (text: string): number => log.push(mask(text));

  const addIssue = (type: Issue["type"], text: string, properties: Readonly<Record<string, string>>): void => {
    const message = mask(text).slice(0, longestIssue);
    if (issues.filter((issue) => issue.type === type).length < issuesPerType)
      issues.push({ type, message, properties });
    write(`##[${type}]${message}`);
  };

  const perform = ({ name, properties, data }: Command, text: string): void => {
    if (name === "add-mask") {
      masks.push(...[data, ...data.split(/[\r\n]/).map((line) => line.trim())].filter((value) => value.trim() !== ""));
    } else if (name === "error" || name === "warning" || name === "notice") {
      addIssue(name, data, validated(properties));
    } else if (name === "stop-commands") {
      stopToken = data.toLowerCase();
      if (data.length > 6) masks.push(data);
      write(text);
    } else {
      effects.push(name);
      if (name === "group") write(`##[group]${data}`);
      else if (name === "endgroup") write("##[endgroup]");
      else if (name === "debug") write(`##[debug]${data}`);
      else if (name === "set-env" || name === "add-path") addIssue("error", `The \`${name}\` command is disabled.`, {});
    }
  };

  const line = (text: string): void => {
    const known = new Set([...registered, ...(stopToken === undefined ? [] : [stopToken])]);
    const command = parseCommand(text, known);
    if (command === undefined) {
      write(text);
    } else if (stopToken === undefined) {
      perform(command, text);
    } else if (command.name === stopToken) {
      stopToken = undefined;
      write(text);
    } else {
      write(text);
    }
  };

  return { line, log, issues, masks, mask, effects, addError: (message) => addIssue("error", message, {}) };
};

interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/** `::name a=b,c=d::data` at the start of a line, else `##[name a=b;c=d]data` anywhere in it. */
export const parseCommand = (text: string, known: ReadonlySet<string>): Command | undefined =>
  parseColons(text.trimStart(), known) ?? parseBrackets(text, known);

const parseColons = (text: string, known: ReadonlySet<string>): Command | undefined => {
  if (!text.startsWith("::")) return undefined;
  const end = text.indexOf("::", 2);
  if (end === -1) return undefined;
  return commandOf(text.slice(2, end), text.slice(end + 2), known, ",", unescapeProperty, unescapeData);
};

const parseBrackets = (text: string, known: ReadonlySet<string>): Command | undefined => {
  const start = text.indexOf("##[");
  if (start === -1) return undefined;
  const end = text.indexOf("]", start);
  if (end === -1) return undefined;
  return commandOf(text.slice(start + 3, end), text.slice(end + 1), known, ";", unescapeOld, unescapeOld);
};

const commandOf = (
  info: string,
  data: string,
  known: ReadonlySet<string>,
  separator: string,
  unescapeValue: (text: string) => string,
  unescapeRest: (text: string) => string,
): Command | undefined => {
  const space = info.indexOf(" ");
  const name = (space === -1 ? info : info.slice(0, space)).toLowerCase();
  if (!known.has(name)) return undefined;
  const pairs = space === -1 ? [] : info.slice(space + 1).split(separator);
  const properties = pairs.flatMap((pair) => {
    const equals = pair.indexOf("=");
    const [key, value] = [pair.slice(0, equals).trim(), pair.slice(equals + 1)];
    return equals < 1 || value === "" ? [] : [[key, unescapeValue(value)] as const];
  });
  return { name, properties: Object.fromEntries(properties), data: unescapeRest(data) };
};

const unescaping =
  (pairs: readonly (readonly [string, string])[]) =>
  (text: string): string =>
    pairs.reduce((unescaped, [from, to]) => unescaped.replaceAll(from, to), text);

const unescapeData = unescaping([
  ["%0D", "\r"],
  ["%0A", "\n"],
  ["%25", "%"],
]);
const unescapeProperty = unescaping([
  ["%0D", "\r"],
  ["%0A", "\n"],
  ["%3A", ":"],
  ["%2C", ","],
  ["%25", "%"],
]);
const unescapeOld = unescaping([
  ["%3B", ";"],
  ["%0D", "\r"],
  ["%0A", "\n"],
  ["%5D", "]"],
  ["%25", "%"],
]);

/** As ValidateLinesAndColumns: what does not fit together is dropped. */
const validated = (properties: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const kept = { ...properties };
  if (kept.endLine !== undefined && kept.line === undefined) kept.line = kept.endLine;
  if (kept.endColumn !== undefined && kept.col === undefined) kept.col = kept.endColumn;
  const isSpread = kept.endLine !== undefined && kept.line !== kept.endLine;
  const isBackwards = Number(kept.endColumn ?? Infinity) < Number(kept.col ?? 0);
  if (kept.line === undefined || isSpread || isBackwards) {
    delete kept.col;
    delete kept.endColumn;
  }
  if (Number(kept.endLine ?? Infinity) < Number(kept.line ?? 0)) {
    delete kept.line;
    delete kept.endLine;
  }
  return kept;
};
