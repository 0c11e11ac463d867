import { startOf } from "./knowledge/start-command.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "cmd-ignored-by-entrypoint",
  summary: "Use the exec form of ENTRYPOINT where CMD gives its arguments",
  level: { recommended: "warning", strict: "warning" },
  scope: "shipped stages",
  aliases: [],
  why: `An ENTRYPOINT in shell form becomes \`/bin/sh -c "…"\`. What CMD or \`docker run image args\` adds goes to that shell as
\`$0\`, \`$1\` and is never read: the container starts without its arguments and says nothing. Write the ENTRYPOINT as a JSON
array, or fold CMD into it.`,
  silent: [
    "an ENTRYPOINT that reads `$@`, `$*`, `$0` or `$1`",
    "a CMD from an earlier stage, which the ENTRYPOINT resets",
    "an ENTRYPOINT in exec form, also one that calls a shell; Windows images",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact"],
  needs: { instructions: ["ENTRYPOINT"] },
  examples: [
    {
      bad: 'FROM debian:12\nENTRYPOINT serve --port 80\n⟦CMD⟧ ["--verbose"]',
      message: "This CMD is ignored, because ENTRYPOINT in shell form takes no arguments",
    },
    { bad: "FROM debian:12 AS base\nENTRYPOINT serve\nFROM base\n⟦CMD⟧ --debug" },
    { bad: 'FROM debian:12\n⟦CMD⟧ ["x"]\nRUN true\nENTRYPOINT exec serve $PORT' },
    { good: 'FROM debian:12\nENTRYPOINT ["serve"]\nCMD ["--verbose"]' },
    { good: 'FROM debian:12\nENTRYPOINT exec serve "$0" "$@"\nCMD ["x"]' },
    { good: 'FROM debian:12 AS base\nCMD ["x"]\nFROM base\nENTRYPOINT serve' },
  ],
  check: function* (file) {
    const reported = new Set<number>();
    for (const stage of file.shippedStages) {
      const start = startOf(file, stage);
      if (start?.entrypoint?.command.form !== "shell" || start.cmd === undefined || stage.isWindows) continue;
      const text = start.entrypoint.command.joined.text;
      if (/\$\{?[@*0-9]/.test(text) || text.trim().startsWith("[") || reported.has(start.cmd.span.start)) continue;
      reported.add(start.cmd.span.start);
      yield {
        at: start.cmd.keywordSpan,
        message: "This CMD is ignored, because ENTRYPOINT in shell form takes no arguments",
        related: [{ at: start.entrypoint.command.span, message: "the shell form" }],
      };
    }
  },
});
