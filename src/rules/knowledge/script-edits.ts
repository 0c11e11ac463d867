import type { RunInstruction, Span } from "../../dockerfile/model.ts";
import type { Script, ShellCommand, ShellWord } from "../../dockerfile/script.ts";
import type { AuditedFile } from "../audited-file.ts";
import type { Edit } from "../rule.ts";

/** Puts ` text` behind a word. */
export const insertAfter = (word: ShellWord, text: string): Edit => ({
  span: { start: word.span.end, end: word.span.end },
  text: ` ${text}`,
});

/**
 * Deletes a command together with the `&&` or `;` that ties it to its neighbour. Undefined where that would
 * change what the rest does: in a pipe, beside `||` or `&`, alone in its list.
 */
export const deleteCommand = (file: AuditedFile, script: Script, command: ShellCommand): Edit | undefined => {
  if (command.pipedFrom !== undefined || command.pipedInto !== undefined) return undefined;
  const list = script.commands.filter((other) => other.list === command.list);
  const at = list.indexOf(command);
  const previous = list[at - 1];
  const next = list[at + 1];
  if (previous?.followedBy === "||" || command.followedBy === "||" || command.followedBy === "&") return undefined;
  const start = startOf(command);
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

/** Deletes whole lines of an instruction. */
export const deleteInstruction = (file: AuditedFile, span: Span): Edit => {
  const start = file.text.lastIndexOf("\n", span.start - 1) + 1;
  const lineBreak = file.text.indexOf("\n", span.end);
  return { span: { start, end: lineBreak < 0 ? file.text.length : lineBreak + 1 }, text: "" };
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
  const last = script.commands.reduce<ShellCommand | undefined>(
    (latest, command) => (latest === undefined || command.span.end > latest.span.end ? command : latest),
    undefined,
  );
  if (last === undefined || script.status !== "parsed") return undefined;
  if (run.command.form === "exec" || last.redirects.some((redirect) => redirect.body !== undefined)) return undefined;
  const tail = file.text.slice(last.span.end, script.span.end);
  const closers = new RegExp(`^(?:${blank(file)}|;;|;|\\b(?:fi|done|esac)\\b|[)}]|#.*)*$`);
  if (!closers.test(tail)) return undefined;
  const closed = [...tail.replace(/#.*/g, (comment) => " ".repeat(comment.length)).matchAll(/fi|done|esac|[)}]/g)].at(
    -1,
  );
  const end = last.span.end + (closed === undefined ? 0 : closed.index + closed[0].length);
  return { span: { start: end, end }, text: layoutOf(file, run, script) + text };
};

export const lineBreakOf = (file: AuditedFile): string => (file.text.includes("\r\n") ? "\r\n" : "\n");

const layoutOf = (file: AuditedFile, run: RunInstruction, script: Script): string => {
  const body = file.text.slice(script.span.start, script.span.end);
  const lineBreak = lineBreakOf(file);
  const hasErrexit = script.status === "parsed" && script.options.has("errexit");
  if (run.heredocs.length > 0) {
    const indent = /\n([ \t]*)\S[^\n]*\s*$/.exec(`\n${body}`)?.[1] ?? "";
    return hasErrexit ? `${lineBreak}${indent}` : " && ";
  }
  const continuation = file.dockerfile.escape;
  const leading = /\n([ \t]*)(&& *)(?=[^\n]*\s*$)/.exec(body) ?? /\n([ \t]*)(&& *)/.exec(body);
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
