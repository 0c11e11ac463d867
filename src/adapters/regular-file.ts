import { readFileSync, statSync } from "node:fs";

/** Reads a file; throws where the path leads to a pipe or a device, which may never end, or to more than `mostBytes`. */
export const readRegularFile = (absolute: string, mostBytes: number): Buffer => {
  const file = statSync(absolute);
  if (!file.isFile() && !file.isDirectory()) throw new Error("it is not a regular file");
  if (file.size > mostBytes) throw new Error(`it has ${file.size} bytes, more than ${mostBytes}`);
  return readFileSync(absolute);
};
