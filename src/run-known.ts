import { dirname, relative, resolve } from "node:path";
import { decodeText } from "./dockerfile/decode.ts";
import { UserError } from "./errors.ts";
import type { Files } from "./ports.ts";
import {
  compareFindings,
  type FindingsBaseline,
  mayBeFindingsBaseline,
  parseFindingsBaseline,
  renderFindingsBaseline,
} from "./report/findings-baseline.ts";
import type { Finding, ReportedFile } from "./report/report.ts";
import { count } from "./report/words.ts";
import type { BaselineFile, Settings } from "./settings.ts";

export interface Sorted {
  /** What counts. */
  readonly findings: readonly Finding[];
  /** What the baseline lets pass; undefined without one. */
  readonly known: readonly Finding[] | undefined;
  readonly notes: readonly string[];
}

/** Sets the findings apart that the baseline of the settings knows. */
export const sortKnown = async (
  found: readonly Finding[],
  files: readonly ReportedFile[],
  { settings, world }: { readonly settings: Settings; readonly world: { readonly files: Files } },
): Promise<Sorted> => {
  if (settings.baselineFindings === undefined) return { findings: found, known: undefined, notes: [] };
  const file = settings.baselineFindings.path;
  const baseline = await readFindingsBaseline(settings.baselineFindings, world.files);
  const pathOf = seenFrom(file);
  const { fresh, known, stale } = compareFindings(found, files, baseline, pathOf);
  // A part of the project says nothing about the rest of it.
  const audited = new Set(files.map(({ path }) => pathOf(path)));
  const isWhole = settings.paths.length === 0;
  const gone = stale.filter(({ path }) => isWhole || audited.has(path)).length;
  const name = shown(file);
  const isOrAre = (number: number): string => (number === 1 ? "is" : "are");
  return {
    findings: fresh,
    known,
    notes: [
      ...(known.length === 0 ? [] : [`${count(known.length, "finding")} known from the baseline ${name}`]),
      ...(gone === 0
        ? []
        : [
            `${count(gone, "finding")} of the baseline ${name} ${isOrAre(gone)} gone: \`docker-hygiene audit --write-baseline ${name}\` takes ${gone === 1 ? "it" : "them"} off`,
          ]),
    ],
  };
};

/** The baseline that makes all of these known. */
export const baselineText = (findings: readonly Finding[], files: readonly ReportedFile[], file: string): string =>
  renderFindingsBaseline(findings, files, seenFrom(file));

/** Whether a new baseline may take the place of the file (absolute). */
export const mayBeBaseline = (file: string, files: Files): Promise<boolean> =>
  files.readBytes(file).then(
    (bytes) => mayBeFindingsBaseline(decodeText(bytes)),
    () => false,
  );

const readFindingsBaseline = async ({ path, where }: BaselineFile, files: Files): Promise<FindingsBaseline> => {
  const name = shown(path);
  let bytes: Uint8Array;
  try {
    bytes = await files.readBytes(resolve(path));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `baseline-findings: \`${name}\` cannot be read: ${reason} (${where}). \`docker-hygiene audit --write-baseline FILE\` writes one.`,
    );
  }
  return parseFindingsBaseline(decodeText(bytes), { name, where });
};

/** Paths of a baseline start at its folder, so that they hold wherever the command runs. */
const seenFrom = (file: string): ((path: string) => string) => {
  const folder = dirname(resolve(file));
  return (path) => withSlashes(relative(folder, resolve(path)));
};

const shown = (file: string): string => {
  const below = withSlashes(relative(process.cwd(), resolve(file)));
  if (below === "") return ".";
  return below === ".." || below.startsWith("../") ? withSlashes(file) : below;
};

const withSlashes = (path: string): string => path.replaceAll("\\", "/");
