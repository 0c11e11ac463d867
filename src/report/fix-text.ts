import { manyLines, oneLine } from "./escape/plain.ts";
import { clipColumns } from "./escape/terminal.ts";
import { withoutCommands } from "./escape/workflow-command.ts";
import type { Paint } from "./paint.ts";
import type { Finding } from "./report.ts";
import { alignColumns } from "./table.ts";
import { count, foundCounts } from "./words.ts";

/** A file after its fixes. */
export interface FixedFile {
  readonly path: string;
  readonly applied: readonly {
    readonly rule: string;
    readonly title: string;
    readonly safety: "safe" | "unsafe";
    /** One-based, in the file as it was. */
    readonly line: number;
  }[];
  /** In the file as it is now. */
  readonly remaining: readonly Finding[];
  /** Why the file is left as it was although there is something to fix. */
  readonly refused: string | undefined;
}

export interface FixTextOptions {
  readonly paint: Paint;
  /** Columns; longer lines are cut. */
  readonly width: number;
  readonly verbosity: "quiet" | "normal" | "verbose";
  /** The fixes are shown as a patch, not written. */
  readonly isDiff: boolean;
}

/** What was fixed and what remains, by file; with `quiet` the sum alone. */
export const fixText = (files: readonly FixedFile[], options: FixTextOptions): string => {
  const blocks = options.verbosity === "quiet" ? [] : files.flatMap((file) => fileText(file, options));
  return withoutCommands(`${[...blocks, sumText(files, options)].join("\n")}\n`);
};

const fileText = ({ path, applied, remaining, refused }: FixedFile, options: FixTextOptions): readonly string[] => {
  const { paint, width, verbosity, isDiff } = options;
  const shown = remaining.filter(({ severity }) => verbosity === "verbose" || severity !== "note");
  if (applied.length === 0 && refused === undefined && shown.length === 0) return [];
  const rows = [
    ...applied
      .toSorted((a, b) => a.line - b.line)
      .map(({ rule, title, line }) => [String(line), isDiff ? "to fix" : "fixed", oneLine(rule), oneLine(title)]),
    ...shown.map(({ rule, severity, message, place, fix }) => [
      String(place.line),
      severity,
      oneLine(rule),
      `${oneLine(message)}${fix === undefined ? "" : `   (fix${fix.safety === "unsafe" ? " --unsafe" : ""}: ${oneLine(fix.title)})`}`,
    ]),
  ];
  const lines = alignColumns(rows, ["right", "left", "left", "left"], "  ").map((line, index) => {
    const row = clipColumns(line, width - 2);
    return index < applied.length ? paint("green", row) : row;
  });
  return [
    paint("bold", oneLine(path)),
    ...(refused === undefined ? [] : [`  ${paint("red", "left as it is")}: ${oneLine(refused)}`]),
    ...lines.map((line) => `  ${line}`),
    "",
  ];
};

const sumText = (files: readonly FixedFile[], { paint, isDiff }: FixTextOptions): string => {
  const applied = files.flatMap((file) => file.applied);
  const remaining = files.flatMap((file) => file.remaining);
  const changed = files.filter((file) => file.applied.length > 0).length;
  const refused = files.filter((file) => file.refused !== undefined).length;
  const unsafe = remaining.filter(({ fix }) => fix?.safety === "unsafe").length;
  const done =
    applied.length === 0
      ? `nothing ${refused === 0 ? "to fix" : "fixed"}`
      : `${paint("green", isDiff ? `${applied.length} to fix` : `${applied.length} fixed`)} in ${count(changed, "file")}`;
  const rest =
    remaining.length === 0
      ? "nothing remains"
      : `${foundCounts(remaining, "some")} ${remaining.length === 1 ? "remains" : "remain"}`;
  // Of a file that cannot be read nobody knows what remains.
  const isKnown = remaining.length > 0 || refused === 0;
  const share = unsafe === remaining.length ? "" : ` ${unsafe} of them`;
  return [
    done,
    ...(refused === 0
      ? []
      : [paint("red", `${count(refused, "file")} left as ${refused === 1 ? "it is" : "they are"}`)]),
    ...(isKnown ? [unsafe === 0 ? rest : `${rest},${share} for \`docker-hygiene fix --unsafe\``] : []),
  ].join(" · ");
};

/** A patch for eyes: coloured, and without what would steer the terminal. Programs get it byte for byte. */
export const patchText = (patch: string, paint: Paint): string =>
  patch
    .split("\n")
    .map((line) => {
      const inert = manyLines(line).replace(/\n/g, "");
      if (/^(---|\+\+\+) /.test(inert)) return paint("bold", inert);
      if (inert.startsWith("+")) return paint("green", inert);
      if (inert.startsWith("-")) return paint("red", inert);
      return inert.startsWith("@@") ? paint("cyan", inert) : inert;
    })
    .join("\n");
