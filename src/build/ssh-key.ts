export type KeyState = "open" | "locked" | "no key";

/** Whether a private key file can be used without a question; a public key or anything else is no key. */
export const keyState = (text: string): KeyState => {
  const block = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----\r?\n(.*?)-----END/s.exec(text);
  if (block === null) return "no key";
  const [, label = "", body = ""] = block;
  if (label === "OPENSSH PRIVATE KEY") return isOpensshLocked(body) ? "locked" : "open";
  return label === "ENCRYPTED PRIVATE KEY" || /^Proc-Type: *4,ENCRYPTED/m.test(body) ? "locked" : "open";
};

/** Behind the magic word stands the name of the cipher: `none` for a key without a passphrase (PROTOCOL.key of OpenSSH). */
const isOpensshLocked = (body: string): boolean => {
  try {
    const bytes = atob(body.replace(/\s+/g, "").slice(0, 64));
    const start = "openssh-key-v1\0".length + 4;
    const length = bytes.charCodeAt(start - 1);
    return bytes.slice(start, start + length) !== "none";
  } catch {
    return false;
  }
};
