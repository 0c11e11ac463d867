import type { BuildFailure, BuildResult, Target } from "../build/target.ts";
import type { BuildEvent } from "../ports.ts";
import { clip, oneLine } from "./escape/plain.ts";
import { clipColumns, textWidth } from "./escape/terminal.ts";
import { withoutCommands, workflowCommand } from "./escape/workflow-command.ts";
import { excerpt, sourceLine } from "./excerpt.ts";
import { linesOf } from "./lines.ts";
import { formatDuration } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { wrapWords } from "./table.ts";
import { count, failureWords, targetName } from "./words.ts";

/** Builds under way, in the order they started. Times are milliseconds of one clock. */
export interface Progress {
  readonly total: number;
  readonly finished: number;
  readonly running: readonly RunningBuild[];
}

export interface RunningBuild {
  readonly target: Target;
  readonly started: number;
  readonly step: string | undefined;
}

export interface ProgressOptions {
  readonly paint: Paint;
  readonly width: number;
  /** A line of a Dockerfile, one-based; empty when it is not known. */
  readonly source: (path: string, line: number) => string;
  /** Columns that every target's name takes, so that what follows stands in one column. */
  readonly nameWidth?: number;
}

export const startProgress = (total: number): Progress => ({ total, finished: 0, running: [] });

export const advance = (progress: Progress, event: BuildEvent, now: number): Progress => {
  if (event.type === "started") {
    return { ...progress, running: [...progress.running, { target: event.target, started: now, step: undefined }] };
  }
  if (event.type === "command") return progress;
  if (event.type === "step") {
    const running = progress.running.map((build) =>
      build.target.id === event.target.id ? { ...build, step: event.name } : build,
    );
    return { ...progress, running };
  }
  const running = progress.running.filter(({ target }) => target.id !== event.result.target.id);
  return { ...progress, running, finished: progress.finished + 1 };
};

/** What a terminal shows and draws again: one line for each running build, none wider than the terminal. */
export const liveLines = (progress: Progress, now: number, { paint, width }: ProgressOptions): readonly string[] => {
  if (progress.running.length === 0) return [];
  const spinner = frames[Math.floor(now / 100) % frames.length] ?? "";
  const lines = progress.running.map(({ target, started, step }) => {
    const seconds = `${Math.max(0, Math.floor((now - started) / 1000))} s`;
    const line = clipColumns(
      `${oneLine(targetName(target.id))}  ${seconds}  ${oneLine(step ?? "")}`.trimEnd(),
      width - 4,
    );
    return `  ${paint("cyan", spinner)} ${line}`;
  });
  const waiting = progress.total - progress.finished - progress.running.length;
  return (waiting > 0 ? [...lines, paint("dim", `    ${count(waiting, "target")} waiting`)] : lines).map(
    withoutCommands,
  );
};

/** What stays of a build when it is over: one line, and for a failure where and why. */
export const resultText = (
  result: BuildResult,
  { paint, width, source, nameWidth = 0 }: ProgressOptions,
): readonly string[] => {
  const words = oneLine(targetName(result.target.id));
  const name = `${words}${" ".repeat(Math.max(0, nameWidth - textWidth(words)))}`;
  // A target that is refused before has built for no time at all.
  const time = (result.milliseconds === 0 ? "" : formatDuration(result.milliseconds)).padStart(nameWidth === 0 ? 0 : 6);
  if (result.status === "skipped") return [`  ${paint("dim", "-")} ${name}   not built: ${oneLine(result.reason)}`];
  if (result.status === "built") {
    return [`  ${paint("green", "✓")} ${[name, time, cachedSteps(result)].filter((part) => part !== "").join("   ")}`];
  }
  const { failure, target } = result;
  if (failure.isFinding) return [`  ${paint("red", "✗")} ${name}   ${oneLine(failure.message)}`];
  const line = failure.lines?.start;
  const at = line === undefined ? "" : ` at ${oneLine(target.dockerfile)}:${line}`;
  const code = line === undefined ? [] : codeLines(source(target.dockerfile, line), line, failure.columns, width - 12);
  const log = shownLog(failure.log, logWidth(width)).map((text) => `      ${text}`);
  return [
    `  ${paint("red", "✗")} ${[name, ...(time === "" ? [] : [time]), paint("red", `failed${at}`)].join("   ")}`,
    `      ${oneLine(failureWords(failure))}`,
    ...code.map((text) => `      ${text}`),
    ...log,
  ];
};

/** The line of the Dockerfile, with carets under the words where they are known. */
const codeLines = (text: string, line: number, columns: BuildFailure["columns"], width: number): readonly string[] => {
  if (text === "") return [];
  if (columns === undefined) return [`${line} | ${sourceLine(text, width)}`];
  const place = { line: 1, column: columns.start, endLine: 1, endColumn: columns.end };
  return excerpt(linesOf(text), place, width).map(
    (shown) => `${shown.kind === "source" ? line : " ".repeat(`${line}`.length)} | ${shown.text}`,
  );
};

/** The lines of one event in a log that nothing redraws. With `groups` GitHub's runner folds a failure's output. */
export const logLines = (
  event: BuildEvent,
  options: ProgressOptions & { readonly groups: boolean },
): readonly string[] => {
  if (event.type === "started") return [withoutCommands(`  building ${oneLine(targetName(event.target.id))}`)];
  // In one piece, so that it can be copied.
  if (event.type === "command") return event.lines.map((line) => withoutCommands(`  ${oneLine(line)}`));
  if (event.type === "step") {
    return [withoutCommands(clip(`  ${oneLine(targetName(event.target.id))}  ${oneLine(event.name)}`, options.width))];
  }
  const { result } = event;
  const [line = "", ...details] = resultText(result, options).map(withoutCommands);
  if (result.status !== "failed" || !options.groups || result.failure.log.length === 0) return [line, ...details];
  const log = result.failure.log.map((text) => withoutCommands(`  ${oneLine(text)}`));
  const group = workflowCommand("group", {}, `output of ${oneLine(targetName(result.target.id))}`);
  const shown = shownLog(result.failure.log, logWidth(options.width)).length;
  return [line, ...details.slice(0, details.length - shown), group, ...log, "::endgroup::"];
};

/** The end of a log that a failure shows by itself. */
const shownLogLines = 10;
const rowsPerLogLine = 3;

const logWidth = (width: number): number => Math.max(20, width - 6);

const shownLog = (log: readonly string[], width: number): readonly string[] =>
  log
    .slice(-shownLogLines)
    .flatMap((text) =>
      wrapWords(clip(oneLine(text), width * rowsPerLogLine), width).map((row) => clipColumns(row, width)),
    );

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** Only steps of the Dockerfile count, not what BuildKit does around them. */
const cachedSteps = ({ steps }: BuildResult): string => {
  const own = steps.filter(({ line }) => line !== undefined);
  const cached = own.filter(({ isCached }) => isCached).length;
  if (cached === 0) return "";
  return cached === own.length ? "all cached" : `${cached} of ${own.length} steps cached`;
};
