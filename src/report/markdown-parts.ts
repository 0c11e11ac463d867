import { codeFence, codeSpan, markdownLink, markdownProse, markdownText } from "./escape/markdown.ts";
import { clip } from "./escape/plain.ts";
import { lineWeights } from "./layers.ts";
import { linesOf } from "./lines.ts";
import { formatBytes, formatDuration } from "./numbers.ts";
import type { Finding, LineSize, Report, SizeRow, TargetReport } from "./report.ts";
import type { RuleInfo } from "./rule-info.ts";
import { ganttDiagram, slowSteps } from "./timeline.ts";
import {
  bar,
  budgetLimit,
  byFile,
  changeOf,
  count,
  diskSize,
  failureWords,
  lineBytes,
  lineName,
  notBuilt,
  pullSize,
  rowName,
  targetName,
  targetOf,
  worstFirst,
} from "./words.ts";

export interface MarkdownOptions {
  /** The page that shows a line of a file. */
  readonly link?: (path: string, line: number) => string | undefined;
  readonly rule?: (id: string) => RuleInfo | undefined;
}

type Link = NonNullable<MarkdownOptions["link"]>;

/** One row for each of `rows`, `amount` of them written, with the columns that they need. */
export const sizesTable = (
  rows: readonly SizeRow[],
  report: Report,
  { link = noLink }: MarkdownOptions,
  amount = rows.length,
): readonly string[] => {
  const shown = rows.slice(0, amount);
  if (shown.length === 0) return more(rows.length, "target");
  const since = report.baseline === undefined ? "" : `since ${codeSpan(clip(report.baseline, 100))}`;
  const columns: readonly Column[] = [
    {
      title: "target",
      side: "left",
      cell: (row) => emphasised(markdownText(clip(rowName(row, report.sizes), 200)), isWorse(row, report)),
    },
    { title: "pull", side: "right", cell: pullSize },
    { title: "disk", side: "right", cell: diskSize },
    { title: since, side: "right", cell: (row) => emphasised(change(row, report), isWorse(row, report)) },
    { title: "budget", side: "left", cell: budgetCell },
    {
      title: report.baseline === undefined ? "what weighs most" : "what changed most",
      side: "left",
      cell: (row) => whatChanged(row, report, link),
    },
  ];
  const cells = shown.map((row) => columns.map(({ cell }) => cell(row)));
  const used = columns.map((_, index) => index < 3 || cells.some((row) => row[index] !== ""));
  const isUsed = (_: unknown, index: number): boolean => used[index] === true;
  return [
    ...markdownTable(
      columns.filter(isUsed).map(({ title }) => title),
      columns.filter(isUsed).map(({ side }) => side),
      cells.map((row) => row.filter(isUsed)),
    ),
    ...more(rows.length - shown.length, "target"),
  ];
};

interface Column {
  readonly title: string;
  readonly side: "left" | "right";
  readonly cell: (row: SizeRow) => string;
}

/** Findings by file, worst first where not all are written. */
export const findingsTables = (
  findings: readonly Finding[],
  report: Report,
  { link = noLink, rule }: MarkdownOptions,
  amount = findings.length,
): readonly string[] => {
  const shown = worstFirst(findings).slice(0, amount);
  const groups = [...byFile({ files: report.files, findings: shown })].filter(([, found]) => found.length > 0);
  return [
    ...groups.flatMap(([path, found]) => [
      `**${markdownText(clip(path, 200))}**`,
      "",
      ...markdownTable(
        ["line", "", "finding", "rule"],
        ["right", "left", "left", "left"],
        found.map((finding) => [
          markdownLink(String(finding.place.line), link(path, finding.place.line)),
          severityWord[finding.severity],
          `${markdownProse(clip(finding.message, 400))}${fixHint(finding)}`,
          markdownLink(codeSpan(clip(finding.rule, 100)), rule?.(finding.rule)?.helpUri),
        ]),
      ),
      "",
    ]),
    ...more(findings.length - shown.length, "finding"),
  ];
};

/** Each failed build with its line and the end of its output. */
export const failures = (report: Report, { link = noLink }: MarkdownOptions, amount: number): readonly string[] => {
  const failed = (report.targets ?? []).filter(({ build }) => build.status === "failed");
  return [
    ...failed.slice(0, amount).flatMap(({ build }) => {
      if (build.status !== "failed") return [];
      const { failure, target } = build;
      const line = failure.lines?.start;
      const where =
        line === undefined
          ? markdownText(clip(target.dockerfile, 200))
          : markdownLink(`${markdownText(clip(target.dockerfile, 200))}, line ${line}`, link(target.dockerfile, line));
      return [
        `**${markdownText(clip(targetName(target.id), 200))}** did not build: ${markdownProse(clip(failureWords(failure), 500))} (${where})`,
        "",
        ...(failure.log.length === 0
          ? []
          : [
              codeFence(
                failure.log
                  .slice(-20)
                  .map((text) => clip(text, 300))
                  .join("\n"),
                "text",
              ),
              "",
            ]),
      ];
    }),
    ...more(failed.length - Math.min(amount, failed.length), "failed build"),
  ];
};

/** What every line of a target's Dockerfile weighs, folded. */
export const lineTables = (
  rows: readonly SizeRow[],
  report: Report,
  options: MarkdownOptions,
  amount = rows.length,
): readonly string[] => {
  const measured = rows.filter((row) => imageOf(row, report) !== undefined);
  return [
    ...measured.slice(0, amount).flatMap((row) => lineTable(row, report, options)),
    ...more(measured.length - Math.min(amount, measured.length), "target"),
  ];
};

export const timeline = (report: Report, { link = noLink }: MarkdownOptions): readonly string[] => {
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
        formatDuration(milliseconds),
      ]),
    ),
    ...more(steps.length - shown.length, "step"),
    "",
    "Each target's clock begins with its own build. Steps that came from the cache are left out.",
  ]);
};

export const timings = ({ timings: parts }: Report): readonly string[] =>
  parts.length === 0
    ? []
    : [parts.map(({ part, milliseconds }) => `${markdownText(part)} ${formatDuration(milliseconds)}`).join(" · ")];

export const details = (summary: string, content: readonly string[]): readonly string[] =>
  content.length === 0 ? [] : [`<details><summary>${summary}</summary>`, "", ...content, "", "</details>", ""];

/** Cells are markdown already and hold no line break. */
export const markdownTable = (
  head: readonly string[],
  sides: readonly ("left" | "right")[],
  rows: readonly (readonly string[])[],
): readonly string[] => [
  `| ${head.join(" | ")} |`,
  `|${sides.map((side) => (side === "right" ? "--:" : "---")).join("|")}|`,
  ...rows.map((row) => `| ${row.join(" | ")} |`),
];

const noLink: Link = () => undefined;

const severityWord = { error: "⛔ error", warning: "⚠️ warning", note: "note" };

const emphasised = (text: string, isStrong: boolean): string => (isStrong && text !== "" ? `**${text}**` : text);

const more = (number: number, noun: string): readonly string[] =>
  number > 0 ? ["", `… and ${count(number, noun)} more`] : [];

const isWorse = (row: SizeRow, report: Report): boolean =>
  (row.budget?.over ?? 0) > 0 ||
  notBuilt(row, report) === "did not build" ||
  (row.change === "changed" && (row.diskBytes ?? 0) > (row.before?.diskBytes ?? 0));

const change = (row: SizeRow, report: Report): string => {
  const reason = notBuilt(row, report);
  return reason === undefined ? changeOf(row, report.baseline) : markdownText(clip(reason, 200));
};

const budgetCell = (row: SizeRow): string => {
  const limit = budgetLimit(row);
  if (row.budget === undefined || row.budget.over === undefined) return limit;
  return row.budget.over > 0 ? `⛔ ${limit}, over by ${formatBytes(row.budget.over)}` : `✅ ${limit}`;
};

const whatChanged = (row: SizeRow, report: Report, link: Link): string => {
  const target = targetOf(report, row.id);
  if (target?.build.status === "failed") return failedLine(target.build, report, link);
  if (row.change === "removed" && row.before !== undefined) return `was ${formatBytes(row.before.diskBytes)} on disk`;
  // Without a baseline the heaviest line says enough.
  const lines = row.change === "changed" ? row.lines : row.change === "new" ? row.lines.slice(0, 1) : [];
  return lines.map((line) => changedLine(line, row, link)).join("<br>");
};

const changedLine = (line: LineSize, row: SizeRow, link: Link): string => {
  const url = line.line === undefined ? undefined : link(row.dockerfile, line.line);
  return [markdownLink(lineName(line), url), codeSpan(clip(line.instruction, 80)), lineBytes(line, row)]
    .filter((part) => part !== "")
    .join(" ");
};

const failedLine = (
  build: Extract<TargetReport["build"], { status: "failed" }>,
  report: Report,
  link: Link,
): string => {
  const line = build.failure.lines?.start;
  const why = markdownProse(clip(failureWords(build.failure), 160));
  if (line === undefined) return why;
  const code = codeSpan(clip(sourceAt(report, build.target.dockerfile, line), 80));
  return `${markdownLink(`line ${line}`, link(build.target.dockerfile, line))} ${code}: ${why}`;
};

const fixHint = ({ fix }: Finding): string =>
  fix === undefined ? "" : `<br>fix: ${markdownProse(clip(fix.title, 200))}`;

const imageOf = (row: SizeRow, report: Report) =>
  targetOf(report, row.id)?.images.find(({ platform }) => platform === row.platform);

const lineTable = (row: SizeRow, report: Report, { link = noLink }: MarkdownOptions): readonly string[] => {
  const image = imageOf(row, report);
  if (image === undefined) return [];
  const weights = lineWeights(image);
  const most = Math.max(0, ...weights.map(({ diskBytes }) => diskBytes));
  const name = markdownText(clip(rowName(row, report.sizes), 200));
  return details(`${name}: ${diskSize(row)} on disk, ${pullSize(row)} to pull`, [
    ...markdownTable(
      ["line", "instruction", "pull", "disk", ""],
      ["right", "left", "right", "right", "left"],
      weights.map((weight) => [
        weight.line === undefined
          ? weight.from === "base"
            ? "base"
            : ""
          : markdownLink(String(weight.line), link(row.dockerfile, weight.line)),
        codeSpan(clip(weight.instruction, 120)),
        formatBytes(weight.pullBytes),
        formatBytes(weight.diskBytes),
        bar(weight.diskBytes, most, 15),
      ]),
    ),
  ]);
};

const sourceAt = (report: Report, path: string, line: number): string =>
  linesOf(report.files.find((file) => file.path === path)?.text ?? "").text(line);

const dockerfileOf = (target: string, report: Report): string =>
  targetOf(report, target)?.build.target.dockerfile ?? target;
