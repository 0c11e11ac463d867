import { codeFence, markdownProse } from "./escape/markdown.ts";
import { clip, manyLines } from "./escape/plain.ts";
import type { Finding, Report } from "./report.ts";

/** New lines of a pull request's file that stand in one hunk of its diff, by one-based number. */
export type Hunk = ReadonlyMap<number, string>;

/** A safe fix that a reader can apply with one click. */
export interface Suggestion {
  /** Relative to the root of the repository. */
  readonly path: string;
  /** One-based, both within one hunk. */
  readonly startLine: number;
  readonly endLine: number;
  /** Same for the same fix of the same lines, so that a later run does not offer it again. */
  readonly key: string;
  /** Markdown with a suggestion block. */
  readonly body: string;
}

export interface SuggestionOptions {
  readonly hunks: (repositoryPath: string) => readonly Hunk[];
  readonly repositoryPath: (path: string) => string | undefined;
}

/**
 * Safe fixes whose lines the pull request shows, worst finding first. GitHub refuses a line outside the diff, and
 * the checkout may be a merge whose lines stand elsewhere, so every line is compared with the diff. Of two fixes that
 * share a line the first is offered.
 */
export const suggestions = (report: Report, options: SuggestionOptions): readonly Suggestion[] => {
  const taken = new Set<string>();
  return report.findings.flatMap((finding) => {
    const suggestion = suggestionOf(finding, report, options);
    if (suggestion === undefined) return [];
    const lines = range(suggestion.startLine, suggestion.endLine).map((line) => `${suggestion.path}:${line}`);
    if (lines.some((line) => taken.has(line))) return [];
    for (const line of lines) taken.add(line);
    return [suggestion];
  });
};

const suggestionOf = (
  { fix, path, message, rule, fingerprint }: Finding,
  report: Report,
  { hunks, repositoryPath }: SuggestionOptions,
): Suggestion | undefined => {
  const inside = repositoryPath(path);
  const text = report.files.find((file) => file.path === path)?.text;
  if (fix?.safety !== "safe" || fix.edits.length === 0 || inside === undefined || text === undefined) return undefined;
  const start = Math.min(...fix.edits.map(({ span }) => span.start));
  const end = Math.max(...fix.edits.map(({ span }) => span.end));
  const from = start === 0 ? 0 : text.lastIndexOf("\n", start - 1) + 1;
  const newline = text.indexOf("\n", Math.max(start, end - 1));
  const to = newline === -1 ? text.length : newline;
  const startLine = text.slice(0, from).split("\n").length;
  const old = text.slice(from, to).split("\n");
  const endLine = startLine + old.length - 1;
  const isShown = hunks(inside).some((hunk) => old.every((line, index) => hunk.get(startLine + index) === line));
  if (!isShown) return undefined;
  const fixed = fixedLines(applied(text.slice(from, Math.max(to, end)), fix.edits, from), end > to);
  // A suggestion must be the very text, and some text cannot be shown as it is.
  if (fixed === undefined || fixed.includes("\r") || manyLines(fixed) !== fixed) return undefined;
  return {
    path: inside,
    startLine,
    endLine,
    key: `${fingerprint} ${fixed}`,
    body: [
      `${markdownProse(clip(message, 400))}.`,
      "",
      // Without a line in it the block deletes the lines; an empty line would stay.
      fixed === "" && end > to ? "```suggestion\n```" : codeFence(fixed, "suggestion"),
      "",
      `<sub>${markdownProse(clip(fix.title, 200))} · \`${rule}\`</sub>`,
    ].join("\n"),
  };
};

/** Where the fix took the line break behind the last line, that line must be whole: gone, or ended anew. */
const fixedLines = (text: string, tookBreak: boolean): string | undefined => {
  if (!tookBreak || text === "") return text;
  return text.endsWith("\n") ? text.slice(0, -1) : undefined;
};

const applied = (text: string, edits: NonNullable<Finding["fix"]>["edits"], offset: number): string =>
  [...edits]
    .sort((left, right) => right.span.start - left.span.start)
    .reduce(
      (result, { span, text: replacement }) =>
        result.slice(0, span.start - offset) + replacement + result.slice(span.end - offset),
      text,
    );

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
