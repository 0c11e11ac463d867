import type { Severity } from "../rules/rule.ts";
import { clip, manyLines, oneLine } from "./escape/plain.ts";
import { jsonFile } from "./json-text.ts";
import { type Lines, linesByPath } from "./lines.ts";
import type { Finding, Place, Report } from "./report.ts";
import type { RuleInfo } from "./rule-info.ts";
import { worstFirst } from "./words.ts";

export interface SarifOptions {
  readonly rules: readonly RuleInfo[];
  /** A path as the user knows it, relative to the repository; undefined when it lies outside. */
  readonly repositoryPath: (path: string) => string | undefined;
  /** Tells several uses of the action on one commit apart; GitHub refuses two files of one category. */
  readonly category?: string;
  readonly informationUri?: string;
}

/** SARIF 2.1.0 within what GitHub's code scanning reads and how much of it. */
export const renderSarif = (report: Report, options: SarifOptions): string => {
  const findings = worstFirst(report.findings).slice(0, maxResults);
  const rules = usedRules(findings, options.rules);
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "docker-hygiene",
            version: report.version,
            ...(options.informationUri === undefined ? {} : { informationUri: options.informationUri }),
            rules: rules.map(ruleJson),
          },
        },
        automationDetails: { id: `docker-hygiene/${uriPart(options.category ?? "default")}/` },
        columnKind: "utf16CodeUnits",
        invocations: [{ executionSuccessful: true, toolExecutionNotifications: unread(report, options) }],
        results: resultsJson(findings, rules, report, options),
      },
    ],
  };
  return jsonFile(log, 1);
};

const resultsJson = (
  findings: readonly Finding[],
  rules: readonly RuleInfo[],
  report: Report,
  options: SarifOptions,
) => {
  const index = new Map(rules.map(({ id }, position) => [id, position]));
  const lines = linesByPath(report.files);
  const occurrences = new Map<string, number>();
  return findings.map((finding) => {
    const { rule, severity, message, path, place, related, fingerprint } = finding;
    const occurrence = (occurrences.get(`${path} ${fingerprint}`) ?? 0) + 1;
    occurrences.set(`${path} ${fingerprint}`, occurrence);
    return {
      ruleId: ruleId(rule),
      ruleIndex: index.get(ruleId(rule)) ?? 0,
      level: severity,
      message: { text: sentence(message) },
      locations: [location(path, place, options)],
      ...(related.length === 0 ? {} : { relatedLocations: relatedJson(finding, options) }),
      // The same words twice in one file are two alerts.
      partialFingerprints: { primaryLocationLineHash: `${oneLine(fingerprint)}:${occurrence}` },
      ...(finding.fix === undefined ? {} : { fixes: [fix(finding, finding.fix, lines(path), options)] }),
    };
  });
};

const relatedJson = ({ path, related }: Finding, options: SarifOptions) =>
  related.slice(0, maxRelated).map(({ place, message }, index) => ({
    id: index + 1,
    ...location(path, place, options),
    message: { text: sentence(message) },
  }));

/** GitHub takes 25,000 results of a run and 100 locations of a result. */
const maxResults = 25_000;
const maxRelated = 100;
const maxDescription = 1024;

/** How bad it is when the rule is right, as CVSS counts; makes the finding a security alert. */
const securitySeverity: Readonly<Record<string, string>> = {
  "account-password-in-run": "8.0",
  "literal-credential": "8.0",
  "secret-file-copied": "8.0",
  "secret-file-in-image": "8.0",
  "secret-value-in-image": "8.0",
  "secret-written-to-layer": "8.0",
  "buildkit/SecretsUsedInArgOrEnv": "7.0",
  "clear-text-script-execution": "7.0",
  "disabled-signature-check": "7.0",
  "disabled-tls-verification": "7.0",
  "remote-script-piped-to-shell": "7.0",
  "secret-in-arg-or-env": "7.0",
  "clear-text-download": "5.5",
  "unchecked-remote-add": "5.5",
  "unverified-download": "5.5",
  "missing-user": "5.0",
  "root-user": "5.0",
  "unsandboxed-run": "5.0",
};

/** A rule that nothing is known of, because another engine found it, is described by its id. */
const usedRules = (findings: readonly Finding[], rules: readonly RuleInfo[]): readonly RuleInfo[] => {
  const known = new Map(rules.map((rule) => [rule.id, rule]));
  const severities = new Map<string, Severity>();
  for (const { rule, severity } of findings) if (!severities.has(rule)) severities.set(rule, severity);
  return [...severities]
    .map(([id, severity]) => known.get(id) ?? { id, summary: id, why: id, severity, helpUri: undefined })
    .map((rule) => ({ ...rule, id: ruleId(rule.id) }));
};

const ruleJson = ({ id, summary, why, severity, helpUri }: RuleInfo) => {
  const security = securitySeverity[id];
  const text = manyLines(why).trim() || id;
  return {
    id,
    name: id,
    shortDescription: { text: clip(sentence(summary), maxDescription) },
    fullDescription: { text: clip(sentence(text), maxDescription) },
    help: { text, markdown: helpUri === undefined ? text : `${text}\n\n[More about ${id}](${helpUri})` },
    ...(helpUri === undefined ? {} : { helpUri }),
    defaultConfiguration: { level: severity },
    properties: {
      tags: ["docker", ...(security === undefined ? [] : ["security"])],
      precision: "high",
      "problem.severity": severity === "note" ? "recommendation" : severity,
      ...(security === undefined ? {} : { "security-severity": security }),
    },
  };
};

const location = (path: string, place: Place, options: SarifOptions) => ({
  physicalLocation: { artifactLocation: { uri: uri(path, options) }, region: region(place) },
});

const region = ({ line, column, endLine, endColumn }: Place) => ({
  startLine: Math.max(1, line),
  startColumn: Math.max(1, column),
  endLine: Math.max(1, line, endLine),
  endColumn: Math.max(1, endLine > line ? endColumn : Math.max(column, endColumn)),
});

const fix = (finding: Finding, { title, edits }: NonNullable<Finding["fix"]>, lines: Lines, options: SarifOptions) => ({
  description: { text: sentence(title) },
  artifactChanges: [
    {
      artifactLocation: { uri: uri(finding.path, options) },
      replacements: edits.map(({ span, text }) => {
        const start = lines.place(span.start);
        const end = lines.place(span.end);
        return {
          deletedRegion: region({ ...start, endLine: end.line, endColumn: end.column }),
          ...(text === "" ? {} : { insertedContent: { text } }),
        };
      }),
    },
  ],
});

const unread = (report: Report, options: SarifOptions) =>
  report.files.flatMap(({ path, error }) =>
    error === undefined
      ? []
      : [
          {
            level: "error",
            message: { text: sentence(error) },
            locations: [{ physicalLocation: { artifactLocation: { uri: uri(path, options) } } }],
          },
        ],
  );

/** Relative to the repository, as GitHub wants it; a file outside it has only its own address. */
const uri = (path: string, { repositoryPath }: SarifOptions): string => {
  const inside = repositoryPath(path);
  if (inside !== undefined) return inside.split("/").map(uriPart).join("/");
  return `file://${path.startsWith("/") ? "" : "/"}${path.split("/").map(uriPart).join("/")}`;
};

const uriPart = (text: string): string => encodeURIComponent(text.toWellFormed());

const ruleId = (id: string): string => clip(oneLine(id), 255);

/** GitHub shows the first sentence of a message as a title and needs words in every text. */
const sentence = (text: string): string => clip(oneLine(text).trim() || "(no text)", 4000);
