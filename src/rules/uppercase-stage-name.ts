import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { stageReferences } from "./knowledge/stage-references.ts";
import { defineRule, type Edit } from "./rule.ts";

export default defineRule({
  id: "uppercase-stage-name",
  summary: "Write stage names in lower case",
  level: { recommended: "note", strict: "note" },
  scope: "every stage",
  aliases: ["StageNameCasing"],
  why: `The engine compares stage names without case and shows them in lower case. \`Build\`, \`BUILD\` and \`build\` are one
stage, which is easier to see when it is written in one way. In lower case it also cannot be taken for a variable.`,
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/build-checks/stage-name-casing/"],
  examples: [
    {
      bad: "FROM debian:12 AS ⟦Build⟧\nFROM scratch\nCOPY --from=Build /a /a",
      fixed: "FROM debian:12 AS build\nFROM scratch\nCOPY --from=build /a /a",
      message: "The stage name `Build` is not in lower case",
    },
    {
      bad: "FROM debian:12 AS ⟦BASE⟧\nFROM BASE as x\nRUN --mount=type=bind,from=Base,target=/b true",
      fixed: "FROM debian:12 AS base\nFROM base as x\nRUN --mount=type=bind,from=base,target=/b true",
    },
    { bad: "FROM debian:12 AS ⟦unitTest⟧", fixed: "FROM debian:12 AS unittest" },
    { good: "FROM debian:12 AS build\nFROM Build" },
    { good: "FROM debian:12 AS stage-1_x.y" },
    { good: "FROM debian:12" },
  ],
  check: function* (file) {
    for (const facts of file.stages) {
      const { alias } = facts.stage.from;
      if (alias === undefined || alias.text === alias.text.toLowerCase()) continue;
      const edits = [{ span: alias.span, text: alias.text.toLowerCase() }, ...usesOf(file, facts)];
      yield {
        at: alias.span,
        message: `The stage name \`${alias.text}\` is not in lower case`,
        fix: { title: "Write the name in lower case wherever it stands", safety: "safe", edits },
      };
    }
  },
});

const usesOf = (file: AuditedFile, facts: StageFacts): readonly Edit[] =>
  stageReferences(file).flatMap(({ target, text, at, isExact, number }): readonly Edit[] =>
    target === facts && isExact && number === undefined && text !== text.toLowerCase()
      ? [{ span: at, text: text.toLowerCase() }]
      : [],
  );
