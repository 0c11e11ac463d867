import { clip, manyLines, oneLine, visibleCharacter } from "./escape/plain.ts";
import { workflowCommand } from "./escape/workflow-command.ts";
import { cutBytes } from "./fit.ts";
import { limitWords } from "./limits.ts";
import { formatBytes, formatLimit, formatPercent, signed } from "./numbers.ts";
import type { Finding, Report, SizeRow } from "./report.ts";
import type { RuleInfo } from "./rule-info.ts";
import { brokenLimits, lineBytes, lineName, targetName, targetOf, worstFirst } from "./words.ts";

/** As GitHub's check runs take it; columns only where start and end are on one line. */
export interface Annotation {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly start_column?: number;
  readonly end_column?: number;
  readonly annotation_level: "notice" | "warning" | "failure";
  readonly title: string;
  readonly message: string;
}

export interface AnnotationOptions {
  /** The least severe findings that are annotated. */
  readonly annotate: "error" | "warning" | "note";
  /** A path as the user knows it, relative to the repository; undefined when it lies outside. */
  readonly repositoryPath: (path: string) => string | undefined;
  readonly rule?: (id: string) => RuleInfo | undefined;
}

/** Worst first: failed builds, budgets, then findings. What lies outside the repository cannot be annotated. */
export const annotations = (report: Report, options: AnnotationOptions): readonly Annotation[] => {
  const order = { failure: 0, warning: 1, notice: 2 };
  const severities = ["error", "warning", "note"].slice(0, ["error", "warning", "note"].indexOf(options.annotate) + 1);
  const findings = worstFirst(report.findings).filter(({ severity }) => severities.includes(severity));
  return [
    ...failureAnnotations(report, options),
    ...report.sizes.flatMap((row) => budgetAnnotation(row, report, options)),
    ...report.sizes.flatMap((row) => limitAnnotations(row, report, options)),
    ...findings.flatMap((finding) => findingAnnotation(finding, options)),
  ].toSorted((a, b) => order[a.annotation_level] - order[b.annotation_level]);
};

/** The runner shows ten of a level for a step and drops the others silently. */
export const workflowCommands = (
  all: readonly Annotation[],
  perLevel = 10,
): { readonly commands: readonly string[]; readonly leftOut: number } => {
  const shown = (["failure", "warning", "notice"] as const).flatMap((level) =>
    all.filter((annotation) => annotation.annotation_level === level).slice(0, perLevel),
  );
  return { commands: shown.map(command), leftOut: all.length - shown.length };
};

const levels = { error: "failure", warning: "warning", note: "notice" } as const;
const names = { failure: "error", warning: "warning", notice: "notice" } as const;

/** GitHub takes 64 KB; the runner cuts a command's message at 4,096 characters. */
const maxMessageBytes = 60_000;
const maxCommandMessage = 4000;
const maxTitle = 255;

const command = (annotation: Annotation): string =>
  workflowCommand(
    names[annotation.annotation_level],
    {
      // A name with control characters is no path that GitHub could show; in the log they would draw.
      file: annotation.path.replace(/(?![\t\n\r])\p{Cc}/gu, visibleCharacter),
      line: annotation.start_line,
      endLine: annotation.end_line,
      col: annotation.start_column,
      endColumn: annotation.end_column,
      title: annotation.title,
    },
    clip(annotation.message, maxCommandMessage),
  );

const findingAnnotation = (finding: Finding, options: AnnotationOptions): readonly Annotation[] => {
  const { place, message, rule: id } = finding;
  const rule = options.rule?.(id);
  const said = oneLine(message);
  const parts = [
    // The title is cut where it is long, and it may not be shown.
    rule === undefined || said.length > maxTitle ? said : plainProse(rule.why),
    finding.fix === undefined ? "" : `Fix: ${oneLine(finding.fix.title)}`,
    ...finding.related.map((related) => `Line ${related.place.line}: ${oneLine(related.message)}`),
    [oneLine(id), rule?.helpUri ?? ""].filter((part) => part !== "").join(" · "),
  ];
  return annotation(
    finding.path,
    {
      start_line: place.line,
      end_line: endLine(place),
      ...(place.line === place.endLine && place.column >= 1 && place.endColumn >= place.column
        ? { start_column: place.column, end_column: place.endColumn }
        : {}),
    },
    levels[finding.severity],
    said,
    parts.filter((part) => part !== "").join("\n"),
    options,
  );
};

/** A span that ends before the first column of a line does not reach into it. */
const endLine = ({ line, endLine: end, endColumn }: Finding["place"]): number =>
  end > line && endColumn <= 1 ? end - 1 : Math.max(line, end);

/** One for each failing step, however many targets need it; what a finding says is annotated as that. */
const failureAnnotations = (report: Report, options: AnnotationOptions): readonly Annotation[] => {
  const seen = new Map<string, { annotation: Annotation; targets: string[] }>();
  for (const { build } of report.targets ?? []) {
    if (build.status !== "failed") continue;
    const { failure, target } = build;
    if (failure.isFinding) continue;
    const lines = failure.lines ?? firstLine(report, target.dockerfile, target.span.start);
    const key = `${target.dockerfile} ${lines.start} ${failure.message}`;
    const known = seen.get(key);
    if (known !== undefined) {
      known.targets.push(targetName(target.id));
      continue;
    }
    const message = [oneLine(failure.message), ...failure.log.slice(-20).map((line) => clip(oneLine(line), 300))];
    const { columns } = failure;
    const place = {
      start_line: lines.start,
      end_line: Math.max(lines.start, lines.end),
      ...(columns && lines.start === lines.end ? { start_column: columns.start, end_column: columns.end } : {}),
    };
    for (const made of annotation(target.dockerfile, place, "failure", "", message.join("\n"), options)) {
      seen.set(key, { annotation: made, targets: [targetName(target.id)] });
    }
  }
  return [...seen.values()].map(({ annotation: made, targets }) => ({
    ...made,
    title: clip(
      oneLine(
        targets.length === 1
          ? `${targets[0]} did not build`
          : `${targets.length} targets did not build: ${targets.join(", ")}`,
      ),
      maxTitle,
    ),
  }));
};

/** On the line that each broken limit names. */
const limitAnnotations = (row: SizeRow, report: Report, options: AnnotationOptions): readonly Annotation[] =>
  brokenLimits(row).flatMap((limit) => {
    const target = targetOf(report, row.id)?.build.target;
    const line = limit.line?.line ?? firstLine(report, row.dockerfile, target?.span.start ?? 0).start;
    return annotation(
      row.dockerfile,
      { start_line: line, end_line: line },
      "failure",
      `${targetName(row.id)} is over a limit: ${limitWords(limit)}`,
      limit.line === undefined ? "" : `${lineName(limit.line)} ${oneLine(limit.line.instruction)}`.trim(),
      options,
    );
  });

/** On the line that grew most, or weighs most. */
const budgetAnnotation = (row: SizeRow, report: Report, options: AnnotationOptions): readonly Annotation[] => {
  const { budget, before, diskBytes, pullBytes } = row;
  if (budget === undefined || budget.over === undefined || budget.over === 0) return [];
  const target = targetOf(report, row.id)?.build.target;
  const blamed = [...(budget.line ? [budget.line] : []), ...row.lines].find(
    ({ line, bytes }) => line !== undefined && bytes > 0,
  );
  const line = blamed?.line ?? firstLine(report, row.dockerfile, target?.span.start ?? 0).start;
  const [now, past] = budget.of === "disk" ? [diskBytes, before?.diskBytes] : [pullBytes, before?.pullBytes];
  const measure = budget.of === "disk" ? "on disk" : "to pull";
  const percent = past === undefined || now === undefined ? undefined : formatPercent(past, now);
  const grown =
    past === undefined || now === undefined || percent === undefined
      ? ""
      : `${signed(now - past)} (${percent}) since ${oneLine(report.baseline ?? "the baseline")}.`;
  const list = row.lines.map((each) =>
    `${lineName(each)} ${oneLine(each.instruction)}: ${lineBytes(each, row)}`.trim(),
  );
  return annotation(
    row.dockerfile,
    { start_line: line, end_line: line },
    "failure",
    `${targetName(row.id)} is over its budget by ${formatBytes(budget.over)}`,
    [
      `${formatBytes(now ?? 0)} ${measure}, the budget is ${formatLimit(budget.maxBytes)}.`,
      grown,
      row.change === "changed" ? "What changed most:" : "What weighs most:",
      ...list,
    ]
      .filter((part) => part !== "")
      .join("\n"),
    options,
  );
};

const firstLine = (report: Report, path: string, offset: number): { start: number; end: number } => {
  const text = report.files.find((file) => file.path === path)?.text ?? "";
  const line = text.slice(0, offset).split("\n").length;
  return { start: line, end: line };
};

const annotation = (
  path: string,
  place: Pick<Annotation, "start_line" | "end_line" | "start_column" | "end_column">,
  level: Annotation["annotation_level"],
  title: string,
  message: string,
  { repositoryPath }: AnnotationOptions,
): readonly Annotation[] => {
  const inside = repositoryPath(path);
  if (inside === undefined || place.start_line < 1) return [];
  return [
    {
      path: inside,
      ...place,
      annotation_level: level,
      title: clip(oneLine(title), maxTitle),
      message: cutBytes(manyLines(message), maxMessageBytes),
    },
  ];
};

/** Annotations show text as it is: the first paragraph, without the marks of a link. */
const plainProse = (markdown: string): string =>
  oneLine(markdown.split(/\n\s*\n/)[0] ?? "").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
