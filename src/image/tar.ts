import {
  BLOCK,
  broken,
  cString,
  entryOf,
  isEmptyBlock,
  META_TYPES,
  mergeGlobals,
  type PaxRecords,
  type Pending,
  type RawHeader,
  readHeader,
  readNumber,
  readPax,
  type TarEntry,
  TarError,
  TYPE_FLAGS,
} from "./tar-header.ts";

export interface TarVisitor {
  readonly entry: (entry: TarEntry) => void;
  /** Stored bytes of the last entry, in pieces that are valid only during the call. */
  readonly data?: (bytes: Uint8Array) => void;
  /** All bytes of the last entry have been seen. */
  readonly close?: () => void;
}

export interface TarReader {
  /** Throws a `TarError` on what is no tar archive. */
  readonly push: (chunk: Uint8Array) => void;
  /** Throws a `TarError` when the archive is cut off. */
  readonly end: () => void;
}

/**
 * Reads a tar archive piece by piece: v7, ustar, pax, GNU and star headers, long names, base-256 numbers and
 * sparse files. Where the dialects leave room it reads as Go's `archive/tar`, with which the engines unpack.
 */
export const tarReader = (visitor: TarVisitor): TarReader => {
  const block = new Uint8Array(BLOCK);
  const blockView = new DataView(block.buffer);
  let blockFill = 0;
  let position = 0;
  let blockStart = 0;
  let entryStart = 0;
  let state: "header" | "sparse map" | "data" | "padding" | "after one empty block" | "ended" = "header";
  let left = 0;
  let padding = 0;
  let record: MetaRecord | undefined;
  let globals: PaxRecords = new Map();
  let pending: Pending = NOTHING_PENDING;

  const header = (bytes: Uint8Array, view: DataView, at: number): void => {
    if (isEmptyBlock(bytes, at)) {
      if (state === "header" && record !== undefined)
        throw new TarError("the tar archive ends after an extended header");
      state = state === "header" ? "after one empty block" : "ended";
      return;
    }
    if (state === "after one empty block") throw broken(blockStart, "follows an empty one");
    if (record === undefined) entryStart = blockStart;
    const raw = readHeader(bytes, view, at, blockStart);
    if (META_TYPES.has(raw.flag)) startMeta(raw);
    else startEntry(raw, bytes, at);
  };

  const startMeta = (raw: RawHeader): void => {
    if (raw.size > MAX_META) throw broken(blockStart, `announces ${raw.size} bytes of names`);
    record = { flag: raw.flag, bytes: new Uint8Array(raw.size), fill: 0 };
    startData(raw.size);
  };

  const startEntry = (raw: RawHeader, bytes: Uint8Array, at: number): void => {
    const pax: PaxRecords = pending.pax === undefined ? globals : new Map([...globals, ...pending.pax]);
    const isSparse = raw.flag === TYPE_FLAGS.gnuSparse;
    const realSize = isSparse ? readNumber(bytes, at + 483, 12) : undefined;
    const { entry, stored } = entryOf(raw, realSize, pax, pending, entryStart, blockStart + BLOCK);
    pending = NOTHING_PENDING;
    record = undefined;
    visitor.entry(entry);
    left = stored;
    if (isSparse && bytes[at + 482] !== 0) state = "sparse map";
    else startData(stored);
  };

  const startData = (size: number): void => {
    left = size;
    padding = (BLOCK - (size % BLOCK)) % BLOCK;
    state = "data";
    if (size === 0) endData();
  };

  const endData = (): void => {
    if (record === undefined) visitor.close?.();
    else keepMeta(record);
    state = padding > 0 ? "padding" : "header";
  };

  const keepMeta = ({ flag, bytes }: MetaRecord): void => {
    if (flag === TYPE_FLAGS.paxGlobal) globals = mergeGlobals(globals, readPax(bytes, blockStart));
    else if (flag === TYPE_FLAGS.pax) pending = { ...pending, pax: readPax(bytes, blockStart) };
    else if (flag === TYPE_FLAGS.gnuLongName) pending = { ...pending, path: cString(bytes, 0, bytes.length) };
    else pending = { ...pending, linkPath: cString(bytes, 0, bytes.length) };
    if (flag === TYPE_FLAGS.paxGlobal) record = undefined;
  };

  const takeData = (chunk: Uint8Array, from: number): number => {
    const take = Math.min(left, chunk.length - from);
    const bytes = chunk.subarray(from, from + take);
    if (record === undefined) visitor.data?.(bytes);
    else {
      record.bytes.set(bytes, record.fill);
      record.fill += take;
    }
    left -= take;
    if (left === 0) endData();
    return take;
  };

  const takePadding = (available: number): number => {
    const take = Math.min(padding, available);
    padding -= take;
    if (padding === 0) state = "header";
    return take;
  };

  const takeBlock = (chunk: Uint8Array, view: DataView, from: number): number => {
    if (blockFill === 0) blockStart = position;
    if (blockFill === 0 && chunk.length - from >= BLOCK) {
      onBlock(chunk, view, from);
      return BLOCK;
    }
    const take = Math.min(BLOCK - blockFill, chunk.length - from);
    block.set(chunk.subarray(from, from + take), blockFill);
    blockFill += take;
    if (blockFill === BLOCK) {
      blockFill = 0;
      onBlock(block, blockView, 0);
    }
    return take;
  };

  const onBlock = (bytes: Uint8Array, view: DataView, at: number): void => {
    if (state !== "sparse map") header(bytes, view, at);
    else if (bytes[at + 504] === 0) startData(left);
  };

  return {
    push: (chunk) => {
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let from = 0;
      while (from < chunk.length && state !== "ended") {
        let taken: number;
        if (state === "data") taken = takeData(chunk, from);
        else if (state === "padding") taken = takePadding(chunk.length - from);
        else taken = takeBlock(chunk, view, from);
        from += taken;
        position += taken;
      }
    },
    end: () => {
      if (state === "ended" || state === "after one empty block") return;
      // Some writers leave out the padding of the last file, and the two empty blocks.
      const isWhole = state === "padding" || (state === "header" && blockFill === 0);
      if (!isWhole || record !== undefined) throw new TarError(`the tar archive is cut off after ${position} bytes`);
    },
  };
};

const NOTHING_PENDING: Pending = {};

/** The limit of Go's reader. */
const MAX_META = 1 << 20;

interface MetaRecord {
  readonly flag: string;
  readonly bytes: Uint8Array;
  fill: number;
}
