import { readFile, rm, writeFile } from "node:fs/promises";
import { buildCommand, type Output } from "../build/arguments.ts";
import { explainFailure, explainTimeout } from "../build/failure.ts";
import { type ProgressSummary, readProgress } from "../build/progress.ts";
import { shownCommand } from "../build/shown-command.ts";
import { stepLines } from "../build/step-lines.ts";
import type { BuildFailure, BuildStep, Target } from "../build/target.ts";
import { stripTerminalCodes } from "../build/terminal-codes.ts";
import { at } from "../image/json-reading.ts";
import { type ProcessResult, runDocker } from "./buildx-process.ts";

export interface Call {
  readonly target: Target;
  readonly step: "build" | "export";
  readonly output: Output;
  readonly builder: string | undefined;
  readonly plugin: string | undefined;
  readonly metadataFile: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly timeout: number;
  readonly redact: (text: string) => string;
  /** The command that is about to run, line by line, redacted. */
  readonly onCommand: (lines: readonly string[]) => void;
  /** The step that now runs, as BuildKit names it, redacted. */
  readonly onStep: (name: string) => void;
}

export type Outcome = { readonly steps: readonly BuildStep[] } & (
  | { readonly status: "done"; readonly metadata: unknown }
  | { readonly status: "failed"; readonly failure: BuildFailure }
  | { readonly status: "stopped" }
);

const logLines = 20;

/** One `docker buildx build`. Only the exit code tells success: standard error may hold `ERROR:` lines all the same. */
export const callBuildx = async (call: Call): Promise<Outcome> => {
  const { argv, environment, definition } = buildCommand(call.target, call);
  call.onCommand(shownCommand(call.target, call, call.redact).map(call.redact));
  if (definition !== undefined) await writeFile(definition.path, definition.text, { mode: 0o600 });
  const progress = readProgress();
  const began = Date.now();
  const result = await runDocker(argv, {
    environment: { ...call.environment, ...Object.fromEntries(environment) },
    signal: call.signal,
    timeout: call.timeout,
    plugin: call.plugin,
    onStderr: (chunk) => {
      const name = progress.read(chunk);
      if (name !== undefined) call.onStep(call.redact(stripTerminalCodes(name)));
    },
  });
  const summary = progress.end();
  if (definition !== undefined) await rm(definition.path, { force: true });
  const written = await takeMetadata(call.metadataFile);
  const metadata = call.target.bake === undefined ? written : at(written, call.target.bake.name);
  const steps = toSteps(summary, began, stepLines(metadata, call.target.bake?.text), call.redact);
  if (result.code === 0) return { status: "done", steps, metadata };
  if (call.signal.aborted) return { status: "stopped", steps };
  const telling = { redact: call.redact, logLines };
  if (result.timedOut) {
    return { status: "failed", steps, failure: explainTimeout(summary, { ...telling, timeout: call.timeout }) };
  }
  const otherwise = explainExit(result);
  return {
    status: "failed",
    steps,
    failure: explainFailure(summary, { ...telling, otherwise, dockerfile: call.target.bake?.text }),
  };
};

const explainExit = ({ started, code, signal }: ProcessResult): string => {
  if (!started) return "docker could not be started: a value is too long or holds a NUL byte, or docker is gone";
  return code === undefined ? `the build was ended by ${signal}` : `the build ended with exit code ${code}`;
};

/** Reads the file and removes it at once: it holds the values of build arguments. */
const takeMetadata = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  } finally {
    await rm(file, { force: true });
  }
};

const toSteps = (
  summary: ProgressSummary,
  began: number,
  lines: ReadonlyMap<string, number>,
  redact: (text: string) => string,
): readonly BuildStep[] =>
  summary.steps.map((step) => ({
    name: redact(stripTerminalCodes(step.name)),
    // A step shared with another build may have begun before this one.
    started: Math.max(0, step.started - began),
    milliseconds: step.milliseconds,
    isCached: step.isCached,
    line: lines.get(step.digest),
  }));
