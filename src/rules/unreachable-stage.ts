import type { StageFacts } from "./audited-file.ts";
import { stageReferences } from "./knowledge/stage-references.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "unreachable-stage",
  summary: "Remove or name stages that no target can reach",
  level: { recommended: "warning", strict: "warning" },
  scope: "whole file",
  aliases: [],
  why: `A stage without a name that nothing copies from and nothing is built on is never built: the engine skips it. It is
what is left of an edit, or its result was meant to be copied and is not. If it is a target of its own, give it a name.`,
  silent: ["every stage with a name: it can be a target", "the last stage"],
  fixes: "none",
  examples: [
    {
      bad: "FROM ⟦golang:1.27⟧\nRUN go build -o /app\nFROM scratch\nCOPY app /app",
      message: "No other stage uses this one, and without a name it cannot be built on its own",
    },
    { bad: "FROM debian:12 AS a\nFROM ⟦a⟧\nRUN make\nFROM a\nRUN true" },
    { bad: "FROM ⟦debian:12⟧\nFROM ⟦alpine:3.22⟧\nFROM scratch\nCOPY a /a" },
    { good: "FROM golang:1.27\nRUN go build -o /app\nFROM scratch\nCOPY --from=0 /app /app" },
    { good: "FROM golang:1.27 AS test\nRUN go test\nFROM scratch\nCOPY app /app" },
    { good: "FROM debian:12" },
  ],
  check: function* (file) {
    const used = new Set<StageFacts>([
      ...stageReferences(file).flatMap(({ target }) => target ?? []),
      ...file.stages.flatMap(({ dependencies }) => dependencies),
    ]);
    for (const facts of file.stages) {
      if (facts.name !== undefined || facts.index === file.stages.length - 1 || used.has(facts)) continue;
      yield {
        at: facts.stage.from.image.span,
        message: "No other stage uses this one, and without a name it cannot be built on its own",
      };
    }
  },
});
