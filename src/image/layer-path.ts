import type { ListedKind } from "./layer-listing.ts";

/** `./usr//bin/../lib/x` → `usr/lib/x`; empty for the root. */
export const normalPath = (path: string): string => {
  if (!UNUSUAL.test(path)) return path;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
};

const UNUSUAL = /^\/|\/$|\/\/|(?:^|\/)\.\.?(?:\/|$)|^$/;

export interface MarkedPath {
  readonly kind: ListedKind;
  readonly path: string;
}

/** What a name in a layer stands for, when it is no file's: `etc/.wh.passwd` hides `etc/passwd`. */
export const markedPath = (path: string): MarkedPath | undefined => {
  const slash = path.lastIndexOf("/") + 1;
  if (!path.startsWith(".wh.", slash)) return undefined;
  const folder = path.slice(0, Math.max(0, slash - 1));
  const name = path.slice(slash + 4);
  if (name === ".wh..opq") return { kind: "opaque", path: folder };
  // aufs kept its own books under `.wh..wh.`
  if (name === "" || name.startsWith(".wh.")) return { kind: "other", path };
  return { kind: "whiteout", path: path.slice(0, slash) + name };
};
