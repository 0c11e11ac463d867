import type { BuildContext } from "./audited-file.ts";
import { contextSources, isWholeContext, takenBy } from "./knowledge/context-sources.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "whole-context-copied",
  summary: "Copy the directories that are needed, not the whole context",
  level: { recommended: "off", strict: "note" },
  scope: "shipped stages",
  why: `\`COPY . .\` takes along whatever lies in the context on the day of the build: tests, documentation, local configuration, and files that somebody adds next year without thinking of the image.

Name the directories that the application needs, or let a .dockerignore begin with \`*\` and bring back what is wanted.`,
  aliases: [],
  silent: [
    "Builder stages.",
    "The .dockerignore excludes everything first (`*`), or COPY has an `--exclude`.",
    "The context is known and holds fewer than 20 files.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/concepts/context/#dockerignore-files"],
  needs: { instructions: ["COPY", "ADD"] },
  examples: [
    { bad: "COPY ⟦.⟧ /app\n", message: "`COPY .` takes the whole build context" },
    { title: "as a wildcard, and with ADD", bad: "COPY ⟦./*⟧ /app/\nADD ⟦/⟧ /srv\n" },
    {
      title: "in a base of what ships",
      bad: "FROM debian:bookworm-slim AS base\nCOPY --chown=1000 ⟦./⟧ /app/\nFROM base\n",
    },
    { good: "COPY src config /app/\n" },
    {
      title: "in a builder stage",
      good: "FROM golang:1.25 AS build\nCOPY . .\nFROM scratch\nCOPY --from=build /app /app\n",
    },
    {
      title: "a list of what is allowed",
      files: { ".dockerignore": "# all\n*\n!src\n", "src/a": "" },
      good: "COPY . /app\n",
    },
    {
      title: "a small context, and exceptions",
      files: { a: "", b: "" },
      good: "COPY . /app\nCOPY --exclude=*.md . /b\n",
    },
  ],
  check: function* (file) {
    const allows =
      file.context?.ignoreFile?.text.split(/\r?\n/).some((line) => /^\s*\/?(\*|\*\*)\s*$/.test(line)) === true;
    if (allows) return;
    for (const source of contextSources(file)) {
      if (
        !source.stage.isShipped ||
        !isWholeContext(source) ||
        source.copy.flags.some(({ name }) => name === "exclude")
      )
        continue;
      if (file.context !== undefined && hasFewerThan(20, file.context, takenBy(file.context, source))) continue;
      yield {
        at: source.word.span,
        message: `\`${source.copy.keyword} ${source.word.text}\` takes the whole build context`,
      };
    }
  },
});

const hasFewerThan = (limit: number, { files }: BuildContext, isTaken: (path: string) => boolean): boolean => {
  let count = 0;
  for (const path of files) if (isTaken(path) && ++count >= limit) return false;
  return true;
};
