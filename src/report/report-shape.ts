import {
  flag,
  list,
  maybe,
  nothingOr,
  object,
  oneOf,
  type Read,
  safeText,
  text,
  unread,
  wholeNumber,
} from "./strict-json.ts";

// What the file of a report may hold, and how much of it.

const most = { files: 5000, findings: 20_000, targets: 2000, layers: 300, lines: 300, notes: 1000 } as const;

const line: Read<number> = wholeNumber(1, 10_000_000);
const bytes: Read<number> = wholeNumber(0);
const severity = oneOf("error", "warning", "note");
const place = { line, column: line, endLine: line, endColumn: line } as const;
const fixShape = object({ title: text, safety: oneOf("safe", "unsafe"), edits: unread });

export const findingShape = object({
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
  column: maybe(line),
  endColumn: maybe(line),
  inFindings: maybe(flag),
  step: maybe(text),
  log: list(text, most.lines),
});

export const targetShape = object({
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

export const sizeLineShape = object({
  from: oneOf("line", "base", "removed"),
  line: nothingOr(line),
  instruction: text,
  bytes: wholeNumber(-Number.MAX_SAFE_INTEGER),
});

export const limitShape = object({
  of: oneOf("layers", "waste", "increase", "pull", "disk"),
  most: bytes,
  actual: wholeNumber(-Number.MAX_SAFE_INTEGER),
  broken: flag,
  line: nothingOr(sizeLineShape),
});

export const sizeShape = object({
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
  budget: nothingOr(
    object({ maxBytes: bytes, of: oneOf("pull", "disk"), over: nothingOr(bytes), line: maybe(sizeLineShape) }),
  ),
  limits: maybe(list(limitShape, 10)),
  lines: list(sizeLineShape, most.lines),
});

export const secretsShape = object({
  values: bytes,
  forms: bytes,
  bytes,
  images: bytes,
  found: list(object({ id: text, target: text, place: text }), most.lines),
  gaps: maybe(list(text, most.notes)),
  unsearched: maybe(list(object({ id: text, reason: text }), most.notes)),
});

export const reportShape = object({
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
