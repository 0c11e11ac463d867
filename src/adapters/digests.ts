import { createHash } from "node:crypto";
import type { DigestWriter } from "../image/archive-reader.ts";
import { digestAlgorithm } from "../image/manifest.ts";

/** Takes bytes, and tells their digest by the algorithm of another one. */
export const newDigest = (like = "sha256:"): DigestWriter => {
  const algorithm = digestAlgorithm(like);
  const hash = createHash(algorithm);
  return {
    push: (bytes) => void hash.update(bytes),
    value: () => `${algorithm}:${hash.digest("hex")}`,
  };
};

export const digestOf = (bytes: Uint8Array, like?: string): string => {
  const digest = newDigest(like);
  digest.push(bytes);
  return digest.value();
};
