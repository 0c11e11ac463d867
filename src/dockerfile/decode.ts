const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A file's bytes as text: UTF-8, a byte order mark kept, U+FFFD for bytes that are no character. */
export const decodeText = (bytes: Uint8Array): string => decoder.decode(bytes);
