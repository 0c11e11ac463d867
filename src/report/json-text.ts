/**
 * JSON that says the same to a parser and is inert wherever it is printed: no control or invisible character,
 * and no `##[` that GitHub's runner would read as a command in the middle of a log line.
 */
export const jsonText = (value: unknown): string => inert(JSON.stringify(value));

/**
 * The same as a file, indented. A member may be any iterable: lists of thousands of findings are made and written one
 * after the other, so that neither they nor their text are there twice.
 */
export const jsonFile = (value: Readonly<Record<string, unknown>>, width: number): string => {
  const indent = " ".repeat(width);
  const pieces: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    pieces.push(pieces.length === 0 ? "{\n" : ",\n", indent, inert(JSON.stringify(name)), ": ");
    if (isIterable(member)) addList(pieces, member, indent);
    else pieces.push(indented(member, indent));
  }
  pieces.push(pieces.length === 0 ? "{}\n" : "\n}\n");
  return pieces.join("");
};

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.iterator in value;

const addList = (pieces: string[], items: Iterable<unknown>, indent: string): void => {
  const inner = indent.repeat(2);
  let isEmpty = true;
  for (const item of items) {
    pieces.push(isEmpty ? "[\n" : ",\n", inner, indented(item, indent, inner));
    isEmpty = false;
  }
  if (isEmpty) pieces.push("[]");
  else pieces.push("\n", indent, "]");
};

const indented = (value: unknown, indent: string, margin = indent): string =>
  inert(JSON.stringify(value, undefined, indent) ?? "null").replaceAll("\n", `\n${margin}`);

const inert = (json: string): string =>
  json
    .replace(/##(?=\[)/g, "#\\u0023")
    // Looking for what is not ASCII first makes this several times faster.
    .replace(/[\u007f-\u{10ffff}]/gu, (character) => (hidden.test(character) ? escapeUnits(character) : character));

const hidden = /[\p{Cf}\p{Co}\p{Zl}\p{Zp}\u007f-\u009f]/u;

const escapeUnits = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
