import type { Instruction, Span } from "../../dockerfile/model.ts";
import type { AuditedFile } from "../audited-file.ts";
import type { Edit } from "../rule.ts";

type Text = Pick<AuditedFile, "text" | "dockerfile">;

/**
 * Takes words out of an instruction or of a script in it, with the blanks or the line that only they needed. What
 * stands before or behind them must remain: a command's name, or other words. Undefined where they cannot go, as
 * around a comment.
 */
export const withoutWords = (
  file: Text,
  at: Instruction,
  first: Span,
  last: Span = first,
): readonly Edit[] | undefined => {
  const elements = "command" in at && at.command?.form === "exec" ? at.command.words : [];
  const index = elements.findIndex(({ span }) => span.start === first.start);
  if (index >= 0) return withoutElements(file.text, elements, index, last);
  const { text } = file;
  if (/\n[ \t]*#/.test(text.slice(first.start, last.end))) return undefined;
  const start = skipBlanksBack(text, first.start);
  const isFirst = start === 0 || text[start - 1] === "\n";
  if (start < first.start && !isFirst) return [{ span: { start, end: last.end }, text: "" }];
  const continued = matchAt(`[ \\t]*${escapeAt(file, at, last.end)}[ \\t]*\\r?\\n`, text, last.end);
  if (isFirst && continued !== undefined) return [{ span: { start, end: last.end + continued.length }, text: "" }];
  const end = last.end + (matchAt("[ \\t]*", text, last.end)?.length ?? 0);
  const isLast = matchAt("\\r?(?:\\n|$)", text, end) !== undefined;
  if (isFirst && isLast) return withoutLastLine(file, at, { start, end });
  return [{ span: { start: first.start, end }, text: "" }];
};

/** The words end the instruction on a line of their own: the line before must not go on. */
const withoutLastLine = (file: Text, at: Instruction, line: Span): readonly Edit[] | undefined => {
  const { text } = file;
  const above = text.slice(at.span.start, line.start);
  const continuation = escapeAt(file, at, line.start);
  const continued = new RegExp(`[ \\t]*${continuation}[ \\t]*(?=\\r?\\n(?:[ \\t]*(?:#[^\\n]*)?\\r?\\n)*$)`).exec(above);
  if (continued === null) return undefined;
  const start = at.span.start + continued.index;
  const rest = matchAt("\\r?\\n", text, line.end) ?? "";
  const end = line.end + rest.length;
  const lineBreak = text[line.start - 2] === "\r" ? 2 : 1;
  const own = rest === "" ? { start: line.start - lineBreak, end } : { start: line.start, end };
  return [
    { span: { start, end: start + continued[0].length }, text: "" },
    { span: own, text: "" },
  ];
};

const withoutElements = (
  text: string,
  elements: readonly { readonly span: Span }[],
  index: number,
  last: Span,
): readonly Edit[] | undefined => {
  const lastIndex = elements.findIndex(({ span }) => span.end === last.end);
  const [first, next] = [elements[index]?.span, elements[lastIndex + 1]?.span];
  if (first === undefined || lastIndex < index) return undefined;
  if (next !== undefined && /^[ \t]*,[ \t]*$/.test(text.slice(last.end, next.start)))
    return [{ span: { start: first.start, end: next.start }, text: "" }];
  const previous = elements[index - 1]?.span;
  return next === undefined && previous !== undefined && /^[ \t]*,[ \t]*$/.test(text.slice(previous.end, first.start))
    ? [{ span: { start: previous.end, end: last.end }, text: "" }]
    : undefined;
};

const skipBlanksBack = (text: string, from: number): number => {
  let at = from;
  while (text[at - 1] === " " || text[at - 1] === "\t") at -= 1;
  return at;
};

const matchAt = (source: string, text: string, at: number): string | undefined => {
  const pattern = new RegExp(source, "y");
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
};

/** Inside a here-document the shell continues lines, not BuildKit. */
const escapeAt = ({ dockerfile }: Text, { heredocs }: Instruction, offset: number): string =>
  dockerfile.escape === "\\" ||
  heredocs.some(({ contentSpan }) => contentSpan.start <= offset && offset < contentSpan.end)
    ? "\\\\"
    : "`";
