import { isSpace } from "./white-space.ts";

/** `<<EOF` somewhere in an instruction, before its body is read. */
export interface HeredocStart {
  readonly name: string;
  readonly expand: boolean;
  readonly chomp: boolean;
  readonly descriptor: number;
  /** Offsets into the joined line. */
  readonly start: number;
  readonly end: number;
}

interface LexedWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Heredocs that BuildKit finds in a line. It splits the line with its own shell lexer (with `\` as escape
 * whatever the escape directive says) and looks at each word; where the lexer gives up there are none.
 */
export const heredocStarts = (line: string): readonly HeredocStart[] => {
  if (!line.includes("<<")) return [];
  const words = lexWords(line, { rawQuotes: true, rawEscapes: true });
  if (!words) return [];
  return words.flatMap((word) => {
    const start = parseHeredocWord(word.text);
    return start ? [{ ...start, start: word.start, end: word.end }] : [];
  });
};

/** Reads one word as a heredoc, as BuildKit does for the sources of COPY and the whole text of RUN. */
export const parseHeredocWord = (text: string): Omit<HeredocStart, "start" | "end"> | undefined => {
  if (!text.includes("<<")) return undefined;
  const match = /^(\d*)<<(-?)([^<]*)$/.exec(text);
  const rest = match?.[3]?.replace(/^[\t\n\f\r ]+/, "");
  if (!match || !rest) return undefined;
  const words = lexWords(rest, { rawQuotes: false, rawEscapes: false });
  const raw = lexWords(rest, { rawQuotes: true, rawEscapes: false });
  const name = words?.[0]?.text;
  if (words?.length !== 1 || name === undefined) return undefined;
  return {
    name,
    expand: quotes(name) === quotes(raw?.[0]?.text ?? ""),
    chomp: match[2] === "-",
    descriptor: Number(match[1] || 0),
  };
};

const quotes = (text: string): number => text.replace(/[^'"]/g, "").length;

class LexError extends Error {}

/** Of `${name:-…}` in each other; the engine has no limit, and nobody comes near this one. */
const deepest = 100;

/**
 * BuildKit's shell lexer with no variable set: words with their quotes and escapes kept or taken off.
 * Undefined where it reports an error. A `${…}` with a modifier inside a word drops what stood before it in
 * that word, as the engine's lexer does.
 */
const lexWords = (
  source: string,
  options: { readonly rawQuotes: boolean; readonly rawEscapes: boolean },
): readonly LexedWord[] | undefined => {
  let at = 0;
  let rawEscapes = options.rawEscapes;
  let buffer: string[] = [];
  let wordStart = 0;
  let depth = 0;

  const take = (): string => {
    const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
    at += character.length;
    return character;
  };
  const peek = (): string => (at < source.length ? String.fromCodePoint(source.codePointAt(at) ?? 0) : "");

  const singleQuoted = (): string => {
    const close = source.indexOf("'", at + 1);
    if (close === -1) throw new LexError();
    const inner = source.slice(at + 1, close);
    at = close + 1;
    return options.rawQuotes ? `'${inner}'` : inner;
  };

  const doubleQuoted = (): string => {
    const parts = options.rawQuotes ? ['"'] : [];
    at++;
    for (;;) {
      if (at >= source.length) throw new LexError();
      if (peek() === '"') {
        at++;
        if (options.rawQuotes) parts.push('"');
        return parts.join("");
      }
      if (peek() === "$") {
        parts.push(dollar());
        continue;
      }
      let character = take();
      if (character === "\\") {
        if (rawEscapes) parts.push(character);
        if (at >= source.length) continue;
        if (['"', "$", "\\"].includes(peek())) character = take();
      }
      parts.push(character);
    }
  };

  const name = (): string => {
    const rest = source.slice(at, at + 256);
    const found = /^\p{Nd}+/u.exec(rest) ?? /^[@*#?\-$!0]/.exec(rest) ?? /^[\p{L}\p{Nd}_]+/u.exec(rest);
    at += found?.[0].length ?? 0;
    return found?.[0] ?? "";
  };

  const dollar = (): string => {
    at++;
    if (peek() !== "{") return `$${name()}`;
    at++;
    if (at >= source.length || ["{", "}", ":"].includes(peek())) throw new LexError();
    const variable = name();
    let modifier = at < source.length ? take() : "";
    if (modifier === "}") return `\${${variable}}`;
    if (modifier === "/") {
      if (peek() === "/") at++;
      const pattern = until("/", true);
      return `\${${variable}/${pattern}/${until("}", true)}}`;
    }
    let written = modifier;
    if (modifier === ":") {
      modifier = at < source.length ? take() : "";
      written += modifier;
      if (modifier === "#" || modifier === "%") throw new LexError();
    } else if (!["+", "-", "?", "#", "%"].includes(modifier)) throw new LexError();
    return `\${${variable}${written}${until("}", modifier === "#" || modifier === "%")}}`;
  };

  /** Text up to a closing character; the word in progress is lost, as in the engine. */
  const until = (stop: string, raw: boolean): string => {
    if (depth === deepest) throw new LexError();
    depth++;
    const outer = rawEscapes;
    rawEscapes = raw;
    buffer = [];
    const text = scan(stop).text;
    buffer = [];
    rawEscapes = outer;
    depth--;
    return text;
  };

  const scan = (stop: string): { readonly text: string; readonly words: readonly LexedWord[] } => {
    const words: LexedWord[] = [];
    const result: string[] = [];
    let isInWord = false;
    const addRaw = (text: string, from: number): void => {
      if (!isInWord) wordStart = from;
      isInWord = true;
      buffer.push(text);
    };
    const add = (character: string, from: number): void => {
      if (!isSpace(character)) {
        addRaw(character, from);
        return;
      }
      if (!isInWord || buffer.length === 0) return;
      words.push({ text: buffer.join(""), start: wordStart, end: from });
      buffer = [];
      isInWord = false;
    };
    while (at < source.length) {
      const from = at;
      const character = peek();
      if (stop !== "" && character === stop) {
        at += stop.length;
        return { text: result.join(""), words };
      }
      if (character === "'" || character === '"') {
        const text = character === "'" ? singleQuoted() : doubleQuoted();
        result.push(text);
        addRaw(text, from);
      } else if (character === "$") {
        const text = dollar();
        result.push(text);
        for (const part of text) add(part, from);
      } else if (character === "<") {
        const text = possibleHeredoc();
        result.push(text);
        addRaw(text, from);
      } else if (take() === "\\") {
        if (rawEscapes) {
          addRaw("\\", from);
          result.push("\\");
        }
        if (at >= source.length) break;
        const escaped = take();
        addRaw(escaped, from);
        result.push(escaped);
      } else {
        add(character, from);
        result.push(character);
      }
    }
    if (stop !== "") throw new LexError();
    if (buffer.length > 0) words.push({ text: buffer.join(""), start: wordStart, end: at });
    return { text: result.join(""), words };
  };

  const possibleHeredoc = (): string => {
    const from = at;
    at++;
    if (peek() !== "<") return "<";
    at++;
    while (peek() === " " || peek() === "\t") at++;
    return source.slice(from, at);
  };

  try {
    return scan("").words;
  } catch (error) {
    if (error instanceof LexError) return undefined;
    throw error;
  }
};
