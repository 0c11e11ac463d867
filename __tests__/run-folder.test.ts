import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { endRecorded, machineOf, recordProcess, startOf, startRecords } from "../src/adapters/process-records.ts";
import { nameRunFolder, openRunFolder, removeStaleRuns } from "../src/adapters/run-folder.ts";
import { UserError } from "../src/errors.ts";

let parent: string;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "dh-run-folder-"));
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await rm(parent, { recursive: true });
});

const environment = { PATH: process.env.PATH };

const started = (...[program, ...argv]: readonly [string, ...string[]]): ChildProcess => {
  const child = spawn(program, argv, { stdio: ["ignore", "pipe", "inherit"], env: environment });
  children.add(child);
  return child;
};

const ended = (child: ChildProcess): Promise<unknown> =>
  child.exitCode === null && child.signalCode === null
    ? new Promise((resolve) => child.once("exit", resolve))
    : Promise.resolve();

const sleeper = (): number => started("sleep", "600").pid ?? 0;

/** A run of another process, which has started a `sleep` and goes on until it is killed. */
const otherRun = async (last = "setInterval(() => undefined, 1000);") => {
  const from = (name: string): string =>
    JSON.stringify(fileURLToPath(new URL(`../src/adapters/${name}`, import.meta.url)));
  const run = started(
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    "--input-type=module",
    "--eval",
    `import { spawn } from "node:child_process";
    import { openRunFolder, nameRunFolder } from ${from("run-folder.ts")};
    import { recordProcess } from ${from("process-records.ts")};
    const folder = await openRunFolder(nameRunFolder(${JSON.stringify(parent)}));
    const { pid } = spawn("sleep", ["600"], { stdio: "ignore", detached: true });
    recordProcess(folder.path, pid);
    process.stdout.write(folder.path + " " + pid + "\\n");
    ${last}`,
  );
  const said = await new Promise<string>((resolve) => {
    if (run.stdout !== null) createInterface({ input: run.stdout }).once("line", resolve);
  });
  const [path = "", pid = ""] = said.split(" ");
  return { run, path, sleep: Number(pid) };
};

const killed = async (run: ChildProcess): Promise<void> => {
  run.kill("SIGKILL");
  await ended(run);
};

describe("the folder of a run", () => {
  test("is for its owner alone, says whose it is, and goes with all that was started", async () => {
    const folder = await openRunFolder(nameRunFolder(parent));
    expect(lstatSync(folder.path).mode & 0o777).toBe(0o700);
    expect(JSON.parse(readFileSync(join(folder.path, "owner.json"), "utf8"))).toEqual({
      pid: process.pid,
      start: startOf(process.pid),
      machine: machineOf(),
    });
    const pid = sleeper();
    recordProcess(folder.path, pid);
    await folder.remove();
    expect({ start: startOf(pid), left: readdirSync(parent) }).toEqual({ start: undefined, left: [] });
  });

  test("goes with all that was started when the process ends by itself", async () => {
    const { run, path, sleep } = await otherRun("process.exit(3);");
    await ended(run);
    expect({ code: run.exitCode, isThere: existsSync(path), start: startOf(sleep) }).toEqual({
      code: 3,
      isThere: false,
      start: undefined,
    });
  });

  test("leaves nothing where it cannot be made, and names the variable that the folder for it comes from", async () => {
    const { RUNNER_TEMP } = process.env;
    process.env.RUNNER_TEMP = join(parent, "gone");
    try {
      await expect(openRunFolder(nameRunFolder(join(parent, "gone")))).rejects.toThrow(
        new UserError(
          `\`${parent}/gone\` cannot hold temporary files: it does not exist. Give another folder in RUNNER_TEMP.`,
        ),
      );
    } finally {
      if (RUNNER_TEMP === undefined) delete process.env.RUNNER_TEMP;
      else process.env.RUNNER_TEMP = RUNNER_TEMP;
    }
    expect(readdirSync(parent)).toEqual([]);
  });

  test("of a killed run is removed by the next one, and so is what it started", async () => {
    const { run, path, sleep } = await otherRun();
    await removeStaleRuns(parent, environment);
    expect({ isThere: existsSync(path), runs: startOf(sleep) !== undefined }).toEqual({ isThere: true, runs: true });
    await killed(run);
    expect(startOf(sleep)).toBeDefined();
    await removeStaleRuns(parent, environment);
    expect({ start: startOf(sleep), left: readdirSync(parent) }).toEqual({ start: undefined, left: [] });
  });

  test.each<[string, (path: string) => void]>([
    ["others may enter", (path) => chmodSync(path, 0o755)],
    ["no owner is noted", (path) => writeFileSync(join(path, "owner.json"), "{}")],
    ["the owner is noted wrong", (path) => writeFileSync(join(path, "owner.json"), "x")],
    ["another machine noted the owner", (path) => edit(path, { machine: "elsewhere" })],
    ["the owner's start is not known", (path) => edit(path, { start: undefined })],
    ["the owner runs", (path) => edit(path, { pid: process.pid, start: startOf(process.pid) })],
  ])("stays when %s", async (_what, change) => {
    const { run, path, sleep } = await otherRun();
    await killed(run);
    change(path);
    await removeStaleRuns(parent, environment);
    expect({ isThere: existsSync(path), runs: startOf(sleep) !== undefined }).toEqual({ isThere: true, runs: true });
    await endRecorded(path);
  });

  test("stays when only a link leads to it, or its name is another", async () => {
    const { run, path, sleep } = await otherRun();
    await killed(run);
    const elsewhere = join(parent, "elsewhere");
    mkdirSync(elsewhere);
    symlinkSync(path, join(elsewhere, "docker-hygiene-run-link"));
    await removeStaleRuns(elsewhere, environment);
    await removeStaleRuns(path, environment);
    expect({ isThere: existsSync(path), runs: startOf(sleep) !== undefined }).toEqual({ isThere: true, runs: true });
    await endRecorded(path);
  });
});

describe("noted processes", () => {
  test("are ended, but never one that has only the number of one", async () => {
    const [own, reused] = [sleeper(), sleeper()];
    recordProcess(parent, own);
    expect(readdirSync(parent)).toEqual([]);
    startRecords(parent);
    recordProcess(parent, own);
    writeFileSync(join(parent, "processes"), `${reused} 1\n${process.pid} ${startOf(process.pid)}\n`, {
      flag: "a",
    });
    await endRecorded(parent);
    expect({ own: startOf(own), runs: startOf(reused) !== undefined }).toEqual({ own: undefined, runs: true });
  });

  test("are killed when they do not listen", async () => {
    const child = started(
      process.execPath,
      "--eval",
      'process.on("SIGTERM", () => console.log("no")); setInterval(() => 0, 1000); console.log("up")',
    );
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    startRecords(parent);
    recordProcess(parent, child.pid ?? 0);
    await endRecorded(parent);
    await ended(child);
    expect(child.signalCode).toBe("SIGKILL");
  });
});

const edit = (path: string, change: object): void => {
  const file = join(path, "owner.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...change }));
};
