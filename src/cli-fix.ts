import { isAbsolute, parse } from "node:path";
import { createFiles } from "./adapters/files.ts";
import { repositoryOf } from "./adapters/git.ts";
import { replaceFile } from "./adapters/replace-file.ts";
import { shownPath } from "./adapters/shown-path.ts";
import { findingsOf } from "./audit/findings.ts";
import { fixText } from "./audit/fixes.ts";
import { nearestName } from "./build/target-names.ts";
import type { Terminal } from "./cli-terminal.ts";
import { findRule } from "./config/find-rule.ts";
import { type Configs, openConfigs } from "./config.ts";
import { decodeText } from "./dockerfile/decode.ts";
import { lineStarts, positionAt } from "./dockerfile/position.ts";
import { UserError } from "./errors.ts";
import type { Files, FoundFile } from "./ports.ts";
import { oneLine } from "./report/escape/plain.ts";
import { type FixedFile, patchText, fixText as renderFixes } from "./report/fix-text.ts";
import { rules } from "./rules/registry.ts";
import type { Fix } from "./rules/rule.ts";
import { type AuditedText, type OpenedFile, openDockerfile } from "./run-audit.ts";
import type { Settings } from "./settings.ts";
import { type Arguments, flags } from "./settings-flags.ts";
import { readSettings } from "./settings-values.ts";

/** `fix`: from the arguments to the files on disk, or to a patch; resolves to the exit code. */
export const fixFiles = async ({
  paths,
  given,
  terminal,
}: {
  readonly paths: readonly string[];
  readonly given: Arguments;
  readonly terminal: Terminal;
}): Promise<number> => {
  const cwd = process.cwd();
  const config = given.values.get(flags.config.name);
  const configs = await openConfigs({ cwd, config, paths, rules: async () => rules });
  const { settings } = readSettings(given.given, {
    command: "audit",
    paths,
    config: configs.root,
    environment: process.env,
  });
  const world = { files: createFiles(cwd) };
  const wants = selection(given);
  const isDiff = given.values.has(flags.diff.name);
  const verbosity = verbosityOf(given);
  const { files, notes } = await world.files.discover(settings);
  if (files.length === 0) {
    terminal.err([...notes, `docker-hygiene: there is no Dockerfile in ${paths.join(", ") || cwd}`].join("\n"));
    terminal.err("\n");
    return 3;
  }
  const base = patchBase(cwd, files);
  const fixed: FixedFile[] = [];
  for (const found of files) {
    const outcome = await fixFile(found, { settings, configs, world, ...wants });
    fixed.push(isDiff ? outcome.file : await written(found, outcome));
    if (isDiff) terminal.out(await shownPatch(shownPath(base, found.absolute), outcome, terminal));
  }
  const text = renderFixes(fixed, {
    paint: isDiff ? terminal.paintErr : terminal.paint,
    width: terminal.isReading ? terminal.width : Number.POSITIVE_INFINITY,
    verbosity,
    isDiff,
  });
  if (!isDiff) terminal.out(text);
  else terminal.err(base === cwd || isUnchanged(fixed) ? text : `${text}the patch applies in ${oneLine(base)}\n`);
  const isIncomplete = fixed.some(({ refused }) => refused !== undefined);
  return isIncomplete || (isDiff && !isUnchanged(fixed)) ? 1 : 0;
};

const isUnchanged = (files: readonly FixedFile[]): boolean => files.every(({ applied }) => applied.length === 0);

interface FixRequest {
  readonly settings: Settings;
  readonly configs: Configs;
  readonly world: { readonly files: Files };
  /** Whether a fix was asked for. */
  readonly wants: (rule: string, fix: Fix) => boolean;
  /** Whether a rule is among those that were asked for. */
  readonly concerns: (rule: string) => boolean;
}

interface Outcome {
  readonly file: FixedFile;
  readonly before: string;
  /** The same as `before` when the file is left as it is. */
  readonly after: string;
  readonly bytes: Uint8Array;
  /** What is told of the file when it cannot be written. */
  readonly unfixed: () => FixedFile;
}

/** Fixes one file in memory. */
const fixFile = async (found: FoundFile, request: FixRequest): Promise<Outcome> => {
  let opened: OpenedFile;
  try {
    opened = await openDockerfile(found, { ...request, isBuilding: false });
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return refusal({ path: found.path, applied: [], remaining: [], refused: undefined }, reason, "", new Uint8Array());
  }
  const { bytes, audit } = opened;
  const before = decodeText(bytes);
  const { text: after, applied } = fixText(before, (text) => {
    const { outcome, file } = audit(text);
    const fixes = outcome.problems.flatMap(({ rule, at, fix }) =>
      fix !== undefined && request.wants(rule, fix) ? [{ ...fix, rule, at }] : [],
    );
    return { fixes, isBroken: file.isBroken };
  });
  const starts = lineStarts(before);
  const { dockerfile, outcome } = audit(after);
  const remaining = (judged: Pick<AuditedText, "dockerfile" | "outcome">): FixedFile["remaining"] =>
    findingsOf(
      judged.dockerfile,
      judged.outcome.problems.filter(({ rule }) => request.concerns(rule)),
    );
  const file: FixedFile = {
    path: found.path,
    applied: applied.map(({ rule, title, safety, origin }) => ({
      rule,
      title,
      safety,
      line: positionAt(starts, origin).line,
    })),
    remaining: remaining({ dockerfile, outcome }),
    refused: undefined,
  };
  if (applied.length === 0) return { file, before, after: before, bytes, unfixed: () => file };
  const unfixed = (): FixedFile => ({ ...file, applied: [], remaining: remaining(audit(before)) });
  if (!isSame(bytes, new TextEncoder().encode(before)))
    return refusal(unfixed(), "it holds bytes that are not UTF-8, which a fix could damage", before, bytes);
  const [problem] = dockerfile.problems;
  if (problem !== undefined) {
    const { line } = positionAt(lineStarts(after), problem.span.start);
    return refusal(unfixed(), `BuildKit would still refuse it: line ${line}, ${problem.message}`, before, bytes);
  }
  return { file, before, after, bytes, unfixed };
};

const refusal = (file: FixedFile, refused: string, before: string, bytes: Uint8Array): Outcome => ({
  file: { ...file, refused },
  before,
  after: before,
  bytes,
  unfixed: () => file,
});

const written = async (found: FoundFile, { file, before, after, bytes, unfixed }: Outcome): Promise<FixedFile> => {
  if (before === after) return file;
  try {
    await replaceFile(found.absolute, { before: bytes, after: new TextEncoder().encode(after) });
    return file;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...unfixed(), refused: `it cannot be written: ${reason}` };
  }
};

/** Where the patch applies: a folder that holds all files, because neither `git apply` nor `patch` takes a path upwards. */
const patchBase = (cwd: string, files: readonly FoundFile[]): string => {
  const { root } = parse(cwd);
  const holdsAll = (folder: string): boolean => files.every(({ absolute }) => !isAbsolute(shownPath(folder, absolute)));
  return [cwd, repositoryOf(cwd) ?? root].find(holdsAll) ?? root;
};

const shownPatch = async (path: string, { before, after }: Outcome, terminal: Terminal): Promise<string> => {
  if (before === after) return "";
  const { unifiedPatch } = await import(/* webpackMode: "eager" */ "./report/patch.ts");
  const patch = unifiedPatch(path, before, after);
  return terminal.isReading ? patchText(patch, terminal.paint) : patch;
};

/** What was asked for. */
const selection = (given: Arguments): Pick<FixRequest, "wants" | "concerns"> => {
  const isUnsafe = given.values.has(flags.unsafe.name);
  const named = new Set(given.all(flags.rule).map(fixableRule));
  const concerns = (rule: string): boolean => named.size === 0 || named.has(rule);
  return { concerns, wants: (rule, { safety }) => (isUnsafe || safety === "safe") && concerns(rule) };
};

const fixableRule = (name: string): string => {
  const rule = findRule(name, rules);
  if (rule === undefined) {
    const meant = nearestName(
      name,
      rules.flatMap(({ id, aliases }) => [id, ...aliases]),
    );
    const hint = meant === undefined ? "" : ` Did you mean \`${meant}\`?`;
    throw new UserError(`--rule: there is no rule \`${name}\` (on the command line).${hint}`);
  }
  if (rule.fixes === "none") throw new UserError(`--rule: \`${rule.id}\` has no automatic fix (on the command line).`);
  return rule.id;
};

const verbosityOf = ({ values }: Arguments): "quiet" | "normal" | "verbose" => {
  if (values.has(flags.quiet.name)) return "quiet";
  return values.has(flags.verbose.name) ? "verbose" : "normal";
};

const isSame = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, index) => byte === right[index]);
