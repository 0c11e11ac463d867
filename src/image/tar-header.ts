export type TarEntryType =
  | "file"
  | "hard link"
  | "symbolic link"
  | "character device"
  | "block device"
  | "directory"
  | "fifo"
  | "other";

export interface TarEntry {
  /** Byte of the archive at which its first header starts, extended headers included. */
  readonly start: number;
  /** Byte of the archive at which its stored bytes start. */
  readonly dataStart: number;
  readonly type: TarEntryType;
  /** As the archive says it; `./` and `/` in front are kept. */
  readonly path: string;
  /** Target of a link, else empty. */
  readonly linkPath: string;
  /** Bytes of the file once extracted, holes of a sparse file included; 0 for what is no file. */
  readonly size: number;
  /** Permission bits, with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Names of extended attributes: `security.capability`, `user.x`. */
  readonly attributes: readonly string[];
}

export class TarError extends Error {
  override readonly name = "TarError";
}

export const BLOCK = 512;
export const TYPE_FLAGS = { pax: "x", paxGlobal: "g", gnuLongName: "L", gnuLongLink: "K", gnuSparse: "S" } as const;

/** What is no entry but speaks of one. */
export const META_TYPES: ReadonlySet<string> = new Set([
  TYPE_FLAGS.pax,
  TYPE_FLAGS.paxGlobal,
  TYPE_FLAGS.gnuLongName,
  TYPE_FLAGS.gnuLongLink,
]);

const TYPES: Readonly<Record<string, TarEntryType>> = {
  "\0": "file",
  "0": "file",
  "1": "hard link",
  "2": "symbolic link",
  "3": "character device",
  "4": "block device",
  "5": "directory",
  "6": "fifo",
  "7": "file",
  [TYPE_FLAGS.gnuSparse]: "file",
};

export type PaxRecords = ReadonlyMap<string, string>;

/** What extended headers say about the entry that follows. */
export interface Pending {
  readonly pax?: PaxRecords;
  readonly path?: string;
  readonly linkPath?: string;
}

export interface RawHeader {
  readonly flag: string;
  readonly path: string;
  readonly linkPath: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export const broken = (position: number, problem: string): TarError =>
  new TarError(`the tar header at byte ${position} ${problem}`);

export const isEmptyBlock = (bytes: Uint8Array, at: number): boolean => {
  for (let index = at; index < at + BLOCK; index++) if (bytes[index] !== 0) return false;
  return true;
};

/** @param at where the header starts in the bytes, which `position` tells of the archive */
export const readHeader = (bytes: Uint8Array, view: DataView, at: number, position: number): RawHeader => {
  checkSum(bytes, view, at, position);
  const size = readNumber(bytes, at + 124, 12);
  if (!Number.isSafeInteger(size) || size < 0) throw broken(position, "has no valid size");
  return {
    flag: String.fromCharCode(bytes[at + 156] as number),
    path: prefix(bytes, at) + cString(bytes, at, 100),
    linkPath: cString(bytes, at + 157, 100),
    size,
    mode: readNumber(bytes, at + 100, 8) & 0o7777,
    uid: readNumber(bytes, at + 108, 8),
    gid: readNumber(bytes, at + 116, 8),
  };
};

/** Old writers summed signed bytes. */
const checkSum = (bytes: Uint8Array, view: DataView, at: number, position: number): void => {
  let pairs = 0;
  let topBits = 0;
  // Two sums of 16 bits each, which 256 bytes cannot overflow: four times as fast as byte by byte.
  for (let index = at; index < at + BLOCK; index += 4) {
    const word = view.getInt32(index);
    pairs = (pairs + (word & 0x00ff00ff) + ((word >>> 8) & 0x00ff00ff)) | 0;
    topBits |= word;
  }
  let unsigned = (pairs >>> 16) + (pairs & 0xffff);
  for (let index = at + 148; index < at + 156; index++) unsigned += 0x20 - (bytes[index] as number);
  const stored = readNumber(bytes, at + 148, 8);
  if (stored === unsigned) return;
  const isSigned = (topBits & 0x80808080) !== 0 && stored === unsigned - 256 * highBytes(bytes, at);
  if (!isSigned) throw broken(position, "has a wrong checksum");
};

const highBytes = (bytes: Uint8Array, at: number): number => {
  let high = 0;
  for (let index = 0; index < BLOCK; index++) {
    if ((index < 148 || index >= 156) && (bytes[at + index] as number) > 127) high++;
  }
  return high;
};

/** GNU's own format keeps times where ustar keeps the prefix; star keeps them in its last 24 bytes. */
const prefix = (bytes: Uint8Array, at: number): string => {
  if (bytes[at + 345] === 0 || latin1(bytes, at + 257, at + 263) !== "ustar\0") return "";
  const isStar = latin1(bytes, at + 508, at + 512) === "tar\0";
  const text = cString(bytes, at + 345, isStar ? 131 : 155);
  return text === "" ? "" : `${text}/`;
};

export const entryOf = (
  raw: RawHeader,
  gnuRealSize: number | undefined,
  pax: PaxRecords,
  pending: Pending,
  start: number,
  dataStart: number,
): { readonly entry: TarEntry; readonly stored: number } => {
  const path = paxText(pax, "GNU.sparse.name") ?? paxText(pax, "path") ?? pending.path ?? raw.path;
  const type = typeOf(raw.flag, path);
  const stored = type === "file" || type === "other" ? (paxNumber(pax, "size", start) ?? raw.size) : 0;
  const sparse = paxNumber(pax, "GNU.sparse.realsize", start) ?? paxNumber(pax, "GNU.sparse.size", start);
  const real = gnuRealSize ?? sparse;
  if (real !== undefined && !(Number.isSafeInteger(real) && real >= 0)) throw broken(start, "has no valid real size");
  const entry: TarEntry = {
    start,
    dataStart,
    type,
    path,
    linkPath: type.endsWith("link") ? (paxText(pax, "linkpath") ?? pending.linkPath ?? raw.linkPath) : "",
    size: type === "file" ? (real ?? stored) : 0,
    mode: raw.mode,
    uid: paxNumber(pax, "uid", start) ?? raw.uid,
    gid: paxNumber(pax, "gid", start) ?? raw.gid,
    attributes: attributesOf(pax),
  };
  return { entry, stored };
};

const typeOf = (flag: string, path: string): TarEntryType => {
  const type = TYPES[flag] ?? "other";
  return type === "file" && path.endsWith("/") ? "directory" : type;
};

const NO_ATTRIBUTES: readonly string[] = [];
const ATTRIBUTE_PREFIXES = ["SCHILY.xattr.", "LIBARCHIVE.xattr."] as const;

const attributesOf = (pax: PaxRecords): readonly string[] => {
  if (pax.size === 0) return NO_ATTRIBUTES;
  return [...pax.keys()].flatMap((key) => {
    const found = ATTRIBUTE_PREFIXES.find((start) => key.startsWith(start));
    return found === undefined ? [] : [key.slice(found.length)];
  });
};

/** An empty value takes back what a global header said. */
const paxText = (pax: PaxRecords, key: string): string | undefined => pax.get(key) || undefined;

const paxNumber = (pax: PaxRecords, key: string, position: number): number | undefined => {
  const text = paxText(pax, key);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw broken(position, `has no valid ${key}`);
  return value;
};

/** `30 path=…\n`, where 30 counts the whole record in bytes. */
export const readPax = (bytes: Uint8Array, position: number): PaxRecords => {
  const records = new Map<string, string>();
  let from = 0;
  while (from < bytes.length && bytes[from] !== 0) {
    const blank = bytes.indexOf(0x20, from);
    const length = blank === -1 || blank - from > 10 ? Number.NaN : Number(latin1(bytes, from, blank));
    const to = from + length;
    const equals = bytes.indexOf(0x3d, blank);
    const isWhole = to <= bytes.length && equals !== -1 && equals < to - 1 && bytes[to - 1] === 0x0a;
    if (!isWhole) throw broken(position, "has a malformed extended record");
    records.set(decode(bytes, blank + 1, equals), decode(bytes, equals + 1, to - 1));
    from = to;
  }
  return records;
};

/** Only what entries are told by: a global header may be as long as its writer likes. */
export const mergeGlobals = (globals: PaxRecords, more: PaxRecords): PaxRecords =>
  new Map([...globals, ...[...more].filter(([key]) => GLOBAL_KEYS.has(key))]);

const GLOBAL_KEYS: ReadonlySet<string> = new Set(["path", "linkpath", "size", "uid", "gid"]);

/** Octal digits between blanks and NULs, or base 256 when the highest bit is set; NaN for anything else. */
export const readNumber = (bytes: Uint8Array, from: number, length: number): number => {
  const first = bytes[from] as number;
  if (first >= 0x80) return readBase256(bytes, from, length);
  let value = 0;
  let index = from;
  const to = from + length;
  while (index < to && isBlank(bytes[index] as number)) index++;
  for (; index < to && !isBlank(bytes[index] as number); index++) {
    const digit = (bytes[index] as number) - 0x30;
    if (digit < 0 || digit > 7) return Number.NaN;
    value = value * 8 + digit;
  }
  return value;
};

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0;

const readBase256 = (bytes: Uint8Array, from: number, length: number): number => {
  const isNegative = ((bytes[from] as number) & 0x40) !== 0;
  if (isNegative) return -1;
  let value = (bytes[from] as number) & 0x3f;
  for (let index = from + 1; index < from + length; index++) value = value * 256 + (bytes[index] as number);
  return value;
};

export const cString = (bytes: Uint8Array, from: number, length: number): string => {
  let to = from;
  while (to < from + length && bytes[to] !== 0) to++;
  return decode(bytes, from, to);
};

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Names need not be UTF-8: others are read as Latin-1, so that different names stay different. */
const decode = (bytes: Uint8Array, from: number, to: number): string => {
  for (let index = from; index < to; index++) {
    if ((bytes[index] as number) < 0x80) continue;
    try {
      return strictUtf8.decode(bytes.subarray(from, to));
    } catch {
      return latin1(bytes, from, to);
    }
  }
  return latin1(bytes, from, to);
};

const latin1 = (bytes: Uint8Array, from: number, to: number): string => {
  let text = "";
  for (let index = from; index < to; index++) text += String.fromCharCode(bytes[index] as number);
  return text;
};
