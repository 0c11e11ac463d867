import type { Span } from "../dockerfile/model.ts";
import { unquoted } from "./knowledge/labels.ts";
import { firstWorkdir, worksInRoot } from "./knowledge/working-directories.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "relative-copy-destination",
  summary: "Set WORKDIR before copying to a relative path",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `A relative destination lies below the working directory, and without a WORKDIR that is the one of the base image: \`/\` for most, so that \`COPY . .\` spreads the application over the root of the file system, between /bin and /etc.

Set \`WORKDIR /app\` first, or write the destination in full.`,
  aliases: ["DL3045"],
  silent: [
    "A WORKDIR stands before it in the stage or in a stage that it is built FROM.",
    "The base is not known to work in `/`, or is scratch, where nothing else lies.",
    "The destination begins with a variable or a drive letter.",
  ],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/dockerfile/#destination"],
  needs: { instructions: ["COPY", "ADD"] },
  examples: [
    {
      bad: "COPY . ⟦.⟧\n",
      message: "`.` is `/` here: no WORKDIR is set before it",
    },
    {
      title: "a file name",
      bad: "FROM eclipse-temurin:21-jre\nCOPY app.jar ⟦lib/app.jar⟧\n",
      fixed: "FROM eclipse-temurin:21-jre\nCOPY app.jar /lib/app.jar\n",
      message: "`lib/app.jar` is `/lib/app.jar` here: no WORKDIR is set before it",
    },
    {
      title: "exec form, before the WORKDIR",
      bad: 'FROM node:24\nADD ["package.json", ⟦"./"⟧]\nWORKDIR /app\nCOPY . .\n',
    },
    {
      title: "the root itself is seldom meant: no fix",
      bad: 'COPY . ⟦.⟧\nCOPY a b ⟦./bin/⟧\nCOPY ["c d", ⟦"e f"⟧]\n',
      fixed: 'COPY . .\nCOPY a b /bin/\nCOPY ["c d", "/e f"]\n',
    },
    { good: "WORKDIR /app\nCOPY . .\n" },
    { title: "inherited", good: "FROM debian:bookworm-slim AS base\nWORKDIR /srv\nFROM base\nCOPY . .\n" },
    {
      title: "a base with a directory of its own",
      good: "FROM golang:1.25\nCOPY . .\nFROM registry.example.org/team/base:1\nCOPY . .\n",
    },
    { title: "scratch", good: "FROM scratch\nCOPY app .\n" },
    { title: "a variable", good: "ARG DIR=/app\nCOPY . $DIR\n" },
  ],
  check: function* (file) {
    for (const stage of file.stages) {
      if (stage.isWindows || !worksInRoot(stage)) continue;
      const workdir = firstWorkdir(stage, file)?.index ?? Number.POSITIVE_INFINITY;
      for (const copy of stage.instructions) {
        if ((copy.keyword !== "COPY" && copy.keyword !== "ADD") || copy.index > workdir) continue;
        const written = unquoted(copy.destination.text);
        if (/^([/$\\]|[a-z]:)/i.test(written)) continue;
        const path = `/${written.replace(/^(\.\/?)+(?=[^.]|$)/, "")}`;
        yield {
          at: copy.destination.span,
          message: `\`${written}\` is \`${path}\` here: no WORKDIR is set before it`,
          ...(path === "/" || path.includes("..") ? {} : inFull(file.text, copy.destination.span, written, path)),
        };
      }
    }
  },
});

const inFull = (text: string, span: Span, written: string, path: string): Pick<Problem, "fix"> => {
  const at = text.slice(span.start, span.end).indexOf(written);
  if (at < 0) return {};
  const start = span.start + at;
  const edits = [{ span: { start, end: start + written.length }, text: path }];
  return { fix: { title: `Write ${path}`, safety: "safe", edits } };
};
