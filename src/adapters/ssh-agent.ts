import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { PrivateKeys } from "../build/ssh-key.ts";
import { stripTerminalCodes } from "../build/terminal-codes.ts";
import { UserError } from "../errors.ts";
import { recordProcess } from "./process-records.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Bytes of a socket's path, on the system that has the least room for it. */
const longestSocket = 103;
const patience = 10_000;

/** Tells the number of the agent, and ends when nobody holds its standard input any more. */
const guard = 'BEGIN { print ENVIRON["SSH_AGENT_PID"]; fflush(); while ((getline line) > 0); }';

/**
 * Starts an agent that holds the keys and nothing else; the result is its socket. It ends with the run's folder, which
 * remembers it; and when this process is killed it ends by itself within ten seconds, because its guard does. Keys go
 * from pipe to memory, and into no file. Throws a UserError that names the setting.
 */
export const startAgent = async (
  { keys, origin }: PrivateKeys,
  { folder, environment }: { readonly folder: string; readonly environment: Environment },
): Promise<string> => {
  const refuse = (problem: string, remedy: string): never => {
    throw new UserError(`${origin.setting}: ${problem} (${origin.where}). ${remedy}`);
  };
  const socket = join(folder, "agent");
  if (Buffer.byteLength(socket) > longestSocket) {
    refuse(
      `the path of the agent's socket has more than ${longestSocket} bytes`,
      `Give a shorter folder for temporary files: ${process.env.RUNNER_TEMP === undefined ? "TMPDIR" : "RUNNER_TEMP"}.`,
    );
  }
  const own = { PATH: environment.PATH, HOME: environment.HOME, LC_ALL: "C" };
  const agent = spawn("ssh-agent", ["-a", socket, "awk", guard], { env: own, stdio: "pipe", detached: true });
  if (agent.pid !== undefined) recordProcess(folder, agent.pid);
  const started = await firstLine(agent);
  if (started.problem === "absent") refuse("`ssh-agent` is not installed", remedyForAbsence);
  const pid = Number(started.line);
  if (!Number.isSafeInteger(pid) || pid < 2) {
    agent.kill();
    refuse(`no ssh-agent could be started: ${started.problem ?? "it told no number"}`, remedyForAbsence);
  }
  recordProcess(folder, pid);
  for (const [index, key] of keys.entries()) {
    const { problem } = await addKey(key, { ...own, SSH_AUTH_SOCK: socket });
    const name = keys.length === 1 ? "the key" : `key ${index + 1}`;
    if (problem === "absent") refuse("`ssh-add` is not installed", remedyForAbsence);
    if (problem !== undefined) {
      refuse(`ssh-add does not take ${name}: ${problem}`, "Try the file with `ssh-add FILE`, and give it as a whole.");
    }
  }
  return socket;
};

const remedyForAbsence = "Install OpenSSH's client, or give the key as a file: `ssh` with default=PATH.";

interface Started {
  readonly line?: string;
  /** `absent`: there is no such program. */
  readonly problem?: string;
}

const firstLine = (agent: ChildProcess & { readonly stdout: NodeJS.ReadableStream | null }): Promise<Started> => {
  const complaint = complaintOf(agent);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ problem: `no answer within ${patience / 1000} seconds` }), patience);
    const settle = (started: Started): void => {
      clearTimeout(timer);
      resolve(started);
    };
    agent.once("error", (error) => settle({ problem: reasonOf(error) }));
    agent.once("close", () => settle({ problem: complaint() }));
    if (agent.stdout !== null) createInterface({ input: agent.stdout }).once("line", (line) => settle({ line }));
    // It is ended by others, and may be gone before the pipe is.
    agent.stdin?.on("error", () => undefined);
  });
};

/** In a session of its own it finds no terminal to ask for a passphrase at. */
const addKey = (key: string, environment: Environment): Promise<Started> => {
  const child = spawn("ssh-add", ["-q", "-"], {
    env: { ...environment, SSH_ASKPASS_REQUIRE: "never" },
    stdio: ["pipe", "ignore", "pipe"],
    detached: true,
    timeout: patience,
  });
  const complaint = complaintOf(child);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ problem: reasonOf(error) }));
    child.once("close", (code) => resolve(code === 0 ? {} : { problem: complaint() }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(key);
  });
};

const reasonOf = (error: NodeJS.ErrnoException): string => (error.code === "ENOENT" ? "absent" : `${error.code}`);

/** Its last line; OpenSSH quotes no part of a key. */
const complaintOf = (child: ChildProcess): (() => string) => {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-2000);
  });
  return () =>
    stripTerminalCodes(text)
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^Error loading key "\(stdin\)": |^ssh-\w+: /, "") || "it gave no reason";
};
