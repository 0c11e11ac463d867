import type { Span } from "../dockerfile/model.ts";
import type { Edit, Fix } from "../rules/rule.ts";

/** A fix with the words that it puts right, where they are known. */
export interface PlacedFix extends Fix {
  readonly at?: Span;
}

export type AppliedFix<Kind extends PlacedFix> = Kind & {
  /** Where the words, or else the first edit, stand in the text that was given. */
  readonly origin: number;
};

interface Round<Kind> {
  readonly text: string;
  readonly applied: readonly Kind[];
  /** In the order of the text; what was written in the end. */
  readonly edits: readonly Edit[];
}

/** Applies fixes whole or not at all, first come first served where they touch. Line ends follow the line they stand in. */
export const applyFixes = <Kind extends PlacedFix>(text: string, fixes: readonly Kind[]): Round<Kind> => {
  const applied: Kind[] = [];
  const taken: Edit[] = [];
  for (const fix of fixes) {
    const edits = fix.edits.map((edit) => behindByteOrderMark(text, edit));
    if (edits.length === 0 || edits.some((edit) => isTaken(edit, taken))) continue;
    for (const edit of edits) taken.splice(indexFor(edit, taken), 0, edit);
    applied.push(fix);
  }
  const edits = taken.map(({ span, text: replacement }) => ({
    span,
    text: withLineBreaksOf(text, span.start, replacement),
  }));
  const parts: string[] = [];
  let at = 0;
  for (const { span, text: replacement } of edits) {
    parts.push(text.slice(at, span.start), replacement);
    at = span.end;
  }
  parts.push(text.slice(at));
  return { text: parts.join(""), applied, edits };
};

const behindByteOrderMark = (text: string, edit: Edit): Edit =>
  edit.span.start === 0 && text.startsWith("\ufeff")
    ? { ...edit, span: { start: 1, end: Math.max(1, edit.span.end) } }
    : edit;

const withLineBreaksOf = (text: string, at: number, replacement: string): string => {
  if (!replacement.includes("\n")) return replacement;
  const next = text.indexOf("\n", at);
  const lineBreak = next === -1 ? text.lastIndexOf("\n", at) : next;
  return replacement.replace(/\r?\n/g, lineBreak > 0 && text[lineBreak - 1] === "\r" ? "\r\n" : "\n");
};

/** `taken` is in order and free of overlaps, so that the neighbours tell. */
const isTaken = (edit: Edit, taken: readonly Edit[]): boolean => {
  const index = indexFor(edit, taken);
  return [taken[index - 1], taken[index]].some((other) => other !== undefined && overlaps(edit, other));
};

const indexFor = ({ span }: Edit, taken: readonly Edit[]): number => {
  let [low, high] = [0, taken.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((taken[middle] as Edit).span.start < span.start) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Two insertions at one place overlap too: their order would be a guess. */
const overlaps = (a: Edit, b: Edit): boolean =>
  (a.span.start < b.span.end && b.span.start < a.span.end) || a.span.start === b.span.start;

/** No fix takes more rounds than this to settle; beyond it two fixes undo each other. */
const mostRounds = 10;

interface State<Kind> {
  readonly fixes: readonly Kind[];
  /** BuildKit would refuse the text. */
  readonly isBroken: boolean;
}

/**
 * Applies fixes to a fixed point: `fixesOf` audits the text again after each round. A fix that leaves a file
 * BuildKit refuses (`isBroken`) is left out, and the others still apply.
 */
export const fixText = <Kind extends PlacedFix>(
  text: string,
  fixesOf: (text: string) => State<Kind>,
): { readonly text: string; readonly applied: readonly AppliedFix<Kind>[] } => {
  const applied: AppliedFix<Kind>[] = [];
  const rounds: (readonly Edit[])[] = [];
  const seen = new Set([text]);
  let current = text;
  let state = fixesOf(current);
  const take = (round: Round<Kind>, after: State<Kind>): void => {
    for (const fix of round.applied) applied.push({ ...fix, origin: originOf(placeOf(fix), rounds) });
    rounds.push(round.edits);
    seen.add(round.text);
    current = round.text;
    state = after;
  };
  for (let count = 0; count < mostRounds && state.fixes.length > 0; count++) {
    const round = applyFixes(current, state.fixes);
    if (seen.has(round.text)) break;
    const after = fixesOf(round.text);
    if (!after.isBroken || state.isBroken) {
      take(round, after);
      continue;
    }
    const harmless = harmlessAmong(round.applied, (fixes) => fixesOf(applyFixes(current, fixes).text).isBroken);
    const together = applyFixes(current, harmless);
    const settled = fixesOf(together.text);
    const [first] = harmless;
    if (first === undefined || seen.has(together.text)) break;
    if (!settled.isBroken) take(together, settled);
    else {
      const alone = applyFixes(current, [first]);
      take(alone, fixesOf(alone.text));
    }
  }
  return { text: current, applied };
};

/** By halves, because few of many break a file and each look at it is an audit. */
const harmlessAmong = <Kind>(fixes: readonly Kind[], breaks: (fixes: readonly Kind[]) => boolean): readonly Kind[] => {
  if (fixes.length === 0 || !breaks(fixes)) return fixes;
  if (fixes.length === 1) return [];
  const half = Math.ceil(fixes.length / 2);
  return [...harmlessAmong(fixes.slice(0, half), breaks), ...harmlessAmong(fixes.slice(half), breaks)];
};

const placeOf = ({ at, edits }: PlacedFix): number => at?.start ?? Math.min(...edits.map(({ span }) => span.start));

/** Goes back through the edits of all rounds to the text they began with. */
const originOf = (offset: number, rounds: readonly (readonly Edit[])[]): number =>
  rounds.toReversed().reduce((at, edits) => {
    let grown = 0;
    for (const { span, text } of edits) {
      const start = span.start + grown;
      if (at < start) break;
      if (at < start + text.length) return span.start;
      grown += text.length - (span.end - span.start);
    }
    return at - grown;
  }, offset);
