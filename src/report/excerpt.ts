import type { Span } from "../dockerfile/model.ts";
import { type Cell, cells } from "./escape/terminal.ts";
import type { Lines } from "./lines.ts";
import type { Place } from "./report.ts";

export interface ExcerptLine {
  /** Undefined under a source line, and where lines are left out. */
  readonly number: number | undefined;
  readonly text: string;
  readonly kind: "source" | "marks" | "gap";
}

/** A line of source, made inert and taken apart around the words that are meant. */
export interface MarkedLine {
  /** Undefined where lines are left out. */
  readonly number: number | undefined;
  readonly before: string;
  readonly marked: string;
  readonly after: string;
  /** Columns in front of the words, and columns that they take; 0 where nothing is meant. */
  readonly indent: number;
  readonly markedWidth: number;
}

/** The source at `place` with carets under its exact words. */
export const excerpt = (lines: Lines, place: Place, width: number): readonly ExcerptLine[] =>
  markedLines(lines, place, width).flatMap((line): readonly ExcerptLine[] => {
    if (line.number === undefined) return [{ number: undefined, text: "…", kind: "gap" }];
    const text = `${line.before}${line.marked}${line.after}`.trimEnd();
    const marks = `${" ".repeat(line.indent)}${"^".repeat(line.markedWidth)}`;
    return [
      { number: line.number, text, kind: "source" },
      ...(line.markedWidth === 0 ? [] : [{ number: undefined, text: marks, kind: "marks" as const }]),
    ];
  });

/** The source at `place`. `width` is what the source may take; a longer line is cut around the words. */
export const markedLines = (lines: Lines, place: Place, width: number): readonly MarkedLine[] => {
  if (place.line < 1 || place.line > lines.count) return [];
  const last = Math.min(lastLine(place), lines.count);
  const numbers = Array.from({ length: last - place.line + 1 }, (_, index) => place.line + index);
  const shown = numbers.length <= maxLines ? numbers : [...numbers.slice(0, maxLines - 2), undefined, last];
  return shown.map((number) => {
    if (number === undefined) return { number, before: "…", marked: "", after: "", indent: 0, markedWidth: 0 };
    const text = lines.text(number);
    const from = number === place.line ? place.column - 1 : text.length - text.trimStart().length;
    const to = number === place.endLine ? place.endColumn - 1 : text.trimEnd().length;
    return { number, ...markedLine(text, from, to, width) };
  });
};

/** One line of source, cut to `width`, without marks. */
export const sourceLine = (text: string, width: number): string => {
  const { before, marked, after } = markedLine(text, 0, 0, width);
  return `${before}${marked}${after}`.trimEnd();
};

const maxLines = 6;

/** A span that ends before the first column of a line does not reach into it. */
const lastLine = ({ line, endLine, endColumn }: Place): number =>
  endLine > line && endColumn === 1 ? endLine - 1 : Math.max(line, endLine);

const markedLine = (text: string, from: number, to: number, width: number): Omit<MarkedLine, "number"> => {
  const room = Math.max(width, 20);
  // Only the part that can be seen is taken apart: a line may be a megabyte long.
  const start = Math.max(0, from - room * 2);
  const end = Math.min(text.length, from + room * 4);
  const part = cells(text.slice(start, end)).map((cell) => ({ ...cell, offset: cell.offset + start }));
  const view = window(
    { cells: part, isCutBefore: start > 0, isCutAfter: end < text.length },
    { start: from, end: to },
    room,
  );
  const before = view.cells.filter(({ offset }) => offset < from);
  const marked = view.cells.filter(({ offset }) => offset >= from && offset < to);
  const after = view.cells.filter(({ offset }) => offset >= from && offset >= to);
  const isPoint = to <= from && from > 0;
  return {
    before: `${view.isCutBefore ? "…" : ""}${textOf(before)}`,
    marked: textOf(marked),
    after: `${textOf(after)}${view.isCutAfter ? "…" : ""}`,
    indent: (view.isCutBefore ? 1 : 0) + widthOf(before),
    markedWidth: to > from || isPoint ? Math.max(1, widthOf(marked)) : 0,
  };
};

const textOf = (part: readonly Cell[]): string => part.map(({ text }) => text).join("");
const widthOf = (part: readonly Cell[]): number => part.reduce((sum, { width }) => sum + width, 0);

interface View {
  readonly cells: readonly Cell[];
  readonly isCutBefore: boolean;
  readonly isCutAfter: boolean;
}

const window = ({ cells: part, isCutBefore, isCutAfter }: View, words: Span, room: number): View => {
  if (!isCutBefore && !isCutAfter && widthOf(part) <= room) return { cells: part, isCutBefore, isCutAfter };
  const at = part.findIndex(({ offset }) => offset >= words.start);
  let first = at === -1 ? Math.max(0, part.length - 1) : at;
  const until = part.findIndex(({ offset }) => offset >= words.end);
  const span = widthOf(part.slice(first, until === -1 ? undefined : until));
  // The words get a third of the room in front of them, or what they leave over when they are long.
  let before = Math.max(0, Math.min(Math.floor(room / 3), room - 2 - span));
  while (first > 0 && before >= (part[first - 1]?.width ?? 0)) {
    first -= 1;
    before -= part[first]?.width ?? 0;
  }
  // Both ends may need an ellipsis.
  let left = room - 2;
  let last = first;
  while (last < part.length && left >= (part[last]?.width ?? 0)) {
    left -= part[last]?.width ?? 0;
    last += 1;
  }
  // What the end of the line leaves over shows more of what stands in front.
  while (first > 0 && left >= (part[first - 1]?.width ?? 0)) {
    first -= 1;
    left -= part[first]?.width ?? 0;
  }
  return {
    cells: part.slice(first, last),
    isCutBefore: isCutBefore || first > 0,
    isCutAfter: isCutAfter || last < part.length,
  };
};
