import { UserError } from "../errors.ts";
import type { Image } from "../image/image.ts";
import type { Finding, LineSize, Report, SecretSearch, SizeRow, TargetReport } from "./report.ts";
import {
  flag,
  list,
  maybe,
  nothingOr,
  object,
  oneOf,
  type Read,
  type Shape,
  safeText,
  text,
  unread,
  wholeNumber,
} from "./strict-json.ts";

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

const most = { files: 5000, findings: 20_000, targets: 2000, layers: 300, lines: 300, notes: 1000 } as const;

const line: Read<number> = wholeNumber(1, 10_000_000);
const bytes: Read<number> = wholeNumber(0);
const severity = oneOf("error", "warning", "note");
const place = { line, column: line, endLine: line, endColumn: line } as const;
const fixShape = object({ title: text, safety: oneOf("safe", "unsafe"), edits: unread });

const findingShape = object({
  rule: text,
  severity,
  path: text,
  ...place,
  message: text,
  fingerprint: text,
  isNew: maybe(flag),
  bytes: maybe(bytes),
  measured: maybe(flag),
  related: maybe(unread),
  fix: maybe(fixShape),
});

const layerShape = object({
  digest: text,
  pullBytes: bytes,
  diskBytes: bytes,
  line: nothingOr(line),
  endLine: nothingOr(line),
  instruction: nothingOr(text),
  base: flag,
});

const failureShape = object({
  message: text,
  line: nothingOr(line),
  endLine: nothingOr(line),
  step: maybe(text),
  log: list(text, most.lines),
});

const targetShape = object({
  id: text,
  dockerfile: text,
  stage: nothingOr(text),
  platform: nothingOr(text),
  status: oneOf("built", "failed", "skipped"),
  pullBytes: nothingOr(bytes),
  diskBytes: nothingOr(bytes),
  pullEstimated: maybe(flag),
  digest: maybe(text),
  layers: list(layerShape, most.layers),
  failure: maybe(failureShape),
  reason: maybe(text),
  measureError: maybe(text),
  contents: maybe(unread),
  milliseconds: bytes,
});

const sizeLineShape = object({
  from: oneOf("line", "base", "removed"),
  line: nothingOr(line),
  instruction: text,
  bytes: wholeNumber(-Number.MAX_SAFE_INTEGER),
});

const limitShape = object({
  of: oneOf("layers", "waste", "increase"),
  most: bytes,
  actual: wholeNumber(-Number.MAX_SAFE_INTEGER),
  broken: flag,
  line: nothingOr(sizeLineShape),
});

const sizeShape = object({
  id: text,
  dockerfile: text,
  stage: nothingOr(text),
  platform: text,
  change: oneOf("new", "changed", "same", "removed", "unknown"),
  pullBytes: nothingOr(bytes),
  diskBytes: nothingOr(bytes),
  isPullEstimated: flag,
  before: nothingOr(
    object({
      pullBytes: bytes,
      diskBytes: bytes,
      measuredBy: maybe(oneOf("another engine", "another method")),
    }),
  ),
  budget: nothingOr(object({ maxBytes: bytes, of: oneOf("pull", "disk"), over: nothingOr(bytes) })),
  limits: maybe(list(limitShape, 10)),
  lines: list(sizeLineShape, most.lines),
});

const secretsShape = object({
  values: bytes,
  forms: bytes,
  bytes,
  images: bytes,
  found: list(object({ id: text, target: text, place: text }), most.lines),
  gaps: maybe(list(text, most.notes)),
  unsearched: maybe(list(object({ id: text, reason: text }), most.notes)),
});

const reportShape = object({
  schemaVersion: oneOf(1),
  version: safeText(/^[\w.+-]{1,40}$/),
  commit: object({
    repository: safeText(/^[\w.-]{1,100}\/[\w.-]{1,100}$/),
    sha: safeText(/^[0-9a-f]{40}([0-9a-f]{24})?$/),
  }),
  verdict: object({ status: oneOf("pass", "fail"), reasons: list(text, 20) }),
  files: list(object({ path: text, error: maybe(text), ignored: bytes }), most.files),
  findings: list(findingShape, most.findings),
  knownFindings: maybe(bytes),
  withdrawn: maybe(unread),
  notes: list(text, most.notes),
  targets: maybe(list(targetShape, most.targets)),
  sizes: maybe(list(sizeShape, most.targets)),
  baseline: maybe(nothingOr(text)),
  baselineFrom: maybe(text),
  engine: maybe(nothingOr(text)),
  secrets: maybe(secretsShape),
  timings: list(object({ part: text, milliseconds: bytes }), 100),
});

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
  budget: budget === null ? undefined : { ...budget, over: budget.over ?? undefined },
  lines: lines.map(lineOf),
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
  const target = {
    id: entry.id,
    dockerfile: entry.dockerfile,
    dockerfileAbsolute: "",
    context: "",
    stageIndex: 0,
    stage: entry.stage ?? undefined,
    span: { start: 0, end: 0 },
    platforms: entry.platform === null ? [] : [entry.platform],
    buildArgs: new Map(),
    buildContexts: new Map(),
    secrets: [],
    ssh: [],
    cacheFrom: [],
    cacheTo: [],
    network: undefined,
    noCache: false,
    pull: false,
  };
  const common = { target, milliseconds: entry.milliseconds, steps: [] };
  if (entry.status === "built") return { ...common, status: "built" };
  if (entry.status === "skipped") return { ...common, status: "skipped", reason: entry.reason ?? "" };
  const { failure } = entry;
  const from = failure?.line ?? undefined;
  return {
    ...common,
    status: "failed",
    failure: {
      message: failure?.message ?? "",
      lines: from === undefined ? undefined : { start: from, end: Math.max(from, failure?.endLine ?? from) },
      log: failure?.log ?? [],
      step: failure?.step,
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
