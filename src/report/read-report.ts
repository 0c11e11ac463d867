import { namedTarget } from "../build/target.ts";
import { UserError } from "../errors.ts";
import type { Image } from "../image/image.ts";
import type { Budget, Finding, LineSize, Report, SecretSearch, SizeRow, TargetReport } from "./report.ts";
import {
  type findingShape,
  type limitShape,
  reportShape,
  type secretsShape,
  type sizeLineShape,
  type sizeShape,
  type targetShape,
} from "./report-shape.ts";
import type { Shape } from "./strict-json.ts";

/** A report that somebody else may have written, with what it says of its own origin. */
export interface ForeignReport {
  readonly report: Report;
  readonly commit: { readonly repository: string; readonly sha: string };
}

/**
 * Reads a report file of the same version as if an enemy had written it: every field is known, of its type and of
 * bounded size, or the file is refused. Texts stay what they are; whoever renders them makes them harmless.
 */
export const readReport = (json: string): ForeignReport => {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The parser's own message quotes the text, which may be anything.
    throw new UserError("report-from: the file is not JSON.");
  }
  const read = reportShape(value, "the report");
  const { commit, files, findings, targets, sizes, baseline, baselineFrom, engine, secrets, ...rest } = read;
  return {
    commit,
    report: {
      version: rest.version,
      verdict: rest.verdict,
      files: files.map((file) => ({ path: file.path, text: "", error: file.error, ignored: file.ignored })),
      findings: findings.map(findingOf),
      targets: targets && targetsOf(targets),
      sizes: (sizes ?? []).map(sizeOf),
      baseline: baseline ?? undefined,
      baselineFrom,
      engine: engine ?? undefined,
      ...(secrets === undefined ? {} : { secrets: secretsOf(secrets) }),
      notes: rest.notes,
      timings: rest.timings,
    },
  };
};

const findingOf = ({ line: from, column, endLine, endColumn, ...finding }: Shape<typeof findingShape>): Finding => ({
  rule: finding.rule,
  severity: finding.severity,
  path: finding.path,
  span: { start: 0, end: 0 },
  place: { line: from, column, endLine, endColumn },
  message: finding.message,
  related: [],
  fix: finding.fix === undefined ? undefined : { title: finding.fix.title, safety: finding.fix.safety, edits: [] },
  fingerprint: finding.fingerprint,
  ...(finding.isNew === undefined ? {} : { isNew: finding.isNew }),
  ...(finding.bytes === undefined ? {} : { bytes: finding.bytes }),
  ...(finding.measured === true ? { isMeasured: true } : {}),
});

const secretsOf = ({ gaps, unsearched, ...search }: Shape<typeof secretsShape>): SecretSearch => ({
  ...search,
  ...(gaps === undefined ? {} : { gaps }),
  ...(unsearched === undefined ? {} : { unsearched }),
});

const lineOf = (one: Shape<typeof sizeLineShape>): LineSize => ({ ...one, line: one.line ?? undefined });

const limitOf = ({ broken, line: where, ...limit }: Shape<typeof limitShape>) => ({
  ...limit,
  isBroken: broken,
  line: where === null ? undefined : lineOf(where),
});

const sizeOf = ({
  stage,
  pullBytes,
  diskBytes,
  before,
  budget,
  limits,
  lines,
  ...row
}: Shape<typeof sizeShape>): SizeRow => ({
  ...row,
  ...(limits === undefined ? {} : { limits: limits.map(limitOf) }),
  stage: stage ?? undefined,
  pullBytes: pullBytes ?? undefined,
  diskBytes: diskBytes ?? undefined,
  before:
    before === null
      ? undefined
      : {
          pullBytes: before.pullBytes,
          diskBytes: before.diskBytes,
          ...(before.measuredBy === undefined ? {} : { measuredBy: before.measuredBy }),
        },
  budget: budget === null ? undefined : budgetOf(budget),
  lines: lines.map(lineOf),
});

const budgetOf = ({ over, line, ...budget }: NonNullable<Shape<typeof sizeShape>["budget"]>): Budget => ({
  ...budget,
  over: over ?? undefined,
  ...(line === undefined ? {} : { line: lineOf(line) }),
});

/** The file has an entry for each platform. */
const targetsOf = (entries: readonly Shape<typeof targetShape>[]): readonly TargetReport[] =>
  [...Map.groupBy(entries, ({ id }) => id).values()].flatMap((platforms) => {
    const [first] = platforms;
    return first === undefined
      ? []
      : [
          {
            build: buildOf(first),
            images: platforms.flatMap(imageOf),
            measureError: first.measureError,
          },
        ];
  });

const buildOf = (entry: Shape<typeof targetShape>): TargetReport["build"] => {
  const target = namedTarget({
    id: entry.id,
    dockerfile: entry.dockerfile,
    dockerfileAbsolute: "",
    stage: entry.stage ?? undefined,
    platforms: entry.platform === null ? [] : [entry.platform],
  });
  const common = { target, milliseconds: entry.milliseconds, steps: [] };
  if (entry.status === "built") return { ...common, status: "built" };
  if (entry.status === "skipped") return { ...common, status: "skipped", reason: entry.reason ?? "" };
  const { failure } = entry;
  const from = failure?.line ?? undefined;
  const { column, endColumn } = failure ?? {};
  return {
    ...common,
    status: "failed",
    failure: {
      message: failure?.message ?? "",
      lines: from === undefined ? undefined : { start: from, end: Math.max(from, failure?.endLine ?? from) },
      log: failure?.log ?? [],
      step: failure?.step,
      ...(column !== undefined && endColumn !== undefined && column < endColumn
        ? { columns: { start: column, end: endColumn } }
        : {}),
      ...(failure?.inFindings ? { isFinding: true } : {}),
    },
  };
};

const imageOf = (entry: Shape<typeof targetShape>): readonly Image[] =>
  entry.pullBytes === null || entry.platform === null
    ? []
    : [
        {
          digest: entry.digest ?? "",
          platform: entry.platform,
          isPullEstimated: entry.pullEstimated ?? false,
          config: { user: "", hasHealthcheck: false, labels: {}, exposedPorts: [], entrypoint: [], cmd: [] },
          layers: entry.layers.map((layer) => ({
            digest: layer.digest,
            pullBytes: layer.pullBytes,
            diskBytes: layer.diskBytes,
            lines: layer.line === null ? undefined : { start: layer.line, end: layer.endLine ?? layer.line },
            instruction: layer.instruction ?? undefined,
            isBase: layer.base,
          })),
        },
      ];
