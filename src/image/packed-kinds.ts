import { isBzip2 } from "./bzip2.ts";
import { isXz } from "./xz.ts";

/** What Node unpacks. */
export type Packing = "gzip" | "zstd";

/** Undefined for what is neither packed nor holds other files. */
export type PackedKind =
  | { readonly how: "native"; readonly packing: Packing }
  | { readonly how: "xz" | "bzip2" | "zlib" | "zip" | "tar" | "ar" }
  /** Said of the file: `is packed with 7z, which is not unpacked`. */
  | { readonly how: "unknown"; readonly gap: string };

/** Bytes of a file that tell how it is packed; of a shorter one, all. */
export const PACKED_HEAD = 263;

/** How a file is packed, by its first four bytes. */
export const packingOf = (head: Uint8Array): Packing | undefined => {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return "gzip";
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return "zstd";
  return undefined;
};

export const packedKindOf = (head: Uint8Array): PackedKind | undefined => {
  const first = head[0];
  if (first === undefined) return undefined;
  if (STARTS.has(first)) {
    const packing = packingOf(head);
    if (packing !== undefined) return { how: "native", packing };
    if (isXz(head)) return XZ;
    if (isBzip2(head)) return BZIP2;
    if (startsWith(head, "PK\u0003\u0004")) return ZIP;
    if (startsWith(head, "!<arch>\n")) return AR;
    const unknown = UNKNOWN.find(({ magic }) => startsWith(head, magic));
    if (unknown !== undefined) return { how: "unknown", gap: unknown.gap };
    if (first === 0x78 && ZLIB_LEVELS.has(head[1] ?? 0)) return ZLIB;
  }
  return head[257] === 0x75 && startsWith(head.subarray(257), "ustar") ? TAR : undefined;
};

const XZ: PackedKind = { how: "xz" };
const BZIP2: PackedKind = { how: "bzip2" };
const ZLIB: PackedKind = { how: "zlib" };
const ZIP: PackedKind = { how: "zip" };
const AR: PackedKind = { how: "ar" };
const TAR: PackedKind = { how: "tar" };

/** The second byte of zlib's header, as git writes it for loose objects among others. */
const ZLIB_LEVELS: ReadonlySet<number> = new Set([0x01, 0x5e, 0x9c, 0xda]);

const startsWith = (bytes: Uint8Array, magic: string): boolean => {
  for (let index = 0; index < magic.length; index++) if (bytes[index] !== magic.charCodeAt(index)) return false;
  return true;
};

const notUnpacked = (magic: string, name: string): { readonly magic: string; readonly gap: string } => ({
  magic,
  gap: `is packed with ${name}, which is not unpacked`,
});

const UNKNOWN = [
  notUnpacked("7z\u00bc\u00af\u0027\u001c", "7z"),
  notUnpacked("Rar!\u001a\u0007", "rar"),
  notUnpacked("\u0004\u0022M\u0018", "lz4"),
  notUnpacked("\u0002\u0021L\u0018", "lz4"),
  notUnpacked("LZIP\u0001", "lzip"),
  notUnpacked("\u005d\u0000\u0000\u0080\u0000", "lzma"),
  notUnpacked("\u005d\u0000\u0000\u0000\u0001", "lzma"),
  notUnpacked("\u005d\u0000\u0000\u0000\u0004", "lzma"),
  notUnpacked("\u0089LZO\u0000\r\n", "lzop"),
  notUnpacked("\u001f\u009d\u0090", "compress"),
  notUnpacked("MSCF\u0000\u0000\u0000\u0000", "cab"),
  notUnpacked("hsqs", "squashfs"),
  notUnpacked("PACK\u0000\u0000\u0000\u0002", "git"),
  { magic: "\u00ed\u00ab\u00ee\u00db", gap: "is an rpm package, which is not unpacked" },
  { magic: "070701", gap: "is a cpio archive: what is packed in it is not searched" },
] as const;

/** Of all of the above, so that most files are left after one look. */
const STARTS: ReadonlySet<number> = new Set([
  ...[0x1f, 0x28, 0xfd, 0x42, 0x50, 0x21, 0x78],
  ...UNKNOWN.map(({ magic }) => magic.charCodeAt(0)),
]);
