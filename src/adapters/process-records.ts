import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readlinkSync, writeFileSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** In the environment of a run's processes: the run's folder. */
export const runFolderVariable = "DOCKER_HYGIENE_RUN_FOLDER";

/** Of the processes that a run started, one line each: number and start. */
const recordFile = "processes";

/** What tells a process from a later one of the same number: when it started. Undefined: it does not run. */
export const startOf = (pid: number): string | undefined => {
  try {
    return process.platform === "linux" ? startInProc(pid) : startByPs(pid);
  } catch {
    return undefined;
  }
};

/** What numbers of processes mean something in: one start of one machine, and of a container where it has its own. */
export const machineOf = (): string => {
  if (process.platform !== "linux") return hostname();
  try {
    const start = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${start} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return "";
  }
};

/** Lets the folder note processes. */
export const startRecords = (folder: string): void => writeFileSync(join(folder, recordFile), "", { mode: 0o600 });

/** Notes a process in the run's folder, for whoever finds the folder after the run was killed. */
export const recordProcess = (folder: string, pid: number): void => {
  const start = startOf(pid);
  if (start === undefined) return;
  try {
    const file = openSync(join(folder, recordFile), constants.O_WRONLY | constants.O_APPEND);
    writeSync(file, `${pid} ${start}\n`);
    closeSync(file);
  } catch {
    // The folder is gone or none of a run, or the disk is full: the process ends with its own work.
  }
};

/** Ends the processes that are noted in the folder and still run: SIGTERM, and SIGKILL for what is there after two seconds. */
export const endRecorded = async (folder: string): Promise<void> => {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    signalRecorded(folder, signal);
    for (let tries = 0; tries < 40 && survivors(folder).length > 0; tries++) await delay(50);
  }
};

/** As `endRecorded`, at once, where nothing can be waited for. */
export const signalRecorded = (folder: string, signal: NodeJS.Signals): void => {
  for (const pid of survivors(folder)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has just ended.
    }
  }
};

const survivors = (folder: string): readonly number[] => {
  const text = readRecords(folder);
  return [...text.matchAll(/^(\d{1,9}) (.+)$/gm)]
    .map(([, pid, start]) => ({ pid: Number(pid), start }))
    .filter(({ pid, start }) => pid > 1 && pid !== process.pid && startOf(pid) === start)
    .map(({ pid }) => pid);
};

const readRecords = (folder: string): string => {
  try {
    return readFileSync(join(folder, recordFile), "utf8");
  } catch {
    return "";
  }
};

/** In clock ticks since the machine started; a zombie has ended. The name before may hold anything. */
const startInProc = (pid: number): string | undefined => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
};

const startByPs = (pid: number): string | undefined =>
  execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 5_000,
  }).trim() || undefined;
