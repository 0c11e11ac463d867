import type { Dockerfile, Instruction, Span } from "../dockerfile/model.ts";
import { variableUses } from "../dockerfile/variable-uses.ts";
import type { AuditedFile } from "../rules/audited-file.ts";
import type { AuditProblem } from "./audit.ts";
import { buildkitLevel, buildkitRule, type LevelOptions } from "./imported-checks.ts";

/** One target that BuildKit is to check. */
export interface CheckQuestion {
  /** Absolute. */
  readonly dockerfile: string;
  /** An absolute folder. */
  readonly context: string;
  /** Undefined: the last stage. */
  readonly stage: string | undefined;
  /** Undefined: that of the environment, where it has one. */
  readonly args: ReadonlyMap<string, string | undefined>;
  readonly buildContexts: ReadonlyMap<string, string>;
  /** The front end that the file asks for; one that cannot be fetched costs the other files nothing. */
  readonly syntax: string | undefined;
}

/** A warning as BuildKit gives it. */
export interface CheckWarning {
  readonly rule: string;
  /** What is wrong here, in BuildKit's words. */
  readonly detail: string;
  /** One-based. */
  readonly line: number;
}

export interface CheckAnswer {
  readonly warnings: readonly CheckWarning[];
  /** Why BuildKit could not check to the end: what it reported before still holds, what is missing means nothing. */
  readonly error: string | undefined;
}

/** The targets of a file that BuildKit is asked about: one for each that is built. */
export const checkQuestions = (
  file: AuditedFile,
  build: Pick<CheckQuestion, "dockerfile" | "context" | "args" | "buildContexts">,
): readonly CheckQuestion[] => {
  // Another front end has other checks, or none; a context that is no folder would have to be fetched.
  if (file.hasForeignSyntax || !build.context.startsWith("/")) return [];
  const { dockerfile, stages } = file;
  const syntax = dockerfile.directives.find(({ name }) => name === "syntax")?.value;
  const declared = declaredArguments(dockerfile);
  const checks = chosenChecks(dockerfile);
  const args = new Map([
    ...[...build.args].filter(([name]) => declared.has(name)),
    ...(checks === "" ? [] : [["BUILDKIT_DOCKERFILE_CHECK", checks] as const]),
  ]);
  return file.targetStages
    .filter(({ index, name }) => index === stages.length - 1 || name !== undefined)
    .slice(-mostTargets)
    .map(({ index, name }) => ({ ...build, args, syntax, stage: index === stages.length - 1 ? undefined : name }));
};

/** Of one file; what more targets would add are the warnings of stages that no other target needs. */
const mostTargets = 8;

/** A Bake file in JSON with one target for each question, named `t0`, `t1`, …; it holds values of build arguments. */
export const checkDefinition = (questions: readonly CheckQuestion[]): string => {
  const targets = questions.map(({ dockerfile, context, stage, args, buildContexts }, index) => [
    `t${index}`,
    {
      context,
      dockerfile,
      ...(stage === undefined ? {} : { target: stage }),
      args: Object.fromEntries([...args].filter(([, value]) => value !== undefined)),
      contexts: Object.fromEntries(buildContexts),
    },
  ]);
  return `${JSON.stringify({ target: Object.fromEntries(targets) }, literally, 2)}\n`;
};

/** Bake reads texts as templates, in JSON too. */
const literally = (_key: string, value: unknown): unknown =>
  typeof value === "string" ? value.replace(/([$%])(?=\{)/g, "$1$1") : value;

/** Reads what `docker buildx bake --call check,format=json` prints, by the names of its targets. */
export const readCheckAnswers = (text: string): ReadonlyMap<string, CheckAnswer> | undefined => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const targets = Object.entries(record(record(json).target));
  return new Map(targets.map(([name, target]) => [name, readAnswer(record(record(target).check))]));
};

type CheckedFile = Pick<AuditedFile, "dockerfile" | "text">;

/**
 * What BuildKit said of the targets of one file, as problems of the file. A check that one of our rules holds as an
 * alias is left to the rule: it judges without an engine too, so that a file has the same findings everywhere, and
 * where it says nothing it knows why.
 */
export const buildkitProblems = (
  file: CheckedFile,
  answers: readonly CheckAnswer[],
  options: LevelOptions & { readonly isOurs: (check: string) => boolean },
): readonly AuditProblem[] => {
  const found = new Map<string, AuditProblem>();
  for (const { warnings } of answers) {
    const seen = new Map<string, number>();
    for (const warning of warnings) {
      const severity = options.isOurs(warning.rule) ? "off" : buildkitLevel(warning.rule, options);
      const instruction = instructionAt(file.dockerfile, warning.line);
      if (severity === "off" || instruction === undefined) continue;
      const words = `${warning.rule}\0${instruction.index}\0${warning.detail}`;
      const count = seen.get(words) ?? 0;
      seen.set(words, count + 1);
      const at = placeOf(file, instruction, warning, count);
      if (at === undefined) continue;
      const rule = buildkitRule(warning.rule);
      found.set(`${words}\0${at.start}`, { rule, severity, at, message: messageOf(warning) });
    }
  }
  return [...found.values()];
};

const declaredArguments = (dockerfile: Dockerfile): ReadonlySet<string> =>
  new Set(
    dockerfile.instructions.flatMap((instruction) =>
      instruction.keyword === "ARG" ? instruction.assignments.map(({ key }) => key.text) : [],
    ),
  );

/** The argument takes the place of the file's own directive, so that it must say what that says. */
const chosenChecks = (dockerfile: Dockerfile): string => {
  const directive = dockerfile.directives.find(({ name }) => name === "check")?.value ?? "";
  const listed = (key: string): readonly string[] =>
    directive
      .split(";")
      .filter((part) => part.split("=")[0]?.trim() === key)
      .flatMap((part) => (part.split("=")[1] ?? "").split(","))
      .map((name) => name.trim())
      .filter((name) => name !== "");
  const skip = listed("skip");
  const experimental = [...new Set(listed("experimental"))];
  return [
    ...(skip.length > 0 ? [`skip=${skip.join(",")}`] : []),
    ...(experimental.length > 0 ? [`experimental=${experimental.join(",")}`] : []),
  ].join(";");
};

const readAnswer = (check: Readonly<Record<string, unknown>>): CheckAnswer => {
  const error = record(check.buildError).message ?? check.error;
  return {
    warnings: list(check.warnings).flatMap((one) => {
      const { ruleName, detail, description, location } = record(one);
      const line = record(record(list(record(location).ranges)[0]).start).line;
      if (typeof ruleName !== "string" || !/^[\w-]{1,60}$/.test(ruleName) || typeof line !== "number") return [];
      const said = [detail, description].find((text) => typeof text === "string" && text !== "");
      return [{ rule: ruleName, detail: String(said ?? ruleName), line }];
    }),
    error: typeof error === "string" ? (error.split("\n")[0] ?? "") : undefined,
  };
};

const instructionAt = (dockerfile: Dockerfile, line: number): Instruction | undefined =>
  dockerfile.instructions.find(({ startLine, endLine }) => startLine <= line && line <= endLine);

/** The word that the detail quotes, the nth time that it is spoken of; else the instruction. */
const placeOf = (file: CheckedFile, instruction: Instruction, warning: CheckWarning, nth: number): Span | undefined => {
  if (instruction.keyword === "FROM") return instruction.image.span;
  const { detail } = warning;
  const variable = /'\$\{?(\w+)\}?'/.exec(detail)?.[1];
  if (variable !== undefined) {
    const uses = usesOf(variable, wordsOf(instruction, file), file);
    const use = uses[nth] ?? uses.at(-1);
    if (use === undefined) return firstLine(instruction, file.text);
    // A use that says what holds without the variable, which BuildKit does not look at.
    return /^\$\{\w+:?[-+]/.test(file.text.slice(use.start, use.end)) ? undefined : use;
  }
  const quoted = /["'`]([^"'`]+)["'`]/.exec(detail)?.[1];
  const word = wordsOf(instruction, file).find(({ start, end }) => file.text.slice(start, end) === quoted);
  return word ?? firstLine(instruction, file.text);
};

/** BuildKit speaks of a variable once for each word that it stands in. */
const usesOf = (name: string, words: readonly Span[], { text, dockerfile }: CheckedFile): readonly Span[] =>
  words.flatMap(({ start, end }) => {
    const word = text.slice(start, end);
    const use = variableUses(word, name).find((one) => word[one.start - 1] !== dockerfile.escape);
    return use === undefined || word.startsWith("'") ? [] : [{ start: start + use.start, end: start + use.end }];
  });

/** The values of assignments; else what blanks divide. */
const wordsOf = (instruction: Instruction, { text }: CheckedFile): readonly Span[] => {
  if (instruction.keyword === "ENV" || instruction.keyword === "LABEL" || instruction.keyword === "ARG")
    return instruction.assignments.flatMap(({ key, value }) => [
      key.span,
      ...(value === undefined ? [] : [value.span]),
    ]);
  const from = instruction.keywordSpan.end;
  return [...text.slice(from, instruction.span.end).matchAll(/\S+/g)].map((match) => ({
    start: from + match.index,
    end: from + match.index + match[0].length,
  }));
};

const firstLine = ({ span }: Instruction, text: string): Span => {
  const lineBreak = text.indexOf("\n", span.start);
  const end = lineBreak === -1 ? span.end : Math.min(span.end, lineBreak);
  return { start: span.start, end: text[end - 1] === "\r" ? end - 1 : end };
};

/** As it stands in a sentence of ours: quoted words are code. */
const messageOf = ({ detail }: CheckWarning): string =>
  detail
    .replace(/\s+/g, " ")
    .trim()
    .replace(/(?<![\w$])'([^'`]+)'(?!\w)/g, "`$1`")
    .replace(/"([^"`]+)"/g, "`$1`")
    .replace(/(?<!\.)\.$/, "");

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
