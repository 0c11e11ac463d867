import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { recordProcess, runFolderVariable } from "./process-records.ts";

export interface ProcessResult {
  /** `started: false`: the program is not there or may not run. */
  readonly started: boolean;
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly timedOut: boolean;
  /** Empty when `onStdout` takes it. */
  readonly stdout: string;
  /** Empty when `onStderr` takes it. */
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The program of buildx: called straight away, it spares a process of docker's. */
  readonly plugin?: string | undefined;
  /** Where it runs; this process's own by default. */
  readonly folder?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly onStderr?: (chunk: string) => void;
  /** Takes bytes; must not throw. */
  readonly onStdout?: (chunk: Uint8Array) => void;
}

/**
 * Runs docker to its end; never rejects. An abort or timeout sends SIGTERM and, five seconds later, SIGKILL. The folder
 * of the run, where the environment names it, notes the process in case this one is killed before it.
 */
export const runDocker = async (argv: readonly string[], options: ProcessOptions): Promise<ProcessResult> => {
  const child = start(argv, options);
  if (child === undefined) return { ...notStarted, timedOut: false, stdout: "", stderr: "" };
  const { [runFolderVariable]: runFolder } = options.environment;
  if (runFolder !== undefined && child.pid !== undefined) recordProcess(runFolder, child.pid);
  let stdout = "";
  let stderr = "";
  let timedOut = false;
  if (options.onStdout !== undefined) child.stdout.on("data", options.onStdout);
  else
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    if (options.onStderr === undefined) stderr += chunk;
    else options.onStderr(chunk);
  });

  let killTimer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    if (killTimer !== undefined) return;
    child.kill("SIGTERM");
    killTimer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  };
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          stop();
        }, options.timeout);
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted) stop();

  const end = await ended(child);
  clearTimeout(timer);
  clearTimeout(killTimer);
  options.signal?.removeEventListener("abort", stop);
  return { ...end, timedOut, stdout, stderr };
};

type End = Pick<ProcessResult, "started" | "code" | "signal">;

const notStarted: End = { started: false, code: undefined, signal: undefined };

/** Node throws where an argument holds a NUL byte or all are too long, and its message may quote a value: it is dropped. */
const start = (argv: readonly string[], { environment, folder, plugin }: ProcessOptions) => {
  try {
    const isDirect = plugin !== undefined && argv[0] === "buildx";
    return spawn(isDirect ? plugin : "docker", isDirect ? argv.slice(1) : [...argv], {
      ...(folder === undefined ? {} : { cwd: folder }),
      env: { ...environment, DOCKER_CLI_HINTS: "false" },
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch {
    return undefined;
  }
};

const ended = (child: ReturnType<typeof spawn>): Promise<End> =>
  new Promise((resolve) => {
    child.once("error", () => resolve(notStarted));
    const finish = (code: number | null, signal: string | null): void =>
      resolve({ started: true, code: code ?? undefined, signal: signal ?? undefined });
    child.once("close", finish);
    // A killed docker may leave its plugin holding the pipes for a moment; nothing it says then matters.
    child.once("exit", (code, signal) => {
      if (signal !== null || child.killed) void delay(2_000).then(() => finish(code, signal));
    });
  });
