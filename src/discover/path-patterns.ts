import { cleanPath, selfAndFolders } from "./paths.ts";

/** Whether patterns speak of a path (with `/`, from the folder that they are relative to). */
export type PathMatcher = (path: string) => boolean;

/**
 * Reads patterns of an ignore file or of `COPY --exclude` as the engine does (moby/patternmatcher): the last one that
 * speaks of a path or of one of its folders decides, and `!` brings back. One that the engine refuses says nothing.
 */
export const pathMatcher = (texts: readonly string[]): PathMatcher => {
  const patterns = texts.flatMap(parsePattern);
  return (path) => {
    if (path.length > longestPath) return false;
    let judged: Judgement = { isMatch: false, matched: new Set() };
    for (const part of selfAndFolders(cleanPath(path))) judged = judge(patterns, part, judged.matched);
    return judged.isMatch;
  };
};

/** PATH_MAX of Linux: a longer text is no path of the context. */
const longestPath = 4096;

interface Judgement {
  readonly isMatch: boolean;
  /** Patterns that hold for everything below as well. */
  readonly matched: ReadonlySet<Pattern>;
}

/**
 * Walks from folder to file like the engine. A pattern that could change nothing for a folder is not tried there, so
 * it does not hold for what is below either: that is the engine's own reading.
 */
const judge = (patterns: readonly Pattern[], path: string, inherited: ReadonlySet<Pattern>): Judgement => {
  const matched = new Set<Pattern>();
  let isMatch = false;
  for (const pattern of patterns) {
    const isTried = pattern.bringsBack === isMatch;
    if (!inherited.has(pattern) && !(isTried && matches(pattern, path))) continue;
    matched.add(pattern);
    isMatch = !pattern.bringsBack;
  }
  return { isMatch, matched };
};

interface Pattern {
  readonly bringsBack: boolean;
  readonly tokens: readonly Token[];
  /** What each match begins with: the text before the first token that stands for several. */
  readonly start: string;
  /** The number of tokens that stand for a character: a shorter path is no match. */
  readonly least: number;
}

type Token =
  | { readonly kind: "character"; readonly character: string }
  /** `?` */
  | { readonly kind: "one" }
  /** `*` */
  | { readonly kind: "some" }
  /** Two asterisks inside a pattern: nothing, or anything that ends with a slash. */
  | { readonly kind: "folders" }
  /** Two asterisks at the end, or a leading pair without a slash behind it. */
  | { readonly kind: "anything" }
  | { readonly kind: "class"; readonly class: RegExp };

const parsePattern = (text: string): readonly Pattern[] => {
  const trimmed = text.trim();
  if (trimmed === "") return [];
  const cleaned = cleanPath(trimmed);
  const bringsBack = cleaned.startsWith("!");
  const read = tokenize(bringsBack ? cleaned.slice(1) : cleaned);
  if (read === undefined) return [];
  // Said twice it means the same, and a pattern of stars alone is as short as what it says.
  const tokens = read.filter((token, at) => !mayBeEmpty(token) || token.kind !== read[at - 1]?.kind);
  const least = tokens.filter((token) => !mayBeEmpty(token)).length;
  return [{ bringsBack, tokens, start: startOf(tokens), least }];
};

const startOf = (tokens: readonly Token[]): string => {
  const end = tokens.findIndex(({ kind }) => kind !== "character");
  const plain = end === -1 ? tokens : tokens.slice(0, end);
  return plain.map((token) => (token.kind === "character" ? token.character : "")).join("");
};

/** Most patterns are left after one look. */
const matches = ({ tokens, start, least }: Pattern, path: string): boolean =>
  path.length >= least && path.startsWith(start) && matchesTokens(tokens, path);

/** Undefined for a pattern that the engine refuses. */
const tokenize = (pattern: string): readonly Token[] | undefined => {
  const characters = [...pattern];
  const tokens: Token[] = [];
  // A pattern of two asterisks in front of plain text is compared with the end of the path alone.
  const isSuffix = pattern.startsWith("**") && !/[*?[\]\\]/.test(pattern.slice(2));
  if (isSuffix && !pattern.startsWith("**/")) return [{ kind: "anything" }, ...literals(pattern.slice(2))];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    if (character === "*" && characters[at + 1] === "*") {
      at += characters[at + 2] === "/" ? 2 : 1;
      tokens.push({ kind: at + 1 === characters.length ? "anything" : "folders" });
    } else if (character === "*") tokens.push({ kind: "some" });
    else if (character === "?") tokens.push({ kind: "one" });
    else if (character === "\\") {
      const escaped = characters[++at];
      if (escaped === undefined) return undefined;
      tokens.push({ kind: "character", character: escaped });
    } else if (character === "[") {
      const found = readClass(characters, at);
      if (found === undefined) return undefined;
      tokens.push(found.token);
      at = found.end;
    } else tokens.push({ kind: "character", character });
  }
  return tokens;
};

const readClass = (
  characters: readonly string[],
  start: number,
): { readonly token: Token; readonly end: number } | undefined => {
  let end = start + (characters[start + 1] === "^" ? 2 : 1);
  while (end < characters.length && characters[end] !== "]") end += characters[end] === "\\" ? 2 : 1;
  if (end >= characters.length || end - start > longestPath) return undefined;
  try {
    return { token: { kind: "class", class: new RegExp(`^${characters.slice(start, end + 1).join("")}$`) }, end };
  } catch {
    return undefined;
  }
};

const literals = (text: string): readonly Token[] => [...text].map((character) => ({ kind: "character", character }));

/**
 * Follows all ways through the pattern at once, so that the time is linear in the path whatever the pattern.
 * State 2n stands before token n; 2n + 1 stands inside the folders that token n eats.
 */
const matchesTokens = (tokens: readonly Token[], path: string): boolean => {
  let states = withSkips(tokens, [0]);
  for (const character of path) {
    states = withSkips(
      tokens,
      [...states].flatMap((state) => step(tokens[state >> 1], state, character)),
    );
    if (states.size === 0) return false;
  }
  return states.has(tokens.length * 2);
};

const step = (token: Token | undefined, state: number, character: string): readonly number[] => {
  const stay = state;
  const next = (state & ~1) + 2;
  switch (token?.kind) {
    case "character":
      return token.character === character ? [next] : [];
    case "class":
      return token.class.test(character) ? [next] : [];
    case "one":
      return character === "/" ? [] : [next];
    case "some":
      return character === "/" ? [] : [stay];
    case "anything":
      return [stay];
    case "folders":
      return character === "/" ? [state | 1, next] : [state | 1];
    case undefined:
      return [];
  }
};

/** Adds the states reached without a character: what may stand for nothing is passed over. */
const withSkips = (tokens: readonly Token[], states: readonly number[]): ReadonlySet<number> => {
  const all = new Set(states);
  for (const state of all) {
    const token = tokens[state >> 1];
    if (state % 2 === 0 && token !== undefined && mayBeEmpty(token)) all.add(state + 2);
  }
  return all;
};

const mayBeEmpty = ({ kind }: Token): boolean => kind === "some" || kind === "anything" || kind === "folders";
