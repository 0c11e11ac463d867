import { familiarName } from "../dockerfile/image-reference.ts";
import type { Instruction, Span } from "../dockerfile/model.ts";
import type { Script, ShellCommand, ShellWord } from "../dockerfile/script.ts";
import { matchesWildcards } from "../dockerfile/wildcards.ts";
import type { AuditedFile, StageFacts } from "../rules/audited-file.ts";
import { type ImageUse, imageUses } from "../rules/knowledge/image-uses.ts";
import type { Problem } from "../rules/rule.ts";
import type { CustomRule, Pattern } from "../settings.ts";

/** What a house rule of the configuration finds: what is there and must not, or what lacks and must be there. */
export const customProblems = (file: AuditedFile, rule: CustomRule): readonly Problem[] => {
  const spans = rule.kind === "forbid" ? forbidden(file, rule) : required(file, rule);
  const unique = new Map(spans.map((at) => [`${at.start} ${at.end}`, at]));
  return [...unique.values()].map((at) => ({ at, message: rule.message }));
};

const forbidden = (file: AuditedFile, rule: CustomRule): readonly Span[] =>
  rule.image === undefined
    ? hitsOf(file, rule).map(({ at }) => at)
    : imagesOf(file, rule)
        .filter((use) => isNamed(use, rule.image) && isSearched(rule.pattern, use.text))
        .map(({ at }) => at);

/**
 * An image that must come from somewhere is asked of every image; with a pattern, every image of that name must match
 * it. Anything else is asked of each stage that ships, with the stages it is built on.
 */
const required = (file: AuditedFile, rule: CustomRule): readonly Span[] => {
  if (file.isBroken) return [];
  const { pattern } = rule;
  if (rule.image !== undefined)
    return imagesOf(file, rule)
      .filter((use) =>
        pattern ? isNamed(use, rule.image) && !isSearched(pattern, use.text) : !isNamed(use, rule.image),
      )
      .map(({ at }) => at);
  const hits = hitsOf(file, rule);
  const near = pattern === undefined ? [] : hitsOf(file, { ...rule, pattern: anything });
  return file.targetStages.flatMap((stage) => {
    const isIn = (hit: Hit): boolean => hit.stage !== undefined && stage.lineage.includes(hit.stage);
    const last = near.findLast(isIn);
    const isMet =
      last !== undefined && isReplaced(last.instruction)
        ? hits.some(({ instruction }) => instruction === last.instruction)
        : hits.some(isIn);
    if (isMet || (rule.command !== undefined && !isRead(file, stage))) return [];
    return [last?.at ?? stage.stage.from.image.span];
  });
};

const anything: Pattern = { source: "", search: (text) => ({ start: 0, end: text.length }) };

/** Whether only the last of its kind holds. */
const isReplaced = ({ keyword }: Instruction): boolean =>
  ["USER", "WORKDIR", "CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "LABEL"].includes(keyword);

interface Hit {
  readonly instruction: Instruction;
  readonly at: Span;
  readonly stage: StageFacts | undefined;
}

const hitsOf = (file: AuditedFile, rule: CustomRule): readonly Hit[] =>
  file.dockerfile.instructions
    .flatMap((instruction) => (instruction.keyword === "ONBUILD" ? [instruction, instruction.trigger] : [instruction]))
    .flatMap((instruction) => {
      const stage = instruction.stageIndex === undefined ? undefined : file.stages[instruction.stageIndex];
      return spansIn(file, instruction, stage, rule).map((at) => ({ instruction, at, stage }));
    });

const spansIn = (
  file: AuditedFile,
  instruction: Instruction,
  stage: StageFacts | undefined,
  rule: CustomRule,
): readonly Span[] => {
  if (rule.instruction !== undefined && rule.instruction !== instruction.keyword) return [];
  if (rule.command !== undefined) return stage === undefined ? [] : commandSpans(file, instruction, rule);
  if (rule.label !== undefined) return labelSpans(file, instruction, rule);
  if (rule.instruction === undefined) return [];
  if (rule.pattern === undefined) return [instruction.keywordSpan];
  const start = instruction.keywordSpan.end;
  const text = file.text.slice(start, instruction.span.end);
  const match = rule.pattern.search(text.trim());
  if (match === undefined) return [];
  const from = start + text.length - text.trimStart().length;
  return [match.start === match.end ? instruction.keywordSpan : { start: from + match.start, end: from + match.end }];
};

const labelSpans = (file: AuditedFile, instruction: Instruction, { label, pattern }: CustomRule): readonly Span[] => {
  if (instruction.keyword !== "LABEL" || label === undefined) return [];
  return instruction.assignments.flatMap(({ key, value, span }) => {
    if (!matchesWildcards(label, file.expand(key, instruction).value ?? key.text)) return [];
    if (pattern === undefined) return [key.span];
    const text = value && (file.expand(value, instruction).value ?? value.text);
    return isSearched(pattern, text ?? "") ? [value?.span ?? span] : [];
  });
};

const commandSpans = (file: AuditedFile, instruction: Instruction, rule: CustomRule): readonly Span[] => {
  if (rule.instruction === undefined && instruction.keyword !== "RUN") return [];
  const [name = "", ...words] = (rule.command ?? "").split(/\s+/);
  return (scriptOf(file, instruction)?.commands ?? []).flatMap((command) => {
    const first = named(command, name);
    const span = first && argumentSpan(command, first, words);
    if (span === undefined) return [];
    return rule.pattern === undefined ? [span] : (matchedArguments(command, span, rule.pattern) ?? []);
  });
};

const scriptOf = (file: AuditedFile, instruction: Instruction): Script | undefined =>
  "command" in instruction && instruction.command ? file.script(instruction.command, instruction) : undefined;

const isRead = (file: AuditedFile, stage: StageFacts): boolean =>
  stage.lineage.every((one) => file.runScripts(one).every(({ script }) => script.status === "parsed"));

/** The word that names the command, or the wrapper of that name in front of it. */
const named = (command: ShellCommand, name: string): ShellWord | undefined => {
  const isIt = (word: ShellWord): boolean => matchesWildcards(name, word.value.slice(word.value.lastIndexOf("/") + 1));
  return command.nameWord && matchesWildcards(name, command.name) ? command.nameWord : command.wrappers.find(isIt);
};

/** `pip install`: the further words follow in this order, whatever stands between. */
const argumentSpan = (command: ShellCommand, first: ShellWord, words: readonly string[]): Span | undefined => {
  let next = 0;
  let { end } = first.span;
  for (const arg of command.args) {
    const word = words[next];
    if (word === undefined || !matchesWildcards(word, arg.value)) continue;
    next += 1;
    end = arg.span.end;
  }
  return next === words.length ? { start: first.span.start, end } : undefined;
};

/** The arguments that the pattern's match lies in. */
const matchedArguments = (command: ShellCommand, name: Span, pattern: Pattern): readonly Span[] | undefined => {
  const match = pattern.search(command.args.map(({ value }) => value).join(" "));
  if (match === undefined) return undefined;
  let offset = 0;
  const touched = command.args.filter(({ value }) => {
    const start = offset;
    offset += value.length + 1;
    return start < match.end && match.start < start + value.length;
  });
  const [first] = touched;
  const last = touched.at(-1);
  return [first && last ? { start: first.span.start, end: last.span.end } : name];
};

const imagesOf = (file: AuditedFile, { instruction }: CustomRule): readonly ImageUse[] =>
  imageUses(file).filter((use) => instruction === undefined || use.instruction.keyword === instruction);

/** A name may be given short (`debian`), with its registry (`docker.io/library/debian`), or with a tag. */
const isNamed = ({ reference, text }: ImageUse, glob: string | undefined): boolean => {
  const names = reference
    ? [
        familiarName(reference),
        `${reference.registry}/${reference.repository}`,
        `${reference.registry}/${familiarName(reference)}`,
      ]
    : [text];
  const tag = reference?.tag ?? "latest";
  return [...names, ...names.map((name) => `${name}:${tag}`), text].some((name) => matchesWildcards(glob ?? "*", name));
};

const isSearched = (pattern: Pattern | undefined, text: string): boolean =>
  pattern === undefined || pattern.search(text) !== undefined;
