import type { BuildFailure } from "../build/target.ts";
import { oncePerObject } from "../once-per-object.ts";
import { clip } from "./escape/plain.ts";
import { limitWords } from "./limits.ts";
import { earlierFindings, newFindings } from "./new-findings.ts";
import { formatBytes, formatDelta, formatLimit, formatPercent, isNoise, signed } from "./numbers.ts";
import type { Finding, Limit, LineSize, Report, SecretSearch, SizeRow, TargetReport } from "./report.ts";

/** `1 target`, `2 targets`; `many` where the plural is not the noun with an s. */
export const count = (number: number, noun: string, many = `${noun}s`): string =>
  `${number.toLocaleString("en-US")} ${number === 1 ? noun : many}`;

/** The verdict in one line, the worst first: "1 target did not build, 2 errors". */
export const headline = (report: Report): string => {
  if (report.verdict.status === "fail") return report.verdict.reasons.join(", ");
  const built = (report.targets ?? []).filter(({ build }) => build.status === "built").length;
  const found = report.findings.length > 0;
  return [
    ...(built > 0 ? [`${count(built, "target")} built`, ...sizesInWords(report)] : []),
    ...(found ? foundParts(report) : []),
    ...(built > 0 || found ? [] : [`no findings in ${filesCount(report)}`]),
  ].join(", ");
};

/** `0 errors, 2 warnings, 5 notes`; with `some` only those that are there. */
export const foundCounts = (findings: readonly Finding[], which: "all" | "some"): string =>
  (["error", "warning", "note"] as const)
    .map((severity) => ({ severity, found: findings.filter((finding) => finding.severity === severity).length }))
    .filter(({ found }) => which === "all" || found > 0)
    .map(({ severity, found }) => count(found, severity))
    .join(", ");

/** `1 warning, 5 findings already there in 3 Dockerfiles` */
export const foundWords = (report: Pick<Report, "files" | "findings">): string => {
  const parts = foundParts(report);
  return `${parts.length === 0 ? "no findings" : parts.join(", ")} in ${filesCount(report)}`;
};

const foundParts = ({ findings }: Pick<Report, "findings">): readonly string[] => {
  const earlier = earlierFindings(findings).length;
  return [
    foundCounts(newFindings(findings), "some"),
    ...(earlier === 0 ? [] : [`${count(earlier, "finding")} already there`]),
  ].filter((part) => part !== "");
};

export const filesCount = (report: Pick<Report, "files">): string => count(report.files.length, "Dockerfile");

/** What a reader calls a target: `services/api:production` for `services/api/Dockerfile:production`. */
export const targetName = (id: string): string => id.replace(/\/Dockerfile(?=:[^/:]*$|$)/, "");

/** The name of a row, with its platform where the target has several. */
export const rowName = (row: SizeRow, rows: readonly SizeRow[]): string =>
  severalPlatforms(rows).has(row.id) ? `${targetName(row.id)} ${row.platform}` : targetName(row.id);

/** The build behind a row; a row of something removed has none. */
export const targetOf = (report: Report, id: string): TargetReport | undefined =>
  targetsById(report.targets ?? none).get(id);

/** Rows in which something needs to be seen come first: not built, over budget, grown, shrunk, new, removed, same. */
export const byImportance = (rows: readonly SizeRow[], report: Report): readonly SizeRow[] => {
  const rank = (row: SizeRow): number => {
    if (notBuilt(row, report) !== undefined) return 0;
    if (isOver(row)) return 1;
    return { changed: 2, new: 3, removed: 4, unknown: 5, same: 6 }[row.change];
  };
  const weight = (row: SizeRow): number => (row.change === "changed" ? growthOf(row) : (row.diskBytes ?? 0));
  return rows
    .map((row) => ({ row, rank: rank(row), weight: weight(row) }))
    .toSorted((a, b) => a.rank - b.rank || b.weight - a.weight)
    .map(({ row }) => row);
};

/** "did not build", "was not built: …", "could not be measured: …"; undefined where there is a size. */
export const notBuilt = (row: SizeRow, report: Report): string | undefined => {
  const target = targetOf(report, row.id);
  if (target === undefined || row.pullBytes !== undefined || row.change === "removed") return undefined;
  if (target.build.status === "failed") return "did not build";
  if (target.build.status === "skipped") return `was not built: ${target.build.reason}`;
  return `could not be measured${target.measureError === undefined ? "" : `: ${target.measureError}`}`;
};

/** Why a build failed, without the command that stands beside it anyway. */
export const failureWords = ({ message }: BuildFailure): string => {
  const start = Math.max(0, message.indexOf('process "'));
  const ending = /^process ".*" did not complete successfully: exit code: (\d+)/;
  return message.slice(0, start) + message.slice(start).replace(ending, "the command ended with exit code $1");
};

/** `5.91 MB`, `≈ 5.91 MB` for an estimate; empty when unknown. */
export const pullSize = (row: SizeRow): string =>
  row.pullBytes === undefined ? "" : `${row.isPullEstimated ? "≈ " : ""}${formatBytes(row.pullBytes)}`;

export const diskSize = (row: SizeRow): string => (row.diskBytes === undefined ? "" : formatBytes(row.diskBytes));

/** `+6.70 MB (+41 %)`; of the pull where the size on disk stayed; `new`, `removed`, `=`. */
export const changeOf = (row: SizeRow, baseline: string | undefined): string => {
  if (row.change === "removed") return "removed";
  if (row.change === "new") return baseline === undefined ? "" : "new";
  const { before, diskBytes: disk, pullBytes: pull } = row;
  if (before === undefined || disk === undefined || pull === undefined) return "";
  const otherwise = before.measuredBy === undefined ? "" : ` by ${before.measuredBy}`;
  if (row.change === "same") return `=${otherwise}`;
  const isDisk = !isNoise(before.diskBytes, disk);
  const [past, now] = isDisk ? [before.diskBytes, disk] : [before.pullBytes, pull];
  const percent = formatPercent(past, now);
  return `${isDisk ? "" : "pull "}${formatDelta(past, now)}${percent === undefined ? "" : ` (${percent})`}${otherwise}`;
};

/** Over its budget of bytes, or over another limit. */
export const isOver = (row: SizeRow): boolean => (row.budget?.over ?? 0) > 0 || brokenLimits(row).length > 0;

export const brokenLimits = ({ limits = [] }: SizeRow): readonly Limit[] => limits.filter(({ isBroken }) => isBroken);

/** `12 layers, at most 10: line 18` */
export const brokenLimit = (limit: Limit): string => {
  const where = limit.line === undefined ? "" : lineName(limit.line) || clip(limit.line.instruction, 60);
  return `${limitWords(limit)}${where === "" ? "" : `: ${where}`}`;
};

/** `20 MB`, `20 MB pull` */
export const budgetLimit = (row: SizeRow): string => {
  if (row.budget === undefined) return "";
  const limit = formatLimit(row.budget.maxBytes);
  return row.budget.of === "pull" ? `${limit} pull` : limit;
};

/** `line 18`, `the base image`, `a removed line` */
export const lineName = (line: LineSize): string => {
  if (line.from === "base") return "base";
  if (line.from === "removed") return "removed";
  return line.line === undefined ? "" : `line ${line.line}`;
};

/** What a table tells of a row: all that changed, else the heaviest line where that is news or too much. */
export const linesWorthSaying = (row: SizeRow): readonly LineSize[] => {
  if (row.change === "changed") return row.lines;
  return row.change === "new" || isOver(row) ? row.lines.slice(0, 1) : [];
};

/** The size a line has, or the bytes by which it changed. */
export const lineBytes = (line: LineSize, row: SizeRow): string =>
  row.change === "changed" ? signed(line.bytes) : formatBytes(line.bytes);

/** `2 values in 28 forms searched in 61.2 MB of 7 images, none found` */
export const secretsLine = (secrets: SecretSearch): string => {
  const searched = `${count(secrets.values, "value")} in ${count(secrets.forms, "form")} searched in ${formatBytes(secrets.bytes)} of ${count(secrets.images, "image")}`;
  if (secrets.found.length === 0) return `${searched}, none found`;
  const places = secrets.found.map(({ id, target, place }) => `${id} in ${targetName(target)}: ${place}`);
  return `${searched}, FOUND ${places.join("; ")}`;
};

/** What the search left out, one line for each reason; nothing when it left out nothing. */
export const secretGaps = ({ gaps = [], unsearched = [] }: SecretSearch): readonly string[] => [
  ...(unsearched.length === 0
    ? []
    : [`not searched for: ${unsearched.map(({ id, reason }) => `${id} (${reason})`).join(", ")}`]),
  ...(gaps.length === 0
    ? []
    : [`not searched: ${gaps[0]}${gaps.length === 1 ? "" : `, and ${count(gaps.length - 1, "more place")}`}`]),
];

/** A bar of at most `width` blocks in steps of an eighth, relative to `most`; never empty for something. */
export const bar = (bytes: number, most: number, width: number): string => {
  if (bytes <= 0 || most <= 0) return "";
  const eighths = Math.max(1, Math.round((bytes / most) * width * 8));
  return "█".repeat(Math.floor(eighths / 8)) + ("▏▎▍▌▋▊▉"[(eighths % 8) - 1] ?? "");
};

/** By file in the order of `files`, by line inside a file. */
export const byFile = (report: Pick<Report, "files" | "findings">): ReadonlyMap<string, readonly Finding[]> => {
  const groups = new Map<string, Finding[]>(report.files.map(({ path }) => [path, []]));
  for (const finding of report.findings) {
    const group = groups.get(finding.path);
    if (group === undefined) groups.set(finding.path, [finding]);
    else group.push(finding);
  }
  for (const group of groups.values())
    group.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  return groups;
};

/** Errors before warnings before notes; in the order of the report otherwise. */
export const worstFirst = (findings: readonly Finding[]): readonly Finding[] => {
  const rank = { error: 0, warning: 1, note: 2 };
  return findings.toSorted((a, b) => rank[a.severity] - rank[b.severity]);
};

const none: readonly TargetReport[] = [];

// A page is written many times over to find how much of it fits, so what is looked up is kept with the report.
const targetsById = oncePerObject(
  (targets: readonly TargetReport[]) => new Map(targets.map((target) => [target.build.target.id, target])),
);

const severalPlatforms = oncePerObject((rows: readonly SizeRow[]): ReadonlySet<string> => {
  const seen = new Set<string>();
  return new Set(rows.map(({ id }) => id).filter((id) => seen.size === seen.add(id).size));
});

const sizesInWords = ({ sizes, baseline }: Report): readonly string[] => {
  if (baseline === undefined) return [];
  const changes = sizes.filter(({ change }) => change === "changed").map((row) => growthOf(row) > 0);
  const grown = changes.filter((isGrown) => isGrown).length;
  if (changes.length === 0) return sizes.some(({ change }) => change === "same") ? ["no size changed"] : [];
  const shrunk = changes.length - grown;
  return [...(grown > 0 ? [`${grown} grew`] : []), ...(shrunk > 0 ? [`${shrunk} shrank`] : [])];
};

/** Bytes on disk since the baseline; of the pull where the size on disk stayed. */
const growthOf = ({ before, diskBytes = 0, pullBytes = 0 }: SizeRow): number => {
  if (before === undefined) return 0;
  return isNoise(before.diskBytes, diskBytes) ? pullBytes - before.pullBytes : diskBytes - before.diskBytes;
};
