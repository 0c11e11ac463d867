import { clip, oneLine } from "./escape/plain.ts";
import { withoutCommands } from "./escape/workflow-command.ts";
import { formatBytes } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import type { Report } from "./report.ts";
import type { RuleInfo } from "./rule-info.ts";
import { alignColumns } from "./table.ts";
import { lineTable, whereGrown } from "./text.ts";
import {
  brokenLimit,
  brokenLimits,
  budgetLimit,
  diskSize,
  foundCounts,
  pullSize,
  rowName,
  secretGaps,
  secretsLine,
  worstFirst,
} from "./words.ts";

export interface InspectedOptions {
  readonly paint: Paint;
  readonly width: number;
  /** The verdict alone. */
  readonly isQuiet: boolean;
  readonly rule?: (id: string) => RuleInfo | undefined;
}

/** What is known of images that exist already, for a person at a terminal. */
export const renderInspected = (report: Report, options: InspectedOptions): string => {
  const { paint, isQuiet } = options;
  const lines = isQuiet
    ? []
    : [
        ...findingLines(report, options),
        ...report.sizes.flatMap((row) => {
          const name = oneLine(rowName(row, report.sizes));
          const over = row.budget?.over ?? 0;
          const limits = [
            ...(over > 0
              ? [
                  [`over its budget of ${budgetLimit(row)} by ${formatBytes(over)}`, whereGrown(row)]
                    .filter(Boolean)
                    .join(": "),
                ]
              : []),
            ...brokenLimits(row).map(brokenLimit),
          ];
          return [
            `${paint("bold", name)}: ${pullSize(row)} to pull, ${diskSize(row)} on disk`,
            ...limits.map((limit) => `  ${paint("red", oneLine(limit))}`),
            ...lineTable(row, report, { ...options, verbosity: "verbose" }).slice(1),
          ];
        }),
        ...(report.secrets === undefined ? [] : [secretsLine(report.secrets), ...secretGaps(report.secrets)]).map(
          (line) => `secrets: ${oneLine(line)}`,
        ),
        ...report.notes.map((note) => `${paint("dim", "note:")} ${oneLine(note)}`),
      ];
  return withoutCommands(`${[...lines, verdictLine(report, options)].join("\n")}\n`);
};

const findingLines = ({ findings, targets = [] }: Report, { paint, width }: InspectedOptions): readonly string[] => {
  if (findings.length === 0) return [];
  const colours = { error: "red", warning: "yellow", note: "dim" } as const;
  const rows = alignColumns(
    worstFirst(findings).map(({ severity, rule, path, message }) => [
      severity,
      rule,
      `${targets.length > 1 ? `${oneLine(path)}: ` : ""}${clip(oneLine(message), Math.max(60, 3 * width))}`,
    ]),
    ["left", "left", "left"],
    "  ",
  );
  return [...worstFirst(findings).map(({ severity }, index) => paint(colours[severity], rows[index] ?? "")), ""];
};

const verdictLine = ({ verdict, findings }: Report, { paint }: InspectedOptions): string => {
  const said = verdict.status === "pass" ? paint("green", "pass") : paint("red", "fail");
  const others = verdict.reasons.filter((reason) => !/^[\d,]+ (errors?|warnings?|notes?)$/.test(reason));
  return `${said}: ${[...(others.length === 0 ? [] : [oneLine(others.join(", "))]), foundCounts(findings, "all")].join(" · ")}`;
};
