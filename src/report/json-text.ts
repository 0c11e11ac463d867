/**
 * JSON that says the same to a parser and is inert wherever it is printed: no control or invisible character,
 * and no `##[` that GitHub's runner would read as a command in the middle of a log line.
 */
export const jsonText = (value: unknown, indent?: number): string =>
  indent !== undefined && isRecord(value)
    ? memberByMember(value, " ".repeat(indent))
    : inert(JSON.stringify(value, undefined, indent));

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A list of thousands of findings is written one after the other: their text as a whole is not made three times. */
const memberByMember = (value: Readonly<Record<string, unknown>>, indent: string): string => {
  const pieces: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    pieces.push(pieces.length === 0 ? "{\n" : ",\n", indent, inert(JSON.stringify(name)), ": ");
    if (!Array.isArray(member) || member.length === 0) {
      pieces.push(indented(member, indent));
      continue;
    }
    const inner = indent.repeat(2);
    for (const [at, item] of member.entries())
      pieces.push(at === 0 ? "[\n" : ",\n", inner, indented(item, indent, inner));
    pieces.push("\n", indent, "]");
  }
  pieces.push(pieces.length === 0 ? "{}" : "\n}");
  return pieces.join("");
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
