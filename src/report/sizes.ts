import { diskBytes, type Image, pullBytes } from "../image/image.ts";
import type { Baseline, BaselineTarget } from "./baseline.ts";
import { lineWeights } from "./layers.ts";
import { type ConfiguredLimits, limitsOf } from "./limits.ts";
import { isNoise } from "./numbers.ts";
import type { Budget, Limit, LineSize, SizeBefore, SizeRow, TargetReport } from "./report.ts";

export interface ConfiguredBudget extends ConfiguredLimits {
  readonly maxBytes?: number | undefined;
}

export interface SizeOptions {
  readonly baseline: Baseline | undefined;
  /** What measures now. */
  readonly engine?: string | undefined;
  /** Those that speak of a target, by its id; the first one with a limit counts for it. */
  readonly budgets: (id: string) => readonly ConfiguredBudget[];
  /** Every target of the repository was planned, so that one only the baseline has is gone. */
  readonly isWhole: boolean;
}

/** One row per target and platform in the order of `targets`; what only the baseline has comes last. */
export const sizeRows = (targets: readonly TargetReport[], options: SizeOptions): readonly SizeRow[] => {
  const measured = targets.flatMap((target) =>
    target.images.length === 0
      ? unmeasuredRows(target, options)
      : target.images.map((image) => measuredRow(target, image, options)),
  );
  return options.isWhole ? [...measured, ...removedRows(targets, options.baseline)] : measured;
};

/** How many lines a row names. */
const namedLines = 3;

const measuredRow = (target: TargetReport, image: Image, options: SizeOptions): SizeRow => {
  const { id, dockerfile, stage } = target.build.target;
  const pull = pullBytes(image);
  const disk = diskBytes(image);
  const before = options.baseline?.targets.find((other) => other.id === id && other.platform === image.platform);
  const isSame = before !== undefined && isNoise(before.pullBytes, pull) && isNoise(before.diskBytes, disk);
  const linesOf = (of: Measure): readonly LineSize[] =>
    before === undefined || isSame ? heaviest(image, of) : changedLines(image, before, of);
  const lines = linesOf("disk");
  const [budget, second] = budgetsOf(id, pull, disk, options, (of) => blamed(linesOf(of)));
  const configured = {
    layers: firstFor(id, options, ({ maxLayers }) => maxLayers !== undefined),
    waste: firstFor(id, options, ({ maxWaste }) => maxWaste !== undefined),
    increase: firstFor(id, options, ({ maxIncrease }) => maxIncrease !== undefined),
  };
  const limits = [
    ...(second?.over ? [overBy(second.over, second)] : []),
    ...limitsOf(image, before && sizeBefore(before, image, options), (of) => grownLine(linesOf(of)), configured),
  ];
  return {
    id,
    dockerfile,
    stage,
    platform: image.platform,
    change: before === undefined ? "new" : isSame ? "same" : "changed",
    pullBytes: pull,
    diskBytes: disk,
    isPullEstimated: image.isPullEstimated,
    before: before && sizeBefore(before, image, options),
    budget,
    ...(limits.length > 0 && { limits }),
    lines: lines.slice(0, namedLines),
  };
};

const sizeBefore = (before: BaselineTarget, image: Image, { baseline, engine }: SizeOptions): SizeBefore => {
  const { pullBytes: pull, diskBytes: disk } = before;
  const isOtherMethod = (before.isPullEstimated ?? false) !== image.isPullEstimated;
  const isOtherEngine = baseline?.engine !== undefined && engine !== undefined && baseline.engine !== engine;
  const measuredBy = isOtherMethod ? "another method" : isOtherEngine ? "another engine" : undefined;
  return { pullBytes: pull, diskBytes: disk, ...(measuredBy === undefined ? {} : { measuredBy }) };
};

const unmeasuredRows = (target: TargetReport, options: SizeOptions): readonly SizeRow[] => {
  const { id, dockerfile, stage, platforms } = target.build.target;
  const before = (options.baseline?.targets ?? []).filter((other) => other.id === id);
  const known = before.length > 0 ? before.map((other) => other.platform) : platforms;
  return (known.length === 0 ? [""] : known).map((platform) => {
    const past = before.find((other) => other.platform === platform);
    return {
      id,
      dockerfile,
      stage,
      platform,
      change: "unknown",
      pullBytes: undefined,
      diskBytes: undefined,
      isPullEstimated: false,
      before: past && { pullBytes: past.pullBytes, diskBytes: past.diskBytes },
      budget: budgetsOf(id, undefined, undefined, options)[0],
      lines: [],
    };
  });
};

const removedRows = (targets: readonly TargetReport[], baseline: Baseline | undefined): readonly SizeRow[] => {
  const now = new Map(targets.map((target) => [target.build.target.id, target]));
  const isGone = ({ id, platform }: BaselineTarget): boolean => {
    const target = now.get(id);
    if (target === undefined) return true;
    return target.images.length > 0 && target.images.every((image) => image.platform !== platform);
  };
  return (baseline?.targets ?? []).filter(isGone).map((gone) => ({
    id: gone.id,
    dockerfile: gone.dockerfile,
    stage: gone.stage,
    platform: gone.platform,
    change: "removed",
    pullBytes: undefined,
    diskBytes: undefined,
    isPullEstimated: false,
    before: { pullBytes: gone.pullBytes, diskBytes: gone.diskBytes },
    budget: undefined,
    lines: [],
  }));
};

/** A pull and a disk budget, the one nearest to its limit first, relative to it. */
const budgetsOf = (
  id: string,
  pull: number | undefined,
  disk: number | undefined,
  options: SizeOptions,
  lineIn: (of: Measure) => LineSize | undefined = () => undefined,
): readonly Budget[] => {
  const budgets = (["disk", "pull"] as const).flatMap((of) => {
    const budget = firstFor(id, options, (each) => each.of === of && each.maxBytes !== undefined);
    return budget?.maxBytes === undefined ? [] : [{ of, maxBytes: budget.maxBytes, size: of === "pull" ? pull : disk }];
  });
  return budgets
    .toSorted((a, b) => (b.size ?? 0) * a.maxBytes - (a.size ?? 0) * b.maxBytes)
    .map(({ of, maxBytes, size }) => {
      const over = size === undefined ? undefined : Math.max(0, size - maxBytes);
      const line = over === undefined || over === 0 ? undefined : lineIn(of);
      return { maxBytes, of, over, ...(line && { line }) };
    });
};

const overBy = (over: number, { of, maxBytes, line }: Budget): Limit => ({
  of,
  most: maxBytes,
  actual: maxBytes + over,
  isBroken: true,
  line,
});

const grownLine = (lines: readonly LineSize[]): LineSize | undefined =>
  lines.find(({ from, bytes }) => from !== "removed" && bytes > 0);

/** What grew most, or where only something else shrank, what changed most. */
const blamed = (lines: readonly LineSize[]): LineSize | undefined => grownLine(lines) ?? lines[0];

const firstFor = (
  id: string,
  { budgets }: SizeOptions,
  has: (budget: ConfiguredBudget) => boolean,
): ConfiguredBudget | undefined => budgets(id).find(has);

type Measure = "pull" | "disk";

const bytesOf = (
  weight: { readonly pullBytes: number | undefined; readonly diskBytes: number },
  of: Measure,
): number => (of === "pull" ? (weight.pullBytes ?? 0) : weight.diskBytes);

const heaviest = (image: Image, of: Measure): readonly LineSize[] =>
  lineWeights(image)
    .map((weight) => ({
      from: weight.from,
      line: weight.line,
      instruction: weight.instruction,
      bytes: bytesOf(weight, of),
    }))
    .filter(({ bytes }) => bytes > 0)
    .toSorted((a, b) => b.bytes - a.bytes);

/**
 * A line is the same as before when it says the same (the nearest such line, for lines that repeat), else when
 * it stands where a line was that is gone: an edited instruction.
 */
const changedLines = (image: Image, before: BaselineTarget, wanted: Measure): readonly LineSize[] => {
  const of = before.lines.some(({ pullBytes: packed }) => packed === undefined) ? "disk" : wanted;
  const past = before.lines.map((line) => ({ ...line, isTaken: false }));
  const take = (fits: (line: (typeof past)[number]) => boolean, near: number | undefined) => {
    const found = past
      .filter((line) => !line.isTaken && fits(line))
      .toSorted((a, b) => Math.abs((a.line ?? 0) - (near ?? 0)) - Math.abs((b.line ?? 0) - (near ?? 0)))[0];
    if (found !== undefined) found.isTaken = true;
    return found;
  };
  const now = lineWeights(image);
  const same = now.map((row) =>
    take((line) => line.from === row.from && (row.from === "base" || line.instruction === row.instruction), row.line),
  );
  const paired = now.map((row, index) => same[index] ?? take((line) => isEdited(line, row), row.line));
  const changes = now.map((weight, index) => {
    const { from, line, instruction } = weight;
    const paid = paired[index];
    return { from, line, instruction, bytes: bytesOf(weight, of) - (paid === undefined ? 0 : bytesOf(paid, of)) };
  });
  const removed = past
    .filter((line) => !line.isTaken)
    .map((line) => ({
      from: "removed" as const,
      line: undefined,
      instruction: line.instruction,
      bytes: -bytesOf(line, of),
    }));
  return [...changes, ...removed]
    .filter(({ bytes }) => !isNoise(0, bytes))
    .toSorted((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes));
};

const isEdited = (
  before: { readonly from: string; readonly line: number | undefined; readonly instruction: string },
  now: { readonly from: string; readonly line: number | undefined; readonly instruction: string },
): boolean =>
  before.from === "line" &&
  now.from === "line" &&
  now.line !== undefined &&
  before.line === now.line &&
  keyword(before.instruction) === keyword(now.instruction);

const keyword = (instruction: string): string => (/^\S+/.exec(instruction)?.[0] ?? "").toUpperCase();
