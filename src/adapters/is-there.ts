import { lstatSync } from "node:fs";

/** Whether something has the name, be it a link that leads nowhere. Never throws. */
export const isThere = (path: string): boolean => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
};
