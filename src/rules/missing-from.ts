import { defineRule } from "./rule.ts";

export default defineRule({
  id: "missing-from",
  summary: "Begin with FROM, or with ARG before it",
  level: { recommended: "error", strict: "error" },
  scope: "whole file",
  aliases: ["DL3061", "19619060", "52e2b1c6"],
  why: `Every instruction but ARG belongs to a stage, and FROM begins one. The engine refuses a file in which something
else comes first, or in which no FROM comes at all. \`FROM scratch\` begins with an empty file system.`,
  silent: ["files of comments only", "a FROM that cannot be read, of which syntax-error speaks"],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/dockerfile/#from"],
  examples: [
    {
      bad: "⟦LABEL⟧ a=b\nFROM debian:12",
      message: "LABEL stands before the first FROM, where only ARG may",
    },
    { bad: "ARG BASE=debian:12\n⟦RUN⟧ true\nCOPY . .\nFROM $BASE" },
    { bad: "# syntax=docker/dockerfile:1\n⟦ENV⟧ A=b\nFROM debian:12" },
    { good: "ARG BASE=debian:12\nFROM $BASE" },
    { good: "# a comment\n\nFROM scratch\nCOPY a /a" },
    { good: "FROM debian:12\nRUN true" },
    { title: "FROM is there, with too many words", good: "FROM Apache Spark 3.4.1\nENV A=b" },
  ],
  check: function* (file) {
    const { instructions, stages } = file.dockerfile;
    const stray = instructions.find(
      (instruction) =>
        instruction.stageIndex === undefined && instruction.keyword !== "ARG" && instruction.keyword !== "FROM",
    );
    // An unknown keyword is reported as such.
    if (stray?.keyword === "INVALID") return;
    // A FROM that cannot be read is reported as such too.
    if (instructions.some((instruction) => instruction.keyword === "INVALID" && instruction.written === "FROM")) return;
    if (stray !== undefined) {
      const message =
        stages.length > 0
          ? `${stray.keyword} stands before the first FROM, where only ARG may`
          : `${stray.keyword} belongs to no stage, because the file has no FROM`;
      yield { at: stray.keywordSpan, message };
      return;
    }
    const last = instructions.at(-1);
    if (stages.length > 0 || last === undefined) return;
    yield { at: last.keywordSpan, message: "No FROM follows, so that there is nothing to build" };
  },
});
