import type { ByteParser, ByteSource } from "./byte-parser.ts";

/** Follows the members of a zip archive. */
export interface ZipVisitor {
  /** @param size packed bytes; undefined when it is told after them */
  readonly member: (packing: "deflate" | "none" | "unknown", size: number | undefined) => void;
  /** Packed bytes of the last member; valid until the next call. */
  readonly data: (bytes: Uint8Array) => void;
  readonly close: () => void;
}

/**
 * The members of a zip archive (also a jar, a wheel, …) as they come, by the headers before them: the directory at the
 * end is not waited for. Returns where it starts, throws on a broken archive.
 */
export function* zipParser(source: ByteSource, visitor: ZipVisitor): ByteParser {
  let mayBeLong = false;
  for (;;) {
    let magic = uint32(yield 4, 0);
    if (mayBeLong && (magic & 0xffff) !== PK) {
      yield 4;
      magic = uint32(yield 4, 0);
    }
    if (magic === DIRECTORY || magic === END || magic === END_64 || magic === ARCHIVE_EXTRA) return;
    if (magic !== MEMBER) throw new Error("is a broken zip archive");
    const header = (yield MEMBER_REST).slice();
    yield uint16(header, 22);
    const extra = (yield uint16(header, 24)).slice();
    const flags = uint16(header, 2);
    const isToldAfter = (flags & TOLD_AFTER) !== 0;
    const size = packedSize(header, extra);
    const isUnknown = isToldAfter && size === 0;
    mayBeLong = isToldAfter && !isUnknown;
    visitor.member(packingOf(uint16(header, 4), flags), isUnknown ? undefined : size);
    if (isUnknown) yield* untilDescriptor(source, visitor);
    else {
      yield* known(size, visitor);
      if (isToldAfter) yield* skipDescriptor();
    }
    visitor.close();
  }
}

/** Tells whether a file ends as a zip archive does, while it streams by: one with other bytes in front starts as anything. */
export interface ZipEndFinder {
  /** The next file begins; its size is known. */
  readonly reset: (size: number) => void;
  readonly push: (bytes: Uint8Array) => void;
  readonly isFound: () => boolean;
}

export const zipEndFinder = (): ZipEndFinder => {
  let left = 0;
  let rest = NOTHING;
  let isFound = false;
  return {
    reset: (size) => {
      left = size;
      rest = NOTHING;
      isFound = false;
    },
    push: (bytes) => {
      const before = Math.max(0, left - LONGEST_END);
      left -= bytes.length;
      if (isFound || before >= bytes.length) return;
      const seen = rest.length === 0 ? bytes.subarray(before) : joined(rest, bytes);
      isFound = hasEnd(seen, left);
      // An end that the next piece completes.
      rest = left > 0 ? seen.slice(-(END_LENGTH - 1)) : NOTHING;
    },
    isFound: () => isFound,
  };
};

const NOTHING = new Uint8Array(0);
const END_LENGTH = 22;
/** With the longest comment. */
const LONGEST_END = END_LENGTH + 0xffff;
/** Of a member in the directory, the least. */
const LISTED = 46;

const joined = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
};

/** @param left how many bytes of the file come after these */
const hasEnd = (bytes: Uint8Array, left: number): boolean => {
  for (let at = bytes.indexOf(0x50); at !== -1 && at + END_LENGTH <= bytes.length; at = bytes.indexOf(0x50, at + 1)) {
    if (uint32(bytes, at) !== END) continue;
    const members = uint16(bytes, at + 10);
    const isListed = members > 0 && uint32(bytes, at + 12) >= members * LISTED;
    // The comment is all that may come after it.
    if (isListed && uint16(bytes, at + 20) === bytes.length - at - END_LENGTH + left) return true;
  }
  return false;
};

const MEMBER = 0x04034b50;
const MEMBER_REST = 26;
const DIRECTORY = 0x02014b50;
const ARCHIVE_EXTRA = 0x08064b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const DESCRIPTOR = 0x08074b50;
const ENCRYPTED = 1;
const TOLD_AFTER = 8;
/** How all that follows a member or the last one starts. */
const PK = 0x4b50;
/** Bytes of the longest descriptor, and of what follows. */
const CERTAIN = 28;
const PIECE = 64 * 1024;

const uint16 = (bytes: Uint8Array, at: number): number => (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
const uint32 = (bytes: Uint8Array, at: number): number =>
  (uint16(bytes, at) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0;
const uint64 = (bytes: Uint8Array, at: number): number => uint32(bytes, at) + uint32(bytes, at + 4) * 2 ** 32;

const packingOf = (method: number, flags: number): "deflate" | "none" | "unknown" => {
  if ((flags & ENCRYPTED) !== 0) return "unknown";
  return method === 8 ? "deflate" : method === 0 ? "none" : "unknown";
};

/** Sizes over 4 GB stand among the extra fields. */
const packedSize = (header: Uint8Array, extra: Uint8Array): number => {
  const size = uint32(header, 14);
  if (size !== 0xffffffff) return size;
  for (let at = 0; at + 4 <= extra.length; at += 4 + uint16(extra, at + 2)) {
    if (uint16(extra, at) === 1 && at + 20 <= extra.length) return uint64(extra, at + 12);
  }
  throw new Error("is a broken zip archive");
};

function* known(size: number, { data }: ZipVisitor): ByteParser {
  for (let left = size; left > 0; ) {
    const piece = yield -Math.min(left, PIECE);
    left -= piece.length;
    data(piece);
  }
}

/** Checksum and sizes, in front of which nearly all writers put a mark. Sizes of eight bytes are left half unread. */
function* skipDescriptor(): ByteParser {
  const start = uint32(yield 4, 0);
  yield start === DESCRIPTOR ? 12 : 8;
}

/** The end is where a descriptor tells just as many bytes as there were. */
function* untilDescriptor(source: ByteSource, { data }: ZipVisitor): ByteParser {
  let tail = NOTHING;
  for (let before = 0; ; ) {
    const bytes = joined(tail, yield -PIECE);
    const found = findDescriptor(bytes, before);
    if (found !== undefined) {
      data(bytes.subarray(0, found.start));
      source.unread(bytes.length - found.end);
      return;
    }
    const certain = Math.max(0, bytes.length - CERTAIN);
    data(bytes.subarray(0, certain));
    before += certain;
    tail = bytes.slice(certain);
  }
}

/** @param before how many bytes of the member came before these */
const findDescriptor = (
  bytes: Uint8Array,
  before: number,
): { readonly start: number; readonly end: number } | undefined => {
  for (let at = bytes.indexOf(0x50); at !== -1 && at + CERTAIN <= bytes.length; at = bytes.indexOf(0x50, at + 1)) {
    if (uint32(bytes, at) !== DESCRIPTOR || uint32(bytes, at + 8) !== (before + at) % 2 ** 32) continue;
    if (uint16(bytes, at + 16) === PK) return { start: at, end: at + 16 };
    if (uint16(bytes, at + 24) === PK) return { start: at, end: at + 24 };
  }
  return undefined;
};
