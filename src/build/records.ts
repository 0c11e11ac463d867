import { UserError } from "../errors.ts";

/** One entry of a list setting, with the one-based line it begins on. */
export interface ListRecord {
  readonly text: string;
  readonly line: number;
}

/** How messages name a setting: `secrets`, and "input `secrets` of the workflow". */
export interface Origin {
  readonly setting: string;
  readonly where: string;
}

/**
 * Entries of a multi-line setting, one per line, commas and white space kept. A line that begins with a quote
 * is a CSV field, which may span lines and doubles its inner quotes; a quote elsewhere is an ordinary character.
 * This is the reading of docker/build-push-action (csv-parse with `relax_quotes`, fields joined again).
 */
export const readRecords = (text: string, origin: Origin): readonly ListRecord[] => {
  const records: ListRecord[] = [];
  for (let position = 0, line = 1; position < text.length; ) {
    const record = readRecord(text, position);
    if (record === undefined) {
      throw new UserError(
        `${origin.setting}: the quote opened on line ${line} is never closed (${origin.where}). Double a quote that belongs to the value: ""`,
      );
    }
    if (record.text !== "") records.push({ text: record.text, line });
    line += countLineBreaks(text, position, record.next);
    position = record.next;
  }
  return records;
};

/** Entries of a setting whose values hold no comma: one per line or separated by commas, blanks around dropped. */
export const readList = (text: string, origin: Origin): readonly string[] =>
  readRecords(text, origin)
    .flatMap((record) => record.text.split(","))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");

/** Entries of a setting whose values hold commas: one per line, blanks around dropped. */
export const readLines = (text: string, origin: Origin): readonly string[] =>
  readRecords(text, origin)
    .map((record) => record.text.trim())
    .filter((entry) => entry !== "");

/** The fields of one CSV record, as buildx reads `id=x,"src=a,b"`; undefined when a quote is not closed. */
export const splitFields = (record: string): readonly string[] | undefined => {
  const fields: string[] = [];
  for (let position = 0; ; ) {
    const field = readField(record, position);
    if (field === undefined) return undefined;
    fields.push(field.text);
    if (record[field.next] !== ",") return fields;
    position = field.next + 1;
  }
};

/** A CSV record that buildx reads back as these fields. */
export const joinFields = (fields: readonly string[]): string =>
  fields.map((field) => (/[",\r\n]|^\s/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");

const readRecord = (text: string, start: number): { readonly text: string; readonly next: number } | undefined => {
  const fields: string[] = [];
  for (let position = skipIndent(text, start); ; ) {
    const field = readField(text, position);
    if (field === undefined) return undefined;
    fields.push(field.text);
    if (text[field.next] !== ",") return { text: fields.join(","), next: afterLineBreak(text, field.next) };
    position = field.next + 1;
  }
};

/** Blanks before an opening quote, which only an editor's indentation puts there. */
const skipIndent = (text: string, start: number): number => {
  let end = start;
  while (text[end] === " " || text[end] === "\t") end++;
  return text[end] === '"' ? end : start;
};

const readField = (text: string, start: number): { readonly text: string; readonly next: number } | undefined => {
  if (text[start] !== '"') {
    const end = endOfField(text, start);
    return { text: text.slice(start, end), next: end };
  }
  let value = "";
  for (let position = start + 1; position < text.length; ) {
    const quote = text.indexOf('"', position);
    if (quote === -1) return undefined;
    value += text.slice(position, quote);
    if (text[quote + 1] === '"') {
      value += '"';
      position = quote + 2;
      continue;
    }
    if (isFieldEnd(text, quote + 1)) return { text: value, next: quote + 1 };
    // `"b":2}` is no quoted field: the quotes are its own.
    const end = endOfField(text, quote + 1);
    return { text: `"${value}"${text.slice(quote + 1, end)}`, next: end };
  }
  return undefined;
};

const isLineBreak = (text: string, at: number): boolean =>
  text[at] === "\n" || (text[at] === "\r" && text[at + 1] === "\n");

const isFieldEnd = (text: string, at: number): boolean =>
  at >= text.length || text[at] === "," || isLineBreak(text, at);

const endOfField = (text: string, start: number): number => {
  let end = start;
  while (!isFieldEnd(text, end)) end++;
  return end;
};

const afterLineBreak = (text: string, at: number): number => at + (text[at] === "\r" ? 2 : 1);

const countLineBreaks = (text: string, from: number, to: number): number => {
  let count = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
};
