import { applyFixes } from "../audit/fixes.ts";
import type { Edit } from "../rules/rule.ts";
import { codeFence, codeSpan, markdownProse } from "./escape/markdown.ts";
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
 * Safe fixes whose lines the pull request shows. GitHub refuses a line outside the diff, and the checkout may be a
 * merge whose lines stand elsewhere, so every line is compared with the diff. Fixes that share a line come as one.
 */
export const suggestions = (report: Report, options: SuggestionOptions): readonly Suggestion[] =>
  report.files.flatMap(({ path, text }) => {
    const inside = options.repositoryPath(path);
    if (inside === undefined) return [];
    const fixable = report.findings.flatMap((finding) =>
      finding.path === path && finding.fix?.safety === "safe" && finding.fix.edits.length > 0
        ? [{ ...finding.fix, finding }]
        : [],
    );
    const shown = options.hunks(inside);
    return sharingLines(text, fixable).flatMap((fixes) => {
      const together = suggestionOf(text, inside, fixes, shown);
      if (together !== undefined) return [together];
      return fixes.flatMap((fix) => suggestionOf(text, inside, [fix], shown) ?? []).slice(0, 1);
    });
  });

type Offered = NonNullable<Finding["fix"]> & { readonly finding: Finding };

/** Fixes in the order of the text, those with a line in common in one group. */
const sharingLines = (text: string, fixes: readonly Offered[]): readonly (readonly Offered[])[] => {
  const groups: { fixes: Offered[]; end: number }[] = [];
  const placed = fixes
    .map((fix) => ({ fix, region: regionOf(text, fix.edits) }))
    .sort((left, right) => left.region.from - right.region.from);
  for (const { fix, region } of placed) {
    const last = groups.at(-1);
    if (last === undefined || region.from > last.end) groups.push({ fixes: [fix], end: region.to });
    else {
      last.fixes.push(fix);
      last.end = Math.max(last.end, region.to);
    }
  }
  return groups.map((group) => group.fixes);
};

/** The whole lines that edits touch: offsets of the first character and of the last line's break. */
const regionOf = (text: string, edits: readonly Edit[]): { readonly from: number; readonly to: number } => {
  const start = Math.min(...edits.map(({ span }) => span.start));
  const end = Math.max(...edits.map(({ span }) => span.end));
  const newline = text.indexOf("\n", Math.max(start, end - 1));
  return {
    from: start === 0 ? 0 : text.lastIndexOf("\n", start - 1) + 1,
    to: newline === -1 ? text.length : newline,
  };
};

const suggestionOf = (
  text: string,
  path: string,
  fixes: readonly Offered[],
  hunks: readonly Hunk[],
): Suggestion | undefined => {
  const { applied, edits } = applyFixes(text, fixes);
  const { from, to } = regionOf(text, edits);
  const end = Math.max(...edits.map(({ span }) => span.end));
  const startLine = text.slice(0, from).split("\n").length;
  const old = text.slice(from, to).split("\n");
  if (!hunks.some((hunk) => old.every((line, index) => hunk.get(startLine + index) === line))) return undefined;
  const fixed = fixedLines(edited(text.slice(from, Math.max(to, end)), edits, from), end > to);
  // A suggestion must be the very text, and some text cannot be shown as it is.
  if (fixed === undefined || fixed.includes("\r") || manyLines(fixed) !== fixed) return undefined;
  const findings = applied.map(({ finding }) => finding);
  return {
    path,
    startLine,
    endLine: startLine + old.length - 1,
    key: `${findings.map(({ fingerprint }) => fingerprint).join(" ")} ${fixed}`,
    body: [
      ...findings.map(
        ({ message, rule }) =>
          `${findings.length > 1 ? "- " : ""}${markdownProse(clip(message, 400))} · ${codeSpan(rule)}`,
      ),
      "",
      // Without a line in it the block deletes the lines; an empty line would stay.
      fixed === "" && end > to ? "```suggestion\n```" : codeFence(fixed, "suggestion"),
    ].join("\n"),
  };
};

/** Where the fix took the line break behind the last line, that line must be whole: gone, or ended anew. */
const fixedLines = (text: string, tookBreak: boolean): string | undefined => {
  if (!tookBreak || text === "") return text;
  return text.endsWith("\n") ? text.slice(0, -1) : undefined;
};

const edited = (text: string, edits: readonly Edit[], offset: number): string =>
  edits.reduceRight(
    (result, { span, text: replacement }) =>
      result.slice(0, span.start - offset) + replacement + result.slice(span.end - offset),
    text,
  );
