export type ListedKind = "file" | "hard link" | "directory" | "other" | "whiteout" | "opaque";

/** One entry of a layer, its path without `/` in front and, for a whiteout, that of what it hides. */
export interface ListedEntry {
  readonly kind: ListedKind;
  readonly path: string;
  /** Of a link, else empty: of a hard link as a path of the layer, of a symbolic one as written. */
  readonly linkPath: string;
  readonly size: number;
  /** A checksum of the contents. */
  readonly checksum: number;
  readonly mode: number;
  readonly uid: number;
}

/** The entries of a layer in some 20 bytes each: an image may hold a million, and layers wait for each other. */
export interface LayerListing {
  readonly entries: () => Iterable<ListedEntry>;
  readonly count: number;
  /** Of the entries. */
  readonly hardLinks: number;
  readonly byteLength: number;
}

export interface ListingWriter {
  readonly add: (entry: ListedEntry) => void;
  /** Entries so far. */
  readonly count: () => number;
  readonly finish: () => LayerListing;
}

/**
 * Each path is written as what differs from the one before, as neighbours share their folders; and so are the mode and
 * the owner. What most entries do not have is left out.
 */
export const listingWriter = (): ListingWriter => {
  const blocks: Uint8Array[] = [];
  let block = new Uint8Array(FIRST_BLOCK);
  let at = 0;
  let last = "";
  let [lastMode, lastOwner] = [0, 0];
  let count = 0;
  let hardLinks = 0;

  const number = (value: number): void => {
    let rest = Math.max(0, value);
    while (rest >= 128) {
      block[at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    block[at++] = rest;
  };

  const text = (value: string, from: number): void => {
    const length = value.length - from;
    const start = at;
    number(length);
    for (let index = from; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 127) {
        at = start;
        encoded(value.slice(from));
        return;
      }
      block[at++] = code;
    }
  };

  /** The encoder costs more than most names are long, and most are ASCII. */
  const encoded = (value: string): void => {
    const written = encoder.encodeInto(value, scratchFor(value.length)).written;
    number(written);
    block.set(scratch.subarray(0, written), at);
    at += written;
  };

  const closeBlock = (): void => {
    blocks.push(block.subarray(0, at));
    at = 0;
    last = "";
    [lastMode, lastOwner] = [0, 0];
  };

  return {
    add: (entry) => {
      const room = NUMBERS + 3 * (entry.path.length + entry.linkPath.length);
      if (at + room > block.length) {
        closeBlock();
        block = new Uint8Array(Math.max(BLOCK, room));
      }
      const shared = sharedLength(last, entry.path);
      const hasLink = entry.linkPath !== "";
      const hasContents = entry.size !== 0 || entry.checksum !== 0;
      const isOtherwise = entry.mode !== lastMode || entry.uid !== lastOwner;
      block[at++] =
        KINDS.indexOf(entry.kind) |
        (hasLink ? HAS_LINK : 0) |
        (hasContents ? HAS_CONTENTS : 0) |
        (isOtherwise ? IS_OTHERWISE : 0);
      number(shared);
      text(entry.path, shared);
      if (hasLink) text(entry.linkPath, 0);
      if (hasContents) {
        number(entry.size);
        number(entry.checksum);
      }
      if (isOtherwise) {
        number(entry.mode);
        number(entry.uid);
        [lastMode, lastOwner] = [entry.mode, entry.uid];
      }
      last = entry.path;
      count++;
      if (entry.kind === "hard link") hardLinks++;
    },
    count: () => count,
    finish: () => {
      closeBlock();
      // The last block is mostly empty; what is kept should be what was written.
      const kept = blocks.map((full, index) => (index === blocks.length - 1 ? full.slice() : full));
      return {
        entries: () => readBlocks(kept),
        count,
        hardLinks,
        byteLength: kept.reduce((sum, one) => sum + one.buffer.byteLength, 0),
      };
    },
  };
};

const FIRST_BLOCK = 4096;
const BLOCK = 256 * 1024;
/** Room for the kind, six numbers of at most eight bytes, and to spare. */
const NUMBERS = 64;
const KINDS: readonly ListedKind[] = ["file", "hard link", "directory", "other", "whiteout", "opaque"];
/** Beside the kind, in one byte. */
const KIND = 0b0000_0111;
const HAS_LINK = 0b0000_1000;
const HAS_CONTENTS = 0b0001_0000;
/** Mode and owner are not those of the entry before. */
const IS_OTHERWISE = 0b0010_0000;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
let scratch = new Uint8Array(1024);

const scratchFor = (length: number): Uint8Array<ArrayBuffer> => {
  if (scratch.length < 3 * length) scratch = new Uint8Array(3 * length);
  return scratch;
};

const sharedLength = (before: string, path: string): number => {
  const limit = Math.min(before.length, path.length);
  let shared = 0;
  while (shared < limit && before.charCodeAt(shared) === path.charCodeAt(shared)) shared++;
  // Half of a surrogate pair cannot be written.
  const isSplit = shared > 0 && (path.charCodeAt(shared - 1) & 0xfc00) === 0xd800;
  return isSplit ? shared - 1 : shared;
};

function* readBlocks(blocks: readonly Uint8Array[]): Generator<ListedEntry> {
  for (const block of blocks) {
    let at = 0;
    let path = "";
    let [mode, uid] = [0, 0];
    const number = (): number => {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = block[at++] as number;
        value += (byte & 127) * scale;
        if (byte < 128) return value;
      }
    };
    const text = (): string => {
      const length = number();
      if (length === 0) return "";
      at += length;
      return decode(block, at - length, at);
    };
    while (at < block.length) {
      const bits = block[at++] as number;
      path = path.slice(0, number()) + text();
      const linkPath = (bits & HAS_LINK) === 0 ? "" : text();
      const hasContents = (bits & HAS_CONTENTS) !== 0;
      const size = hasContents ? number() : 0;
      const checksum = hasContents ? number() : 0;
      if ((bits & IS_OTHERWISE) !== 0) [mode, uid] = [number(), number()];
      yield { kind: KINDS[bits & KIND] as ListedKind, path, linkPath, size, checksum, mode, uid };
    }
  }
}

/** The decoder costs more than most names are long. */
const decode = (bytes: Uint8Array, from: number, to: number): string => {
  if (to - from > 24) return decoder.decode(bytes.subarray(from, to));
  let text = "";
  for (let index = from; index < to; index++) {
    const byte = bytes[index] as number;
    if (byte > 127) return decoder.decode(bytes.subarray(from, to));
    text += String.fromCharCode(byte);
  }
  return text;
};
