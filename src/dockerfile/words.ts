import { isSpaceAt, skipSpace, skipSpaceBack } from "./white-space.ts";

/** A piece of a joined line; offsets are into that line. `text` may differ from the slice where an escape was dropped. */
export interface Piece {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface SplitLine {
  /** As written. */
  readonly keyword: Piece;
  readonly flags: readonly Piece[];
  /** What follows keyword and flags, without the white space around. */
  readonly rest: Piece;
}

/** Blanks between words of an instruction: `[\t\v\f\r ]`, narrower than white space. */
const isBlankAt = (line: string, at: number): boolean => {
  const code = line.charCodeAt(at);
  return code === 32 || (code >= 9 && code <= 13 && code !== 10);
};

export const piece = (line: string, start: number, end: number): Piece => ({
  text: line.slice(start, end),
  start,
  end,
});

const trimPiece = (line: string, start: number, end: number): Piece => {
  const from = skipSpace(line, start, end);
  return from >= end ? piece(line, end, end) : piece(line, from, skipSpaceBack(line, from, end));
};

/** Keyword, flags and the rest, for a line or the part of it behind ONBUILD. */
export const splitLine = (line: string, escapeCharacter: string, from = 0, to = line.length): SplitLine => {
  const trimmed = trimPiece(line, from, to);
  let end = trimmed.start;
  while (end < trimmed.end && !isBlankAt(line, end)) end++;
  const keyword = piece(line, trimmed.start, end);
  while (end < trimmed.end && isBlankAt(line, end)) end++;
  const { flags, restStart } = readFlags(line, escapeCharacter, end, trimmed.end);
  return { keyword, flags, rest: trimPiece(line, restStart, trimmed.end) };
};

/** `--name=value` words in front, quotes and escapes removed; a bare `--` ends them. */
const readFlags = (
  line: string,
  escapeCharacter: string,
  from: number,
  to: number,
): { readonly flags: readonly Piece[]; readonly restStart: number } => {
  const flags: Piece[] = [];
  let at = from;
  for (;;) {
    at = skipSpace(line, at, to);
    if (at >= to) return { flags, restStart: to };
    if (!line.startsWith("--", at)) return { flags, restStart: at };
    const start = at;
    const parts: string[] = [];
    let quote = "";
    let isBlankAllowed = false;
    for (; at < to; at++) {
      const character = line.charAt(at);
      if (quote === "" && isSpaceAt(line, at)) break;
      if (quote === "" && (character === "'" || character === '"')) {
        quote = character;
        isBlankAllowed = true;
      } else if (character === quote) quote = "";
      else if (character === escapeCharacter) {
        at++;
        if (at < to) parts.push(line.charAt(at));
      } else parts.push(character);
    }
    const text = parts.join("");
    const end = Math.min(at, to);
    if (text === "--") return { flags, restStart: end };
    if (text !== "" || isBlankAllowed) flags.push({ text, start, end });
  }
};

/** Words between blanks, quotes left alone, as FROM, EXPOSE, COPY and ADD read them. */
export const splitBlanks = (rest: Piece): readonly Piece[] => {
  if (rest.text === "") return [];
  const words: Piece[] = [];
  const blanks = /[\t\v\f\r ]+/g;
  let from = 0;
  for (let match = blanks.exec(rest.text); ; match = blanks.exec(rest.text)) {
    const to = match ? match.index : rest.text.length;
    words.push({ text: rest.text.slice(from, to), start: rest.start + from, end: rest.start + to });
    if (!match) return words;
    from = match.index + match[0].length;
  }
};

/** Words as ENV, LABEL and ARG read them: blanks inside quotes and behind an escape do not split. */
export const splitQuoted = (rest: Piece, escapeCharacter: string): readonly Piece[] => {
  const { text } = rest;
  const words: Piece[] = [];
  let at = 0;
  while (at < text.length) {
    at = skipSpace(text, at, text.length);
    if (at >= text.length) break;
    const start = at;
    const parts: string[] = [];
    let quote = "";
    let isQuoted = false;
    for (; at < text.length; at++) {
      const character = text.charAt(at);
      if (quote === "" && isSpaceAt(text, at)) break;
      if (quote === "" && (character === "'" || character === '"')) {
        quote = character;
        isQuoted = true;
      } else if (character === quote) quote = "";
      if (character === escapeCharacter && quote !== "'") {
        if (at + 1 === text.length) {
          quote = "";
          continue;
        }
        parts.push(character);
        at++;
        parts.push(text.charAt(at));
        continue;
      }
      parts.push(character);
    }
    const word = parts.join("");
    if (word !== "" || isQuoted) words.push({ text: word, start: rest.start + start, end: rest.start + at });
  }
  return words;
};

export type JsonArray =
  | { readonly kind: "array"; readonly words: readonly Piece[] }
  | { readonly kind: "not-strings" }
  | { readonly kind: "none" };

/** The exec form: the whole rest must be a JSON array of strings. `text` of a word is decoded, its offsets include the quotes. */
export const readJsonArray = (rest: Piece): JsonArray => {
  const offset = skipSpace(rest.text, 0, rest.text.length);
  // Shell tests begin like arrays, and an exception costs more than all else that is read of a line.
  if (rest.text.charAt(offset) !== "[" || !rest.text.trimEnd().endsWith("]")) return { kind: "none" };
  const text = rest.text.slice(offset);
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    return { kind: "none" };
  }
  if (!Array.isArray(values)) return { kind: "none" };
  if (!values.every((value) => typeof value === "string")) return { kind: "not-strings" };
  const words: Piece[] = [];
  const strings = /"(?:[^"\\]|\\.)*"/g;
  for (const value of values as readonly string[]) {
    const match = strings.exec(text);
    if (!match) break;
    const start = rest.start + offset + match.index;
    words.push({ text: value, start, end: start + match[0].length });
  }
  return { kind: "array", words };
};
