import { purposeOf } from "./knowledge/stage-purpose.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "debug-stage-last",
  summary: "Put the stage that ships last",
  level: { recommended: "note", strict: "warning" },
  scope: "whole file",
  aliases: [],
  why: `Without \`--target\` the engine builds the last stage. When that is the one for debugging or tests, whoever forgets
the flag ships debug tools and root, and nothing says so. Move the stage that ships to the end; the others are reached by
\`--target\` anyway.`,
  silent: ["files where no other stage is named for production", "targets that the configuration names"],
  fixes: "none",
  examples: [
    {
      bad: "FROM debian:12 AS base\nFROM base AS production\nUSER 65532\nFROM base AS ⟦debug⟧\nRUN apt-get update",
      message: "`debug` is what a build without `--target` gives, not `production`",
    },
    { bad: "FROM node:22 AS release\nFROM node:22 AS ⟦unit-test⟧" },
    { bad: "FROM node:22 AS prod\nFROM node:22 AS lint\nFROM node:22 AS ⟦dev⟧" },
    { good: "FROM debian:12 AS debug\nFROM debian:12 AS production" },
    { good: "FROM debian:12 AS base\nFROM base AS dev" },
    { title: "Production is a step on the way", good: "FROM node:22 AS runtime\nFROM runtime AS test" },
  ],
  check: function* (file) {
    const last = file.stages.at(-1);
    const purpose = last === undefined ? undefined : purposeOf(last);
    const alias = last?.stage.from.alias;
    if (last === undefined || alias === undefined) return;
    if (purpose !== "debug" && purpose !== "test" && purpose !== "development") return;
    const shipped = file.targetStages.find((stage) => stage !== last && purposeOf(stage) === "release");
    const isUsed = file.stages.some(
      ({ lineage }) => shipped !== undefined && lineage.includes(shipped) && lineage[0] !== shipped,
    );
    if (shipped === undefined || isUsed) return;
    yield {
      at: alias.span,
      message: `\`${alias.text}\` is what a build without \`--target\` gives, not \`${shipped.name}\``,
      related: [{ at: (shipped.stage.from.alias ?? shipped.stage.from.image).span, message: "the stage that ships" }],
    };
  },
});
