import type { Edit, Fix } from "../rules/rule.ts";

/** Applies fixes whole or not at all, first come first served where they touch. Line ends follow the file. */
export const applyFixes = (
  text: string,
  fixes: readonly Fix[],
): { readonly text: string; readonly applied: readonly Fix[] } => {
  const applied: Fix[] = [];
  const taken: Edit[] = [];
  for (const fix of fixes) {
    if (fix.edits.length === 0 || fix.edits.some((edit) => taken.some((other) => overlaps(edit, other)))) continue;
    taken.push(...fix.edits);
    applied.push(fix);
  }
  const hasCarriageReturns = text.includes("\r\n");
  const parts: string[] = [];
  let at = 0;
  for (const { span, text: replacement } of taken.sort((a, b) => a.span.start - b.span.start)) {
    parts.push(text.slice(at, span.start), hasCarriageReturns ? replacement.replace(/\r?\n/g, "\r\n") : replacement);
    at = span.end;
  }
  parts.push(text.slice(at));
  return { text: parts.join(""), applied };
};

/** Two insertions at one place overlap too: their order would be a guess. */
const overlaps = (a: Edit, b: Edit): boolean =>
  (a.span.start < b.span.end && b.span.start < a.span.end) || a.span.start === b.span.start;

/** No fix takes more rounds than this to settle; beyond it two fixes undo each other. */
const mostRounds = 10;

/**
 * Applies fixes to a fixed point: `fixesOf` audits the text again after each round. A round that leaves a file
 * BuildKit refuses (`isBroken`) is taken back.
 */
export const fixText = (
  text: string,
  fixesOf: (text: string) => { readonly fixes: readonly Fix[]; readonly isBroken: boolean },
): { readonly text: string; readonly applied: readonly Fix[] } => {
  const applied: Fix[] = [];
  let current = text;
  let state = fixesOf(current);
  for (let round = 0; round < mostRounds && state.fixes.length > 0; round++) {
    const next = applyFixes(current, state.fixes);
    if (next.text === current) break;
    const after = fixesOf(next.text);
    if (after.isBroken && !state.isBroken) break;
    applied.push(...next.applied);
    current = next.text;
    state = after;
  }
  return { text: current, applied };
};
