import type { Image, Layer } from "../image/image.ts";

/** The layers of an image by the line that made them. */
export interface LineWeight {
  /** The base image is one row. */
  readonly from: "line" | "base";
  readonly line: number | undefined;
  readonly endLine: number | undefined;
  /** The lowest layer it made, one-based as people count. */
  readonly layer: number;
  readonly instruction: string;
  readonly pullBytes: number;
  readonly diskBytes: number;
}

/** From the base to the top; what one line made in several layers is added up. */
export const lineWeights = (image: Image): readonly LineWeight[] => {
  const rows = new Map<string, LineWeight>();
  for (const [index, layer] of image.layers.entries()) {
    const start = layer.lines?.start;
    // Without lines nobody knows that two layers come from one instruction.
    const key = layer.isBase ? "base" : start === undefined ? `layer ${index}` : `${start} ${layer.instruction}`;
    rows.set(key, add(rows.get(key), layer, index + 1));
  }
  return [...rows.values()];
};

/** What a table calls a row: `base`, its line, or `layer 3` where nobody knows the line. */
export const weightName = ({ from, line, layer }: LineWeight): string =>
  from === "base" ? "base" : line === undefined ? `layer ${layer}` : String(line);

const add = (row: LineWeight | undefined, layer: Layer, number: number): LineWeight => ({
  from: layer.isBase ? "base" : "line",
  line: layer.isBase ? undefined : layer.lines?.start,
  endLine: layer.isBase ? undefined : layer.lines?.end,
  layer: row?.layer ?? number,
  instruction: row?.instruction || layer.instruction || "",
  pullBytes: (row?.pullBytes ?? 0) + layer.pullBytes,
  diskBytes: (row?.diskBytes ?? 0) + layer.diskBytes,
});
