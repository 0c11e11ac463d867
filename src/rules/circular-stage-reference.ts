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
    const circles = circlesOf(file.stages, references);
    for (const { stage, target, at } of references) {
      // Every circle has an edge that does not lead backwards; that one is reported.
      if (target === undefined || target.index < stage.index) continue;
      if (target !== stage && circles.get(target) !== circles.get(stage)) continue;
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

/** A number for each stage, the same for two stages that need each other (Tarjan's strongly connected components). */
const circlesOf = (
  stages: readonly StageFacts[],
  references: readonly StageReference[],
): ReadonlyMap<StageFacts, number> => {
  const needs = Map.groupBy(references, ({ stage }) => stage);
  const order = new Map<StageFacts, number>();
  const lowest = new Map<StageFacts, number>();
  const circles = new Map<StageFacts, number>();
  const open: StageFacts[] = [];
  for (const root of stages) {
    const path = order.has(root) ? [] : [{ stage: root, next: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { stage } = top;
      if (top.next === 0) {
        order.set(stage, order.size);
        lowest.set(stage, order.size - 1);
        open.push(stage);
      }
      const target = needs.get(stage)?.[top.next]?.target;
      if (top.next < (needs.get(stage)?.length ?? 0)) {
        top.next += 1;
        if (target === undefined || circles.has(target)) continue;
        if (order.has(target)) lower(lowest, stage, order.get(target));
        else path.push({ stage: target, next: 0 });
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.stage;
      if (parent !== undefined) lower(lowest, parent, lowest.get(stage));
      if (lowest.get(stage) !== order.get(stage)) continue;
      for (const member of open.splice(open.lastIndexOf(stage))) circles.set(member, order.get(stage) ?? 0);
    }
  }
  return circles;
};

const lower = (lowest: Map<StageFacts, number>, stage: StageFacts, value: number | undefined): void => {
  lowest.set(stage, Math.min(lowest.get(stage) ?? 0, value ?? Number.POSITIVE_INFINITY));
};

const named = ({ name, index }: StageFacts): string => (name === undefined ? String(index) : `\`${name}\``);
