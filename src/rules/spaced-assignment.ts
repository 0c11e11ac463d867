import { sliceOf } from "./knowledge/edits.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "spaced-assignment",
  summary: "Write key=value without blanks around the sign",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  aliases: [],
  why: `\`ENV NAME = value\` is the old form with a blank: it sets NAME to \`= value\`, sign included, and nothing complains.
Delete the blanks.`,
  silent: ["a value that begins with `=` in quotes"],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/reference/dockerfile/#env"],
  needs: { instructions: ["ENV", "LABEL"] },
  examples: [
    {
      bad: "FROM debian:12\nENV ⟦PORT =⟧ 8080",
      fixed: "FROM debian:12\nENV PORT=8080",
      message: "`PORT` is set to `= 8080`, sign included",
    },
    { bad: 'FROM debian:12\nLABEL ⟦version   =⟧"1.0"', fixed: 'FROM debian:12\nLABEL version="1.0"' },
    {
      bad: "FROM debian:12\nENV ⟦GREETING =⟧ hello big world",
      fixed: 'FROM debian:12\nENV GREETING="hello big world"',
    },
    { title: "More than one", bad: "FROM debian:12\nENV ⟦A =⟧ 1 B = 2", fixed: "FROM debian:12\nENV A = 1 B = 2" },
    { good: "FROM debian:12\nENV PORT=8080 HOST=x" },
    { good: 'FROM debian:12\nENV SEPARATOR "= "' },
    { good: "FROM debian:12\nENV PORT 8080" },
  ],
  check: function* (file) {
    for (const stage of file.stages)
      for (const instruction of stage.instructions) {
        if ((instruction.keyword !== "ENV" && instruction.keyword !== "LABEL") || !instruction.isLegacy) continue;
        for (const { key, value } of instruction.assignments) {
          if (value?.text.startsWith("=") !== true) continue;
          const rest = value.text.slice(1).trim();
          const start = key.span.end;
          const isPlain = sliceOf(file.text, value.span) === value.text && rest !== "" && !/[=\\`]/.test(rest);
          const hasBlank = /\s/.test(rest);
          const isQuoted = /^(["'])[^"']*\1$/.test(rest);
          const fix: Fix | undefined =
            !isPlain || (hasBlank && !isQuoted && /["']/.test(rest))
              ? undefined
              : {
                  title: "Delete the blanks",
                  safety: "unsafe",
                  edits: [
                    { span: { start, end: value.span.end }, text: hasBlank && !isQuoted ? `="${rest}"` : `=${rest}` },
                  ],
                };
          yield {
            at: { start: key.span.start, end: value.span.start + 1 },
            message: `\`${key.text}\` is set to \`${value.text}\`, sign included`,
            ...(fix === undefined ? {} : { fix }),
          };
        }
      }
  },
});
