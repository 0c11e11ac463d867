import { styleText } from "node:util";
import { systemReason } from "./adapters/shown-path.ts";
import { UserError } from "./errors.ts";
import { manyLines } from "./report/escape/plain.ts";
import { withoutCommands } from "./report/escape/workflow-command.ts";
import { noPaint, type Paint } from "./report/paint.ts";
import { refuseChoice } from "./settings-values.ts";

export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly paint: Paint;
  /** For what goes to stderr. */
  readonly paintErr: Paint;
  readonly width: number;
  /** stderr is a terminal that can be drawn on again. */
  readonly isLive: boolean;
  /** stdout is a terminal. */
  readonly isReading: boolean;
}

/** The process's own streams. A reader that goes away (`| head`) ends the output, not the run. */
export const openTerminal = (color: string | undefined, environment: NodeJS.ProcessEnv = process.env): Terminal => {
  const { stdout, stderr } = process;
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") return;
      // Nobody waits for what was written; at its exit the process ends what it started and removes its folder.
      if (stream === stdout) stderr.write(`docker-hygiene: the output cannot be written: ${systemReason(error)}\n`);
      process.exit(2);
    });
  }
  const when = color ?? "auto";
  if (!["auto", "always", "never"].includes(when))
    refuseChoice({ setting: "--color", where: "on the command line" }, when, ["auto", "always", "never"]);
  const paintFor = (isTerminal: boolean): Paint => (hasColor(when, isTerminal, environment) ? paintStyle : noPaint);
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    paint: paintFor(stdout.isTTY === true),
    paintErr: paintFor(stderr.isTTY === true),
    width: Math.max(40, stdout.columns ?? 100),
    isLive: stderr.isTTY === true && environment.TERM !== "dumb" && !environment.CI,
    isReading: stdout.isTTY === true,
  };
};

/** What a person is told of an error, and the exit code that goes with it. */
export const describeError = (error: unknown, version: string): { readonly text: string; readonly code: number } => {
  if (error instanceof UserError)
    return { text: `docker-hygiene: ${withoutCommands(manyLines(error.message))}\n`, code: 2 };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    text: `docker-hygiene ${version} has met a bug of its own, sorry. Please report it with these lines:\n${stack}\n`,
    code: 70,
  };
};

/** https://no-color.org and https://force-color.org; the flag goes before both. */
const hasColor = (when: string, isTerminal: boolean, environment: NodeJS.ProcessEnv): boolean => {
  if (when !== "auto") return when === "always";
  if (environment.NO_COLOR) return false;
  const forced = environment.FORCE_COLOR;
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  return isTerminal && environment.TERM !== "dumb";
};

const paintStyle: Paint = (style, text) => styleText(style, text, { validateStream: false });
