/**
 * Cuts a zstd stream where a frame ends (RFC 8878, section 3.1): Node's decompressor leaves out, in silence, what
 * follows the end of a frame in the same write.
 */
export const zstdFrames = (): ((chunk: Uint8Array) => readonly Uint8Array[]) => {
  const header = new Uint8Array(LONGEST_HEADER);
  let filled = 0;
  let wanted = MAGIC_LENGTH;
  let part: "magic" | "skippable" | "descriptor" | "header" | "block" | "unknown" = "magic";
  let skip = 0;
  let isLastBlock = false;
  let hasChecksum = false;
  let endsAfterSkip = false;

  const next = (nextPart: typeof part, bytes: number): void => {
    part = nextPart;
    wanted = bytes;
    filled = 0;
  };

  /** Called when `wanted` bytes of the part are in `header`. */
  const read = (): void => {
    const number = new DataView(header.buffer);
    if (part === "magic") {
      const magic = number.getUint32(0, true);
      if (magic === ZSTD_MAGIC) next("descriptor", 1);
      else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) next("skippable", 4);
      else part = "unknown";
    } else if (part === "skippable") {
      skip = number.getUint32(0, true);
      endsAfterSkip = true;
      next("magic", MAGIC_LENGTH);
    } else if (part === "descriptor") {
      const descriptor = header[0] as number;
      hasChecksum = (descriptor & 4) !== 0;
      next("header", restOfHeader(descriptor));
    } else if (part === "header") next("block", 3);
    else readBlock();
  };

  const readBlock = (): void => {
    const block = (header[0] as number) | ((header[1] as number) << 8) | ((header[2] as number) << 16);
    isLastBlock = (block & 1) !== 0;
    const isRepeated = ((block >> 1) & 3) === 1;
    skip = (isRepeated ? 1 : block >> 3) + (isLastBlock && hasChecksum ? 4 : 0);
    endsAfterSkip = isLastBlock;
    if (isLastBlock) next("magic", MAGIC_LENGTH);
    else next("block", 3);
  };

  return (chunk) => {
    const pieces: Uint8Array[] = [];
    let from = 0;
    let at = 0;
    while (at < chunk.length && part !== "unknown") {
      if (skip > 0) {
        const taken = Math.min(skip, chunk.length - at);
        skip -= taken;
        at += taken;
      } else {
        header[filled++] = chunk[at++] as number;
        if (filled === wanted) read();
      }
      if (skip > 0 || !endsAfterSkip) continue;
      endsAfterSkip = false;
      pieces.push(chunk.subarray(from, at));
      from = at;
    }
    if (from < chunk.length) pieces.push(chunk.subarray(from));
    return pieces;
  };
};

const MAGIC_LENGTH = 4;
const LONGEST_HEADER = 16;
const ZSTD_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

/** Window, dictionary and content size: at least one byte, as a frame without a window tells its size. */
const restOfHeader = (descriptor: number): number => {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number;
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  return (isSingleSegment ? 0 : 1) + dictionary + contentSize;
};
