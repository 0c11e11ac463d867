/** A path with `/`, without `.`, empty parts and needless `..`; `.` when nothing is left. */
export const cleanPath = (path: string): string => {
  const isAbsolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== ".." || !isAbsolute) parts.push(part);
  }
  return (isAbsolute ? "/" : "") + parts.join("/") || ".";
};

/** `a/b/c` → `a`, `a/b`, `a/b/c`. */
export const selfAndFolders = (path: string): readonly string[] => {
  const found: string[] = [];
  for (let at = path.indexOf("/", 1); at !== -1; at = path.indexOf("/", at + 1)) found.push(path.slice(0, at));
  return [...found, path];
};

/** Code units, so that every machine sorts alike. */
export const byCodeUnit = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
