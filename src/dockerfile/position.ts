import type { Instruction } from "./model.ts";

/** Offsets at which lines begin, as BuildKit counts lines: only `\n` ends one. */
export const lineStarts = (text: string): readonly number[] => {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
};

/** One-based line and column (UTF-16 units) of an offset. */
export const positionAt = (
  starts: readonly number[],
  offset: number,
): { readonly line: number; readonly column: number } => {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] as number) + 1 };
};

/** The first instruction that ends behind an offset; they stand in order. */
export const firstBehind = (instructions: readonly Instruction[], offset: number): Instruction | undefined => {
  let [low, high] = [0, instructions.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((instructions[middle] as Instruction).span.end > offset) high = middle;
    else low = middle + 1;
  }
  return instructions[low];
};
