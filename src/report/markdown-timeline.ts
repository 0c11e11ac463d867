import { codeFence, codeSpan, markdownLink, markdownText } from "./escape/markdown.ts";
import { clip } from "./escape/plain.ts";
import { details, markdownTable, more, unbroken } from "./markdown-table.ts";
import { formatDuration } from "./numbers.ts";
import { noLink, type PageOptions } from "./page-options.ts";
import type { Report } from "./report.ts";
import { ganttDiagram, slowSteps } from "./timeline.ts";
import { targetName, targetOf } from "./words.ts";

/** Where the time of the builds went, as a diagram beside a table, folded. */
export const timeline = (report: Report, { link = noLink }: PageOptions): readonly string[] => {
  const steps = slowSteps(report);
  const diagram = ganttDiagram(report);
  if (steps.length === 0 || diagram === undefined) return [];
  const shown = steps.slice(0, 20);
  return details("build timeline", [
    codeFence(diagram, "mermaid"),
    "",
    ...markdownTable(
      ["target", "line", "step", "took"],
      ["left", "right", "left", "right"],
      shown.map(({ target, line, name, milliseconds }) => [
        markdownText(clip(targetName(target), 200)),
        line === undefined ? "" : markdownLink(String(line), link(dockerfileOf(target, report), line)),
        codeSpan(clip(name, 120)),
        unbroken(formatDuration(milliseconds)),
      ]),
    ),
    ...more(steps.length - shown.length, "step"),
    "",
    "Each target's clock begins with its own build. Steps that came from the cache are left out.",
  ]);
};

/** How long each part of the run took. */
export const timings = ({ timings: parts }: Report): readonly string[] =>
  parts.length === 0
    ? []
    : [parts.map(({ part, milliseconds }) => `${markdownText(part)} ${formatDuration(milliseconds)}`).join(" · ")];

const dockerfileOf = (target: string, report: Report): string =>
  targetOf(report, target)?.build.target.dockerfile ?? target;
