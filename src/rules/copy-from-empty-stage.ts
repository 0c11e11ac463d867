import type { StageFacts } from "./audited-file.ts";
import { stageReferences } from "./knowledge/stage-references.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "copy-from-empty-stage",
  summary: "Copy from a stage that holds files",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  aliases: [],
  why: `\`FROM scratch\` begins with nothing. A stage on it without COPY, ADD, WORKDIR or RUN still holds nothing, and
copying a path from it fails with “not found”. Often the wrong stage is named, or its COPY was lost in an edit.`,
  silent: [
    "stages on any other base, or with a COPY, ADD, WORKDIR or RUN of their own or below them",
    "the root itself and patterns, and a base that a variable chooses",
  ],
  fixes: "none",
  needs: { instructions: ["COPY"] },
  examples: [
    {
      bad: "FROM scratch AS files\nFROM debian:12\nCOPY --from=⟦files⟧ /a /a",
      message: "The stage `files` holds no files",
    },
    { bad: "FROM scratch AS a\nENV X=1\nFROM a AS b\nFROM debian:12\nCOPY --from=⟦b⟧ /a /a" },
    { bad: "FROM scratch\nLABEL a=b\nFROM debian:12\nCOPY --from=⟦0⟧ /a /b/ /c/" },
    { good: "FROM scratch AS files\nCOPY a /a\nFROM debian:12\nCOPY --from=files /a /a" },
    { good: "FROM scratch AS a\nADD x.tar /\nFROM a AS b\nFROM debian:12\nCOPY --from=b /a /a" },
    {
      title: "Mounted, not copied",
      good: "FROM scratch AS empty\nFROM debian:12\nRUN --mount=from=empty,target=/e true",
    },
  ],
  check: function* (file) {
    for (const { instruction, target, at, text } of stageReferences(file)) {
      if (instruction.keyword !== "COPY" || target === undefined || !isEmpty(target)) continue;
      // The root is always there, and so is nothing that matches a pattern.
      if (instruction.sources.every((source) => /^\/*\.?$|[*?[$]/.test(source.text))) continue;
      yield {
        at,
        message: `The stage ${target.name === undefined ? text : `\`${text}\``} holds no files`,
        related: [{ at: target.stage.from.image.span, message: "it is empty and nothing is put into it" }],
      };
    }
  },
});

const isEmpty = (stage: StageFacts): boolean =>
  stage.rootBase.kind === "scratch" &&
  // FROM files-${WHICH}: another build takes another stage.
  stage.lineage.every(({ stage: { from } }) => !from.image.text.includes("$")) &&
  stage.lineage.every(({ instructions }) =>
    instructions.every(({ keyword }) => !["COPY", "ADD", "WORKDIR", "RUN", "INVALID"].includes(keyword)),
  );
