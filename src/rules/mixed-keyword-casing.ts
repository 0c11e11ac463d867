import type { Span } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import { defineRule, type Edit } from "./rule.ts";

export default defineRule({
  id: "mixed-keyword-casing",
  summary: "Write keywords in one case throughout the file",
  level: { recommended: "note", strict: "note" },
  scope: "whole file",
  why: `Keywords may be written in any case; upper case is the custom, because it sets them off from the arguments. What makes
a file hard to read and to search is a mixture, \`FROM … as\` included.`,
  aliases: ["ConsistentInstructionCasing", "FromAsCasing"],
  silent: ["All keywords in upper case, or all in lower case."],
  fixes: "safe",
  sources: [
    "https://docs.docker.com/reference/build-checks/consistent-instruction-casing/",
    "https://docs.docker.com/reference/build-checks/from-as-casing/",
  ],
  examples: [
    {
      bad: "FROM debian:bookworm-slim\n⟦run⟧ make\n⟦Copy⟧ a /a\nCMD x\n",
      fixed: "FROM debian:bookworm-slim\nRUN make\nCOPY a /a\nCMD x\n",
      message: "`run` is not in upper case as most keywords of this file are",
    },
    {
      title: "AS like its FROM",
      bad: "FROM golang:1.23 ⟦as⟧ build\nRUN make\n",
      fixed: "FROM golang:1.23 AS build\nRUN make\n",
      message: "`as` is not in the same case as its FROM",
    },
    {
      title: "the case that most have",
      bad: "from golang:1.23 as build\nrun make\n⟦RUN⟧ make install\nonbuild ⟦RUN⟧ make\n",
      fixed: "from golang:1.23 as build\nrun make\nrun make install\nonbuild run make\n",
    },
    { good: "FROM golang:1.23 AS build\nRUN make\n" },
    { title: "all in lower case", good: "from golang:1.23 as build\nrun make\n" },
    { title: "arguments in any case", good: "FROM alpine:3.20\nRUN Run copy\nHEALTHCHECK cmd make\n" },
  ],
  check: function* (file) {
    const keywords = keywordSpans(file);
    let lower = 0;
    let upper = 0;
    for (const span of keywords) {
      const word = sliceOf(file, span);
      if (word === word.toUpperCase()) upper++;
      else if (word === word.toLowerCase()) lower++;
    }
    const isLower = lower > upper;
    const cased = (word: string): string => (isLower ? word.toLowerCase() : word.toUpperCase());
    for (const span of keywords) {
      const word = sliceOf(file, span);
      if (word === cased(word)) continue;
      const message = `\`${word}\` is not in ${isLower ? "lower" : "upper"} case as most keywords of this file are`;
      const edits = [{ span, text: cased(word) }, ...asEdits(file, span, cased)];
      yield { at: span, message, fix: { title: `Write ${cased(word)}`, safety: "safe", edits } };
    }
    for (const { stage } of file.stages) {
      const { as, keywordSpan } = stage.from;
      if (as === undefined || isSameCase(sliceOf(file, keywordSpan), as.text)) continue;
      const wanted = cased(as.text);
      if (sliceOf(file, keywordSpan) !== cased("from")) continue;
      const edits = [{ span: as.span, text: wanted }];
      yield {
        at: as.span,
        message: `\`${as.text}\` is not in the same case as its FROM`,
        fix: { title: `Write ${wanted}`, safety: "safe", edits },
      };
    }
  },
});

const keywordSpans = (file: AuditedFile): readonly Span[] => {
  const spans: Span[] = [];
  for (const instruction of file.dockerfile.instructions) {
    if (instruction.keyword === "INVALID") continue;
    spans.push(instruction.keywordSpan);
    if (instruction.keyword === "ONBUILD" && instruction.trigger.keyword !== "INVALID")
      spans.push(instruction.trigger.keywordSpan);
  }
  return spans;
};

/** AS goes with the FROM that is rewritten. */
const asEdits = (file: AuditedFile, keyword: Span, cased: (word: string) => string): readonly Edit[] => {
  const as = file.stages.find(({ stage }) => stage.from.keywordSpan === keyword)?.stage.from.as;
  return as === undefined || as.text === cased(as.text) ? [] : [{ span: as.span, text: cased(as.text) }];
};

const isSameCase = (from: string, as: string): boolean =>
  from === from.toLowerCase() ? as === as.toLowerCase() : as === as.toUpperCase();

const sliceOf = (file: AuditedFile, span: Span): string => file.text.slice(span.start, span.end);
