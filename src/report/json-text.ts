/**
 * JSON that says the same to a parser and is inert wherever it is printed: no control or invisible character,
 * and no `##[` that GitHub's runner would read as a command in the middle of a log line.
 */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, undefined, indent)
    .replace(/##(?=\[)/g, "#\\u0023")
    // Looking for what is not ASCII first makes this several times faster.
    .replace(/[\u007f-\u{10ffff}]/gu, (character) => (hidden.test(character) ? escapeUnits(character) : character));

const hidden = /[\p{Cf}\p{Co}\p{Zl}\p{Zp}\u007f-\u009f]/u;

const escapeUnits = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
