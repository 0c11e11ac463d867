import { statSync } from "node:fs";

/** Never throws: what cannot be looked into, as a link to itself, is none. */
export const isFolder = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
};
