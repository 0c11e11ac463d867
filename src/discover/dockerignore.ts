import { cleanPath, selfAndFolders } from "./paths.ts";

/** Whether an ignore file keeps a path (with `/`, from the context's root) out of the build. */
export type IgnoreMatcher = (path: string) => boolean;

/**
 * Reads an ignore file as the engine does (moby/patternmatcher): the last pattern that speaks of a path or of one of
 * its folders decides. A line starting with `#` is a comment only in the first column, and `!` brings back.
 */
export const parseDockerignore = (text: string): IgnoreMatcher => {
  const patterns = text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .flatMap(parseLine);
  return (path) => {
    if (path.length > longestPath) return false;
    let judged: Judgement = { isIgnored: false, matched: new Set() };
    for (const part of selfAndFolders(cleanPath(path))) judged = judge(patterns, part, judged.matched);
    return judged.isIgnored;
  };
};

/** PATH_MAX of Linux: a longer text is no path of the context. */
const longestPath = 4096;

interface Judgement {
  readonly isIgnored: boolean;
  /** Patterns that hold for everything below as well. */
  readonly matched: ReadonlySet<Pattern>;
}

/**
 * Walks from folder to file like the engine. A pattern that could change nothing for a folder is not tried there, so
 * it does not hold for what is below either: that is the engine's own reading.
 */
const judge = (patterns: readonly Pattern[], path: string, inherited: ReadonlySet<Pattern>): Judgement => {
  const matched = new Set<Pattern>();
  let isIgnored = false;
  for (const pattern of patterns) {
    const isTried = pattern.bringsBack === isIgnored;
    if (!inherited.has(pattern) && !(isTried && matches(pattern, path))) continue;
    matched.add(pattern);
    isIgnored = !pattern.bringsBack;
  }
  return { isIgnored, matched };
};

interface Pattern {
  readonly bringsBack: boolean;
  readonly tokens: readonly Token[];
  /** What each match begins with: the text before the first token that stands for several. */
  readonly start: string;
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

const parseLine = (line: string): readonly Pattern[] => {
  if (line.startsWith("#")) return [];
  const trimmed = line.trim();
  const bringsBack = trimmed.startsWith("!");
  const written = bringsBack ? trimmed.slice(1).trim() : trimmed;
  if (written === "") return [];
  const cleaned = cleanPath(written);
  const tokens = tokenize(cleaned.length > 1 && cleaned.startsWith("/") ? cleaned.slice(1) : cleaned);
  return tokens === undefined ? [] : [{ bringsBack, tokens, start: startOf(tokens) }];
};

const startOf = (tokens: readonly Token[]): string => {
  const end = tokens.findIndex(({ kind }) => kind !== "character");
  const plain = end === -1 ? tokens : tokens.slice(0, end);
  return plain.map((token) => (token.kind === "character" ? token.character : "")).join("");
};

/** Most patterns are left after one look. */
const matches = ({ tokens, start }: Pattern, path: string): boolean =>
  path.startsWith(start) && matchesTokens(tokens, path);

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
  if (end >= characters.length) return undefined;
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
    const kind = tokens[state >> 1]?.kind;
    if (state % 2 === 0 && (kind === "some" || kind === "anything" || kind === "folders")) all.add(state + 2);
  }
  return all;
};
