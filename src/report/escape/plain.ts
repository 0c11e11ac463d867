/**
 * Text from Dockerfiles, build logs and pull requests, before it is written in any syntax: without control
 * characters, and with every character that draws nothing made visible (bidi controls, zero-width characters).
 */
export const oneLine = (text: string): string => manyLines(text).replace(/[\t\n]+/g, " ");

/** As `oneLine`, but tabs and line breaks stay. */
export const manyLines = (text: string): string =>
  text
    .toWellFormed()
    .replace(sequences, "")
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, "\n")
    .replace(controls, "")
    .replace(invisible, named)
    .replace(stacked, "$1");

/** One character of source text, one or more columns wide, never nothing: an excerpt must show what is there. */
export const visibleCharacter = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  if (code >= 0xd800 && code <= 0xdfff) return "\ufffd";
  return (code >= 0x80 && code <= 0x9f) || isInvisible.test(character) ? named(character) : character;
};

/** At most `length` UTF-16 units, the last one an ellipsis when something was cut. */
export const clip = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1)).replace(/[\ud800-\udbff]$/, "")}…`;

const named = (character: string): string =>
  `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`;

// Each part stops at the next control character, so that a run of unfinished sequences is read in linear time.
const sequences = new RegExp(
  [
    "(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]",
    "(?:\\u001b[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])[^\\u0000-\\u001f\\u007f-\\u009f]*(?:\\u0007|\\u001b\\\\|\\u009c)",
    "\\u001b[ -/]*[0-~]",
  ].join("|"),
  "g",
);
const controls = /(?![\t\n])\p{Cc}/gu;
// More combining marks than any script stacks on one letter would paint over the lines around.
const stacked = /(\p{M}{4})\p{M}+/gu;
const drawsNothing = "[\\p{Cf}\\p{Co}\\p{Zl}\\p{Zp}\\u115f\\u1160\\u3164\\uffa0]";
const invisible = new RegExp(drawsNothing, "gu");
const isInvisible = new RegExp(drawsNothing, "u");
