import type { Image } from "../image/image.ts";
import { codeSpan, markdownLink, markdownProse, markdownText } from "./escape/markdown.ts";
import { clip } from "./escape/plain.ts";
import { imageFacts, largestFiles } from "./image-facts.ts";
import { lineWeights, weightName } from "./layers.ts";
import { linesByPath } from "./lines.ts";
import { details, emphasised, markdownTable, more, unbroken } from "./markdown-table.ts";
import { formatBytes } from "./numbers.ts";
import { noLink, type PageOptions } from "./page-options.ts";
import type { LineSize, Report, SizeRow, TargetReport } from "./report.ts";
import {
  bar,
  brokenLimit,
  brokenLimits,
  budgetLimit,
  changeOf,
  diskSize,
  failureWords,
  isOver,
  lineBytes,
  lineName,
  linesWorthSaying,
  notBuilt,
  pullSize,
  rowName,
  targetOf,
} from "./words.ts";

type Link = NonNullable<PageOptions["link"]>;

/** One row for each of `rows`, `amount` of them written, with the columns that they need. */
export const sizesTable = (
  rows: readonly SizeRow[],
  report: Report,
  { link = noLink }: PageOptions,
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
    { title: "pull", side: "right", cell: (row) => unbroken(pullSize(row)) },
    { title: "disk", side: "right", cell: (row) => unbroken(diskSize(row)) },
    { title: since, side: "right", cell: (row) => emphasised(unbroken(change(row, report)), isWorse(row, report)) },
    {
      title: "budget",
      side: "left",
      cell: (row) =>
        [unbroken(budgetCell(row)), ...brokenLimits(row).map((limit) => `⛔ ${markdownText(brokenLimit(limit))}`)]
          .filter((part) => part !== "")
          .join("<br>"),
    },
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

/** What every line of a target's Dockerfile weighs, folded. */
export const lineTables = (
  rows: readonly SizeRow[],
  report: Report,
  options: PageOptions,
  amount = rows.length,
): readonly string[] => {
  const measured = rows.filter((row) => imageOf(row, report) !== undefined);
  return [
    ...measured.slice(0, amount).flatMap((row) => lineTable(row, report, options)),
    ...more(measured.length - Math.min(amount, measured.length), "target"),
  ];
};

interface Column {
  readonly title: string;
  readonly side: "left" | "right";
  readonly cell: (row: SizeRow) => string;
}

const isWorse = (row: SizeRow, report: Report): boolean =>
  isOver(row) ||
  notBuilt(row, report) === "did not build" ||
  (row.change === "changed" && (row.diskBytes ?? 0) > (row.before?.diskBytes ?? 0));

const change = (row: SizeRow, report: Report): string => {
  const reason = notBuilt(row, report);
  return reason === undefined ? changeOf(row, report.baseline) : markdownText(clip(reason, 200));
};

const budgetCell = (row: SizeRow): string => {
  const limit = budgetLimit(row);
  if (row.budget === undefined || row.budget.over === undefined) return limit;
  return row.budget.over > 0 ? `⛔ ${limit}, over by ${formatBytes(row.budget.over)}` : `✅ ${limit}`;
};

const whatChanged = (row: SizeRow, report: Report, link: Link): string => {
  const target = targetOf(report, row.id);
  if (target?.build.status === "failed") return failedLine(target.build, report, link);
  if (row.change === "removed" && row.before !== undefined) return `was ${formatBytes(row.before.diskBytes)} on disk`;
  // Without a baseline the heaviest line says enough.
  const lines = linesWorthSaying(row);
  return lines.map((line) => changedLine(line, row, link)).join("<br>");
};

const changedLine = (line: LineSize, row: SizeRow, link: Link): string => {
  const url = line.line === undefined ? undefined : link(row.dockerfile, line.line);
  return [markdownLink(lineName(line), url), codeSpan(clip(line.instruction, 80)), unbroken(lineBytes(line, row))]
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
  const source = linesByPath(report.files)(build.target.dockerfile).text(line);
  const code = codeSpan(clip(source.replace(/(?<!\s)\s*\\\s*$/, " …"), 80));
  return `${markdownLink(`line ${line}`, link(build.target.dockerfile, line))} ${code}: ${why}`;
};

const imageOf = (row: SizeRow, report: Report) =>
  targetOf(report, row.id)?.images.find(({ platform }) => platform === row.platform);

const factsLines = (image: Image): readonly string[] => {
  if (image.contents === undefined) return [];
  const files = largestFiles(image).map(
    ({ path, bytes }) => `${codeSpan(clip(`/${path}`, 100))} ${unbroken(formatBytes(bytes))}`,
  );
  return [
    "",
    markdownText(clip(imageFacts(image).join(" · "), 400)),
    ...(files.length === 0 ? [] : ["", `largest files: ${files.join(", ")}`]),
  ];
};

const lineTable = (row: SizeRow, report: Report, { link = noLink }: PageOptions): readonly string[] => {
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
          ? weightName(weight)
          : markdownLink(weightName(weight), link(row.dockerfile, weight.line)),
        codeSpan(clip(weight.instruction, 120)),
        unbroken(formatBytes(weight.pullBytes)),
        unbroken(formatBytes(weight.diskBytes)),
        bar(weight.diskBytes, most, 15),
      ]),
    ),
    ...factsLines(image),
  ]);
};
