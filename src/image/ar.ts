import type { ByteParser } from "./byte-parser.ts";

export interface MemberVisitor {
  readonly member: (size: number) => void;
  /** Valid until the next call. */
  readonly data: (bytes: Uint8Array) => void;
  readonly close: () => void;
}

/** The members of an ar archive: a Debian package, or a library of objects. Throws on a broken one. */
export function* arParser({ member, data, close }: MemberVisitor): ByteParser {
  yield GLOBAL;
  for (;;) {
    const header = yield HEADER;
    const size = Number(String.fromCharCode(...header.subarray(48, 58)));
    if (!Number.isSafeInteger(size) || header[58] !== 0x60) throw new Error("is a broken archive");
    member(size);
    for (let left = size; left > 0; ) {
      const piece = yield -left;
      left -= piece.length;
      data(piece);
    }
    close();
    if (size % 2 === 1) yield 1;
  }
}

const GLOBAL = 8;
const HEADER = 60;
