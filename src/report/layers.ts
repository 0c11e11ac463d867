import type { Image, Layer } from "../image/image.ts";

/** The layers of an image by the line that made them. */
export interface LineWeight {
  /** The base image is one row. */
  readonly from: "line" | "base";
  readonly line: number | undefined;
  readonly endLine: number | undefined;
  readonly instruction: string;
  readonly pullBytes: number;
  readonly diskBytes: number;
}

/** From the base to the top; what one line made in several layers is added up. */
export const lineWeights = (image: Image): readonly LineWeight[] => {
  const rows = new Map<string, LineWeight>();
  for (const layer of image.layers) {
    const key = layer.isBase ? "base" : `${layer.lines?.start ?? ""} ${layer.instruction ?? layer.digest}`;
    rows.set(key, add(rows.get(key), layer));
  }
  return [...rows.values()];
};

const add = (row: LineWeight | undefined, layer: Layer): LineWeight => ({
  from: layer.isBase ? "base" : "line",
  line: layer.isBase ? undefined : layer.lines?.start,
  endLine: layer.isBase ? undefined : layer.lines?.end,
  instruction: row?.instruction || layer.instruction || "",
  pullBytes: (row?.pullBytes ?? 0) + layer.pullBytes,
  diskBytes: (row?.diskBytes ?? 0) + layer.diskBytes,
});
