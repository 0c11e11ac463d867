/** What stands in place of a secret. */
export const redacted = "***";

/** Parts shorter than this are left alone: masking them would blot out ordinary text and prove nothing. */
const shortestLine = 8;
const shortestValue = 3;
/** The first and the last line of a key, which tell nothing. */
const everyKeys = /^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/;

/**
 * All forms of a secret that text may show: itself trimmed, each long line, base64 at three alignments (plain and
 * for URLs), hex, URL-encoded, JSON-escaped; of bytes that are no text, base64 and hex. Longest first.
 * For `::add-mask::` and for `redactor`.
 */
export const maskForms = (value: string | Uint8Array): readonly string[] => {
  const text = typeof value === "string" ? value : decodeText(value);
  const forms = text === undefined ? byteForms(value as Uint8Array) : textForms(text);
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
};

/** A function that puts `***` in place of every form of every value, and of the pieces that line breaks or a cut leave. */
export const redactor = (values: Iterable<string | Uint8Array>): ((text: string) => string) => {
  const all = [...values];
  const withoutForms = formRedactor(all);
  const withoutPieces = pieceRedactor(all);
  return (text) => withoutPieces(withoutForms(text));
};

const formRedactor = (values: readonly (string | Uint8Array)[]): ((text: string) => string) => {
  const byStart = Map.groupBy(new Set(values.flatMap(maskForms)), startOf);
  for (const forms of byStart.values()) forms.sort((a, b) => b.length - a.length);
  if (byStart.size === 0) return (text) => text;
  // No regular expression: a keystore of 500 KiB is a secret too, and makes one that the engine refuses.
  return (text) => {
    let result = "";
    let kept = 0;
    for (let at = 0; at <= text.length - shortestValue; ) {
      const form = byStart.get(text.slice(at, at + shortestValue))?.find((candidate) => text.startsWith(candidate, at));
      if (form === undefined) {
        at++;
        continue;
      }
      result += text.slice(kept, at) + redacted;
      at += form.length;
      kept = at;
    }
    return result + text.slice(kept);
  };
};

/** Characters of base64 or hex that are no chance. */
const pieceLength = 12;
const mostPieces = 200_000;
const mostAlike = 10;

interface Piece {
  readonly encoding: string;
  readonly at: number;
}

/** `base64` breaks its lines, and a log is cut: what is left of an encoding is known by any piece of it. */
const pieceRedactor = (values: readonly (string | Uint8Array)[]): ((text: string) => string) => {
  const pieces = piecesOf([...new Set(values.flatMap(encodings))]);
  if (pieces.size === 0) return (text) => text;
  return (text) => {
    let result = "";
    let kept = 0;
    for (const run of text.matchAll(/[\w+/-]{12,}/g)) {
      const last = run.index + run[0].length - pieceLength;
      // Also those that begin in what is hidden already: the same text may stand in several encodings.
      for (let at = Math.max(run.index, kept - pieceLength); at <= last; at++) {
        const alike = pieces.get(text.slice(at, at + pieceLength)) ?? [];
        const end = Math.max(0, ...alike.map((piece) => reach(text, at, piece, 1, text.length)));
        if (end <= kept) continue;
        const start = Math.min(...alike.map((piece) => reach(text, at, piece, -1, kept)));
        if (at >= kept) result += text.slice(kept, start) + redacted;
        kept = end;
        at = Math.max(at, kept - pieceLength);
      }
    }
    return result + text.slice(kept);
  };
};

/** By their text, which several encodings may share; fewer of a long one, whose other characters are found from there. */
const piecesOf = (all: readonly string[]): ReadonlyMap<string, readonly Piece[]> => {
  const length = all.reduce((sum, encoding) => sum + encoding.length, 0);
  const stride = Math.ceil(length / mostPieces);
  const pieces = new Map<string, Piece[]>();
  for (const encoding of all) {
    for (let at = 0; at + pieceLength <= encoding.length; at += stride) {
      const text = encoding.slice(at, at + pieceLength);
      const alike = pieces.get(text) ?? [];
      if (alike.length < mostAlike && new Set(text).size > 3) pieces.set(text, [...alike, { encoding, at }]);
    }
  }
  return pieces;
};

/** How far a text goes on like the encoding around a piece, line breaks in between or not. */
const reach = (text: string, from: number, { encoding, at }: Piece, step: 1 | -1, end: number): number => {
  let reached = step === 1 ? from : from - 1;
  let inEncoding = step === 1 ? at : at - 1;
  let place = reached;
  for (; place !== (step === 1 ? end : end - 1) && inEncoding >= 0 && inEncoding < encoding.length; place += step) {
    if (text[place] === encoding[inEncoding]) {
      inEncoding += step;
      reached = place + step;
    } else if (!/[\r\n\t ]/.test(text[place] as string)) break;
  }
  return step === 1 ? reached : reached + 1;
};

const startOf = (form: string): string => form.slice(0, shortestValue);

const decodeText = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** Base64 and hex of a value and its lines. */
const encodings = (value: string | Uint8Array): readonly string[] => {
  const text = typeof value === "string" ? value : decodeText(value);
  if (text === undefined) return byteForms(value as Uint8Array);
  return [text, ...partsOf(text)].flatMap((part) => byteForms(new TextEncoder().encode(part)));
};

/** The value without the white space around it, and each of its lines that tells something. */
const partsOf = (value: string): readonly string[] => {
  const lines = value.split(/\r\n|\r|\n/).map((line) => line.trim());
  const telling = lines.filter((line) => line.length >= shortestLine && !everyKeys.test(line));
  return [...new Set([value.trim(), ...telling])];
};

const textForms = (value: string): readonly string[] => {
  if (value.trim() === "") return [];
  const parts = partsOf(value);
  const encoded = [value, ...parts].flatMap((part) => [
    ...byteForms(new TextEncoder().encode(part)),
    ...escapedForms(part),
  ]);
  // The value itself only trimmed: what stands in its place would else join the lines of the text.
  return [
    ...parts.filter((part) => part.length >= shortestValue),
    ...encoded.filter((form) => form.trim() === form && form.length >= shortestLine),
  ];
};

const escapedForms = (text: string): readonly string[] => {
  const url = encodeURIComponent(text.toWellFormed());
  const json = JSON.stringify(text).slice(1, -1);
  return [
    url,
    url.replaceAll("%20", "+"),
    url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    json,
    // As Go writes JSON.
    json.replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`),
  ];
};

const byteForms = (bytes: Uint8Array): readonly string[] => {
  let hex = "";
  for (const byte of bytes) hex += hexDigits[byte];
  const base64 = base64Forms(bytes);
  return [
    ...base64,
    ...base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
    hex,
    hex.toUpperCase(),
  ].filter((form) => form.length >= shortestLine);
};

const hexDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

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
