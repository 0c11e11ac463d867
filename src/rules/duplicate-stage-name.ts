import type { StageFacts } from "./audited-file.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "duplicate-stage-name",
  summary: "Give every stage a name of its own",
  level: { recommended: "error", strict: "error" },
  scope: "whole file",
  aliases: ["DL3024", "DuplicateStageName", "DS-0012", "CKV_DOCKER_11", "f2daed12"],
  why: `When two stages have one name, the engine takes the later one for \`--target\` and \`COPY --from\`, and the earlier
one for a FROM that stands between them. What a reference means then depends on where it stands, and the first stage
can no longer be built. Names are compared without case: \`Build\` and \`build\` are one.`,
  fixes: "none",
  sources: ["https://docs.docker.com/reference/build-checks/duplicate-stage-name/"],
  examples: [
    {
      bad: "FROM debian:12 AS build\nFROM alpine:3.22 AS ⟦build⟧",
      message: "The stage name `build` is already taken",
    },
    { bad: "FROM debian:12 AS Build\nFROM alpine:3.22 AS ⟦bUILD⟧\nCOPY --from=build /a /a" },
    { bad: "FROM debian:12 as a\nFROM a as b\nFROM b as ⟦a⟧\nFROM b as ⟦b⟧" },
    { good: "FROM debian:12 AS build\nFROM build AS test\nFROM build" },
    { good: "FROM debian:12 AS debian\nFROM debian:13 AS debian13" },
    { good: "FROM debian:12\nFROM debian:12" },
  ],
  check: function* (file) {
    const taken = new Map<string, StageFacts>();
    for (const facts of file.stages) {
      const { stage, name } = facts;
      const alias = stage.from.alias;
      if (alias === undefined || name === undefined) continue;
      const first = taken.get(name);
      if (first === undefined) {
        taken.set(name, facts);
        continue;
      }
      yield {
        at: alias.span,
        message: `The stage name \`${alias.text}\` is already taken`,
        related: [
          { at: (first.stage.from.alias ?? first.stage.from.image).span, message: "the first stage of that name" },
        ],
      };
    }
  },
});
