import type { Terminal } from "./cli-terminal.ts";
import type { BuildEvent } from "./ports.ts";
import { linesOf } from "./report/lines.ts";
import { advance, liveLines, logLines, type ProgressOptions, resultText, startProgress } from "./report/progress.ts";

export interface BuildWatch {
  /** How many targets there are to build. */
  readonly onPlanned: (total: number) => void;
  readonly onEvent: (event: BuildEvent) => void;
  /** Ends the drawing; may be called again. */
  readonly stop: () => void;
}

export interface WatchOptions {
  readonly verbosity: "quiet" | "normal" | "verbose";
  /** Text of a Dockerfile by its path. */
  readonly textOf: (path: string) => string;
  /** The end of a build stays on the screen, because the report will not repeat it. */
  readonly keepsResults: boolean;
}

/** Shows builds on stderr while they run: redrawn lines on a terminal, one line for each event elsewhere. */
export const watchBuilds = (terminal: Terminal, watch: WatchOptions): BuildWatch => {
  if (watch.verbosity === "quiet") return { onPlanned: () => {}, onEvent: () => {}, stop: () => {} };
  const options: ProgressOptions = {
    paint: terminal.paintErr,
    width: terminal.width,
    source: (path, line) => linesOf(watch.textOf(path)).text(line),
  };
  return terminal.isLive ? drawBuilds(terminal, watch, options) : logBuilds(terminal, watch, options);
};

const logBuilds = (terminal: Terminal, { verbosity }: WatchOptions, options: ProgressOptions): BuildWatch => ({
  onPlanned: () => {},
  onEvent: (event) => {
    if ((event.type === "step" || event.type === "command") && verbosity !== "verbose") return;
    terminal.err(lines(logLines(event, { ...options, groups: false })));
  },
  stop: () => {},
});

const drawBuilds = (
  terminal: Terminal,
  { keepsResults, verbosity }: WatchOptions,
  options: ProgressOptions,
): BuildWatch => {
  let progress = startProgress(0);
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;
  const draw = (above: readonly string[] = []): void => {
    const live = liveLines(progress, performance.now(), options);
    terminal.err(`${wiped(drawn)}${lines(above)}${lines(live)}`);
    drawn = live.length;
  };
  const lasting = (event: BuildEvent): readonly string[] => {
    if (event.type === "finished" && keepsResults) return resultText(event.result, options);
    return event.type === "command" && verbosity === "verbose" ? logLines(event, { ...options, groups: false }) : [];
  };
  return {
    onPlanned: (total) => {
      progress = startProgress(total);
    },
    onEvent: (event) => {
      progress = advance(progress, event, performance.now());
      draw(lasting(event));
      timer ??= setInterval(draw, 100).unref();
    },
    stop: () => {
      clearInterval(timer);
      terminal.err(wiped(drawn));
      drawn = 0;
    },
  };
};

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join("");

/** Goes back over what was drawn last and wipes it. */
const wiped = (count: number): string => (count === 0 ? "" : `\u001b[${count}A\u001b[0J`);
