import { RE2JS, RE2JSException, RE2JSSyntaxException } from "re2js";
import type { Pattern } from "../settings.ts";

/**
 * Reads a regular expression in the syntax of RE2. A text says why it is refused, as the end of a sentence.
 *
 * JavaScript's own engine tries all ways to match, which for `(a+)+$` doubles with each character: a repository could
 * hang its audit. RE2 goes through the text once, in time that grows with the pattern's steps, too: their number is
 * bounded here, and so is the source, because they are known only once it is compiled.
 */
export const readPattern = (source: string): Pattern | string => {
  if (source.length > longestSource) return `must have no more than ${longestSource} characters`;
  try {
    const program = RE2JS.compile(source);
    if (program.programSize() > mostSteps)
      return `has more than ${mostSteps} steps: a count stands for as many copies of what it repeats`;
    return { source, search: (text: string) => search(program, text.slice(0, longestText)) };
  } catch (error) {
    if (error instanceof RE2JSException) return reasonOf(error);
    throw error;
  }
};

const longestSource = 1000;
const mostSteps = 1000;
/** Longer texts are searched up to here: no instruction that a person wrote is as long. */
const longestText = 100_000;

const search = (program: RE2JS, text: string): ReturnType<Pattern["search"]> => {
  // Asking whether there is a match is far cheaper than asking where, and most often there is none.
  if (!program.test(text)) return undefined;
  const matcher = program.matcher(text);
  return matcher.find() ? { start: matcher.start(), end: matcher.end() } : undefined;
};

const reasonOf = (error: RE2JSException): string => {
  const [fault, place] = error instanceof RE2JSSyntaxException ? [error.error, error.input ?? ""] : [error.message, ""];
  const [look] = /^\(\?<?[=!]/.exec(place) ?? [];
  if (look !== undefined)
    return `takes no lookahead or lookbehind (\`${look}\`): what must match goes under \`require\`, what must not under \`forbid\``;
  if (/^\\[1-9k]/.test(place)) return `takes no backreference (\`${place}\`): there is no bound to its time`;
  return `is not a regular expression of RE2: ${fault}${place && `: \`${place}\``}`;
};
