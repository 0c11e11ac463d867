import type { StageFacts } from "./audited-file.ts";
import { type StageReference, stageReferences } from "./knowledge/stage-references.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "circular-stage-reference",
  summary: "Let no stage depend on itself",
  level: { recommended: "error", strict: "error" },
  scope: "whole file",
  aliases: ["DL3023", "DS-0006", "cdddb86f"],
  why: `A stage that copies from itself, or from one that is built on it, can never be begun: the engine refuses the file
with “circular dependency detected”. To copy inside a stage use \`RUN cp\`; to copy from an earlier state of it, give that
state a stage of its own.`,
  silent: ["names that are images, build contexts or variables"],
  fixes: "none",
  examples: [
    {
      bad: "FROM debian:12 AS app\nCOPY --from=⟦app⟧ /a /b",
      message: "The stage `app` copies from itself",
    },
    {
      bad: "FROM debian:12 AS a\nCOPY --from=⟦b⟧ /x /x\nFROM debian:12 AS b\nRUN --mount=from=a,target=/a true",
      message: "The stage `a` needs `b`, which needs `a`",
    },
    { bad: "FROM debian:12\nCOPY --from=⟦0⟧ /a /b", message: "The stage 0 copies from itself" },
    { good: "FROM debian:12 AS a\nFROM a AS b\nCOPY --from=a /x /x" },
    {
      title: "FROM sees earlier stages only",
      good: "FROM debian:12 AS base\nFROM debian:12 AS debian\nCOPY --from=base /x /x",
    },
    { title: "Forward, but not in a circle", good: "FROM debian:12 AS a\nCOPY --from=b /x /x\nFROM debian:12 AS b" },
  ],
  check: function* (file) {
    const references = stageReferences(file);
    for (const { stage, target, at } of references) {
      // Every circle has an edge that does not lead backwards; that one is reported.
      if (target === undefined || target.index < stage.index || !reaches(references, target, stage)) continue;
      const message =
        target === stage
          ? `The stage ${named(stage)} copies from itself`
          : `The stage ${named(stage)} needs ${named(target)}, which needs ${named(stage)}`;
      const related = references
        .filter((other) => other.stage === target && target !== stage && other.target === stage)
        .map((other) => ({ at: other.at, message: "and back" }));
      yield { at, message, related };
    }
  },
});

const reaches = (references: readonly StageReference[], from: StageFacts, to: StageFacts): boolean => {
  const seen = new Set<StageFacts>([from]);
  // Grows while it is walked.
  for (const stage of seen) {
    if (stage === to) return true;
    for (const { stage: owner, target } of references) if (owner === stage && target !== undefined) seen.add(target);
  }
  return false;
};

const named = ({ name, index }: StageFacts): string => (name === undefined ? String(index) : `\`${name}\``);
