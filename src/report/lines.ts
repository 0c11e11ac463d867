import { lineStarts, positionAt } from "../dockerfile/position.ts";

/** The lines of a text, one-based, without scanning it again for every finding. */
export interface Lines {
  readonly count: number;
  /** Without its line break; empty for a line that is not there. */
  readonly text: (line: number) => string;
  readonly place: (offset: number) => { readonly line: number; readonly column: number };
}

export const linesOf = (text: string): Lines => {
  const starts = lineStarts(text);
  const lineText = (line: number): string => {
    const start = starts[line - 1];
    if (start === undefined) return "";
    const end = (starts[line] ?? text.length + 1) - 1;
    return text.slice(start, end > start && text[end - 1] === "\r" ? end - 1 : end);
  };
  return { count: starts.length, text: lineText, place: (offset) => positionAt(starts, offset) };
};

/** The lines of each file, read when they are first asked for. */
export const linesByPath = (
  files: readonly { readonly path: string; readonly text: string }[],
): ((path: string) => Lines) => {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const read = new Map<string, Lines>();
  return (path) => {
    const lines = read.get(path) ?? linesOf(texts.get(path) ?? "");
    read.set(path, lines);
    return lines;
  };
};
