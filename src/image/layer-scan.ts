import { type TarReader, tarReader } from "./tar.ts";

/** What one layer holds. */
export interface LayerContents {
  /** Sum of the sizes of its regular files; a file with several hard links counts once. */
  readonly diskBytes: number;
}

export interface LayerScan {
  readonly push: TarReader["push"];
  /** Throws a `TarError` when the layer is cut off. */
  readonly end: () => LayerContents;
}

/** Measures a layer while its uncompressed tar archive streams by. */
export const layerScan = (): LayerScan => {
  let diskBytes = 0;
  const reader = tarReader({
    entry: (entry) => {
      diskBytes += entry.size;
    },
  });
  return {
    push: reader.push,
    end: () => {
      reader.end();
      return { diskBytes };
    },
  };
};
