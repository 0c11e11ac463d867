export interface ZipMember {
  readonly name: Uint8Array;
  /** As stored: deflated or as it is. */
  readonly bytes: Uint8Array;
  readonly packing: "deflate" | "none" | "unknown";
}

export const isZip = (head: Uint8Array): boolean =>
  head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;

/** The members of a zip archive (also a jar, a wheel, …) by its directory; undefined when it is broken or of 64 bits. */
export const zipMembers = (zip: Uint8Array): readonly ZipMember[] | undefined => {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const end = endOfDirectory(view);
  if (end === undefined) return undefined;
  const members: ZipMember[] = [];
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (at + ENTRY > zip.length || view.getUint32(at, true) !== ENTRY_MAGIC) return undefined;
    const nameLength = view.getUint16(at + 28, true);
    const start = dataStart(view, view.getUint32(at + 42, true));
    const length = view.getUint32(at + 20, true);
    if (start === undefined || start + length > zip.length) return undefined;
    const method = view.getUint16(at + 10, true);
    members.push({
      name: zip.subarray(at + ENTRY, at + ENTRY + nameLength),
      bytes: zip.subarray(start, start + length),
      packing: method === 8 ? "deflate" : method === 0 ? "none" : "unknown",
    });
    at += ENTRY + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return members;
};

const END = 22;
const END_MAGIC = 0x06054b50;
const LONGEST_COMMENT = 0xffff;
const ENTRY = 46;
const ENTRY_MAGIC = 0x02014b50;
const LOCAL = 30;
const LOCAL_MAGIC = 0x04034b50;

/** It stands at the very end, before a comment. */
const endOfDirectory = (view: DataView): number | undefined => {
  const lowest = Math.max(0, view.byteLength - END - LONGEST_COMMENT);
  for (let at = view.byteLength - END; at >= lowest; at--) if (view.getUint32(at, true) === END_MAGIC) return at;
  return undefined;
};

const dataStart = (view: DataView, local: number): number | undefined => {
  if (local + LOCAL > view.byteLength || view.getUint32(local, true) !== LOCAL_MAGIC) return undefined;
  return local + LOCAL + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
};
