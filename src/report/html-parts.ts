import type { Image } from "../image/image.ts";
import { htmlText } from "./escape/html.ts";
import { clip, oneLine } from "./escape/plain.ts";
import { type MarkedLine, markedLines } from "./excerpt.ts";
import { imageFacts, largestFiles } from "./image-facts.ts";
import { lineWeights, weightName } from "./layers.ts";
import { type Lines, linesByPath } from "./lines.ts";
import { formatBytes, formatDuration } from "./numbers.ts";
import type { PageOptions } from "./page-options.ts";
import type { Finding, LineSize, Report, SizeRow, TargetReport } from "./report.ts";
import { slowSteps } from "./timeline.ts";
import {
  brokenLimit,
  brokenLimits,
  budgetLimit,
  byFile,
  byImportance,
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
  targetName,
  targetOf,
} from "./words.ts";

export const sizesHtml = (report: Report, options: PageOptions): string => {
  if (report.sizes.length === 0) return "";
  const hasChange = report.baseline !== undefined || report.sizes.some((row) => notBuilt(row, report) !== undefined);
  const hasBudget = report.sizes.some((row) => row.budget !== undefined || isOver(row));
  const since = report.baseline === undefined ? "" : `since ${inline(report.baseline)}`;
  const rows = byImportance(report.sizes, report).map((row) =>
    tableRow([
      cell(`<strong>${inline(rowName(row, report.sizes))}</strong>`),
      cell(pullSize(row), "number"),
      cell(diskSize(row), "number"),
      ...(hasChange ? [cell(changeHtml(row, report), "change")] : []),
      ...(hasBudget ? [cell([budgetHtml(row), ...limitsHtml(row)].filter((part) => part !== "").join("<br>"))] : []),
      cell(whatChanged(row, report, options), "what"),
    ]),
  );
  const head = [
    heading("target"),
    heading("pull", "number"),
    heading("disk", "number"),
    ...(hasChange ? [heading(since, "change")] : []),
    ...(hasBudget ? [heading("budget")] : []),
    heading(report.baseline === undefined ? "what weighs most" : "what changed most"),
  ];
  const isFirst = report.baseline === undefined && report.sizes.some(({ pullBytes }) => pullBytes !== undefined);
  const note = isFirst
    ? '<p class="soft">This is the first measurement: there is nothing to compare it with yet.</p>'
    : "";
  return `<h2>Sizes</h2>${table(head, rows)}${note}`;
};

export const failuresHtml = (report: Report, options: PageOptions): string => {
  const read = linesByPath(report.files);
  const failed = (report.targets ?? []).flatMap(({ build }) => (build.status === "failed" ? [build] : []));
  if (failed.length === 0) return "";
  const articles = failed.map((build) => {
    const { failure, target } = build;
    const line = failure.lines?.start;
    const place = line === undefined ? inline(target.dockerfile) : `${inline(target.dockerfile)}, line ${line}`;
    const code = line === undefined ? "" : source(sourceOf(read(target.dockerfile), line));
    const log = failure.log.length === 0 ? "" : `<pre>${htmlText(failure.log.join("\n"))}</pre>`;
    return `<article><p><span class="bad">${inline(targetName(target.id))} did not build:</span> ${inline(failureWords(failure))} (${linked(place, target.dockerfile, line, options)})</p>${code}${log}</article>`;
  });
  return `<h2>Failed builds</h2>${articles.join("\n")}`;
};

export const findingsHtml = (report: Report, options: PageOptions): string => {
  const read = linesByPath(report.files);
  const errors = new Map(report.files.map(({ path, error }) => [path, error]));
  const files = [...byFile(report)].flatMap(([path, findings]) => {
    const error = errors.get(path);
    if (findings.length === 0 && error === undefined) return [];
    const unread = error === undefined ? "" : `<p><span class="bad">not read:</span> ${inline(error)}</p>`;
    return [
      `<h3>${inline(path)}</h3>${unread}${findings.map((finding) => findingHtml(finding, read(path), options)).join("\n")}`,
    ];
  });
  return files.length === 0 ? "" : `<h2>Findings</h2>${files.join("\n")}`;
};

export const lineTablesHtml = (report: Report, options: PageOptions): string => {
  const tables = byImportance(report.sizes, report).flatMap((row) => {
    const image = targetOf(report, row.id)?.images.find(({ platform }) => platform === row.platform);
    if (image === undefined) return [];
    const weights = lineWeights(image);
    const most = Math.max(1, ...weights.map(({ diskBytes }) => diskBytes));
    const rows = weights.map((weight) =>
      tableRow([
        cell(linked(weightName(weight), row.dockerfile, weight.line, options), "number"),
        cell(`<code>${inline(weight.instruction)}</code>`),
        cell(formatBytes(weight.pullBytes), "number"),
        cell(formatBytes(weight.diskBytes), "number"),
        cell(weight.diskBytes === 0 ? "" : barHtml(0, weight.diskBytes, most), "bar"),
      ]),
    );
    const head = [
      heading("line", "number"),
      heading("instruction"),
      heading("pull", "number"),
      heading("disk", "number"),
      heading(""),
    ];
    const isOpen = isOver(row) || row.change === "changed";
    return [
      `<details${isOpen ? " open" : ""}><summary>${inline(rowName(row, report.sizes))}: ${diskSize(row)} on disk, ${pullSize(row)} to pull</summary>${table(head, rows)}${factsHtml(image)}</details>`,
    ];
  });
  return tables.length === 0 ? "" : `<h2>Line by line</h2>${tables.join("\n")}`;
};

const factsHtml = (image: Image): string => {
  const files = largestFiles(image).map(
    ({ path, bytes }) => `<code>/${inline(path)}</code> <span class="keep">${formatBytes(bytes)}</span>`,
  );
  const largest = files.length === 0 ? "" : `<br>largest files: ${files.join(", ")}`;
  if (image.contents === undefined) return "";
  return `<p class="soft">${inline(imageFacts(image).join(" · "))}${largest}</p>`;
};

/** How many steps the timeline shows. */
const maxSteps = 200;

export const timelineHtml = (report: Report, options: PageOptions): string => {
  const slowest = slowSteps(report).slice(0, maxSteps);
  if (slowest.length === 0) return "";
  const end = Math.max(1, ...slowest.map(({ started, milliseconds }) => started + milliseconds));
  const targets = [...new Set(slowest.map(({ target }) => target))];
  const steps = targets.flatMap((target) =>
    slowest.filter((step) => step.target === target).toSorted((a, b) => a.started - b.started),
  );
  const rows = steps.map(({ target, line, name, started, milliseconds, isFailed }) =>
    tableRow([
      cell(inline(targetName(target))),
      cell(
        linked(
          line === undefined ? "" : String(line),
          targetOf(report, target)?.build.target.dockerfile ?? "",
          line,
          options,
        ),
        "number",
      ),
      cell(`<code>${inline(name)}</code>`, "what"),
      cell(formatDuration(milliseconds), "number"),
      cell(barHtml(started, milliseconds, end, isFailed), "track"),
    ]),
  );
  const head = [heading("target"), heading("line", "number"), heading("step"), heading("took", "number"), heading("")];
  return `<h2>Build timeline</h2>${table(head, rows)}<p class="soft">Each target's clock begins with its own build. Steps that came from the cache are left out.</p>`;
};

export const inline = (text: string): string => htmlText(oneLine(text));

const findingHtml = (finding: Finding, lines: Lines, options: PageOptions): string => {
  const { place, severity, message, rule: id, fix, path } = finding;
  const rule = options.rule?.(id);
  const name = `<code>${inline(id)}</code>`;
  const address = rule?.helpUri;
  const related = finding.related.map(
    (other) =>
      `<p class="soft">see ${linked(`line ${other.place.line}`, path, other.place.line, options)}: ${prose(other.message)}</p>`,
  );
  return `<article><div class="head"><span>${linked(`${place.line}:${place.column}`, path, place.line, options)}</span><span class="${severity === "error" ? "bad" : severity}">${severity}</span><span class="message">${prose(message)}</span><span>${address === undefined ? name : `<a href="${htmlText(address)}">${name}</a>`}</span></div>${source(markedLines(lines, place, 200))}${related.join("")}${fix === undefined ? "" : `<p>fix: ${prose(fix.title)}</p>`}</article>`;
};

const source = (lines: readonly MarkedLine[]): string => {
  if (lines.length === 0) return "";
  const width = Math.max(...lines.map(({ number }) => String(number ?? "").length));
  const text = lines.map(({ number, before, marked, after, markedWidth }) => {
    const words = markedWidth === 0 ? "" : `<mark>${htmlText(marked)}</mark>`;
    return `<span class="at">${String(number ?? "").padStart(width)} | </span>${htmlText(before)}${words}${htmlText(after)}`;
  });
  return `<pre>${text.join("\n")}</pre>`;
};

const sourceOf = (lines: Lines, line: number): readonly MarkedLine[] =>
  markedLines(lines, { line, column: 1, endLine: line, endColumn: 1 }, 200);

/** Backticks in a message mark code. */
const prose = (message: string): string =>
  oneLine(message)
    .split(/(`[^`]+`)/)
    .map((part) => (/^`[^`]+`$/.test(part) ? `<code>${htmlText(part.slice(1, -1))}</code>` : htmlText(part)))
    .join("");

const linked = (label: string, path: string, line: number | undefined, { link }: PageOptions): string => {
  const url = line === undefined ? undefined : link?.(path, line);
  return url === undefined || !/^https?:\/\//.test(url) ? label : `<a href="${htmlText(url)}">${label}</a>`;
};

const changeHtml = (row: SizeRow, report: Report): string => {
  const reason = notBuilt(row, report);
  if (reason !== undefined) return `<span class="bad">${inline(reason)}</span>`;
  const change = changeOf(row, report.baseline);
  if (row.change !== "changed") return change;
  return `<span class="${/^(pull )?\+/.test(change) ? "bad" : "good"}">${keepNumbers(change)}</span>`;
};

/** A line may break before the percentage only. */
const keepNumbers = (change: string): string =>
  change.replace(/^([^(]*?) ?(\([^)]*\))?$/, (_, bytes: string, percent = "") =>
    [bytes, percent]
      .filter((part) => part !== "")
      .map((part) => `<span class="keep">${part}</span>`)
      .join(" "),
  );

const limitsHtml = (row: SizeRow): readonly string[] =>
  brokenLimits(row).map((limit) => `<span class="bad">${inline(brokenLimit(limit))}</span>`);

const budgetHtml = (row: SizeRow): string => {
  const limit = budgetLimit(row);
  const over = row.budget?.over ?? 0;
  return over > 0
    ? `<span class="bad"><span class="keep">${limit},</span> <span class="keep">over by ${formatBytes(over)}</span></span>`
    : limit;
};

const whatChanged = (row: SizeRow, report: Report, options: PageOptions): string => {
  const build = targetOf(report, row.id)?.build;
  if (build?.status === "failed") return failedHtml(build, report, options);
  if (row.change === "removed" && row.before !== undefined) return `was ${formatBytes(row.before.diskBytes)} on disk`;
  const lines = linesWorthSaying(row);
  return lines.map((line) => changedLine(line, row, options)).join("<br>");
};

const failedHtml = (
  build: Extract<TargetReport["build"], { status: "failed" }>,
  report: Report,
  options: PageOptions,
): string => {
  const line = build.failure.lines?.start;
  const why = inline(failureWords(build.failure));
  if (line === undefined) return why;
  const code = linesByPath(report.files)(build.target.dockerfile).text(line);
  return `${linked(`line ${line}`, build.target.dockerfile, line, options)} <code>${inline(clip(code, 120))}</code>: ${why}`;
};

const changedLine = (line: LineSize, row: SizeRow, options: PageOptions): string =>
  `${linked(lineName(line), row.dockerfile, line.line, options)} <code>${inline(line.instruction)}</code> <span class="keep">${lineBytes(line, row)}</span>`;

const barHtml = (start: number, length: number, whole: number, isFailed = false): string => {
  const part = (value: number): string => ((value / whole) * 100).toFixed(1);
  const width = Math.max(0.5, (length / whole) * 100).toFixed(1);
  return `<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect${isFailed ? ' class="failed"' : ""} x="${part(start)}" width="${width}" height="8"/></svg>`;
};

const table = (head: readonly string[], rows: readonly string[]): string =>
  `<div class="scroll"><table><thead><tr>${head.join("")}</tr></thead><tbody>\n${rows.join("\n")}\n</tbody></table></div>`;

const tableRow = (cells: readonly string[]): string => `<tr>${cells.join("")}</tr>`;

/** `content` is HTML already. */
const cell = (content: string, kind = ""): string => `<td${kind === "" ? "" : ` class="${kind}"`}>${content}</td>`;
const heading = (content: string, kind = ""): string => `<th${kind === "" ? "" : ` class="${kind}"`}>${content}</th>`;
