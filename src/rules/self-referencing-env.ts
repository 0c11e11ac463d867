import type { Assignment, EnvInstruction } from "../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { partOf, sliceOf } from "./knowledge/edits.ts";
import { variablesIn } from "./knowledge/variables.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "self-referencing-env",
  summary: "Use a variable only after the ENV that sets it",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  aliases: ["DL3044", "be8aab51"],
  why: `All values of one ENV are worked out before any of them is set. In \`ENV HOME=/app BIN=$HOME/bin\` the second value
takes what HOME was before: the base's, or nothing. Give the second variable an ENV of its own.`,
  silent: [
    "a variable that takes its own old value, as `PATH=/x:$PATH`",
    "a variable that had the same value before",
    "`\\$X` and text in single quotes, where nothing is put in",
  ],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/reference/dockerfile/#environment-replacement"],
  needs: { instructions: ["ENV"] },
  examples: [
    {
      bad: "FROM debian:12\nENV HOME=/app BIN=⟦$HOME⟧/bin",
      fixed: "FROM debian:12\nENV HOME=/app\nENV BIN=$HOME/bin",
      message: "`$HOME` is the value from before this ENV, not `/app`",
    },
    {
      bad: 'FROM debian:12\r\nENV A=1 \\\r\n    B="x ⟦${A}⟧" \\\r\n    C=3\r\n',
      fixed: 'FROM debian:12\r\nENV A=1\r\nENV B="x ${A}" \\\r\n    C=3\r\n',
    },
    {
      title: "The order does not matter",
      bad: "FROM debian:12\nENV B=⟦$A⟧ A=1",
      fixed: "FROM debian:12\nENV B=$A A=1",
    },
    { bad: "FROM debian:12\nENV A=0\nENV A=1 B=⟦$A⟧", fixed: "FROM debian:12\nENV A=0\nENV A=1\nENV B=$A" },
    { good: "FROM debian:12\nENV A=1\nENV B=$A PATH=/x:$PATH" },
    { good: "FROM debian:12\nENV A=1\nENV A=1 B=$A" },
    { good: "FROM debian:12\nENV A=1 B=\\$A C='$A'" },
  ],
  check: function* (file) {
    for (const stage of file.stages) {
      for (const instruction of stage.instructions) {
        if (instruction.keyword === "ENV" && !instruction.isLegacy && !instruction.isTrigger)
          yield* problemsIn(file, stage, instruction);
      }
    }
  },
});

function* problemsIn(file: AuditedFile, stage: StageFacts, instruction: EnvInstruction) {
  const { assignments } = instruction;
  const setters = new Map(assignments.map((assignment, position) => [assignment.key.text, { assignment, position }]));
  for (const [position, assignment] of assignments.entries()) {
    if (assignment.value === undefined) continue;
    for (const use of variablesIn(assignment.value.text, file.dockerfile.escape)) {
      const found = setters.get(use.name);
      if (found === undefined || assignment.key.text === use.name || !use.isPlain) continue;
      const setter = found.assignment;
      const before = stage.variableAt(use.name, instruction);
      const after = setter.value === undefined ? undefined : file.expand(setter.value, instruction).value;
      if (before !== undefined && (before.value === after || before.value === undefined)) continue;
      const written = assignment.value.text.slice(use.start, use.end);
      const fix =
        found.position < position ? split(file, instruction, assignments[position - 1], assignment) : undefined;
      yield {
        at: partOf(file.text, assignment.value, use.start, use.end),
        message: `\`${written}\` is the value from before this ENV, not \`${after ?? setter.value?.text ?? ""}\``,
        related: [{ at: setter.key.span, message: "set here, for later instructions" }],
        ...(fix === undefined ? {} : { fix }),
      };
    }
  }
}

const split = (
  file: AuditedFile,
  { keywordSpan }: EnvInstruction,
  previous: Assignment | undefined,
  at: Assignment,
): Fix | undefined => {
  if (previous === undefined) return undefined;
  const span = { start: previous.span.end, end: at.span.start };
  const gap = sliceOf(file.text, span);
  if ([...gap].some((character) => !/\s/.test(character) && character !== file.dockerfile.escape)) return undefined;
  const lineBreak = file.text.includes("\r\n") ? "\r\n" : "\n";
  const text = `${lineBreak}${sliceOf(file.text, keywordSpan)} `;
  return { title: `Set \`${at.key.text}\` in an ENV of its own`, safety: "unsafe", edits: [{ span, text }] };
};
