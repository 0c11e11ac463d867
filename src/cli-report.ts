import { importedCheck } from "./audit/imported-checks.ts";
import type { Target } from "./build/target.ts";
import { severityOf } from "./cli-rules.ts";
import { annotations, workflowCommands } from "./report/annotations.ts";
import { renderHtml } from "./report/html.ts";
import { renderJson } from "./report/json.ts";
import { renderMarkdown } from "./report/markdown.ts";
import type { Paint } from "./report/paint.ts";
import type { Report } from "./report/report.ts";
import type { RuleInfo } from "./report/rule-info.ts";
import { renderSarif } from "./report/sarif.ts";
import { renderFindings, renderMeasured, renderResults, renderText } from "./report/text.ts";
import { rules } from "./rules/registry.ts";
import type { Rule } from "./rules/rule.ts";
import { version } from "./version.ts";

export const formats = ["text", "json", "markdown", "html", "github", "sarif"] as const;
export type Format = (typeof formats)[number];

export interface ReportStyle {
  readonly paint: Paint;
  readonly width: number;
  readonly verbosity: "quiet" | "normal" | "verbose";
}

/** The report in one of its forms. */
export const renderReport = (report: Report, format: Format, style: ReportStyle): string => {
  switch (format) {
    case "text":
      return renderText(report, { ...style, rule: ruleInfo });
    case "json":
      return renderJson(report);
    case "markdown":
      return renderMarkdown(report, { rule: ruleInfo });
    case "html":
      return renderHtml(report, { rule: ruleInfo });
    case "github":
      return githubText(report);
    case "sarif":
      return renderSarif(report, { rules: ruleInfosOf(report), repositoryPath: (path) => path });
  }
};

/** What is known before the builds; {@link renderRest} is what comes after. */
export const renderAudited = (
  audited: Pick<Report, "files" | "findings">,
  targets: readonly Target[],
  engine: string,
  style: ReportStyle,
): string => {
  const planned = targets.map((target) => ({
    build: { target, status: "skipped", reason: "", milliseconds: 0, steps: [] } as const,
    images: [],
    measureError: undefined,
  }));
  return renderFindings({ ...audited, version, targets: planned, engine }, { ...style, rule: ruleInfo });
};

export const renderRest = (report: Report, style: ReportStyle): string => {
  const options = { ...style, rule: ruleInfo };
  return `\n${renderMeasured(report, options)}${renderResults(report, options)}`;
};

/** A log shows ten commands of a level; how many it does not show is said. */
const githubText = (report: Report): string => {
  const all = annotations(report, { annotate: "note", repositoryPath: (path) => path, rule: ruleInfo });
  const { commands, leftOut } = workflowCommands(all);
  const rest = leftOut === 0 ? [] : [`${leftOut} more are not annotated, because a step shows ten of each level`];
  return [...commands, ...rest].map((line) => `${line}\n`).join("");
};

export const ruleInfo = (id: string): RuleInfo | undefined => {
  const rule = rules.find((one) => one.id === id);
  return rule ? asInfo(rule) : importedInfo(id);
};

/** What SARIF tells of rules: all of ours, and those of other engines that found something. */
export const ruleInfosOf = ({ findings }: Pick<Report, "findings">): readonly RuleInfo[] => [
  ...rules.map(asInfo),
  ...[...new Set(findings.map(({ rule }) => rule))].flatMap((id) => importedInfo(id) ?? []),
];

const importedInfo = (id: string): RuleInfo | undefined => {
  const check = /^(shellcheck|buildkit)\//.test(id) ? importedCheck(id) : undefined;
  return check && { ...check, severity: severityOf({ level: check }), helpUri: check.url };
};

const asInfo = (rule: Rule): RuleInfo => ({
  id: rule.id,
  summary: rule.summary,
  why: rule.why,
  severity: severityOf(rule),
  helpUri: helpUri(rule.id),
});

const helpUri = (id: string): string =>
  `https://github.com/docker-hygiene/docker-hygiene/blob/main/docs/rules.md#${id}`;
