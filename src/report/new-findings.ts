import { linesByPath } from "./lines.ts";
import type { Finding, Report } from "./report.ts";

/** Findings that were not there before, and all where nobody compared. */
export const newFindings = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ isNew }) => isNew !== false);

export const earlierFindings = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ isNew }) => isNew === false);

/**
 * Says of each finding whether the commit before has it too: by its words, wherever they stand. What only a built
 * image shows is left open, because the other commit's images were not looked at.
 */
export const markNew = (findings: readonly Finding[], earlier: ReadonlySet<string>): readonly Finding[] =>
  findings.map((finding) => (finding.isMeasured ? finding : { ...finding, isNew: !earlier.has(finding.fingerprint) }));

/**
 * Says of each finding whether it stands on a line that a diff adds. The checkout may be a merge whose lines stand
 * elsewhere than in the diff, so texts are compared. `added`: undefined for a file whose diff is not shown.
 */
export const markChanged = (
  report: Pick<Report, "files" | "findings">,
  added: (path: string) => ReadonlySet<string> | undefined,
): readonly Finding[] => {
  const lines = linesByPath(report.files);
  return report.findings.map((finding) => {
    const changed = finding.isNew === undefined ? added(finding.path) : undefined;
    if (changed === undefined) return finding;
    const { line, endLine } = finding.place;
    const own = Array.from({ length: endLine - line + 1 }, (_, index) => lines(finding.path).text(line + index));
    return { ...finding, isNew: own.some((text) => text.trim() !== "" && changed.has(text)) };
  });
};
