import type { SyntaxProblem } from "./model.ts";

/**
 * Of a file that is no text: what to say in place of all that its bytes break. Undefined for text, also where some
 * characters of it were damaged.
 */
export const noTextProblem = (text: string): SyntaxProblem | undefined => {
  const start = text.slice(0, sampled);
  const strange = start.match(unprintable)?.length ?? 0;
  if (strange < fewest || strange < start.length * share) return undefined;
  const at = start.search(unprintable);
  return {
    message: wide.test(start)
      ? "This is text in UTF-16, which BuildKit cannot read: save it as UTF-8"
      : "This is no text in UTF-8: save it as such, or leave the file out with `exclude`",
    span: { start: at, end: at + 1 },
    reach: "file",
  };
};

/** Characters that are looked at, and what makes them no text. */
const sampled = 4096;
const share = 0.1;
const fewest = 8;

/** Eight characters in a row that UTF-16 writes in two bytes, in either order. */
const wide = /(?:[\t\n\r -~]\0){8}|(?:\0[\t\n\r -~]){8}/;

/** U+FFFD stands for bytes that are no character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unprintable = /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]/g;
