import type { Instruction, RunInstruction, Span } from "../../dockerfile/model.ts";
import type { ShellCommand } from "../../dockerfile/script.ts";
import type { Edit } from "../rule.ts";

/** The span with the line break behind it, so that deleting it leaves no blank line. */
export const wholeLines = (text: string, span: Span): Span => {
  const start = text.lastIndexOf("\n", span.start - 1) + 1;
  const indented = text.slice(start, span.start).trim() === "" ? start : span.start;
  const lineBreak = /^[ \t]*\r?\n/.exec(text.slice(span.end, span.end + 1000));
  return { start: indented, end: span.end + (lineBreak?.[0].length ?? 0) };
};

/** Puts a flag behind the keyword: `COPY --chmod=755 a b`. */
export const insertFlag = (instruction: Instruction, flag: string): Edit => ({
  span: { start: instruction.keywordSpan.end, end: instruction.keywordSpan.end },
  text: ` ${flag}`,
});

/**
 * Takes a command out of an `&&` list, or the whole RUN out when it is the only one. Undefined where that would
 * change more: another operator beside it, a pipe, a nested structure, a comment in between.
 */
export const withoutCommand = (
  text: string,
  run: RunInstruction,
  command: ShellCommand,
  commands: readonly ShellCommand[],
): Edit | undefined => {
  const isSimple = ({ enclosures, pipedInto, pipedFrom }: ShellCommand): boolean =>
    enclosures.length === 0 && pipedInto === undefined && pipedFrom === undefined;
  if (!isSimple(command) || command.redirects.length > 0 || command.wrappers.length > 0) return undefined;
  if (commands.some(({ parent }) => parent === command.index)) return undefined;
  if (commands.length === 1 && run.heredocs.length === 0) return { span: wholeLines(text, run.span), text: "" };
  const own = commands.filter(({ list }) => list === command.list);
  const at = own.indexOf(command);
  const [before, after] = [own[at - 1], own[at + 1]];
  const removed = (start: number, end: number): Edit | undefined =>
    /^\s*#/m.test(text.slice(start, end)) ? undefined : { span: { start, end }, text: "" };
  const follows = before === undefined || before.followedBy === ";" || before.followedBy === command.followedBy;
  if ((command.followedBy === "&&" || command.followedBy === ";") && after?.enclosures.length === 0 && follows)
    return removed(command.span.start, after.wrapperSpan?.start ?? after.span.start);
  if (command.followedBy === undefined && before?.followedBy === "&&" && isSimple(before))
    return removed(before.span.end, command.span.end);
  return undefined;
};

/** Takes words out together with the blanks in front of them. */
export const withoutWords = (text: string, first: Span, last: Span = first): Edit => {
  const blanks = /[ \t]*$/.exec(text.slice(Math.max(0, first.start - 200), first.start))?.[0].length ?? 0;
  return { span: { start: first.start - blanks, end: last.end }, text: "" };
};

/** Turns the http:// of a URL into https://; undefined when the file does not show it in one piece. */
export const overHttps = (text: string, span: Span): Edit | undefined => {
  const at = text.slice(span.start, span.end).search(/http:\/\//i);
  return at < 0 ? undefined : { span: { start: span.start + at, end: span.start + at + 4 }, text: "https" };
};
