/** What stands in place of a secret. */
export const redacted = "***";

/** Parts shorter than this are left alone: masking them would blot out ordinary text and prove nothing. */
const shortestLine = 8;
const shortestValue = 3;

/**
 * All forms of a secret that text may show: itself, trimmed, each long line, base64 at three alignments (plain and
 * for URLs), hex, URL-encoded, JSON-escaped. For `::add-mask::` and for `redactor`.
 */
export const maskForms = (value: string): readonly string[] => {
  const forms = new Set<string>();
  const add = (form: string, shortest: number): void => {
    if (form.length >= shortest) forms.add(form);
  };
  const trimmed = value.trim();
  if (trimmed === "") return [];
  const lines = value.split(/\r\n|\r|\n/);
  // Not the value with white space around: what stands in its place would join the lines of the text.
  add(trimmed, shortestValue);
  for (const line of lines) if (lines.length > 1) add(line.trim(), shortestLine);
  for (const text of new Set([value, trimmed, ...lines.map((line) => line.trim())])) {
    if (text.length < shortestLine && text !== trimmed && text !== value) continue;
    for (const form of encodedForms(text)) add(form, shortestLine);
  }
  return [...forms].sort((a, b) => b.length - a.length);
};

/** A function that puts `***` in place of every form of every value. */
export const redactor = (values: Iterable<string>): ((text: string) => string) => {
  const forms = [...new Set([...values].flatMap(maskForms))].sort((a, b) => b.length - a.length);
  if (forms.length === 0) return (text) => text;
  // One alternation, longest first: a form inside a longer one never leaves a rest of it behind.
  const pattern = new RegExp(forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|"), "g");
  return (text) => text.replace(pattern, redacted);
};

const encodedForms = (text: string): readonly string[] => {
  const bytes = new TextEncoder().encode(text);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const url = encodeUrl(text);
  const base64 = base64Forms(bytes);
  return [
    ...base64,
    ...base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
    hex,
    hex.toUpperCase(),
    url,
    url.replaceAll("%20", "+"),
    url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    JSON.stringify(text).slice(1, -1),
    // As Go writes JSON.
    JSON.stringify(text)
      .slice(1, -1)
      .replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`),
  ];
};

/** The characters that are the same whatever surrounds the bytes, at each of the three alignments. */
const base64Forms = (bytes: Uint8Array): readonly string[] =>
  [0, 1, 2].map((offset) => {
    const padded = new Uint8Array(offset + bytes.length);
    padded.set(bytes, offset);
    const encoded = encodeBase64(padded);
    const start = offset === 0 ? 0 : offset + 1;
    const end = Math.floor(((offset + bytes.length) * 8) / 6);
    return encoded.slice(start, end);
  });

const encodeBase64 = (bytes: Uint8Array): string => {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
};

const encodeUrl = (text: string): string => encodeURIComponent(text.toWellFormed());
