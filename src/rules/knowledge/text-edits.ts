import type { Instruction, Span } from "../../dockerfile/model.ts";
import type { Edit } from "../rule.ts";

/** Puts a flag behind the keyword: `COPY --chmod=755 a b`. */
export const insertFlag = (instruction: Instruction, flag: string): Edit => ({
  span: { start: instruction.keywordSpan.end, end: instruction.keywordSpan.end },
  text: ` ${flag}`,
});

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
