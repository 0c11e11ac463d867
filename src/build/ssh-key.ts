import { UserError } from "../errors.ts";
import type { Origin } from "./records.ts";

/** Private keys of a setting, for an agent of the run. */
export interface PrivateKeys {
  /** As OpenSSH writes a file, one key each. */
  readonly keys: readonly string[];
  /** As the user gave them. */
  readonly written: string;
  readonly origin: Origin;
}

export type KeyState = "open" | "locked" | "no key";

/** Whether a private key file can be used without a question; a public key or anything else is no key. */
export const keyState = (text: string): KeyState => {
  const block = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----\r?\n(.*?)-----END/s.exec(text);
  if (block === null) return "no key";
  const [, label = "", body = ""] = block;
  if (label === "OPENSSH PRIVATE KEY") return isOpensshLocked(body) ? "locked" : "open";
  return label === "ENCRYPTED PRIVATE KEY" || /^Proc-Type: *4,ENCRYPTED/m.test(body) ? "locked" : "open";
};

/**
 * The private keys of a setting, one PEM block after the other, as a file of OpenSSH holds each: what pasting does to
 * them (carriage returns, an indentation, a lost last line break, `\n` for a line break) is mended. Throws a UserError
 * that names the setting and holds nothing of the text.
 */
export const readPrivateKeys = (text: string, origin: Origin): PrivateKeys => {
  const written = text.replace(/(?:\\r)?\\n/g, "\n");
  const blocks = [...written.matchAll(/-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----(.*?)-----END \1-----/gs)];
  const refuse = (problem: string, remedy: string): never => {
    throw new UserError(`${origin.setting}: ${problem} (${origin.where}). ${remedy}`);
  };
  if (blocks.length === 0) return refuse(...explainNoKey(written));
  const keys = blocks.map(([block, label = "", body = ""], index) => {
    const name = blocks.length === 1 ? "the key" : `key ${index + 1}`;
    if (keyState(block.replace(/-----\s+/, "-----\n")) === "locked") {
      return refuse(
        `${name} has a passphrase, which nobody can type during a build`,
        "Give a key without one: `ssh-keygen -p -N '' -f COPY` takes it off a copy.",
      );
    }
    const lines = body.split(/\s+/).filter((line) => line !== "");
    if (lines.length === 0 || !lines.every((line) => /^[A-Za-z0-9+/]+={0,2}$/.test(line))) {
      return refuse(`${name} is damaged: between its first and its last line stands more than base64`, wholeFile);
    }
    return [`-----BEGIN ${label}-----`, ...lines.flatMap(wrapped), `-----END ${label}-----`, ""].join("\n");
  });
  return { keys, written: text, origin };
};

const wholeFile =
  "Give the whole file, from `-----BEGIN … PRIVATE KEY-----` to `-----END … PRIVATE KEY-----`, one key after the other.";

const explainNoKey = (text: string): readonly [problem: string, remedy: string] => {
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text)) return ["the end of the key is missing", wholeFile];
  if (/^[ \t]*(?:ssh-\w+|ecdsa-sha2-[\w-]+|sk-[\w@.-]+) +AAAA|-{4,5} ?BEGIN (?:[A-Z0-9]+ )?PUBLIC KEY/m.test(text)) {
    return ["it is a public key", "Give the private one, from the file without `.pub`."];
  }
  if (/^PuTTY-User-Key-File/m.test(text)) {
    return ["it is a key of PuTTY", "Give what `puttygen KEY.ppk -O private-openssh-new -o KEY` writes."];
  }
  return ["it holds no private key", wholeFile];
};

/** OpenSSL reads no line that is much longer. */
const wrapped = (line: string): readonly string[] => (line.length <= 76 ? [line] : (line.match(/.{1,64}/g) ?? []));

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
