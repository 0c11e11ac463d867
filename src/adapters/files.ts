import { writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { UserError } from "../errors.ts";
import type { Files } from "../ports.ts";
import { createBuildContexts } from "./build-context.ts";
import { discover } from "./discovery.ts";
import { repositoryOf } from "./git.ts";
import { makeFolder } from "./make-folder.ts";
import { readRegularFile } from "./regular-file.ts";
import { pathBelow, shownPath, systemReason } from "./shown-path.ts";
import { expectManyFiles, manyFiles } from "./v8-flags.ts";

/** The file system as seen from a current directory. */
export const createFiles = (cwd: string = process.cwd()): Files => ({
  discover: async (request) => {
    const found = await discover(cwd, request);
    if (found.files.length > manyFiles) expectManyFiles();
    return found;
  },
  readBytes,
  writeText: async (path, text) => {
    const absolute = resolve(cwd, path);
    try {
      await makeFolder(dirname(absolute));
      await writeFile(absolute, inPieces(text));
    } catch (error) {
      throw new UserError(`\`${shownPath(cwd, absolute)}\` cannot be written: ${systemReason(error)}`);
    }
  },
  rootOf: (absolute) =>
    repositoryOf(dirname(absolute)) ?? (pathBelow(cwd, absolute) === undefined ? dirname(absolute) : cwd),
  context: createBuildContexts(cwd),
});

/** A report can have many megabytes, which need not be encoded all at once. */
const inPieces = function* (text: string): Iterable<string> {
  const size = 65_536;
  let at = 0;
  while (at < text.length) {
    const last = text.charCodeAt(Math.min(at + size, text.length) - 1);
    const end = last >= 0xd800 && last < 0xdc00 ? at + size - 1 : at + size;
    yield text.slice(at, end);
    at = end;
  }
};

/** Far above any Dockerfile, far below what would exhaust the memory. */
const mostBytes = 32 * 1024 * 1024;

const readBytes = async (absolute: string): Promise<Uint8Array> => {
  try {
    // One file after the other is read, and a promise for each costs more than the reading.
    return readRegularFile(absolute, mostBytes);
  } catch (error) {
    throw new Error(systemReason(error));
  }
};
