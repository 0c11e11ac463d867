import type { Assignment } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import { deleteWithBlanks, sliceOf } from "./knowledge/edits.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "legacy-key-value",
  summary: "Write ENV and LABEL as key=value",
  level: { recommended: "note", strict: "note" },
  scope: "every stage",
  aliases: ["LegacyKeyValueFormat"],
  why: `\`ENV KEY value\` takes the whole rest of the line as one value. It allows one variable only, and adding a second
(\`ENV A 1 B=2\`) sets A to \`1 B=2\` without a word. The form with \`=\` says where the value ends.`,
  silent: ["a value that begins with `=`, of which spaced-assignment speaks"],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/build-checks/legacy-key-value-format/"],
  needs: { instructions: ["ENV", "LABEL"] },
  examples: [
    {
      bad: "FROM debian:12\nENV ⟦PORT 8080⟧",
      fixed: "FROM debian:12\nENV PORT=8080",
      message: "`PORT` is separated from its value by a space instead of =",
    },
    {
      bad: "FROM debian:12\nENV ⟦JAVA_OPTS   -Xms1g $MORE⟧\nLABEL ⟦a b⟧",
      fixed: 'FROM debian:12\nENV JAVA_OPTS="-Xms1g $MORE"\nLABEL a=b',
    },
    { bad: 'FROM debian:12\nENV ⟦PATH "/a b:$PATH"⟧', fixed: 'FROM debian:12\nENV PATH="/a b:$PATH"' },
    {
      title: "A comment in between stays",
      bad: "FROM debian:12\nENV ⟦KEY \\\n# of the archive\n  390EF70BB1EA⟧\n",
      fixed: "FROM debian:12\nENV \\\n# of the archive\n  KEY=390EF70BB1EA\n",
    },
    {
      title: "Its meaning would change",
      bad: 'FROM debian:12\nENV ⟦A say "hi" \\$x⟧',
      fixed: 'FROM debian:12\nENV A say "hi" \\$x',
    },
    { good: "FROM debian:12\nENV PORT=8080 HOST=x" },
    { good: "FROM debian:12\nENV PORT = 8080" },
    { good: 'FROM debian:12\nLABEL a=b c="d e"' },
  ],
  check: function* (file) {
    for (const stage of file.stages)
      for (const instruction of stage.instructions) {
        if (
          (instruction.keyword !== "ENV" && instruction.keyword !== "LABEL") ||
          !instruction.isLegacy ||
          instruction.isTrigger
        )
          continue;
        for (const assignment of instruction.assignments) {
          const { key, value, span } = assignment;
          if (value === undefined || value.text.startsWith("=")) continue;
          const fix = modern(file, assignment);
          yield {
            at: span,
            message: `\`${key.text}\` is separated from its value by a space instead of =`,
            ...(fix === undefined ? {} : { fix }),
          };
        }
      }
  },
});

const modern = (file: AuditedFile, { key, value }: Assignment): Fix | undefined => {
  if (value === undefined || sliceOf(file.text, value.span) !== value.text) return undefined;
  const text = value.text;
  if (text.includes("\\") || text.includes(file.dockerfile.escape)) return undefined;
  const isOneWord = /^(?:[^\s"']|"[^"]*"|'[^']*')+$/.test(text);
  if (!isOneWord && /["']/.test(text)) return undefined;
  const span = { start: key.span.end, end: value.span.end };
  const written = isOneWord ? `=${text}` : `="${text}"`;
  const edits = /\n[ \t]*#/.test(sliceOf(file.text, { start: key.span.end, end: value.span.start }))
    ? // A comment in between stays where it is, and the key goes to its value.
      [deleteWithBlanks(file.text, key.span), { span: value.span, text: `${sliceOf(file.text, key.span)}${written}` }]
    : [{ span, text: written }];
  return { title: "Write key=value", safety: "safe", edits };
};
