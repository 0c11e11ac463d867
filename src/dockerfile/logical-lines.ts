import { joinText, type Piece } from "./joined-text.ts";
import type { Comment, Directive, JoinedText, Span, SyntaxProblem } from "./model.ts";
import { skipSpace } from "./white-space.ts";

/** An instruction's lines joined as BuildKit joins them; heredoc bodies are not part of it. */
export interface LogicalLine {
  readonly joined: JoinedText;
  /** One-based. */
  readonly startLine: number;
  readonly endLine: number;
  /** From the first character that is not white space to the end of the last line, its line break left out. */
  readonly span: Span;
  readonly blankContinuations: readonly Span[];
}

/** Reads a file line by line; heredoc bodies are taken off the same stream. */
export interface LineReader {
  readonly next: () => LogicalLine | undefined;
  /** The next physical line with its line break, for a heredoc's body. */
  readonly rawLine: () => RawLine | undefined;
  readonly lineNumber: () => number;
  readonly escape: () => "\\" | "`";
  readonly directives: readonly Directive[];
  readonly comments: readonly Comment[];
  readonly problems: readonly SyntaxProblem[];
}

export interface RawLine {
  readonly start: number;
  /** Behind the line break. */
  readonly end: number;
  /** Before the line break and the carriage returns in front of it. */
  readonly textEnd: number;
}

/** bufio.MaxScanTokenSize less the line break: what BuildKit takes as one line, in bytes. */
const longestLine = 65_535;
const directiveNames = ["syntax", "escape", "check"] as const;
const directiveText =
  /^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*([^\t\n\f\r ](?:[^\n]*[^\t\n\f\r ])?|[\t\f\r ])[\t\n\f\r ]*$/;

export const readLines = (text: string): LineReader => {
  const directives: Directive[] = [];
  const comments: Comment[] = [];
  const problems: SyntaxProblem[] = [];
  let escapeCharacter: "\\" | "`" = "\\";
  let offset = 0;
  let line = 0;
  let takesDirectives = true;
  let isStopped = false;

  const rawLine = (): RawLine | undefined => {
    if (isStopped || offset >= text.length) return undefined;
    const lineBreak = text.indexOf("\n", offset);
    const end = lineBreak === -1 ? text.length : lineBreak + 1;
    const start = offset;
    if (isTooLong(text, start, lineBreak === -1 ? end : lineBreak)) {
      isStopped = true;
      problems.push({
        message: `Line ${line + 1} is longer than the ${longestLine} bytes that BuildKit reads`,
        span: { start, end: Math.min(end, start + 80) },
        reach: "file",
      });
      return undefined;
    }
    let textEnd = lineBreak === -1 ? end : lineBreak;
    while (textEnd > start && text.charCodeAt(textEnd - 1) === 13) textEnd--;
    offset = end;
    line++;
    return { start, end, textEnd };
  };

  const readDirective = (start: number, end: number): boolean => {
    if (!takesDirectives) return false;
    const written = text.slice(start, end);
    const inner = written.startsWith("#") ? skipSpace(written, 1, written.length) : 0;
    const match = inner > 0 ? directiveText.exec(written.slice(inner)) : null;
    const name = directiveNames.find((known) => known === match?.[1]?.toLowerCase());
    if (!match || !name) {
      takesDirectives = false;
      return false;
    }
    const value = match[2] as string;
    const valueStart = start + inner + match[0].indexOf(value, match[0].indexOf("=") + 1);
    const directive = {
      name,
      value,
      span: { start, end },
      valueSpan: { start: valueStart, end: valueStart + value.length },
    };
    const earlier = directives.find((known) => known.name === name);
    directives.push(directive);
    if (earlier) {
      isStopped = true;
      problems.push({ message: `The directive \`${name}\` is given twice`, span: earlier.span, reach: "file" });
    } else if (name === "escape" && value !== "\\" && value !== "`") {
      isStopped = true;
      problems.push({
        message: `The escape character is \`\\\` or a backtick, not \`${value}\``,
        span: directive.valueSpan,
        reach: "file",
      });
    } else if (name === "escape") escapeCharacter = value as "\\" | "`";
    return true;
  };

  /** True for a comment line; it is noted unless it is a directive. */
  const takeComment = (start: number, end: number): boolean => {
    const at = skipSpace(text, start, end);
    if (text.charAt(at) !== "#" || at >= end) return false;
    comments.push({ span: { start: at, end }, text: text.slice(at + 1, end).trim() });
    return true;
  };

  /** Where the text ends that stays of a line, when the line is continued; undefined otherwise. */
  const continuedEnd = (start: number, end: number): number | undefined => {
    let last = end - 1;
    while (last >= start && (text.charCodeAt(last) === 32 || text.charCodeAt(last) === 9)) last--;
    if (last < start || text.charAt(last) !== escapeCharacter) return undefined;
    if (last > start && text.charAt(last - 1) === escapeCharacter) return undefined;
    return last;
  };

  const next = (): LogicalLine | undefined => {
    for (;;) {
      const raw = rawLine();
      if (!raw) return undefined;
      const bom = line === 1 && text.charCodeAt(0) === 0xfeff ? 1 : 0;
      const from = raw.start + bom;
      const start = skipSpace(text, from, raw.textEnd);
      if (readDirective(start, raw.textEnd)) {
        if (isStopped) return undefined;
        continue;
      }
      if (start >= raw.textEnd || takeComment(start, raw.textEnd)) continue;
      return join(start, raw.textEnd);
    }
  };

  const join = (start: number, firstEnd: number): LogicalLine => {
    const startLine = line;
    const parts: string[] = [];
    const pieces: Piece[] = [];
    const blanks: Span[] = [];
    let length = 0;
    let spanEnd = firstEnd;
    const add = (from: number, to: number): void => {
      pieces.push({ at: length, source: from });
      parts.push(text.slice(from, to));
      length += to - from;
    };
    let end = continuedEnd(start, firstEnd);
    add(start, end ?? firstEnd);
    while (end !== undefined) {
      const raw = rawLine();
      if (!raw) break;
      spanEnd = raw.textEnd;
      if (takeComment(raw.start, raw.textEnd)) continue;
      if (skipSpace(text, raw.start, raw.textEnd) === raw.textEnd) {
        blanks.push({ start: raw.start, end: raw.end });
        continue;
      }
      end = continuedEnd(raw.start, raw.textEnd);
      add(raw.start, end ?? raw.textEnd);
    }
    return {
      joined: joinText(parts.length === 1 ? (parts[0] as string) : parts.join(""), pieces),
      startLine,
      endLine: line,
      span: { start, end: spanEnd },
      blankContinuations: blanks,
    };
  };

  return { next, rawLine, lineNumber: () => line, escape: () => escapeCharacter, directives, comments, problems };
};

const isTooLong = (text: string, start: number, end: number): boolean => {
  if (end - start > longestLine) return true;
  if ((end - start) * 3 <= longestLine) return false;
  let bytes = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    // A surrogate pair takes four bytes, two for each half.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3;
  }
  return bytes > longestLine;
};
