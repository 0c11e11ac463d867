import { markdownText } from "./escape/markdown.ts";
import { clip } from "./escape/plain.ts";
import { withoutCommands } from "./escape/workflow-command.ts";
import { cutBytes, fitPage } from "./fit.ts";
import { failures, findingsTables } from "./markdown-findings.ts";
import { lineTables, sizesTable } from "./markdown-sizes.ts";
import { details } from "./markdown-table.ts";
import { timeline, timings } from "./markdown-timeline.ts";
import { earlierFindings, newFindings } from "./new-findings.ts";
import type { PageOptions } from "./page-options.ts";
import type { Report, SizeRow } from "./report.ts";
import { byImportance, count, foundWords, headline, isOver, secretGaps, secretsLine } from "./words.ts";

/** The full report; also the job summary, of which GitHub takes 1 MiB. */
export const renderMarkdown = (report: Report, options: PageOptions = {}, maxBytes = 1_000_000): string =>
  page(
    ({ tables, findings, logs, rows }) => [
      ...heading(report, "##"),
      ...sizes(report, options, rows),
      ...section("Failed builds", failures(report, options, logs)),
      ...section("Findings", newAndEarlier(report, options, findings)),
      ...section("Line by line", lineTables(byImportance(report.sizes, report), report, options, tables)),
      ...timeline(report, options),
      ...closing(report, "full"),
    ],
    report,
    maxBytes,
  );

/** The comment on a pull request, the hidden `marker` first; GitHub is given 65,000 bytes at most. */
export const renderComment = (
  report: Report,
  options: PageOptions & { readonly marker: string },
  maxBytes = 65_000,
): string =>
  page(
    ({ tables, findings, logs, rows }) => {
      const worth = byImportance(report.sizes, report).filter(isWorthALine(report));
      const fresh = newFindings(report.findings);
      const errors = fresh.filter(({ severity }) => severity === "error");
      const warnings = fresh.filter(({ severity }) => severity === "warning");
      const earlier = earlierFindings(report.findings);
      return [
        options.marker,
        ...heading(report, "###"),
        ...(worth.length === 0 ? [] : [...sizesTable(worth, report, options, rows), ""]),
        ...firstMeasurement(report),
        ...unchanged(report, options, Math.min(rows, tables)),
        tally(report),
        "",
        ...findingsTables(errors, report, options, Math.min(findings, openErrors)),
        ...(errors.length > 0 ? [""] : []),
        ...details(count(warnings.length, "warning"), findingsTables(warnings, report, options, findings)),
        ...details(
          `${count(earlier.length, "finding")} already there`,
          earlier.length === 0 ? [] : findingsTables(earlier, report, options, findings),
        ),
        ...details("output of the failed builds", failures(report, options, logs)),
        ...details("line by line", lineTables(worth, report, options, tables)),
        ...closing(report, "short"),
      ];
    },
    report,
    maxBytes,
  );

/** What a check run shows, each text within GitHub's 65,535; `textBytes` leaves room for more behind the text. */
export const renderCheck = (
  report: Report,
  options: PageOptions = {},
  textBytes = 65_535,
): { readonly title: string; readonly summary: string; readonly text: string } => ({
  title: cutBytes(clip(headline(report), 255), 255),
  summary: page(
    ({ rows }) => [...sizes(report, options, rows), tally(report), "", ...closing(report, "short")],
    report,
    65_535,
  ),
  text: page(
    ({ tables, findings, logs }) => [
      ...section("Failed builds", failures(report, options, logs)),
      ...section("Findings", newAndEarlier(report, options, findings)),
      ...section("Line by line", lineTables(byImportance(report.sizes, report), report, options, tables)),
    ],
    report,
    textBytes,
  ),
});

/** What the change brings, then what was there before, folded. */
const newAndEarlier = (report: Report, options: PageOptions, amount: number): readonly string[] => {
  const fresh = newFindings(report.findings);
  const earlier = earlierFindings(report.findings);
  const left = Math.max(0, amount - fresh.length);
  return [
    ...findingsTables(fresh, report, options, amount),
    ...(earlier.length === 0
      ? []
      : [
          "",
          ...details(
            `${count(earlier.length, "finding")} already there`,
            findingsTables(earlier, report, options, left),
          ),
        ]),
  ];
};

/** Errors that a comment shows unfolded. */
const openErrors = 20;

type Part = "tables" | "findings" | "logs" | "rows";

const page = (
  render: (amounts: Readonly<Record<Part, number>>) => readonly string[],
  report: Report,
  maxBytes: number,
): string => {
  const { sizes: all, findings, targets } = report;
  const full = { tables: all.length, findings: findings.length, logs: targets?.length ?? 0, rows: all.length };
  const text = (amounts: Readonly<Record<Part, number>>): string => {
    const lines = render(amounts)
      .join("\n")
      .replace(/\n{3,}/g, "\n\n")
      .trim();
    return lines === "" ? "" : `${withoutCommands(lines)}\n`;
  };
  return fitPage(text, full, ["tables", "findings", "logs", "rows"], maxBytes);
};

const heading = (report: Report, level: "##" | "###"): readonly string[] => [
  `${level} docker-hygiene: ${markdownText(clip(headline(report), 500))}`,
  "",
];

const sizes = (report: Report, options: PageOptions, amount: number): readonly string[] =>
  report.sizes.length === 0
    ? []
    : [...sizesTable(byImportance(report.sizes, report), report, options, amount), "", ...firstMeasurement(report)];

const firstMeasurement = (report: Report): readonly string[] =>
  report.baseline === undefined && report.sizes.some(({ pullBytes }) => pullBytes !== undefined)
    ? ["This is the first measurement: there is nothing to compare it with yet.", ""]
    : [];

const isWorthALine =
  (report: Report) =>
  (row: SizeRow): boolean =>
    row.change !== "same" || isOver(row) || report.baseline === undefined;

const unchanged = (report: Report, options: PageOptions, amount: number): readonly string[] => {
  const rows = report.sizes.filter((row) => !isWorthALine(report)(row));
  if (rows.length === 0) return [];
  return details(`${count(rows.length, "target")} unchanged`, sizesTable(rows, report, options, amount));
};

/** `2 warnings, 5 notes · no secret found in 7 images` */
const tally = (report: Report): string => {
  const { secrets } = report;
  return [
    foundWords(report),
    secrets === undefined
      ? ""
      : secrets.found.length === 0
        ? `no secret found in ${count(secrets.images, "image")}`
        : `**${markdownText(clip(secretsLine(secrets), 500))}**`,
  ]
    .filter((part) => part !== "")
    .join(" · ");
};

const section = (title: string, content: readonly string[]): readonly string[] =>
  content.length === 0 ? [] : [`### ${title}`, "", ...content, ""];

/** How many notes a page shows. */
const maxNotes = 20;

const closing = (report: Report, length: "full" | "short"): readonly string[] => {
  const { secrets, notes, engine, baseline, version } = report;
  const said = notes.slice(0, maxNotes).map((note) => `- ${markdownText(clip(note, 300))}`);
  const left = notes.length - said.length;
  const small = [
    baseline === undefined
      ? ""
      : `sizes since ${markdownText(clip([baseline, report.baselineFrom ?? ""].join(" "), 300).trim())}`,
    length === "full" && engine !== undefined ? markdownText(clip(engine, 200)) : "",
    `docker-hygiene ${version}`,
  ].filter((part) => part !== "");
  return [
    ...(secrets === undefined || length === "short"
      ? []
      : [secretsLine(secrets), ...secretGaps(secrets)].flatMap((line) => [
          `secrets: ${markdownText(clip(line, 500))}`,
          "",
        ])),
    ...(length === "full" ? [...said, ...(left > 0 ? [`- … and ${count(left, "note")} more`] : []), ""] : []),
    ...(length === "full" ? [...timings(report), ""] : []),
    `<sub>${small.join(" · ")}</sub>`,
  ];
};
