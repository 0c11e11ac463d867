import { deleteInstruction } from "./knowledge/edits.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "empty-instruction",
  summary: "Give every RUN, CMD and ENTRYPOINT a command",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `BuildKit accepts RUN, CMD and ENTRYPOINT without a command. An empty RUN adds a layer for nothing; an empty CMD or
ENTRYPOINT runs the shell with an empty script, which ends at once. Usually the command was lost in an edit.

To take back what the base image starts, write the empty array: \`ENTRYPOINT []\`.`,
  aliases: [],
  silent: ["`CMD []` and `ENTRYPOINT []`, which reset what the base set.", "A RUN with a heredoc."],
  fixes: "safe",
  examples: [
    {
      bad: "FROM alpine:3.20\n⟦RUN⟧\nCOPY a /a\n",
      fixed: "FROM alpine:3.20\nCOPY a /a\n",
      message: "RUN has no command",
    },
    { title: "with a flag alone", bad: "FROM alpine:3.20\n⟦RUN⟧ --mount=type=ssh\n", fixed: "FROM alpine:3.20\n" },
    { title: "nothing to start", bad: "FROM alpine:3.20\n⟦CMD⟧\n⟦ENTRYPOINT⟧ \n" },
    { good: "FROM alpine:3.20\nRUN make\nCMD tool\n" },
    { title: "a reset", good: "FROM alpine:3.20\nENTRYPOINT []\nCMD []\n" },
    { title: "a heredoc", good: "FROM alpine:3.20\nRUN <<END\nmake\nEND\n" },
  ],
  check: function* (file) {
    for (const instruction of file.dockerfile.instructions) {
      const { keyword, keywordSpan, heredocs } = instruction;
      if (keyword !== "RUN" && keyword !== "CMD" && keyword !== "ENTRYPOINT") continue;
      const { command } = instruction;
      if (command.form === "exec" || command.joined.text.trim() !== "" || heredocs.length > 0) continue;
      const message = `${keyword} has no command`;
      if (keyword !== "RUN") yield { at: keywordSpan, message };
      else {
        const edits = [deleteInstruction(file.text, instruction)];
        yield { at: keywordSpan, message, fix: { title: "Delete this RUN", safety: "safe", edits } };
      }
    }
  },
});
