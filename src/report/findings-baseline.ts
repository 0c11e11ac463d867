import { contentHash, wordsAt } from "../audit/findings.ts";
import { lineStarts } from "../dockerfile/position.ts";
import { UserError } from "../errors.ts";
import type { Finding, ReportedFile } from "./report.ts";

/** Findings that were there before the project began to look at new ones. */
export interface FindingsBaseline {
  readonly entries: readonly BaselineEntry[];
}

/** Names a finding by what stands there, not by its line; several of one kind are as many entries. */
export interface BaselineEntry {
  readonly rule: string;
  /** Relative to the baseline's folder, with `/`. */
  readonly path: string;
  readonly content: string;
}

export interface KnownFindings {
  readonly fresh: readonly Finding[];
  readonly known: readonly Finding[];
  /** Entries whose finding is gone. */
  readonly stale: readonly BaselineEntry[];
}

/** Tells new findings from those of the baseline. `pathOf` gives a report's path as the baseline has it. */
export const compareFindings = (
  findings: readonly Finding[],
  files: readonly ReportedFile[],
  baseline: FindingsBaseline,
  pathOf: (path: string) => string,
): KnownFindings => {
  const left = Map.groupBy(baseline.entries, keyOf) as Map<string, BaselineEntry[]>;
  const entryOf = entries(files, pathOf);
  const fresh: Finding[] = [];
  const known: Finding[] = [];
  for (const finding of findings) {
    const entry = left.get(keyOf(entryOf(finding)))?.pop();
    (entry === undefined ? fresh : known).push(finding);
  }
  return { fresh, known, stale: [...left.values()].flat() };
};

/** The findings as a baseline, one line each and sorted, so that a change of it reads well. */
export const renderFindingsBaseline = (
  findings: readonly Finding[],
  files: readonly ReportedFile[],
  pathOf: (path: string) => string,
): string => {
  const entryOf = entries(files, pathOf);
  const lines = findings
    .map((finding) => {
      const { path, rule, content } = entryOf(finding);
      return JSON.stringify({ path, rule, content, message: finding.message });
    })
    .sort();
  const list = lines.length === 0 ? "[]" : `[\n    ${lines.join(",\n    ")}\n  ]`;
  return `{\n  "schemaVersion": ${schemaVersion},\n  "kind": "${kind}",\n  "findings": ${list}\n}\n`;
};

const schemaVersion = 1;
const kind = "findings";

const entries = (
  files: readonly ReportedFile[],
  pathOf: (path: string) => string,
): ((finding: Finding) => BaselineEntry) => {
  const texts = new Map(files.map(({ path, text }) => [path, { text, starts: lineStarts(text) }]));
  return ({ rule, path, place }) => {
    const file = texts.get(path);
    const words = file === undefined ? "" : wordsAt(file.text, file.starts, place);
    return { rule, path: pathOf(path), content: contentHash(words) };
  };
};

const keyOf = ({ rule, path, content }: BaselineEntry): string => `${path}\0${rule}\0${content}`;

/** Whether a text is a baseline, however damaged, or nothing yet: what may be written anew. */
export const mayBeFindingsBaseline = (text: string): boolean =>
  text.trim() === "" || new RegExp(`"kind"\\s*:\\s*"${kind}"`).test(text);

/** Reads a baseline. Throws a UserError that names the file, what is wrong with it and where it is asked for. */
export const parseFindingsBaseline = (
  text: string,
  { name, where }: { readonly name: string; readonly where: string },
): FindingsBaseline => {
  const refuse = (reason: string): never => {
    const hint = mayBeFindingsBaseline(text)
      ? `\`docker-hygiene audit --write-baseline ${name}\` writes it anew.`
      : "Name a file that `docker-hygiene audit --write-baseline FILE` wrote.";
    throw new UserError(`baseline-findings: \`${name}\` ${reason} (${where}). ${hint}`);
  };
  const content = parseJson(text, refuse);
  if (!isRecord(content) || content.kind !== kind) return refuse("is no baseline of findings");
  if (content.schemaVersion !== schemaVersion)
    return refuse(`has a \`schemaVersion\` that this version does not read; it reads ${schemaVersion}`);
  if (!Array.isArray(content.findings)) return refuse("has no list `findings`");
  return {
    entries: content.findings.map((entry: unknown, index) => {
      const { rule, path, content: words } = isRecord(entry) ? entry : {};
      if (typeof rule === "string" && typeof path === "string" && typeof words === "string")
        return { rule, path, content: words };
      return refuse(`lacks \`path\`, \`rule\` or \`content\` in \`findings[${index}]\``);
    }),
  };
};

const parseJson = (text: string, refuse: (reason: string) => never): unknown => {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    return refuse(text.trim() === "" ? "is empty" : "is not JSON");
  }
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
