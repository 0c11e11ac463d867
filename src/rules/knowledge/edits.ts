import type { Flag, Instruction, Span, Word } from "../../dockerfile/model.ts";
import type { Edit } from "../rule.ts";

/** Deletes an instruction with its lines; comments above it stay. */
export const deleteInstruction = (text: string, instruction: Instruction): Edit => {
  const start = text.lastIndexOf("\n", instruction.span.start - 1) + 1;
  const lineBreak = text.indexOf("\n", instruction.span.end);
  if (lineBreak >= 0) return { span: { start, end: lineBreak + 1 }, text: "" };
  const before = text.slice(0, start).endsWith("\r\n") ? 2 : start > 0 ? 1 : 0;
  return { span: { start: start - before, end: text.length }, text: "" };
};

/** Where a line is inserted in front of an instruction: above the comments that speak of it. */
export const aboveComments = (text: string, offset: number): number => {
  let start = text.lastIndexOf("\n", offset - 1) + 1;
  for (;;) {
    const above = text.lastIndexOf("\n", start - 2) + 1;
    if (start === 0 || !/^[ \t]*#/.test(text.slice(above, start))) return start;
    start = above;
  }
};

/** Deletes a flag and the blanks behind it. */
export const deleteFlag = (text: string, flag: Flag): Edit => deleteWithBlanks(text, flag.span);

/** Deletes words and the blanks behind them. */
export const deleteWithBlanks = (text: string, span: Span): Edit => {
  let end = span.end;
  while (text[end] === " " || text[end] === "\t") end += 1;
  return { span: { start: span.start, end }, text: "" };
};

/** The part of a word from `start` to `end` of its text; the whole word where a line continuation divides it. */
export const partOf = (text: string, word: Word, start: number, end: number): Span =>
  text.slice(word.span.start, word.span.end) === word.text
    ? { start: word.span.start + start, end: word.span.start + end }
    : word.span;

export const sliceOf = (text: string, span: Span): string => text.slice(span.start, span.end);
