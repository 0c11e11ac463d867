import { lastLines, type ProgressSummary } from "./progress.ts";
import type { BuildFailure } from "./target.ts";
import { stripTerminalCodes } from "./terminal-codes.ts";

/**
 * What to tell of a build that ended with an error, from what the engine printed; `otherwise` when it printed nothing.
 * `dockerfile` is the text of the target's own, where it is built on others: the engine shows lines of theirs too.
 */
export const explainFailure = (
  summary: ProgressSummary,
  options: {
    readonly redact: (text: string) => string;
    readonly logLines: number;
    readonly otherwise: string;
    readonly dockerfile?: string | undefined;
  },
): BuildFailure => {
  const { redact } = options;
  const text = stripTerminalCodes(summary.text);
  const message = errorMessage(text) ?? summary.failed?.error ?? options.otherwise;
  const step = summary.failed ?? (isEngineGone(message) ? summary.last : undefined);
  const shown = shownLines(text);
  const isElsewhere = shown !== undefined && options.dockerfile !== undefined && !isPartOf(shown, options.dockerfile);
  return {
    message: oneLine(
      redact(
        shorten(message) +
          (isElsewhere
            ? ` (on line ${shown.lines.start} of ${shown.file}, which belongs to a target that it is built on)`
            : ""),
      ),
    ),
    lines: isElsewhere ? undefined : shown?.lines,
    ...(isElsewhere && { isElsewhere }),
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

/** What the engine shows of a Dockerfile. */
interface ShownLines {
  /** Its basename. */
  readonly file: string;
  /** Those that it points at with `>>>`, else the one it names. */
  readonly lines: NonNullable<BuildFailure["lines"]>;
  readonly excerpt: readonly { readonly line: number; readonly text: string }[];
}

const shownLines = (text: string): ShownLines | undefined => {
  const header = /^(\S.*):(\d+)\n-{5,}\n/m.exec(text);
  if (header === null) return undefined;
  const written = text.slice(header.index + header[0].length).split(/^-{5,}$/m, 1)[0] ?? "";
  const excerpt = [...written.matchAll(/^ *(\d+) \| (>>>| {3}) (.*)$/gm)].map(([, line, mark, text = ""]) => ({
    line: Number(line),
    isMarked: mark === ">>>",
    text,
  }));
  const marked = excerpt.filter(({ isMarked }) => isMarked).map(({ line }) => line);
  const lines = marked.length === 0 ? [Number(header[2])] : marked;
  return { file: header[1] ?? "", lines: { start: Math.min(...lines), end: Math.max(...lines) }, excerpt };
};

/** Whether a Dockerfile reads so on these very lines. */
const isPartOf = ({ excerpt }: ShownLines, dockerfile: string): boolean => {
  const lines = dockerfile.split("\n").map((line) => stripTerminalCodes(line).trimEnd());
  return excerpt.every(({ line, text }) => lines[line - 1] === text.trimEnd());
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
