import { defineRule } from "./rule.ts";

export default defineRule({
  id: "reserved-stage-name",
  summary: "Keep the names scratch and context for the engine",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  aliases: ["DL3063", "ReservedStageName"],
  why: `\`FROM scratch\` is the empty file system and \`context\` the files that the build sends. A stage of that name reads
as if it were the engine's, and whether a reference means the one or the other depends on the engine.`,
  fixes: "none",
  sources: ["https://docs.docker.com/reference/build-checks/reserved-stage-name/"],
  examples: [
    { bad: "FROM debian:12 AS ⟦scratch⟧", message: "`scratch` is a name of the engine's own" },
    { bad: "FROM debian:12 AS ⟦Context⟧\nFROM scratch\nCOPY a /a" },
    { bad: "FROM debian:12 AS ⟦SCRATCH⟧\nFROM alpine:3.22 AS ⟦context⟧" },
    { good: "FROM scratch AS files\nCOPY a /a" },
    { good: "FROM debian:12 AS from-scratch" },
    { good: "FROM debian:12 AS context-files" },
  ],
  check: function* (file) {
    for (const { stage } of file.stages) {
      const { alias } = stage.from;
      if (alias === undefined || !/^(scratch|context)$/i.test(alias.text)) continue;
      yield { at: alias.span, message: `\`${alias.text}\` is a name of the engine's own` };
    }
  },
});
