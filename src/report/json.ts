import { diskBytes, type Image, pullBytes } from "../image/image.ts";
import { contentsJson } from "./image-facts.ts";
import { jsonFile, jsonText } from "./json-text.ts";
import { type Lines, linesByPath } from "./lines.ts";
import type { Budget, Finding, Limit, Report, ReportedFile, TargetReport } from "./report.ts";

/** The report for programs, as docs/report.schema.json describes it. */
export const renderJson = (report: Report, commit?: ReportedCommit): string => jsonFile(reportJson(report, commit), 2);

/** The commit on the forge that a report is about. */
export interface ReportedCommit {
  /** `acme/shop` */
  readonly repository: string;
  readonly sha: string;
}

/** Only what a later run compares itself with, as small as it gets; `parseBaseline` reads it. */
export const renderBaseline = (report: Report): string =>
  jsonText({
    schemaVersion,
    version: report.version,
    ...(report.engine === undefined ? {} : { engine: report.engine }),
    targets: targetsJson(report.targets ?? [])
      .filter(({ status, pullBytes: pull }) => status === "built" && pull !== null)
      .map(({ id, dockerfile, stage, platform, status, pullBytes: pull, diskBytes: disk, pullEstimated, layers }) => ({
        id,
        dockerfile,
        stage,
        platform,
        status,
        pullBytes: pull,
        diskBytes: disk,
        ...(pullEstimated === undefined ? {} : { pullEstimated }),
        layers: layers.map(({ pullBytes: packed, diskBytes: bytes, line, instruction, base }) => ({
          pullBytes: packed,
          diskBytes: bytes,
          line,
          instruction,
          base,
        })),
      })),
  });

/** Raised when a program that reads the report would have to change. */
const schemaVersion = 1;

const reportJson = (report: Report, commit: ReportedCommit | undefined) => ({
  schemaVersion,
  version: report.version,
  ...(commit === undefined ? {} : { commit }),
  verdict: report.verdict,
  files: report.files.map(({ path, error, ignored }) => ({ path, ...(error === undefined ? {} : { error }), ignored })),
  findings: findingsJson(report.findings, report.files),
  ...(report.known === undefined ? {} : { knownFindings: report.known.length }),
  ...(report.withdrawn === undefined
    ? {}
    : {
        withdrawn: report.withdrawn.map(({ finding, reason }) => ({
          rule: finding.rule,
          path: finding.path,
          line: finding.place.line,
          reason,
        })),
      }),
  notes: report.notes,
  ...(report.targets === undefined
    ? {}
    : {
        targets: targetsJson(report.targets),
        sizes: report.sizes.map(({ before, budget, limits, stage, pullBytes: pull, diskBytes: disk, ...row }) => ({
          ...row,
          stage: stage ?? null,
          pullBytes: pull ?? null,
          diskBytes: disk ?? null,
          before: before ?? null,
          budget: budget === undefined ? null : budgetJson(budget),
          ...(limits === undefined ? {} : { limits: limits.map(limitJson) }),
          lines: row.lines.map(({ line, ...rest }) => ({ ...rest, line: line ?? null })),
        })),
        baseline: report.baseline ?? null,
        ...(report.baselineFrom === undefined ? {} : { baselineFrom: report.baselineFrom }),
        engine: report.engine ?? null,
      }),
  ...(report.secrets === undefined ? {} : { secrets: report.secrets }),
  timings: report.timings,
});

const budgetJson = ({ line, ...budget }: Budget) => ({
  ...budget,
  over: budget.over ?? null,
  ...(line === undefined ? {} : { line: { ...line, line: line.line ?? null } }),
});

const limitJson = ({ line, isBroken, ...limit }: Limit) => ({
  ...limit,
  broken: isBroken,
  line: line === undefined ? null : { ...line, line: line.line ?? null },
});

const findingsJson = function* (findings: readonly Finding[], files: readonly ReportedFile[]) {
  const lines = linesByPath(files);
  for (const finding of findings)
    yield {
      rule: finding.rule,
      severity: finding.severity,
      path: finding.path,
      ...finding.place,
      message: finding.message,
      fingerprint: finding.fingerprint,
      ...(finding.bytes === undefined ? {} : { bytes: finding.bytes }),
      ...(finding.isMeasured ? { measured: true } : {}),
      ...(finding.isNew === undefined ? {} : { isNew: finding.isNew }),
      ...(finding.related.length === 0
        ? {}
        : { related: finding.related.map(({ place, message }) => ({ ...place, message })) }),
      ...(finding.fix === undefined ? {} : { fix: fixJson(finding.fix, lines(finding.path)) }),
    };
};

const fixJson = ({ title, safety, edits }: NonNullable<Finding["fix"]>, lines: Lines) => ({
  title,
  safety,
  edits: edits.map(({ span, text }) => {
    const start = lines.place(span.start);
    const end = lines.place(span.end);
    return { line: start.line, column: start.column, endLine: end.line, endColumn: end.column, text };
  }),
});

/** One entry per platform; one without sizes for a target that has none. */
const targetsJson = (targets: readonly TargetReport[]) =>
  targets.flatMap((target) => {
    const { build, images } = target;
    if (images.length > 0) return images.map((image) => targetJson(target, image.platform, image));
    const { platforms } = build.target;
    return (platforms.length === 0 ? [null] : platforms).map((platform) => targetJson(target, platform, undefined));
  });

const targetJson = ({ build, measureError }: TargetReport, platform: string | null, image: Image | undefined) => ({
  id: build.target.id,
  dockerfile: build.target.dockerfile,
  stage: build.target.stage ?? null,
  platform,
  status: build.status,
  pullBytes: image === undefined ? null : pullBytes(image),
  diskBytes: image === undefined ? null : diskBytes(image),
  ...(image?.isPullEstimated ? { pullEstimated: true } : {}),
  ...(image === undefined ? {} : { digest: image.digest }),
  ...(image?.contents === undefined ? {} : { contents: contentsJson(image) }),
  layers: (image?.layers ?? []).map((layer) => ({
    digest: layer.digest,
    pullBytes: layer.pullBytes,
    diskBytes: layer.diskBytes,
    line: layer.lines?.start ?? null,
    endLine: layer.lines?.end ?? null,
    instruction: layer.instruction ?? null,
    base: layer.isBase,
  })),
  ...(build.status === "failed" ? { failure: failureJson(build.failure) } : {}),
  ...(build.status === "skipped" ? { reason: build.reason } : {}),
  ...(measureError === undefined ? {} : { measureError }),
  milliseconds: Math.round(build.milliseconds),
});

const failureJson = ({
  message,
  lines,
  log,
  step,
  columns,
  isFinding,
}: Extract<TargetReport["build"], { status: "failed" }>["failure"]) => ({
  message,
  line: lines?.start ?? null,
  endLine: lines?.end ?? null,
  ...(columns && { column: columns.start, endColumn: columns.end }),
  ...(isFinding && { inFindings: true }),
  ...(step === undefined ? {} : { step }),
  log,
});
