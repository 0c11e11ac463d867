import { lastLines, type ProgressSummary } from "./progress.ts";
import type { BuildFailure } from "./target.ts";
import { stripTerminalCodes } from "./terminal-codes.ts";

/** What to tell of a build that ended with an error, from what the engine printed; `otherwise` when it printed nothing. */
export const explainFailure = (
  summary: ProgressSummary,
  options: { readonly redact: (text: string) => string; readonly logLines: number; readonly otherwise: string },
): BuildFailure => {
  const { redact } = options;
  const text = stripTerminalCodes(summary.text);
  const message = errorMessage(text) ?? summary.failed?.error ?? options.otherwise;
  return {
    message: oneLine(redact(shorten(message))),
    lines: failedLines(text),
    log: summary.failed === undefined ? [] : lastLines(summary.failed.log, options.logLines, redact),
    step: summary.failed === undefined ? undefined : oneLine(redact(stripTerminalCodes(summary.failed.name))),
  };
};

/** The lines of the Dockerfile that the engine points at with `>>>`, else the one it names. */
const failedLines = (text: string): BuildFailure["lines"] => {
  const header = /^\S.*:(\d+)\n-{5,}\n/m.exec(text);
  if (header === null) return undefined;
  const excerpt = text.slice(header.index + header[0].length).split(/^-{5,}$/m, 1)[0] ?? "";
  const marked = [...excerpt.matchAll(/^ *(\d+) \| >>>/gm)].map((match) => Number(match[1]));
  const named = Number(header[1]);
  return marked.length === 0 ? { start: named, end: named } : { start: Math.min(...marked), end: Math.max(...marked) };
};

/** The last `ERROR:` paragraph. */
const errorMessage = (text: string): string | undefined => {
  const at = text.lastIndexOf("\nERROR: ");
  const paragraph =
    text.startsWith("ERROR: ") && at === -1 ? text.slice(7) : at === -1 ? undefined : text.slice(at + 8);
  const trimmed = paragraph?.trim();
  return trimmed === "" ? undefined : trimmed;
};

const shorten = (message: string): string =>
  message
    .replace(/^(?:failed to build: |failed to solve: |ERROR: )+/, "")
    .replace(/^process ".*" did not complete successfully: exit code: (\d+)/s, "the command ends with exit code $1")
    .replace(/^failed to compute cache key: failed to calculate checksum of ref [^ ]+: /, "");

const oneLine = (text: string): string => {
  const joined = text.replace(/\s+/g, " ").trim();
  return joined.length > 500 ? `${joined.slice(0, 500)}…` : joined;
};
