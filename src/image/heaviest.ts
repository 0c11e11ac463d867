import type { FileBytes } from "./image.ts";

/** Keeps the heaviest files of many, in little memory. */
export interface Heaviest {
  readonly add: (path: string, bytes: number) => void;
  /** Heaviest first; equal ones by path. */
  readonly list: () => readonly FileBytes[];
}

export const heaviest = (count: number): Heaviest => {
  let kept: FileBytes[] = [];
  let floor = 0;
  const trim = (): void => {
    kept = kept.sort(heavierFirst).slice(0, count);
    floor = kept.length === count ? (kept.at(-1)?.bytes ?? 0) : 0;
  };
  return {
    add: (path, bytes) => {
      if (bytes === 0 || bytes < floor) return;
      kept.push({ path, bytes });
      if (kept.length >= 4 * count) trim();
    },
    list: () => {
      trim();
      return kept;
    },
  };
};

const heavierFirst = (a: FileBytes, b: FileBytes): number => b.bytes - a.bytes || (a.path < b.path ? -1 : 1);
