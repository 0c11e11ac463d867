import { type Cell, cells } from "./escape/terminal.ts";
import type { Lines } from "./lines.ts";
import type { Place } from "./report.ts";

export interface ExcerptLine {
  /** Undefined under a source line, and where lines are left out. */
  readonly number: number | undefined;
  readonly text: string;
  readonly kind: "source" | "marks" | "gap";
}

/**
 * The source at `place`, made inert, with carets under its exact words. `width` is what the source itself may
 * take; a longer line is cut around the words.
 */
export const excerpt = (lines: Lines, place: Place, width: number): readonly ExcerptLine[] => {
  if (place.line < 1 || place.line > lines.count) return [];
  const last = Math.min(lastLine(place), lines.count);
  const numbers = Array.from({ length: last - place.line + 1 }, (_, index) => place.line + index);
  const shown = numbers.length <= maxLines ? numbers : [...numbers.slice(0, maxLines - 2), 0, last];
  return shown.flatMap((number): readonly ExcerptLine[] => {
    if (number === 0) return [{ number: undefined, text: "…", kind: "gap" }];
    const text = lines.text(number);
    const from = number === place.line ? place.column - 1 : text.length - text.trimStart().length;
    const to = number === place.endLine ? place.endColumn - 1 : text.trimEnd().length;
    const { source, marks } = markedLine(text, from, to, width);
    return [
      { number, text: source, kind: "source" },
      ...(marks === "" ? [] : [{ number: undefined, text: marks, kind: "marks" as const }]),
    ];
  });
};

/** One line of source, cut to `width`, without marks. */
export const sourceLine = (text: string, width: number): string => markedLine(text, 0, 0, width).source;

const maxLines = 6;

/** A span that ends before the first column of a line does not reach into it. */
const lastLine = ({ line, endLine, endColumn }: Place): number =>
  endLine > line && endColumn === 1 ? endLine - 1 : Math.max(line, endLine);

const markedLine = (text: string, from: number, to: number, width: number): { source: string; marks: string } => {
  const room = Math.max(width, 20);
  // Only the part that can be seen is taken apart: a line may be a megabyte long.
  const start = Math.max(0, from - room * 2);
  const part = cells(text.slice(start, Math.min(text.length, Math.max(from, start) + room * 4))).map((cell) => ({
    ...cell,
    offset: cell.offset + start,
  }));
  const view = window(part, from, to, room, start > 0, text.length);
  let indent = view.isCutBefore ? 1 : 0;
  let marked = 0;
  for (const cell of view.cells) {
    if (cell.offset < from) indent += cell.width;
    else if (cell.offset < to) marked += cell.width;
  }
  const source = `${view.isCutBefore ? "…" : ""}${view.cells.map((cell) => cell.text).join("")}${view.isCutAfter ? "…" : ""}`;
  const isMarked = to > from || (to === from && from > 0);
  return {
    source: source.trimEnd(),
    marks: isMarked || marked > 0 ? `${" ".repeat(indent)}${"^".repeat(Math.max(1, marked))}` : "",
  };
};

interface View {
  readonly cells: readonly Cell[];
  readonly isCutBefore: boolean;
  readonly isCutAfter: boolean;
}

const window = (
  part: readonly Cell[],
  from: number,
  to: number,
  room: number,
  isCutBefore: boolean,
  length: number,
): View => {
  const total = part.reduce((sum, cell) => sum + cell.width, 0);
  const reachesEnd = lastOffset(part) >= length;
  if (!isCutBefore && reachesEnd && total <= room) return { cells: part, isCutBefore: false, isCutAfter: false };
  const at = part.findIndex((cell) => cell.offset >= from);
  let first = at === -1 ? Math.max(0, part.length - 1) : at;
  const until = part.findIndex((cell) => cell.offset >= to);
  const span = part.slice(first, until === -1 ? undefined : until).reduce((sum, cell) => sum + cell.width, 0);
  // The words get a third of the room in front of them, or what they leave over when they are long.
  let before = Math.max(0, Math.min(Math.floor(room / 3), room - 2 - span));
  while (first > 0 && before >= (part[first - 1]?.width ?? 0)) {
    first -= 1;
    before -= part[first]?.width ?? 0;
  }
  const cutBefore = isCutBefore || first > 0;
  let left = room - (cutBefore ? 1 : 0) - 1;
  let last = first;
  while (last < part.length && left >= (part[last]?.width ?? 0)) {
    left -= part[last]?.width ?? 0;
    last += 1;
  }
  return { cells: part.slice(first, last), isCutBefore: cutBefore, isCutAfter: last < part.length || !reachesEnd };
};

const lastOffset = (part: readonly Cell[]): number => {
  const cell = part.at(-1);
  // A cell stands for one or two units; one missing unit is never a whole character.
  return cell === undefined ? Number.POSITIVE_INFINITY : cell.offset + 2;
};
