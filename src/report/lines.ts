/** The lines of a text, one-based, without scanning it again for every finding. */
export interface Lines {
  readonly count: number;
  /** Without its line break; empty for a line that is not there. */
  readonly text: (line: number) => string;
  readonly place: (offset: number) => { readonly line: number; readonly column: number };
}

export const linesOf = (text: string): Lines => {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const lineText = (line: number): string => {
    const start = starts[line - 1];
    if (start === undefined) return "";
    const end = (starts[line] ?? text.length + 1) - 1;
    return text.slice(start, end > start && text[end - 1] === "\r" ? end - 1 : end);
  };
  const place = (offset: number): { line: number; column: number } => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
  return { count: starts.length, text: lineText, place };
};
