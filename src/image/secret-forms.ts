/** A secret as the build got it. */
export interface SecretValue {
  readonly id: string;
  readonly value: Uint8Array;
}

/** One way in which a secret may be written. */
export interface SecretForm {
  readonly secretId: string;
  /** `as it is`, `line 2`, `base64`, `value in line 2, hex`, … */
  readonly form: string;
  readonly bytes: Uint8Array;
}

export interface SecretForms {
  readonly forms: readonly SecretForm[];
  /** Secrets that are searched for. */
  readonly secrets: number;
  readonly unsearched: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * All the forms to search for, the plainest first: the value without white space around, its telling lines and
 * the values in them, base64 at three alignments (plain and for URLs), hex, of both the pieces that a line break
 * cannot hit, URL-encoded and JSON-escaped.
 */
export const secretForms = (secrets: readonly SecretValue[]): SecretForms => {
  const forms = new Map<string, SecretForm>();
  const unsearched: { id: string; reason: string }[] = [];
  for (const { id, value } of secrets) {
    const text = decodeText(value);
    const reason = text === undefined ? tooShort(value.length) : unsearchable(text.trim());
    if (reason !== undefined) {
      unsearched.push({ id, reason });
      continue;
    }
    for (const [form, bytes] of text === undefined ? binaryForms(value) : textForms(text)) {
      const key = latin1(bytes);
      if (bytes.length >= SHORTEST && !forms.has(key)) forms.set(key, { secretId: id, form, bytes });
    }
  }
  return { forms: [...forms.values()], secrets: secrets.length - unsearched.length, unsearched };
};

/** Anything shorter turns up by chance. */
const SHORTEST = 8;
const SHORTEST_LINE = 12;
/** A match this long proves the rest. */
const LONGEST = 1024;
/** Lines of a longer secret are searched for as they are: encoded, they would be found by the whole. */
const MOST_ENCODED_PARTS = 8;

type NamedForm = readonly [form: string, bytes: Uint8Array];

const tooShort = (length: number): string | undefined => {
  if (length === 0) return "it is empty";
  return length < SHORTEST ? `it is shorter than ${SHORTEST} characters` : undefined;
};

const unsearchable = (text: string): string | undefined =>
  tooShort(text.length) ?? (COMMON.test(text) ? "it reads like a common word, which turns up by chance" : undefined);

const COMMON =
  /^(?:[a-z]{1,10}|[A-Z][a-z]{1,9}|[A-Z]{1,10}|\d{1,9}|(.)\1*|(?:password|changeme|secret|qwerty|admin)[\d!]*)$/;

const decodeText = (value: Uint8Array): string | undefined => {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(value);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
};

const binaryForms = (value: Uint8Array): readonly NamedForm[] => [
  ["as it is", value.subarray(0, LONGEST)],
  ...encodedForms("", value),
  ...wrappedForms(value),
];

const textForms = (text: string): readonly NamedForm[] => {
  const whole = text.trim();
  const parts = tellingParts(whole);
  return [
    ...plainForms("as it is", whole),
    ...parts.flatMap(({ name, text: part }) => plainForms(name, part)),
    ...encodedForms("", encode(whole)),
    ...escapedForms("", whole),
    ...wrappedForms(encode(whole)),
    ...parts
      .slice(0, MOST_ENCODED_PARTS)
      .flatMap(({ name, text: part }) => [
        ...encodedForms(`${name}, `, encode(part)),
        ...escapedForms(`${name}, `, part),
      ]),
  ];
};

const plainForms = (name: string, text: string): readonly NamedForm[] => [[name, encode(text).subarray(0, LONGEST)]];

const encodedForms = (prefix: string, bytes: Uint8Array): readonly NamedForm[] => {
  const part = bytes.subarray(0, LONGEST / 2);
  const hex = hexOf(part);
  return [
    ...alignedBase64(part).flatMap((text): readonly NamedForm[] => [
      [`${prefix}base64`, encode(text)],
      [`${prefix}base64 for URLs`, encode(text.replaceAll("+", "-").replaceAll("/", "_"))],
    ]),
    [`${prefix}hex`, encode(hex)],
    [`${prefix}hex`, encode(hex.toUpperCase())],
  ];
};

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The characters that stay the same whatever surrounds the bytes, at each of the three alignments. */
const alignedBase64 = (bytes: Uint8Array): readonly string[] =>
  [0, 1, 2].map((offset) => {
    const padded = new Uint8Array(offset + bytes.length);
    padded.set(bytes, offset);
    const end = Math.floor((padded.length * 8) / 6);
    return btoa(latin1(padded)).slice(offset === 0 ? 0 : offset + 1, end);
  });

/** In bytes: two fill less than the line of 64 or 76 characters of base64, and the one of 60 digits of hex. */
const BASE64_WINDOW = 24;
const HEX_WINDOW = 14;
const SHORTEST_WINDOW = 12;

/**
 * `base64` and `xxd -p` break their lines, at an unknown place: of two neighbouring windows that fill less than a line
 * together, one is whole.
 */
const wrappedForms = (bytes: Uint8Array): readonly NamedForm[] => [
  ...windowsOf(bytes, BASE64_WINDOW).flatMap((window) =>
    alignedBase64(window).map((text): NamedForm => ["wrapped base64", encode(text)]),
  ),
  ...windowsOf(bytes, HEX_WINDOW).map((window): NamedForm => ["wrapped hex", encode(hexOf(window))]),
];

const windowsOf = (bytes: Uint8Array, most: number): readonly Uint8Array[] => {
  const middle = Math.floor(bytes.length / 2);
  const size = Math.min(most, middle);
  return size < SHORTEST_WINDOW ? [] : [bytes.subarray(middle - size, middle), bytes.subarray(middle, middle + size)];
};

const escapedForms = (prefix: string, text: string): readonly NamedForm[] => {
  const part = text.slice(0, LONGEST / 4).toWellFormed();
  const url = encodeURIComponent(part);
  const json = JSON.stringify(part).slice(1, -1);
  const named: readonly (readonly [string, string])[] = [
    ["URL-encoded", url],
    ["URL-encoded", url.replaceAll("%20", "+")],
    ["URL-encoded", url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())],
    ["JSON-escaped", json],
    // As Go writes JSON, which is how history and configuration are written.
    ["JSON-escaped", json.replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)],
  ];
  return named.filter(([, form]) => form !== part).map(([name, form]) => [prefix + name, encode(form)]);
};

interface Part {
  readonly name: string;
  readonly text: string;
}

/**
 * The lines that would tell the secret, and the values in them. A file of settings has lines that half the images
 * of the world hold too (`registry=https://npm.example.com/`): they prove nothing.
 */
const tellingParts = (whole: string): readonly Part[] => {
  const lines = whole.split(/\r\n|\r|\n/).map((line) => line.trim());
  return lines.flatMap((line, index): readonly Part[] => {
    const value = tellingValue(line);
    if (value === undefined) return [];
    const name = `line ${index + 1}`;
    const isLongEnough = lines.length === 1 || line.length >= SHORTEST_LINE;
    const parts: Part[] = isLongEnough ? [{ name, text: line }] : [];
    if (value !== line) parts.push({ name: lines.length === 1 ? "the value in it" : `value in ${name}`, text: value });
    return parts;
  });
};

const tellingValue = (line: string): string | undefined => {
  if (/^(?:[#;<[{}]|\/\/ |-----)/.test(line) && !XML_VALUE.test(line)) return undefined;
  const [key, value] = keyAndValue(line);
  return PLAIN_KEY.test(key) || !isTelling(value) ? undefined : value;
};

const XML_VALUE = /^<(\w+)>([^<]+)<\/\1>$/;
const NETRC_PASSWORD = /(?:^|\s)password\s+(\S+)/;
const URL_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/:@\s]*:([^/@\s]+)@/i;
const ASSIGNMENT = /^(?:export\s+)?["']?([\w.\-/:@]+)["']?\s*[=:]\s*(?!\/\/|[=:\s])(.+)$/;

const keyAndValue = (line: string): readonly [key: string, value: string] => {
  const password = NETRC_PASSWORD.exec(line)?.[1] ?? URL_PASSWORD.exec(line)?.[1];
  if (password !== undefined) return ["password", password];
  const match = XML_VALUE.exec(line) ?? ASSIGNMENT.exec(line);
  if (match === null) return ["", line];
  return [match[1] as string, (match[2] as string).replace(/,$/, "").replace(/^(["'])(.*)\1$/, "$2")];
};

/** Keys whose values are no secrets, in files that hold one. */
const PLAIN_KEY =
  /^(?:.*[_\-.:])?(?:type|project_id|client_(?:id|email)|ur[il]|\w*_ur[il]|host|server|machine|domain|registry|email|user|username|login|region|endpoint|name|account|profile|version|apiversion|kind|format|output|path|file|cluster|context|namespace)$/i;

/** The first line of every unencrypted key that OpenSSH writes. */
const OPENSSH_START = "b3BlbnNzaC1rZXktdjE";

const isTelling = (value: string): boolean => {
  if (value.length < SHORTEST || COMMON.test(value) || value.startsWith(OPENSSH_START)) return false;
  if (/^[a-z][a-z0-9+.-]*:\/\/[^@?\s]*$/i.test(value)) return /[\w-]{20,}/.test(value) && /\d/.test(value);
  if (/^[\w.+-]+@[\w.-]+$/.test(value)) return false;
  const isMixed = /[a-z]/i.test(value) && /\d/.test(value);
  const hasInnerCapitals = /[a-z][A-Z]/.test(value);
  return (
    isMixed || hasInnerCapitals || /[^\w\s.:/,-]/.test(value) || /^\S{20,}$/.test(value) || /^\d{10,}$/.test(value)
  );
};

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const latin1 = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};
