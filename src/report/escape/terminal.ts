import { visibleCharacter } from "./plain.ts";

/** What one character of source text draws in a terminal. */
export interface Cell {
  readonly text: string;
  /** In columns. */
  readonly width: number;
  /** UTF-16 offset in the text. */
  readonly offset: number;
}

/** Every character of a line of source, made inert, with the columns it takes. Tabs are four blanks. */
export const cells = (text: string): readonly Cell[] => {
  const result: Cell[] = [];
  let offset = 0;
  let marks = 0;
  for (const character of text) {
    const isMark = combining.test(character);
    marks = isMark ? marks + 1 : 0;
    if (character === "\t") result.push({ text: "    ", width: 4, offset });
    else if (isMark) result.push({ text: marks > maxMarks ? "" : character, width: 0, offset });
    else {
      const visible = visibleCharacter(character);
      result.push({ text: visible, width: visible === character ? characterWidth(character) : visible.length, offset });
    }
    offset += character.length;
  }
  return result;
};

/** Columns that already inert text takes. */
export const textWidth = (text: string): number => {
  let width = 0;
  for (const character of text)
    width += character === "\u200b" || combining.test(character) ? 0 : characterWidth(character);
  return width;
};

/** Inert text cut to a number of columns. */
export const clipColumns = (text: string, columns: number): string => {
  if (textWidth(text) <= columns) return text;
  let left = columns - 1;
  let kept = "";
  for (const character of text) {
    left -= textWidth(character);
    if (left < 0) break;
    kept += character;
  }
  return `${kept}…`;
};

// More combining marks than any script stacks on one letter would paint over the lines around.
const maxMarks = 4;
const combining = /^[\p{Mn}\p{Me}]$/u;
const wide =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u;

const characterWidth = (character: string): number => (wide.test(character) ? 2 : 1);
