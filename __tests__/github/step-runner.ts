import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parse } from "yaml";
import { type Issue, newStepOutput } from "./runner-commands.ts";

/** One `uses:` step of a job, run as GitHub's runner runs it: from action.yml and with an environment built from nothing. */
export interface Step {
  /** Folder that holds action.yml. */
  readonly action: string;
  /** The bundle to run in place of the one that action.yml names, while it is not built yet. */
  readonly bundle?: string;
  readonly workspace: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly apiUrl: string;
  readonly token: string;
  readonly event: string;
  readonly payload: unknown;
  readonly sha?: string;
  readonly ref?: string;
  readonly matrix?: Readonly<Record<string, unknown>>;
  /** What the machine adds to the runner's own variables: PATH, HOME, DOCKER_HOST. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Values that the runner knows for secrets before the step starts. */
  readonly secrets?: readonly string[];
  /** Cancels the job as soon as it holds. */
  readonly cancelWhen?: () => boolean;
  /** The runner, or the machine, dies with the job. */
  readonly killWhen?: () => boolean;
  readonly job?: string;
}

export interface StepResult {
  readonly outcome: "success" | "failure" | "cancelled";
  readonly exitCode: number | null;
  /** What the process wrote before anything was masked or read. */
  readonly raw: string;
  readonly log: readonly string[];
  readonly issues: readonly Issue[];
  readonly masks: readonly string[];
  readonly effects: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  /** Undefined when nothing was written or it is too large to be shown. */
  readonly summary: string | undefined;
}

export interface Job {
  readonly run: (step: Step) => Promise<StepResult>;
  /** The post step of a step that ran before. */
  readonly post: (step: Step, main: StepResult) => Promise<StepResult>;
  readonly temp: string;
  readonly close: () => Promise<void>;
}

export const startJob = async (): Promise<Job> => {
  const home = await mkdtemp(join(tmpdir(), "docker-hygiene-job-"));
  const temp = join(home, "_temp");
  await mkdir(temp);
  const children = new Set<ChildProcess>();
  let steps = 0;
  const execute = async (step: Step, stage: "main" | "post", before: StepResult | undefined): Promise<StepResult> => {
    steps += 1;
    const folder = join(home, `step-${steps}`);
    await mkdir(folder);
    return runStage(step, stage, { folder, temp, before, children });
  };
  return {
    run: (step) => execute(step, "main", undefined),
    post: (step, main) => execute(step, "post", main),
    temp,
    close: async () => {
      for (const child of children) child.kill("SIGKILL");
      await rm(home, { recursive: true, force: true });
    },
  };
};

const summaryLimit = 1024 * 1024;
const cancellation = { afterInterrupt: 7500, afterTerminate: 2500 };

const runStage = async (
  step: Step,
  stage: "main" | "post",
  place: {
    readonly folder: string;
    readonly temp: string;
    readonly before: StepResult | undefined;
    readonly children: Set<ChildProcess>;
  },
): Promise<StepResult> => {
  const { folder, temp, before, children } = place;
  const metadata = parse(await readFile(join(step.action, "action.yml"), "utf8")) as ActionMetadata;
  const files = await commandFiles(folder, step.payload);
  const environment = {
    ...step.environment,
    ...runnerVariables(step, temp, files),
    ...inputVariables(metadata, step),
    ...Object.fromEntries(Object.entries(before?.state ?? {}).map(([name, value]) => [`STATE_${name}`, value])),
  };
  const output = newStepOutput([...(step.secrets ?? []), ...(before?.masks ?? []), step.token]);
  const script = step.bundle ?? join(step.action, metadata.runs[stage]);
  const child = spawn(nodePath(), [script], {
    cwd: step.workspace,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let raw = "";
  let isCancelled = false;
  const read = (line: string): void => {
    raw += `${line}\n`;
    output.line(line);
  };
  const watch = setInterval(() => {
    if (stage === "post" || isCancelled) return;
    if (step.killWhen?.() === true) child.kill("SIGKILL");
    if (step.cancelWhen?.() !== true) return;
    isCancelled = true;
    cancel(child);
  }, 50);
  const exitCode = await finished(child, read);
  clearInterval(watch);
  children.delete(child);
  const summary = await readFile(files.GITHUB_STEP_SUMMARY, "utf8");
  const size = Buffer.byteLength(summary);
  if (size > summaryLimit) {
    output.addError(
      `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got ${Math.floor(size / 1024)}k.`,
    );
  }
  return {
    outcome: isCancelled ? "cancelled" : exitCode === 0 ? "success" : "failure",
    exitCode,
    raw,
    log: output.log,
    issues: output.issues,
    masks: output.masks,
    effects: output.effects,
    outputs: readPairs(await readFile(files.GITHUB_OUTPUT, "utf8")),
    state: { ...before?.state, ...readPairs(await readFile(files.GITHUB_STATE, "utf8")) },
    summary: size === 0 || size > summaryLimit ? undefined : summary.split("\n").map(output.mask).join("\n"),
  };
};

interface ActionMetadata {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly runs: { readonly main: string; readonly post: string };
}

const commandFiles = async (folder: string, payload: unknown) => {
  const files = {
    GITHUB_ENV: join(folder, "set_env"),
    GITHUB_OUTPUT: join(folder, "set_output"),
    GITHUB_PATH: join(folder, "add_path"),
    GITHUB_STATE: join(folder, "save_state"),
    GITHUB_STEP_SUMMARY: join(folder, "step_summary"),
    GITHUB_EVENT_PATH: join(folder, "event.json"),
  };
  for (const file of Object.values(files)) await writeFile(file, "");
  await writeFile(files.GITHUB_EVENT_PATH, JSON.stringify(payload));
  return files;
};

const runnerVariables = (
  step: Step,
  temp: string,
  files: Readonly<Record<string, string>>,
): Record<string, string> => ({
  ...files,
  CI: "true",
  GITHUB_ACTIONS: "true",
  GITHUB_ACTION: "__acme_docker-hygiene",
  GITHUB_API_URL: step.apiUrl,
  GITHUB_GRAPHQL_URL: `${step.apiUrl}/graphql`,
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_EVENT_NAME: step.event,
  GITHUB_JOB: step.job ?? "docker",
  GITHUB_REF: step.ref ?? "refs/heads/main",
  GITHUB_REPOSITORY: "acme/shop",
  GITHUB_RUN_ATTEMPT: "1",
  GITHUB_RUN_ID: "4711",
  GITHUB_SHA: step.sha ?? "c".repeat(40),
  GITHUB_WORKFLOW: "build",
  GITHUB_WORKSPACE: step.workspace,
  RUNNER_ARCH: "X64",
  RUNNER_OS: "Linux",
  RUNNER_TEMP: temp,
  RUNNER_TOOL_CACHE: temp,
  ACTIONS_RUNTIME_TOKEN: "runtime-token",
  ACTIONS_RUNTIME_URL: "https://pipelines.actions.githubusercontent.com/",
});

/** Names are upper case and keep their dashes; an input that is not given has its default, or is empty. */
const inputVariables = (metadata: ActionMetadata, step: Step): Record<string, string> =>
  Object.fromEntries(
    [...new Set([...Object.keys(metadata.inputs), ...Object.keys(step.inputs ?? {})])].map((name) => [
      `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`,
      step.inputs?.[name] ?? evaluated(metadata.inputs[name]?.default ?? "", step),
    ]),
  );

const evaluated = (value: string, step: Step): string =>
  value.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_whole, expression: string) => {
    if (expression === "github.token") return step.token;
    if (expression === "toJSON(matrix)") return JSON.stringify(step.matrix ?? null, undefined, 2);
    throw new Error(`action.yml has an expression that the step runner does not know: ${expression}`);
  });

/** The runner's order and patience: Runner.Sdk/ProcessInvoker.cs. */
const cancel = (child: ChildProcess): void => {
  child.kill("SIGINT");
  const terminate = setTimeout(() => child.kill("SIGTERM"), cancellation.afterInterrupt);
  const kill = setTimeout(() => child.kill("SIGKILL"), cancellation.afterInterrupt + cancellation.afterTerminate);
  child.once("exit", () => {
    clearTimeout(terminate);
    clearTimeout(kill);
  });
};

const finished = async (child: ChildProcess, read: (line: string) => void): Promise<number | null> => {
  const streams = [child.stdout, child.stderr].map(async (stream) => {
    if (stream === null) return;
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) read(line);
  });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  await Promise.all(streams);
  return code;
};

/** `NAME=value` or `NAME<<DELIMITER`, lines, `DELIMITER`. */
const readPairs = (text: string): Record<string, string> => {
  const pairs: Record<string, string> = {};
  const lines = text.split("\n");
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const heredoc = /^([^=]*?)<<(.+)$/.exec(line);
    if (heredoc !== null) {
      const end = lines.indexOf(heredoc[2] ?? "", index + 1);
      if (end === -1) throw new Error(`no end of ${line}`);
      pairs[heredoc[1] ?? ""] = lines.slice(index + 1, end).join("\n");
      index = end;
    } else if (line.includes("=")) {
      pairs[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
    }
  }
  return pairs;
};

/** Node 24, as `using: node24` says. */
const nodePath = (): string => {
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  return new URL("../../.cache/node24/bin/node", import.meta.url).pathname;
};
