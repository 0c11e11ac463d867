import { textWidth } from "./escape/terminal.ts";

/** Columns side by side, each as wide as its widest cell; cells are inert text. */
export const alignColumns = (
  rows: readonly (readonly string[])[],
  sides: readonly ("left" | "right")[],
  gap = "   ",
): readonly string[] => {
  const widths = sides.map((_, column) => Math.max(0, ...rows.map((row) => textWidth(row[column] ?? ""))));
  return rows.map((row) =>
    sides
      .map((side, column) => {
        const text = row[column] ?? "";
        const blanks = " ".repeat((widths[column] ?? 0) - textWidth(text));
        return side === "left" ? `${text}${blanks}` : `${blanks}${text}`;
      })
      .join(gap)
      .trimEnd(),
  );
};

/** Breaks inert text at blanks; a word longer than the width stands alone. */
export const wrapWords = (text: string, width: number): readonly string[] => {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" && lines.length > 0 ? lines : [...lines, line];
};
