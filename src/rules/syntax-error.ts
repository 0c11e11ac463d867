import type { SyntaxProblem } from "../dockerfile/model.ts";
import { isOneEditAway } from "./knowledge/one-edit.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "syntax-error",
  summary: "Write instructions that BuildKit accepts",
  level: { recommended: "error", strict: "error" },
  scope: "whole file",
  why: `BuildKit refuses the whole file, whichever target is built: an unknown instruction, a missing or superfluous argument, a
JSON array that holds something other than strings, a heredoc without an end.

As long as that stands, rules that look for something missing say nothing about this file.`,
  aliases: ["DL1000"],
  silent: [
    "An instruction that a foreign `# syntax=` may know.",
    "Values that hold variables.",
    "Flags, triggers and a missing FROM, for which there are rules of their own.",
  ],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/dockerfile/"],
  examples: [
    {
      bad: "FROM debian:bookworm-slim\n⟦RNU⟧ apt-get update\n",
      fixed: "FROM debian:bookworm-slim\nRUN apt-get update\n",
      message: "`RNU` is no instruction; did you mean RUN?",
    },
    {
      title: "missing arguments",
      bad: "FROM alpine:3.20\n⟦COPY⟧\n⟦WORKDIR⟧\n",
    },
    {
      title: "a stage name",
      bad: "FROM alpine:3.20 AS ⟦1build⟧\nRUN make\n",
    },
    {
      title: "a heredoc without an end",
      bad: "FROM alpine:3.20\nRUN ⟦<<EOF⟧\nmake\n",
    },
    { title: "lower case stays", bad: "from alpine:3.20\n⟦coppy⟧ a b\n", fixed: "from alpine:3.20\ncopy a b\n" },
    { good: "FROM alpine:3.20\nRUN make\n" },
    {
      title: "a foreign syntax",
      good: "# syntax=example.com/frontend:1\nFROM alpine:3.20\nINCLUDE other.Dockerfile\n",
    },
    { title: "shell tests are no JSON", good: "FROM alpine:3.20\nRUN [ -f /a ] || [[ -f /b ]]\n" },
  ],
  check: function* (file) {
    for (const problem of file.dockerfile.problems) {
      if (problem.kind !== undefined && (problem.kind !== "unknown-keyword" || file.hasForeignSyntax)) continue;
      yield toProblem(file.text, problem);
    }
  },
});

const toProblem = (text: string, { span, message, replacement }: SyntaxProblem): Problem => {
  const written = text.slice(span.start, span.end);
  if (replacement === undefined || !isOneEditAway(written, replacement)) return { at: span, message };
  const title = `Write ${replacement}`;
  return { at: span, message, fix: { title, safety: "safe", edits: [{ span, text: replacement }] } };
};
