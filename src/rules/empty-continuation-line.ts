import { defineRule } from "./rule.ts";

export default defineRule({
  id: "empty-continuation-line",
  summary: "Delete blank lines inside a continued instruction",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `Behind a line continuation, BuildKit skips blank lines and goes on with the next text. A reader sees two instructions
where there is one, and BuildKit has announced that this will become an error.`,
  aliases: ["NoEmptyContinuation"],
  silent: ["Comment lines, and blank lines in heredocs."],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/build-checks/no-empty-continuation/"],
  examples: [
    {
      bad: "FROM alpine:3.20\nRUN apk add --no-cache \\\n⟦\n⟧    curl\n",
      fixed: "FROM alpine:3.20\nRUN apk add --no-cache \\\n    curl\n",
      message: "There is a blank line inside this RUN",
    },
    {
      title: "blanks, and several lines",
      bad: "FROM alpine:3.20\nENV A=1 \\\n⟦   \n⟧⟦\n⟧    B=2\n",
      fixed: "FROM alpine:3.20\nENV A=1 \\\n    B=2\n",
    },
    {
      title: "with another escape character",
      bad: "# escape=`\nFROM alpine:3.20\nRUN a `\n⟦\n⟧  b\n",
      fixed: "# escape=`\nFROM alpine:3.20\nRUN a `\n  b\n",
    },
    { good: "FROM alpine:3.20\nRUN apk add --no-cache \\\n    # comment\n    curl\n\nRUN make\n" },
    { title: "a heredoc", good: "FROM alpine:3.20\nRUN <<END\na\n\nb\nEND\n" },
    { title: "at the end of an instruction", good: "FROM alpine:3.20\nRUN a \\\n    b\n\n\nRUN c\n" },
  ],
  check: function* (file) {
    const { instructions, blankContinuations } = file.dockerfile;
    let at = 0;
    for (const blank of blankContinuations) {
      while (at + 1 < instructions.length && (instructions[at]?.span.end ?? 0) < blank.start) at++;
      const message = `There is a blank line inside this ${instructions[at]?.keyword ?? "instruction"}`;
      const edits = [{ span: blank, text: "" }];
      yield { at: blank, message, fix: { title: "Delete the blank line", safety: "safe", edits } };
    }
  },
});
