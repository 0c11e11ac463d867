import { clip, oneLine } from "./escape/plain.ts";
import { textWidth } from "./escape/terminal.ts";
import { withoutCommands } from "./escape/workflow-command.ts";
import { imageFacts, largestFiles } from "./image-facts.ts";
import { lineWeights, weightName } from "./layers.ts";
import { linesOf } from "./lines.ts";
import { earlierFindings, newFindings } from "./new-findings.ts";
import { formatBytes } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { resultText } from "./progress.ts";
import type { Report, SizeRow } from "./report.ts";
import type { RuleInfo } from "./rule-info.ts";
import { alignColumns } from "./table.ts";
import { findingsText } from "./text-findings.ts";
import {
  bar,
  brokenLimit,
  brokenLimits,
  budgetLimit,
  byImportance,
  changeOf,
  count,
  diskSize,
  filesCount,
  foundCounts,
  isOver,
  lineName,
  notBuilt,
  pullSize,
  rowName,
  secretGaps,
  secretsLine,
  targetName,
  targetOf,
} from "./words.ts";

export interface TextOptions {
  readonly paint: Paint;
  /** Columns of the terminal; at least 40 are taken. */
  readonly width: number;
  readonly verbosity: "quiet" | "normal" | "verbose";
  readonly rule?: (id: string) => RuleInfo | undefined;
}

/** The whole report for a person at a terminal; with `quiet` the verdict alone. */
export const renderText = (report: Report, options: TextOptions): string => {
  if (options.verbosity === "quiet") return finish([verdictText(report, options)]);
  return `${renderFindings(report, options)}${finish(buildsText(report, options))}${renderResults(report, options)}`;
};

/** What is known before anything is built: the header and the findings. */
export const renderFindings = (
  report: Pick<Report, "version" | "files" | "findings" | "targets" | "engine">,
  options: TextOptions,
): string => finish([headerText(report), "", ...findingsText(report, options)]);

/** The findings that only the built images show, and how many of those shown before the images refute. */
export const renderMeasured = (report: Report, options: TextOptions): string => {
  const findings = report.findings.filter(({ isMeasured }) => isMeasured);
  const withdrawn = report.withdrawn?.length ?? 0;
  const files = report.files.map((file) => ({ ...file, error: undefined }));
  const refuted = `${count(withdrawn, "finding")} above ${withdrawn === 1 ? "is" : "are"} withdrawn, because the built images show otherwise${options.verbosity === "verbose" ? "" : ": --verbose says why"}`;
  return finish([
    ...findingsText({ files, findings }, options),
    ...(withdrawn === 0 ? [] : [options.paint("dim", refuted), ""]),
  ]);
};

/** What is known after the builds: sizes, lines, secrets, notes, verdict. For a terminal that showed the builds live. */
export const renderResults = (report: Report, options: TextOptions): string =>
  finish([
    ...sizesText(report, options),
    ...lineTables(report, options),
    ...(report.secrets === undefined
      ? []
      : [secretsLine(report.secrets), ...secretGaps(report.secrets)].map((line) => `secrets: ${oneLine(line)}`)),
    ...[...notesOf(report), ...(options.verbosity === "verbose" ? (report.remarks ?? []) : [])].map(
      (note) => `${options.paint("dim", "note:")} ${oneLine(note).trim()}`,
    ),
    verdictText(report, options),
  ]);

/** That nothing was built stands where the builds would be. */
const notesOf = (report: Report): readonly string[] => {
  const reason = reasonNotBuilt(report);
  return reason === undefined ? report.notes : report.notes.filter((note) => note !== `Nothing was built: ${reason}`);
};

const headerText = ({
  version,
  files,
  targets,
  engine,
}: Pick<Report, "version" | "files" | "targets" | "engine">): string =>
  [
    `docker-hygiene ${version}`,
    filesCount({ files }),
    ...(targets === undefined
      ? []
      : [count(targets.length, "target"), engine === undefined ? "no engine" : oneLine(engine)]),
  ].join(" · ");

/** How the builds ended, for a report that is printed in one go. */
const buildsText = (report: Report, { paint, width }: TextOptions): readonly string[] => {
  const targets = report.targets ?? [];
  if (targets.length === 0) return [];
  const texts = new Map(report.files.map(({ path, text }) => [path, text]));
  const source = (path: string, line: number): string => linesOf(texts.get(path) ?? "").text(line);
  const reason = reasonNotBuilt(report);
  if (reason !== undefined) return [`nothing was built: ${oneLine(reason)}`, ""];
  const nameWidth = Math.max(...targets.map(({ build }) => textWidth(oneLine(targetName(build.target.id)))));
  return ["builds", ...targets.flatMap(({ build }) => resultText(build, { paint, width, source, nameWidth })), ""];
};

/** The one reason for which no target was built. */
const reasonNotBuilt = ({ targets = [] }: Report): string | undefined => {
  const reasons = new Set(targets.map(({ build }) => (build.status === "skipped" ? build.reason : undefined)));
  return reasons.size === 1 ? [...reasons][0] : undefined;
};

const sizesText = (report: Report, options: TextOptions): readonly string[] => {
  const { paint } = options;
  const rows = byImportance(report.sizes, report).filter((row) => !isSkipped(row, report));
  if (rows.length === 0) return [];
  const since = report.baseline === undefined ? "" : `since ${oneLine(report.baseline)}`;
  const table = rows.map((row) => [
    oneLine(rowName(row, report.sizes)),
    pullSize(row),
    diskSize(row),
    oneLine(notBuilt(row, report) ?? changeOf(row, report.baseline)),
    budgetLimit(row),
  ]);
  const [head = "", ...lines] = alignColumns(
    [["target", "pull", "disk", since, rows.some((row) => row.budget) ? "budget" : ""], ...table],
    ["left", "right", "right", "right", "right"],
  );
  const used = Math.max(textWidth(head), ...lines.map(textWidth));
  const coloured = lines.flatMap((line, index) => {
    const row = rows[index];
    if (row === undefined) return [line];
    const limits = brokenLimits(row).map((limit) => `  ${oneLine(brokenLimit(limit))}`);
    const grown = growth(row);
    const beside = `${line}${" ".repeat(used - textWidth(line))}   ${grown}`;
    const isBad = isOver(row) || notBuilt(row, report) !== undefined;
    const told =
      grown === "" ? [line] : textWidth(beside) <= options.width ? [beside] : [line, clip(`  ${grown}`, options.width)];
    return [...told, ...limits].map((text) => (isBad ? paint("red", text) : text));
  });
  const isFirst = report.baseline === undefined && rows.some((row) => row.pullBytes !== undefined);
  const first = isFirst ? [paint("dim", "first measurement: nothing to compare with")] : [];
  return [paint("bold", head), ...coloured, ...first, ""];
};

/** `over by 3.10 MB: line 18, RUN apk add -U curl` */
const growth = (row: SizeRow): string => {
  const over = row.budget?.over ?? 0;
  if (over === 0 && row.change !== "changed") return "";
  const size = over > 0 ? `over by ${formatBytes(over)}` : "";
  return [size, whereGrown(row)].filter((part) => part !== "").join(": ");
};

/** `line 18, RUN apk add -U curl`: the line to look at. */
export const whereGrown = (row: SizeRow): string => {
  const top = row.budget?.line ?? row.lines[0];
  if (top === undefined) return "";
  return [lineName(top), clip(oneLine(top.instruction), 60)].filter((part) => part !== "").join(", ");
};

const isSkipped = (row: SizeRow, report: Report): boolean => targetOf(report, row.id)?.build.status === "skipped";

/** How many targets get a table of their lines when nothing compares them. */
const firstTables = 4;

const lineTables = (report: Report, options: TextOptions): readonly string[] => {
  const rows = byImportance(report.sizes, report).filter((row) => row.pullBytes !== undefined);
  const isWorthIt = (row: SizeRow): boolean => isOver(row) || row.change === "changed" || row.change === "new";
  const worth = rows.filter(isWorthIt);
  const shown =
    options.verbosity === "verbose" ? rows : report.baseline === undefined ? worth.slice(0, firstTables) : worth;
  const left = worth.length - shown.length;
  return [
    ...shown.flatMap((row) => lineTable(row, report, options)),
    ...(left > 0 ? [options.paint("dim", `${count(left, "target")} more line by line: --verbose shows them`), ""] : []),
  ];
};

/** What each line adds to one image; with `verbose` what else is known of it. */
export const lineTable = (
  row: SizeRow,
  report: Report,
  { paint, width, verbosity }: TextOptions,
): readonly string[] => {
  const target = targetOf(report, row.id);
  const image = target?.images.find(({ platform }) => platform === row.platform);
  if (image === undefined) return [];
  const weights = lineWeights(image);
  const most = Math.max(0, ...weights.map(({ diskBytes }) => diskBytes));
  const lines = alignColumns(
    weights.map((weight) => [
      weightName(weight),
      clip(oneLine(weight.instruction), Math.max(20, Math.min(60, width - 44))),
      formatBytes(weight.diskBytes),
      bar(weight.diskBytes, most, 20),
    ]),
    ["right", "left", "right", "left"],
    "  ",
  );
  const [largest] = largestFiles(image);
  const facts = [
    ...imageFacts(image),
    ...(largest === undefined ? [] : [`largest file /${largest.path} ${formatBytes(largest.bytes)}`]),
  ];
  return [
    `${paint("bold", oneLine(rowName(row, report.sizes)))}, line by line`,
    ...lines.map((line) => `  ${line}`),
    ...(verbosity === "verbose" && facts.length > 0 ? [`  ${oneLine(facts.join(" · "))}`] : []),
    "",
  ];
};

const verdictText = (report: Report, { paint }: TextOptions): string => {
  const { status, reasons } = report.verdict;
  const said = status === "pass" ? paint("green", "pass") : paint("red", "fail");
  const built = (report.targets ?? []).filter(({ build }) => build.status === "built").length;
  // Numbers of findings stand behind the dot anyway.
  const others = reasons.filter((reason) => !/^[\d,]+ (errors?|warnings?|notes?)$/.test(reason));
  const known = report.known?.length ? [`${report.known.length.toLocaleString("en-US")} known`] : [];
  const before = earlierFindings(report.findings).length;
  const earlier = before === 0 ? [] : [`${count(before, "finding")} already there`];
  const why = status === "pass" && built > 0 ? [`${count(built, "target")} built`] : others;
  return `${said}: ${[...(why.length === 0 ? [] : [oneLine(why.join(", "))]), foundCounts(newFindings(report.findings), "all"), ...earlier, ...known].join(" · ")}`;
};

const finish = (lines: readonly string[]): string =>
  lines.length === 0 ? "" : withoutCommands(`${lines.join("\n")}\n`);
