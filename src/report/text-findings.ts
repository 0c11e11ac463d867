import { oneLine } from "./escape/plain.ts";
import { textWidth } from "./escape/terminal.ts";
import { excerpt } from "./excerpt.ts";
import { type Lines, linesOf } from "./lines.ts";
import { earlierFindings, newFindings } from "./new-findings.ts";
import type { Style } from "./paint.ts";
import type { Finding, Report } from "./report.ts";
import { wrapWords } from "./table.ts";
import type { TextOptions } from "./text.ts";
import { byFile, count } from "./words.ts";

/** Findings by file, each with its source; notes only when asked for. */
export const findingsText = (report: Pick<Report, "files" | "findings">, options: TextOptions): readonly string[] => {
  const isShown = (finding: Finding): boolean =>
    options.verbosity === "verbose" || (finding.severity !== "note" && finding.isNew !== false);
  const explained = new Set<string>();
  const files = new Map(report.files.map((file) => [file.path, file]));
  const blocks = [...byFile(report)].flatMap(([path, findings]) => {
    const error = files.get(path)?.error;
    const shown = findings.filter(isShown);
    if (shown.length === 0 && error === undefined) return [];
    const lines = linesOf(files.get(path)?.text ?? "");
    return [
      options.paint("bold", oneLine(path)),
      ...(error === undefined ? [] : [`  ${options.paint("red", "not read")}  ${oneLine(error)}`, ""]),
      ...shown.flatMap((finding) => [...findingText(finding, lines, options, explained), ""]),
    ];
  });
  const folded = report.findings.filter((finding) => !isShown(finding));
  const said = [
    ...counted(newFindings(folded).length, "note"),
    ...counted(earlierFindings(folded).length, "finding", "already there"),
  ];
  return said.length === 0
    ? blocks
    : [...blocks, options.paint("dim", `${said.join(" and ")} not shown: --verbose shows all`), ""];
};

const counted = (number: number, ...words: readonly [string, string?]): readonly string[] =>
  number === 0 ? [] : [[count(number, words[0]), ...words.slice(1)].join(" ")];

const findingText = (
  finding: Finding,
  lines: Lines,
  options: TextOptions,
  explained: Set<string>,
): readonly string[] => {
  const { paint, width } = options;
  const last = Math.max(finding.place.endLine, ...finding.related.map(({ place }) => place.line));
  const gutter = Math.max(4, String(last).length + 1);
  const margin = `${" ".repeat(gutter)} ${paint("dim", "|")}`;
  const source = excerpt(lines, finding.place, width - gutter - 3).map(({ number, text, kind }) => {
    if (kind === "marks") return `${margin} ${paint(colour[finding.severity], text)}`;
    const label = number === undefined ? "" : String(number);
    return `${label.padStart(gutter)} ${paint("dim", "|")} ${text}`.trimEnd();
  });
  const related = finding.related.map(
    ({ place, message }) => `${" ".repeat(gutter)} = see: ${place.line}:${place.column} ${oneLine(message)}`,
  );
  return [
    ...titleText(finding, options),
    ...(source.length === 0 ? [] : [margin, ...source]),
    ...related,
    ...hintText(finding, " ".repeat(gutter), options, explained),
  ];
};

/** Place, severity and message, the rule at the right edge. */
const titleText = (finding: Finding, { paint, width }: TextOptions): readonly string[] => {
  const place = `  ${finding.place.line}:${finding.place.column}`;
  const start = `${place}  ${finding.severity}  `;
  const rule = oneLine(finding.rule);
  const message = wrapWords(oneLine(finding.message), Math.max(20, width - start.length));
  const coloured = `${place}  ${paint(colour[finding.severity], finding.severity)}  `;
  return message.flatMap((line, index) => {
    const head = index === 0 ? coloured : " ".repeat(start.length);
    if (index < message.length - 1) return [`${head}${paint("bold", line)}`];
    const blanks = width - start.length - textWidth(line) - rule.length;
    if (blanks >= 2) return [`${head}${paint("bold", line)}${" ".repeat(blanks)}${paint("dim", rule)}`];
    return [`${head}${paint("bold", line)}`, `${" ".repeat(Math.max(2, width - rule.length))}${paint("dim", rule)}`];
  });
};

/** What to do; where to read more is said once per rule. */
const hintText = (
  finding: Finding,
  indent: string,
  options: TextOptions,
  explained: Set<string>,
): readonly string[] => {
  const isFirst = !explained.has(finding.rule);
  explained.add(finding.rule);
  const rule = options.rule?.(finding.rule);
  const explain = isFirst && rule !== undefined ? [`docker-hygiene explain ${oneLine(finding.rule)}`] : [];
  if (finding.fix !== undefined) {
    const apply = `docker-hygiene fix${finding.fix.safety === "unsafe" ? " --unsafe" : ""}`;
    return hintRows(`${indent} = fix: `, finding.fix.title, [apply, ...explain], options);
  }
  return isFirst && rule !== undefined ? hintRows(`${indent} = help: `, rule.summary, explain, options) : [];
};

/** The commands stand behind the words where they fit, else below; each in one piece, so that it can be copied. */
const hintRows = (
  start: string,
  words: string,
  commands: readonly string[],
  { paint, width }: TextOptions,
): readonly string[] => {
  const blank = " ".repeat(start.length);
  const rows = wrapWords(oneLine(words), Math.max(20, width - start.length));
  const told = rows.map((row, index) => `${index === 0 ? start : blank}${row}`);
  if (commands.length === 0) return told;
  const whole = `(${commands.join("; ")})`;
  const last = told.at(-1) ?? start;
  if (textWidth(last) + 3 + whole.length <= width) return [...told.slice(0, -1), `${last}   ${paint("dim", whole)}`];
  if (start.length + whole.length <= width) return [...told, `${blank}${paint("dim", whole)}`];
  return [...told, ...commands.map((command) => `${blank}${paint("dim", command)}`)];
};

const colour: Readonly<Record<Finding["severity"], Style>> = { error: "red", warning: "yellow", note: "cyan" };
