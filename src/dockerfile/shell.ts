import type { JoinedText, Span } from "./model.ts";
import type { Enclosure, ShellCommand } from "./script.ts";
import { forEachChild, parse, type Shell } from "./shell-parser.ts";
import {
  assignment,
  backticked,
  heredocBody,
  holdsSubstitution,
  redirection,
  shellWord,
  unquoted,
  wrappedAssignment,
} from "./shell-words.ts";
import { programName, unwrap } from "./shell-wrappers.ts";

/** The simple commands of a POSIX or bash script in source order, wherever they are nested. */
export interface ShellReading {
  readonly commands: readonly ShellCommand[];
  /** The first thing that the shell would refuse. */
  readonly error: { readonly message: string; readonly span: Span } | undefined;
}

/** In UTF-16 units. */
const longestScript = 1_000_000;
/** Of parentheses and braces, and of here-documents: more than anybody writes, and the parser is slow with them. */
const mostOpen = 1000;

const shells: readonly string[] = ["sh", "bash", "ash", "dash", "ksh", "zsh"];
const deepestNesting = 8;

/** A script that is too long, or nested too deeply, to be looked into has that as its error. */
export const readShell = (script: JoinedText): ShellReading => {
  const { text } = script;
  const refused = (message: string): ShellReading => ({ commands: [], error: { message, span: script.locate(0, 1) } });
  if (text.length > longestScript) return refused("it is too long");
  if (text.length > mostOpen && opens(text) > mostOpen) return refused("it is nested too deeply");
  const reader = newReader();
  try {
    readScript(reader, parse(text), { source: script, enclosures: [], parent: undefined, depth: 0 });
  } catch (error) {
    // The call stack has no more room; there is no other way to see it coming.
    if (error instanceof RangeError) return refused("it is nested too deeply");
    throw error;
  }
  return { commands: reader.commands, error: reader.error };
};

/** How many parentheses and braces are open at most, or how many here-documents there are. */
const opens = (text: string): number => {
  let [depth, deepest, heredocs] = [0, 0, 0];
  for (const [mark] of text.matchAll(/[(){}]|<</g)) {
    if (mark === "<<") heredocs += 1;
    else depth = Math.max(0, depth + (mark === "(" || mark === "{" ? 1 : -1));
    deepest = Math.max(deepest, depth);
  }
  return Math.max(deepest, heredocs);
};

interface Reader {
  readonly commands: Mutable<ShellCommand>[];
  error: { readonly message: string; readonly span: Span } | undefined;
  lists: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Context {
  readonly source: JoinedText;
  readonly enclosures: readonly Enclosure[];
  readonly parent: number | undefined;
  readonly depth: number;
}

const newReader = (): Reader => ({ commands: [], error: undefined, lists: 0 });

const within = (context: Context, enclosure: Enclosure): Context => ({
  ...context,
  enclosures: [...context.enclosures, enclosure],
});

const readScript = (reader: Reader, script: Shell.ParsedScript, context: Context): void => {
  const [error] = script.errors ?? [];
  if (error) {
    const at = Math.min(error.pos, Math.max(0, context.source.text.length - 1));
    reader.error ??= { message: error.message, span: context.source.locate(at, at + 1) };
  }
  readList(reader, script.commands, context);
};

const readList = (reader: Reader, statements: readonly Shell.Statement[], context: Context): void => {
  const list = reader.lists++;
  statements.forEach((statement, index) => {
    const next = statements[index + 1];
    const between = next ? context.source.text.slice(statement.end, next.pos) : "";
    const end = statement.background ? "&" : !next ? undefined : between.includes(";") ? ";" : "\n";
    const parts = statement.command.type === "AndOr" ? statement.command.commands : [statement.command];
    const operators = statement.command.type === "AndOr" ? statement.command.operators : [];
    parts.forEach((part, position) => {
      readPipeline(reader, part, context, list, position < parts.length - 1 ? operators[position] : end);
    });
  });
};

const readPipeline = (
  reader: Reader,
  node: Shell.PipelineNode,
  context: Context,
  list: number,
  followedBy: ShellCommand["followedBy"],
): void => {
  const members = node.type === "Pipeline" ? node.commands : [node];
  const ranges = members.map((member) => {
    const from = reader.commands.length;
    readCommand(reader, member, context, list, followedBy);
    return { from, to: reader.commands.length };
  });
  for (let at = 0; at + 1 < ranges.length; at++) {
    const [left, right] = [ranges[at], ranges[at + 1]];
    if (!left || !right || left.from === left.to || right.from === right.to) continue;
    for (const command of reader.commands.slice(left.from, left.to)) {
      if (command.parent === context.parent) command.pipedInto = right.from;
    }
    const first = reader.commands[right.from];
    if (first) first.pipedFrom = lastDirect(reader, left.from, left.to, context.parent);
  }
};

const lastDirect = (reader: Reader, from: number, to: number, parent: number | undefined): number => {
  for (let at = to - 1; at > from; at--) if (reader.commands[at]?.parent === parent) return at;
  return from;
};

const readCommand = (
  reader: Reader,
  node: Shell.CommandNode,
  context: Context,
  list: number,
  followedBy: ShellCommand["followedBy"],
): void => {
  const bodies = (body: Shell.CompoundList, enclosure: Enclosure): void =>
    readList(reader, body.commands, within(context, enclosure));
  switch (node.type) {
    case "Command":
      readSimple(reader, node, context, list, followedBy);
      return;
    case "Redirected":
      readCommand(reader, node.command, context, list, followedBy);
      for (const redirect of node.redirects) readSubstitutions(reader, redirect, context);
      return;
    case "Subshell":
      bodies(node.body, "subshell");
      return;
    case "BraceGroup":
      bodies(node.body, "group");
      return;
    case "If":
      for (const part of [node, ...node.elif]) {
        bodies(part.clause, "condition");
        bodies(part.then, "branch");
      }
      if (node.else) bodies(node.else, "branch");
      return;
    case "While":
      bodies(node.clause, "condition");
      bodies(node.body, "loop");
      return;
    case "For":
    case "Select":
      for (const word of node.wordlist ?? []) readSubstitutions(reader, word, context);
      bodies(node.body, "loop");
      return;
    case "ArithmeticFor":
      bodies(node.body, "loop");
      return;
    case "Case":
      readSubstitutions(reader, node.word, context);
      for (const item of node.items) bodies(item.body, "branch");
      return;
    case "Function":
      readBody(reader, node.body, within(context, "function"), list);
      return;
    case "Coproc":
      readBody(reader, node.body, within(context, "subshell"), list);
      return;
    case "TestCommand":
    case "ArithmeticCommand":
      readSubstitutions(reader, node, context);
      return;
  }
};

const readBody = (
  reader: Reader,
  body: Shell.CommandNode | Shell.CompoundList,
  context: Context,
  list: number,
): void => {
  if (body.type === "CompoundList") readList(reader, body.commands, context);
  else readCommand(reader, body, context, list, undefined);
};

const readSimple = (
  reader: Reader,
  node: Shell.Command,
  context: Context,
  list: number,
  followedBy: ShellCommand["followedBy"],
): void => {
  const words = [...(node.name ? [node.name] : []), ...node.args];
  const shellWords = words.map((word) => shellWord(word, context.source));
  const unwrapped = unwrap(shellWords);
  const nameWord = shellWords[unwrapped.start];
  const command = addCommand(reader, {
    name: nameWord?.isLiteral ? programName(nameWord.value) : (nameWord?.value ?? ""),
    nameWord,
    args: shellWords.slice(unwrapped.start + 1),
    assignments: [
      ...node.prefix.flatMap((part) => (part.type === "Assignment" ? [assignment(part, context.source)] : [])),
      ...unwrapped.assignments.flatMap((at) => wrappedAssignment(shellWords[at])),
    ],
    redirects: node.redirects.map((redirect) => redirection(redirect, context.source)),
    wrappers: unwrapped.wrappers.flatMap((at) => shellWords[at] ?? []),
    wrapperSpan:
      unwrapped.start > 0
        ? context.source.locate(words[0]?.pos ?? node.pos, words[unwrapped.start - 1]?.end ?? node.pos)
        : undefined,
    span: context.source.locate(node.pos, node.end),
    enclosures: context.enclosures,
    followedBy,
    list,
    parent: context.parent,
  });
  const inner: Context = { ...context, parent: command.index };
  for (const part of [...node.prefix, ...words, ...node.redirects]) readSubstitutions(reader, part, inner);
  if (context.depth < deepestNesting) {
    readNested(reader, command, words.slice(unwrapped.start), node.redirects, inner);
  }
};

const addCommand = (
  reader: Reader,
  parts: Omit<ShellCommand, "index" | "pipedInto" | "pipedFrom">,
): Mutable<ShellCommand> => {
  const command = { ...parts, index: reader.commands.length, pipedInto: undefined, pipedFrom: undefined };
  reader.commands.push(command);
  return command;
};

/** Scripts handed to a shell as text: `sh -c '…'`, `eval '…'`, `su -c '…'`, `bash <<EOF`, and `find -exec`. */
const readNested = (
  reader: Reader,
  command: ShellCommand,
  words: readonly Shell.CommandArgument[],
  redirects: readonly Shell.Redirection[],
  context: Context,
): void => {
  const { name, args } = command;
  const nested = (joined: JoinedText): void => {
    if (joined.text.length > longestScript) return;
    const inner = { ...within(context, "nested-script"), source: joined, depth: context.depth + 1 };
    readScript(reader, parse(joined.text), inner);
  };
  const text = (position: number): void => {
    const word = words[position + 1];
    if (word?.type === "Word" && !holdsSubstitution(word)) nested(unquoted(word, context.source));
  };
  if (shells.includes(name)) {
    const flag = args.findIndex(({ value }) => /^-[A-Zabd-z]*c[A-Za-z]*$/.test(value));
    if (flag !== -1) text(args.findIndex(({ value }, at) => at > flag && !/^[-+]/.test(value)));
    else if (args.every(({ value }, at) => value.startsWith("-") || /^-\w*o$/.test(args[at - 1]?.value ?? ""))) {
      for (const redirect of redirects) {
        const isText = redirect.type === "HereDoc" && (redirect.delimiter?.quoted || !holdsSubstitution(redirect.body));
        if (redirect.type === "HereDoc" && isText) nested(heredocBody(redirect, context.source));
      }
    }
  } else if (name === "eval" && args.length === 1) text(0);
  else if (name === "su" || name === "runuser") {
    const flag = args.findIndex(({ value }) => value === "-c" || value === "--command");
    if (flag !== -1) text(flag + 1);
  } else if (name === "find") readExec(reader, command, context);
};

const readExec = (reader: Reader, find: ShellCommand, context: Context): void => {
  for (let at = 0; at < find.args.length; at++) {
    if (!/^-(exec|execdir|ok|okdir)$/.test(find.args[at]?.value ?? "")) continue;
    let end = at + 1;
    while (end < find.args.length && ![";", "+"].includes(find.args[end]?.value ?? "")) end++;
    const words = find.args.slice(at + 1, end);
    const { start, wrappers } = unwrap(words);
    const nameWord = words[start];
    const last = words.at(-1);
    if (!nameWord || !last) continue;
    addCommand(reader, {
      name: nameWord.isLiteral ? programName(nameWord.value) : nameWord.value,
      nameWord,
      args: words.slice(start + 1),
      assignments: [],
      redirects: [],
      wrappers: wrappers.flatMap((index) => words[index] ?? []),
      wrapperSpan: undefined,
      span: { start: nameWord.span.start, end: last.span.end },
      enclosures: [...context.enclosures, "nested-script"],
      followedBy: undefined,
      list: reader.lists++,
      parent: find.index,
    });
    at = end;
  }
};

const readSubstitutions = (reader: Reader, node: Shell.SyntaxNode, context: Context): void => {
  if (
    node.type === "CommandExpansion" ||
    node.type === "ArithmeticCommandExpansion" ||
    node.type === "ProcessSubstitution"
  ) {
    if (!node.script || context.depth >= deepestNesting) return;
    const enclosure = node.type === "ProcessSubstitution" ? "process-substitution" : "substitution";
    const source =
      node.script.source === undefined ? context.source : backticked(node.script.source, context.source, node);
    if (source === undefined) return;
    readScript(reader, node.script, { ...within(context, enclosure), source, depth: context.depth + 1 });
    return;
  }
  if (node.type === "Word" && !node.parts) return;
  forEachChild(node, (child) => readSubstitutions(reader, child, context));
};
