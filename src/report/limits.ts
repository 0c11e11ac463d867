import { diskBytes, type Image, pullBytes } from "../image/image.ts";
import { lineWeights } from "./layers.ts";
import { formatBytes, formatLimit, isNoise } from "./numbers.ts";
import type { Limit, LineSize, SizeBefore } from "./report.ts";

/** What a configuration limits besides the size. */
export interface ConfiguredLimits {
  readonly of: "pull" | "disk";
  readonly maxLayers?: number | undefined;
  /** Bytes that lie in layers and that nobody sees. */
  readonly maxWaste?: number | undefined;
  /** Bytes and percent since the baseline; the larger of the two counts. */
  readonly maxIncrease?: Increase | undefined;
}

export interface Increase {
  readonly bytes?: number | undefined;
  readonly percent?: number | undefined;
}

/** Each limit that can be judged, kept or not. `grownIn`: the line that grew or weighs most. */
export const limitsOf = (
  image: Image,
  before: SizeBefore | undefined,
  grownIn: (of: "pull" | "disk") => LineSize | undefined,
  configured: {
    readonly layers: ConfiguredLimits | undefined;
    readonly waste: ConfiguredLimits | undefined;
    readonly increase: ConfiguredLimits | undefined;
  },
): readonly Limit[] => {
  const { layers, waste, increase } = configured;
  return [
    ...(layers?.maxLayers === undefined
      ? []
      : [limit("layers", layers.maxLayers, image.layers.length, lastLine(image) ?? grownIn("disk"))]),
    ...(waste?.maxWaste === undefined || image.contents === undefined
      ? []
      : [limit("waste", waste.maxWaste, wasteBytes(image), wasteLine(image) ?? grownIn("disk"))]),
    // What another engine or method compressed, is no growth.
    ...(increase?.maxIncrease === undefined ||
    before === undefined ||
    (increase.of === "pull" && before.measuredBy !== undefined)
      ? []
      : [increaseOf(image, before, increase.of, increase.maxIncrease, grownIn(increase.of))]),
  ];
};

export const wasteBytes = ({ contents }: Image): number =>
  (contents?.waste ?? []).reduce((sum, { bytes }) => sum + bytes, 0);

/** `12 layers of at most 10`, `grew by 6.70 MB of at most 5 MB` */
export const limitWords = ({ of, most, actual }: Limit): string => {
  if (of === "layers") return `${actual} layers, at most ${most}`;
  if (of === "pull" || of === "disk")
    return `${formatBytes(actual)} ${of === "pull" ? "to pull" : "on disk"}, at most ${formatLimit(most)}`;
  return `${of === "waste" ? "wastes" : "grew by"} ${formatBytes(actual)}, at most ${formatLimit(most)}`;
};

const limit = (of: Limit["of"], most: number, actual: number, line: LineSize | undefined): Limit => ({
  of,
  most,
  actual,
  isBroken: actual > most,
  line,
});

const increaseOf = (
  image: Image,
  before: SizeBefore,
  of: "pull" | "disk",
  { bytes = 0, percent = 0 }: Increase,
  line: LineSize | undefined,
): Limit => {
  const [past, now] = of === "pull" ? [before.pullBytes, pullBytes(image)] : [before.diskBytes, diskBytes(image)];
  const most = Math.max(bytes, Math.floor((past * percent) / 100));
  return limit("increase", most, isNoise(past, now) ? 0 : Math.max(0, now - past), line);
};

/** The line that made the highest layer. */
const lastLine = (image: Image): LineSize | undefined => lineOf(image, image.layers.length - 1);

/** The line that hides most, or that made what a later one deletes. */
const wasteLine = (image: Image): LineSize | undefined => {
  const [most] = image.contents?.waste ?? [];
  if (most === undefined) return undefined;
  const isFromBase = image.layers[most.layer]?.isBase !== false;
  return lineOf(image, most.kind === "deleted" && !isFromBase ? most.layer : most.hiddenBy);
};

const lineOf = (image: Image, layer: number): LineSize | undefined => {
  const start = image.layers[layer]?.lines?.start;
  const weight = lineWeights(image).find(({ from, line, layer: lowest }) =>
    start === undefined ? from === "line" && lowest === layer + 1 : line === start,
  );
  if (weight === undefined) return undefined;
  return { from: "line", line: weight.line, instruction: weight.instruction, bytes: weight.diskBytes };
};
