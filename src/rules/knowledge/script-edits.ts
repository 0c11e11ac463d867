import type { RunInstruction } from "../../dockerfile/model.ts";
import type { Script, ShellCommand, ShellWord } from "../../dockerfile/script.ts";
import type { AuditedFile } from "../audited-file.ts";
import type { Edit } from "../rule.ts";
import { deleteInstruction } from "./edits.ts";
import { once } from "./once.ts";
import type { RunCommands } from "./run-commands.ts";

/** Puts a word behind another one, as an element of its own in an exec form. */
export const insertAfter = (run: Pick<RunInstruction, "command">, word: ShellWord, text: string): Edit => ({
  span: { start: word.span.end, end: word.span.end },
  text: isElement(run, word) ? `, "${text}"` : ` ${text}`,
});

/** Writes another word in the place of one. */
export const replaceWord = (run: RunInstruction, word: ShellWord, text: string): Edit => ({
  span: word.span,
  text: isElement(run, word) ? `"${text}"` : text,
});

/** Whether the word is a string of the JSON array, quotes included. */
export const isElement = (run: Pick<RunInstruction, "command">, word: ShellWord): boolean =>
  run.command.form === "exec" && run.command.words.some((element) => element.span.start === word.span.start);

/** Deletes a command, or the whole RUN when it has no other. */
export const deleteCommandOrRun = (
  file: AuditedFile,
  { run, scripts, commands }: RunCommands,
  command: ShellCommand,
): Edit | undefined => {
  const [script] = scripts;
  if (script === undefined || scripts.length > 1) return undefined;
  return commands.length === 1 && run.heredocs.length === 0
    ? deleteInstruction(file.text, run)
    : deleteCommand(file, script, command);
};

/**
 * Deletes a command together with the `&&` or `;` that ties it to its neighbour. Undefined where that would
 * change what the rest does: in a pipe, behind `!`, beside `||` or `&`, between `&&` and `;`, alone in its list.
 */
export const deleteCommand = (file: AuditedFile, script: Script, command: ShellCommand): Edit | undefined => {
  if (command.pipedFrom !== undefined || command.pipedInto !== undefined) return undefined;
  const { previous, next } = neighboursIn(script).get(command) ?? {};
  if (previous?.followedBy === "||" || command.followedBy === "||" || command.followedBy === "&") return undefined;
  // What is tied to it by `&&` alone would be tied to the next one, or would end a script under errexit.
  const endsChain = previous?.followedBy === "&&" && command.followedBy !== "&&";
  if (endsChain && (next !== undefined || command.enclosures.length > 0)) return undefined;
  const start = startOf(command);
  if (/![\s\\`]*$/.test(file.text.slice(Math.max(script.span.start, start - 100), start))) return undefined;
  if (next !== undefined && command.followedBy === "\n") {
    const tie = /^[ \t]*\r?\n[ \t]*/.exec(file.text.slice(command.span.end, startOf(next)))?.[0];
    return tie === undefined ? undefined : { span: { start, end: command.span.end + tie.length }, text: "" };
  }
  if (next !== undefined && (command.followedBy === "&&" || command.followedBy === ";")) {
    const gap = file.text.slice(command.span.end, startOf(next));
    const tie = tieBehind(file).exec(gap)?.[0];
    const isPlain = tie !== undefined && onlyComments.test(gap.slice(tie.length));
    return isPlain ? { span: { start, end: command.span.end + tie.length }, text: "" } : undefined;
  }
  if (next !== undefined || previous === undefined) return undefined;
  if (previous.followedBy !== "&&" && previous.followedBy !== ";") return undefined;
  const gap = file.text.slice(previous.span.end, start);
  const isPlain = tieBehind(file).test(gap) && gap.replace(/^[ \t]*#.*$/gm, "").match(/&&|;/g)?.length === 1;
  const hasOthers = /[(){}]|\b(then|do|else|elif|if|while|until|for|case)\b/.test(gap.replace(/^[ \t]*#.*$/gm, ""));
  return isPlain && !hasOthers ? { span: { start: previous.span.end, end: command.span.end }, text: "" } : undefined;
};

/**
 * Appends a command to the end of a RUN so that it runs when all before succeeded, in the layout of the RUN.
 * Undefined where the end of the script cannot be told, as in `sh -c "…"` or behind `&`.
 */
export const appendCommand = (
  file: AuditedFile,
  run: RunInstruction,
  script: Script,
  text: string,
): Edit | undefined => {
  const end = endOf(script, { file, run });
  return end && { span: { start: end.at, end: end.at }, text: end.tie + text };
};

/** Where a command can be appended, and what ties it to the one before. */
const endOf = once((script: Script, { file, run }: { readonly file: AuditedFile; readonly run: RunInstruction }) => {
  const last = script.commands.reduce<ShellCommand | undefined>(
    (latest, command) => (latest === undefined || command.span.end > latest.span.end ? command : latest),
    undefined,
  );
  if (last === undefined || script.status !== "parsed") return undefined;
  if (run.command.form === "exec" || last.redirects.some((redirect) => redirect.body !== undefined)) return undefined;
  const tail = file.text.slice(last.span.end, script.span.end);
  const closers = new RegExp(`^(?:${blank(file)}|;|\\b(?:fi|done|esac)\\b|[)}]|#[^\\n]*(?=\\n|$))*$`);
  if (!closers.test(tail)) return undefined;
  const closed = [...tail.replace(/#.*/g, (comment) => " ".repeat(comment.length)).matchAll(/fi|done|esac|[)}]/g)].at(
    -1,
  );
  const at = last.span.end + (closed === undefined ? 0 : closed.index + closed[0].length);
  return { at, tie: layoutOf(file, run, script) };
});

export const lineBreakOf = (file: AuditedFile): string => (file.text.includes("\r\n") ? "\r\n" : "\n");

interface Neighbours {
  previous?: ShellCommand;
  next?: ShellCommand;
}

/** What stands before and behind each command in its list. */
const neighboursIn = once((script: Script): ReadonlyMap<ShellCommand, Neighbours> => {
  const neighbours = new Map<ShellCommand, Neighbours>();
  const lasts = new Map<number, ShellCommand>();
  for (const command of script.commands) {
    const previous = lasts.get(command.list);
    neighbours.set(command, previous === undefined ? {} : { previous });
    if (previous !== undefined) (neighbours.get(previous) as Neighbours).next = command;
    lasts.set(command.list, command);
  }
  return neighbours;
});

const layoutOf = (file: AuditedFile, run: RunInstruction, script: Script): string => {
  const body = file.text.slice(script.span.start, script.span.end);
  const lineBreak = lineBreakOf(file);
  const hasErrexit = script.status === "parsed" && script.options.has("errexit");
  if (run.heredocs.length > 0) {
    const indent = /\n([ \t]*)\S[^\n]*$/.exec(`\n${body.trimEnd()}`)?.[1] ?? "";
    return hasErrexit ? `${lineBreak}${indent}` : " && ";
  }
  const continuation = file.dockerfile.escape;
  const leading = /\n([ \t]*)(&& *)(?=[^ \n][^\n]*$)/.exec(body.trimEnd()) ?? /\n([ \t]*)(&& *)/.exec(body);
  if (leading !== null) return ` ${continuation}${lineBreak}${leading[1]}${leading[2]}`;
  const trailing = new RegExp(`(&&|;)[ \\t]*${escapeRegExp(continuation)}[ \\t]*\\r?\\n([ \\t]*)`).exec(body);
  if (trailing === null) return hasErrexit ? "; " : " && ";
  const tie = trailing[1] === ";" && hasErrexit ? "; " : " && ";
  return `${tie}${continuation}${lineBreak}${trailing[2]}`;
};

const startOf = (command: ShellCommand): number =>
  Math.min(command.span.start, command.wrapperSpan?.start ?? command.span.start);

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|`]/g, "\\$&");

/** White space, line continuations included. */
const blank = (file: AuditedFile): string => `[ \\t\\r\\n]|${escapeRegExp(file.dockerfile.escape)}[ \\t]*\\r?\\n`;

/** The operator and the white space around, at most to the start of the next line's text. */
const tieBehind = (file: AuditedFile): RegExp =>
  new RegExp(
    `^(?:${blank(file)})*(?:&&|;)(?:[ \\t]*${escapeRegExp(file.dockerfile.escape)}[ \\t]*\\r?\\n[ \\t]*|[ \\t]*\\r?\\n[ \\t]*|[ \\t]*)`,
  );

const onlyComments = /^(?:[ \t\r\n]|#[^\n]*(?:\n|$))*$/;

/**
 * Joins a RUN with the next one by `&&`; comments between move into the joined RUN. Undefined when anything else
 * or an ignore lies between, flags differ, one of them is no plain command line, or the next one would go on after a
 * failure of the first.
 */
export const joinRuns = (file: AuditedFile, first: RunCommands, second: RunCommands): readonly Edit[] | undefined => {
  const [run, next] = [first.run, second.run];
  if (next.index !== run.index + 1 || !isPlainLine(run) || !isPlainLine(next)) return undefined;
  const flags = [run, next].map((one) =>
    one.flags.map((flag) => file.text.slice(flag.span.start, flag.span.end)).join(" "),
  );
  if (flags[0] !== flags[1]) return undefined;
  if (!second.commands.every(needsThoseBefore)) return undefined;
  const last = first.commands.at(-1);
  if (last === undefined || last.followedBy !== undefined || last.span.end !== run.span.end) return undefined;
  const start = next.command.span.start;
  const gap = file.text.slice(run.span.end, next.keywordSpan.start);
  const lineBreak = lineBreakOf(file);
  const comments = gap.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (comments.some((line) => !line.trimStart().startsWith("#"))) return undefined;
  if (file.ignores.some(({ comment }) => comment.start >= run.span.end && comment.end <= start)) return undefined;
  const lines = comments.map((line) => `    ${line.trim()}${lineBreak}`).join("");
  const text = ` && ${file.dockerfile.escape}${lineBreak}${lines}    `;
  return [{ span: { start: run.span.end, end: start }, text }];
};

const needsThoseBefore = ({ enclosures, parent, followedBy }: ShellCommand): boolean =>
  parent !== undefined || (enclosures.length === 0 && (followedBy === undefined || followedBy === "&&"));

const isPlainLine = (run: RunInstruction): boolean => run.command.form === "shell" && run.heredocs.length === 0;
