import type { StageFacts } from "./audited-file.ts";
import { stageReferences } from "./knowledge/stage-references.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "circular-stage-reference",
  summary: "Let no stage depend on itself or on a later one",
  level: { recommended: "error", strict: "error" },
  scope: "whole file",
  aliases: ["DL3023", "DS-0006", "cdddb86f"],
  why: `The engine works through the stages from top to bottom. A stage that copies from itself, or from one that begins only
below it, asks for files that are not there yet: the engine refuses with “circular dependency detected” or “needs to be
defined before”. To copy inside a stage use \`RUN cp\`; to copy from an earlier state of it, give that state a stage of its
own. When two stages have one name, the name means the later one.`,
  silent: ["names that are images, build contexts or variables"],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/dockerfile/#copy---from"],
  examples: [
    {
      bad: "FROM debian:12 AS app\nCOPY --from=⟦app⟧ /a /b",
      message: "The stage `app` copies from itself",
    },
    {
      bad: "FROM debian:12 AS a\nCOPY --from=⟦b⟧ /x /x\nFROM debian:12 AS b\nRUN --mount=from=a,target=/a true",
      message: "The stage `a` needs `b`, which begins only below it",
    },
    { bad: "FROM debian:12\nCOPY --from=⟦0⟧ /a /b", message: "The stage 0 copies from itself" },
    { bad: "FROM debian:12 AS a\nRUN --mount=type=bind,from=⟦1⟧,target=/x true\nFROM debian:12" },
    { good: "FROM debian:12 AS a\nFROM a AS b\nCOPY --from=a /x /x" },
    {
      title: "FROM sees earlier stages only",
      good: "FROM debian:12 AS base\nFROM debian:12 AS debian\nCOPY --from=base /x /x",
    },
    { title: "An image", good: "FROM debian:12 AS app\nCOPY --from=acme/app:1 /x /x" },
  ],
  check: function* (file) {
    for (const { stage, target, at, by } of stageReferences(file)) {
      if (target === undefined || target.index < stage.index) continue;
      const message =
        target === stage
          ? `The stage ${named(stage)} ${by === "mount" ? "mounts" : "copies from"} itself`
          : `The stage ${named(stage)} needs ${named(target)}, which begins only below it`;
      const { alias, image } = target.stage.from;
      yield {
        at,
        message,
        related: target === stage ? [] : [{ at: (alias ?? image).span, message: "it begins here" }],
      };
    }
  },
});

const named = ({ name, index }: StageFacts): string => (name === undefined ? String(index) : `\`${name}\``);
