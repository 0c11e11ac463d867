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
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => {
      const text =
        Array.isArray(member) && member.length > 0
          ? `[\n${member.map((item) => `${indent}${indent}${indented(item, indent, 2)}`).join(",\n")}\n${indent}]`
          : indented(member, indent, 1);
      return `${indent}${inert(JSON.stringify(name))}: ${text}`;
    });
  return members.length === 0 ? "{}" : `{\n${members.join(",\n")}\n}`;
};

const indented = (value: unknown, indent: string, depth: number): string =>
  inert(JSON.stringify(value, undefined, indent) ?? "null").replaceAll("\n", `\n${indent.repeat(depth)}`);

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
