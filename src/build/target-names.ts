export { nearest as nearestName } from "../dockerfile/nearest.ts";

/** A name as a glob: `*` is any text, `/` included, `?` any one character. */
export const hasWildcard = (pattern: string): boolean => /[*?]/.test(pattern);

export const matchesName = (pattern: string, name: string): boolean => {
  const source = pattern
    .replace(/\*+/g, "*")
    .split("")
    .map((char) => (char === "*" ? ".*" : char === "?" ? "." : char.replace(/[\\^$.+()[\]{}|]/, "\\$&")))
    .join("");
  return new RegExp(`^${source}$`, "su").test(name);
};
