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
  const step = summary.failed ?? (isEngineGone(message) ? summary.last : undefined);
  return {
    message: oneLine(redact(shorten(message))),
    lines: failedLines(text),
    log: step === undefined ? [] : lastLines(step.log, options.logLines, redact),
    step: step === undefined ? undefined : oneLine(redact(stripTerminalCodes(step.name))),
  };
};

/** What to tell of a build that was ended because it took too long. */
export const explainTimeout = (
  summary: ProgressSummary,
  options: { readonly redact: (text: string) => string; readonly logLines: number; readonly timeout: number },
): BuildFailure => {
  const { last } = summary;
  return {
    message: `stopped after ${writeDuration(options.timeout)}`,
    lines: undefined,
    log: last === undefined ? [] : lastLines(last.log, options.logLines, options.redact),
    step: last === undefined ? undefined : oneLine(options.redact(stripTerminalCodes(last.name))),
  };
};

/** `90 min`, `1 min 30 s`, `500 ms` */
const writeDuration = (milliseconds: number): string => {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const [minutes, seconds] = [Math.floor(milliseconds / 60_000), Math.round((milliseconds % 60_000) / 1000)];
  return [...(minutes > 0 ? [`${minutes} min`] : []), ...(seconds > 0 ? [`${seconds} s`] : [])].join(" ");
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

const shorten = (message: string): string => explainKnown(message) ?? trimKnown(message);

/** Faults of the surroundings, whose own words name hosts, streams and temporary folders. */
const explainKnown = (message: string): string | undefined => {
  const image = /failed to resolve source metadata for (\S+): (.*)$/s.exec(message);
  if (image !== null) {
    const name = image[1]?.replace(/^docker\.io\/(?:library\/)?/, "");
    const reason = image[2]?.replace(/^failed to do request: \w+ "[^"]*": /, "").replace(/ on [0-9.:[\]a-f]+:53\b/, "");
    return `the image \`${name}\` cannot be had: ${reason}`;
  }
  if (/no space left on device/.test(message)) {
    return "no space is left on the disk (of the temporary folder, or of the engine)";
  }
  if (isEngineGone(message)) return "the engine stopped or could not be reached any more";
  return undefined;
};

const isEngineGone = (message: string): boolean =>
  /Cannot connect to the Docker daemon|error reading from server: EOF/.test(message) ||
  (/(?:failed to receive status|listing workers for Build|failed to get status): /.test(message) &&
    message.includes("code = Unavailable"));

const trimKnown = (message: string): string =>
  message
    .replace(/^(?:failed to build: |failed to solve: |ERROR: |target \S+: )+/, "")
    .replace(/^process ".*" did not complete successfully: exit code: (\d+)/s, "the command ends with exit code $1")
    .replace(/^failed to compute cache key: failed to calculate checksum of ref [^ ]+: /, "");

const oneLine = (text: string): string => {
  const joined = text.replace(/\s+/g, " ").trim();
  return joined.length > 500 ? `${joined.slice(0, 500)}…` : joined;
};
