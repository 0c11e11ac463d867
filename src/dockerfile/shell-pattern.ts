/** Which of the lengths that a `*` may have counts. */
export type Preference = "longest" | "shortest";

/** `${name#pattern}`: undefined where BuildKit refuses the pattern, or it and the value are too long to compare. */
export const withoutPrefix = (value: string, pattern: string, prefers: Preference): string | undefined =>
  rest([...value], parse(pattern), prefers)?.join("");

/** `${name%pattern}`, see {@link withoutPrefix}. */
export const withoutSuffix = (value: string, pattern: string, prefers: Preference): string | undefined =>
  rest([...value].toReversed(), parse(pattern)?.toReversed(), prefers)
    ?.toReversed()
    .join("");

/** `${name/pattern/replacement}`, and `${name//pattern/replacement}` for all matches; see {@link withoutPrefix}. */
export const withReplacement = (
  value: string,
  pattern: string,
  { replacement, isGlobal }: { readonly replacement: string; readonly isGlobal: boolean },
): string | undefined => {
  // BuildKit fills in `$1` and the like when it replaces all, which nobody writes.
  if (isGlobal && (replacement.includes("$") || value.length * replacement.length > largestTable)) return undefined;
  const characters = [...value];
  const ends = matchEnds(characters, parse(pattern), "longest");
  if (ends === undefined) return undefined;
  const parts: string[] = [];
  let [at, last] = [0, -1];
  for (; at <= characters.length; at++) {
    const end = ends[at] as number;
    // An empty match right behind another one does not count.
    if (end !== -1 && !(end === at && last === at)) {
      parts.push(replacement);
      if (!isGlobal) return [...parts, ...characters.slice(end)].join("");
      last = end;
    }
    if (end > at) at = end - 1;
    else parts.push(characters[at] ?? "");
  }
  return parts.join("");
};

/** A hundred characters of a pattern, or of a replacement, for ten thousand of a value. */
const largestTable = 1_000_000;

const any = Symbol("*");
const one = Symbol("?");
type Part = string | typeof any | typeof one;

const parse = (pattern: string): readonly Part[] | undefined => {
  const parts: Part[] = [];
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    if (character === "*") parts.push(any);
    else if (character === "?") parts.push(one);
    else if (character === "\\") {
      at += 1;
      const next = characters[at];
      if (next === undefined || !"*?\\}/".includes(next)) return undefined;
      parts.push(next);
    } else parts.push(character);
  }
  return parts;
};

const rest = (
  characters: readonly string[],
  pattern: readonly Part[] | undefined,
  prefers: Preference,
): readonly string[] | undefined => {
  const end = matchEnds(characters, pattern, prefers)?.[0];
  return end === undefined ? undefined : characters.slice(Math.max(end, 0));
};

/**
 * For each place in the text the end of the match that begins there, -1 where none does. No `*` and no `?` goes beyond
 * a line. All ends are known from those of the pattern's rest, so that nothing is tried twice.
 */
const matchEnds = (
  text: readonly string[],
  pattern: readonly Part[] | undefined,
  prefers: Preference,
): readonly number[] | undefined => {
  if (pattern === undefined || text.length * pattern.length > largestTable) return undefined;
  let ends = Array.from({ length: text.length + 1 }, (_, place) => place);
  for (const part of pattern.toReversed()) {
    const behind = ends;
    ends = new Array<number>(text.length + 1).fill(-1);
    for (let place = text.length; place >= 0; place--) {
      const isWithin = place < text.length && text[place] !== "\n";
      if (part === one) ends[place] = isWithin ? (behind[place + 1] as number) : -1;
      else if (part !== any) ends[place] = text[place] === part ? (behind[place + 1] as number) : -1;
      else {
        const here = behind[place] as number;
        const further = isWithin ? (ends[place + 1] as number) : -1;
        const [wanted, other] = prefers === "longest" ? [further, here] : [here, further];
        ends[place] = wanted === -1 ? other : wanted;
      }
    }
  }
  return ends;
};
