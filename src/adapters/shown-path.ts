import { realpathSync } from "node:fs";
import { isAbsolute, relative, sep } from "node:path";

/** As the user knows a file: relative to the current directory where it lies below, else absolute; always with `/`. */
export const shownPath = (cwd: string, absolute: string): string => {
  const below = pathBelow(cwd, absolute) ?? pathBelow(real(cwd), absolute);
  return withSlashes(below ?? absolute);
};

/** `.` for the folder itself; undefined for a path outside. */
export const pathBelow = (folder: string, absolute: string): string | undefined => {
  const path = relative(folder, absolute);
  if (path === "") return ".";
  return path === ".." || path.startsWith(`..${sep}`) || isAbsolute(path) ? undefined : withSlashes(path);
};

/** Why the system refused, in words that go behind a path. */
export const systemReason = (error: unknown): string => {
  const { code = "", path = "" } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === "ENOENT" && path.includes("\ufffd")) return "its path is not UTF-8";
  return reasons[code] ?? (error instanceof Error ? error.message : String(error));
};

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  ENOTDIR: "it does not exist",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  ELOOP: "its symbolic links go in a circle",
  ENAMETOOLONG: "its name is too long",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};

const withSlashes = (path: string): string => (sep === "/" ? path : path.replaceAll(sep, "/"));

/** Asked for with the current directory, once for every path outside it. */
const real = (path: string): string => {
  const known = reals.get(path);
  if (known !== undefined) return known;
  let found = path;
  try {
    found = realpathSync(path);
  } catch {
    // A folder that is gone keeps its name.
  }
  reals.set(path, found);
  return found;
};

const reals = new Map<string, string>();
