/**
 * Bytes before the deflated ones of a gzip member (RFC 1952); undefined for what is no gzip, and for a header that
 * goes on after these bytes.
 */
export const gzipHeaderLength = (bytes: Uint8Array): number | undefined => {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== DEFLATE) return undefined;
  const flags = bytes[3] ?? 0;
  let at = FIXED;
  if ((flags & EXTRA) !== 0) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  for (const text of [NAME, COMMENT]) {
    if ((flags & text) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end === -1) return undefined;
    at = end + 1;
  }
  if ((flags & HEADER_CRC) !== 0) at += 2;
  return at <= bytes.length ? at : undefined;
};

/** Checksum and length, which follow the deflated bytes. */
export const GZIP_TRAILER = 8;

const FIXED = 10;
const DEFLATE = 8;
const HEADER_CRC = 2;
const EXTRA = 4;
const NAME = 8;
const COMMENT = 16;
