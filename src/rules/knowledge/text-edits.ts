import type { Instruction, Span } from "../../dockerfile/model.ts";
import type { Edit } from "../rule.ts";

/** Puts a flag behind the keyword: `COPY --chmod=755 a b`. */
export const insertFlag = (instruction: Instruction, flag: string): Edit => ({
  span: { start: instruction.keywordSpan.end, end: instruction.keywordSpan.end },
  text: ` ${flag}`,
});

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

/** Where a part of a word stands; the whole word where the file does not show the part in one piece. */
export const spanWithin = (text: string, span: Span, part: string): Span => {
  const at = text.slice(span.start, span.end).indexOf(part);
  return at < 0 ? span : { start: span.start + at, end: span.start + at + part.length };
};
