import { type PathMatcher, pathMatcher } from "./path-patterns.ts";
import { cleanPath } from "./paths.ts";

/**
 * Reads an ignore file; the matcher tells what is kept out of the context. A line starting with `#` is a comment only
 * in the first column.
 */
export const parseDockerignore = (text: string): PathMatcher =>
  pathMatcher(
    text
      .replace(/^\uFEFF/, "")
      .split("\n")
      .map(patternOf),
  );

/** Empty for a line that says nothing. */
const patternOf = (line: string): string => {
  if (line.startsWith("#")) return "";
  const trimmed = line.trim();
  const sign = trimmed.startsWith("!") ? "!" : "";
  const written = trimmed.slice(sign.length).trim();
  if (written === "") return "";
  const cleaned = cleanPath(written);
  return sign + (cleaned.length > 1 && cleaned.startsWith("/") ? cleaned.slice(1) : cleaned);
};
