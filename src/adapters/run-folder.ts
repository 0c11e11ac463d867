import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../errors.ts";
import { leftoverName, removeLeftovers } from "./buildx-exporter.ts";
import { endRecorded, machineOf, signalRecorded, startOf, startRecords } from "./process-records.ts";
import { systemReason } from "./shown-path.ts";

const prefix = "docker-hygiene-run-";
/** Says whose folder it is. */
const ownerFile = "owner.json";

interface Owner {
  readonly pid: number;
  readonly start: string | undefined;
  readonly machine: string;
}

/** A name for the folder of a run, which is not made yet. Short, because a socket in it has room for 100 bytes. */
export const nameRunFolder = (parent: string): string => join(parent, prefix + randomBytes(9).toString("base64url"));

export interface RunFolder {
  readonly path: string;
  /** Ends what was started in it and still runs, and removes it. Never rejects. */
  readonly remove: () => Promise<void>;
}

/**
 * Makes the folder of a run, for its owner alone; rejects with a UserError where it cannot be made. What runs at the end
 * of this process is ended with it; should it be killed, the folder remembers what is to be ended and removed.
 */
export const openRunFolder = async (path: string): Promise<RunFolder> => {
  await makeRunFolder(path);
  const onExit = (): void => {
    signalRecorded(path, "SIGKILL");
    if (!hasLeftoverName(path)) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  };
  process.once("exit", onExit);
  return {
    path,
    remove: async () => {
      await endRecorded(path);
      await removeFolder(path);
      // The process may end before that is done.
      process.off("exit", onExit);
    },
  };
};

const makeRunFolder = async (path: string): Promise<void> => {
  try {
    await mkdir(path, { mode: 0o700 });
    const owner: Owner = { pid: process.pid, start: startOf(process.pid), machine: machineOf() };
    await writeFile(join(path, ownerFile), JSON.stringify(owner), { mode: 0o600 });
    startRecords(path);
  } catch (error) {
    await removeFolder(path);
    const parent = dirname(path);
    throw new UserError(
      `\`${parent}\` cannot hold temporary files: ${systemReason(error)}. Give another folder in ${variableOf(parent)}.`,
    );
  }
};

/** Where the folder for temporary files comes from. */
const variableOf = (folder: string): string =>
  ["RUNNER_TEMP", "TMPDIR", "TMP", "TEMP"].find((name) => {
    const value = process.env[name];
    return value !== undefined && value !== "" && resolve(value) === resolve(folder);
  }) ?? "TMPDIR";

/**
 * Removes the folder that a killed run left, with all that it started. The caller knows that the run is over; numbers
 * of processes count on the same machine alone. Never rejects.
 */
export const removeRunFolder = async (
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> => {
  if ((await ownerOf(path))?.machine === machineOf()) await endRecorded(path);
  await removeLeftovers(path, environment);
  await removeFolder(path);
};

/**
 * Removes what killed runs left in a folder that all users may share: folders of this user, which nobody else may
 * enter, and whose owner is noted, of this machine, and dead. Never rejects.
 */
export const removeStaleRuns = async (
  parent: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> => {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((entry) => entry.startsWith(prefix))) {
    const path = join(parent, name);
    if (await isStale(path)) await removeRunFolder(path, environment);
  }
};

const isStale = async (path: string): Promise<boolean> => {
  if (!(await isOwn(path))) return false;
  const owner = await ownerOf(path);
  if (owner === undefined || owner.start === undefined || owner.machine === "") return false;
  return owner.machine === machineOf() && startOf(owner.pid) !== owner.start;
};

const isOwn = async (path: string): Promise<boolean> => {
  const user = process.getuid?.();
  if (user === undefined) return false;
  try {
    const found = await lstat(path);
    return found.isDirectory() && found.uid === user && (found.mode & 0o777) === 0o700;
  } catch {
    return false;
  }
};

const ownerOf = async (path: string): Promise<Owner | undefined> => {
  try {
    const { pid, start, machine } = JSON.parse(await readFile(join(path, ownerFile), "utf8")) as Partial<Owner>;
    return Number.isSafeInteger(pid) && typeof machine === "string"
      ? { pid: pid as number, start, machine }
      : undefined;
  } catch {
    return undefined;
  }
};

/** A builder or images of the run wait for whoever removes the folder. */
const hasLeftoverName = (path: string): boolean => {
  try {
    return readdirSync(path).some((name) => existsSync(join(path, name, leftoverName)));
  } catch {
    return false;
  }
};

const removeFolder = async (path: string): Promise<void> => {
  await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
};
