import type { Instruction } from "../dockerfile/model.ts";
import { unquoted } from "./knowledge/labels.ts";
import { alongLineage } from "./knowledge/once.ts";
import { firstWorkdir, worksInRoot } from "./knowledge/working-directories.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "relative-workdir",
  summary: "Begin with an absolute WORKDIR",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `A relative WORKDIR continues from the one before. Where none was set, that is whatever the base image has, and a new version of the base may move the whole application.

Begin each chain of stages with an absolute path; relative ones after it are fine.`,
  aliases: ["DL3000", "WorkdirRelativePath", "DS-0009", "CKV_DOCKER_10", "6b376af8"],
  silent: [
    "An absolute WORKDIR stands before it in the stage or in a stage that it is built FROM.",
    "The path begins with a variable, with a drive letter or with a backslash.",
  ],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/reference/build-checks/workdir-relative-path/"],
  needs: { instructions: ["WORKDIR"] },
  examples: [
    {
      bad: "WORKDIR ⟦app⟧\n",
      fixed: "WORKDIR /app\n",
      message: "`app` is relative to the working directory of the base image",
    },
    {
      title: "with a dot, in quotes",
      bad: 'WORKDIR ⟦./app⟧\nWORKDIR ⟦"src dir"⟧\n',
      fixed: 'WORKDIR /app\nWORKDIR "src dir"\n',
    },
    {
      title: "one below the other",
      bad: "WORKDIR ⟦app⟧\nWORKDIR ⟦src⟧\n",
      fixed: "WORKDIR /app\nWORKDIR src\n",
    },
    {
      title: "a base that works elsewhere: no fix",
      bad: "FROM golang:1.25\nRUN git clone https://git.example.org/app\nWORKDIR ⟦app⟧\n",
    },
    {
      title: "another chain",
      bad: `FROM debian:bookworm-slim AS build
WORKDIR /src
FROM debian:bookworm-slim
workdir ⟦srv/app⟧
`,
      fixed: `FROM debian:bookworm-slim AS build
WORKDIR /src
FROM debian:bookworm-slim
workdir /srv/app
`,
    },
    { good: "WORKDIR /app\nWORKDIR src\n" },
    {
      title: "inherited",
      good: `FROM debian:bookworm-slim AS base
WORKDIR /srv
FROM base
WORKDIR app
`,
    },
    {
      title: "variables and Windows",
      good: "ARG HOME_DIR=/app\nWORKDIR $HOME_DIR\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nWORKDIR C:\\\\app\n",
    },
  ],
  check: function* (file) {
    for (const stage of file.stages) {
      const known = firstAbsolute(stage, file)?.index ?? Infinity;
      for (const workdir of stage.instructions) {
        if (workdir.keyword !== "WORKDIR") continue;
        const written = unquoted(workdir.path.text);
        if (isAbsolute(written) || written.startsWith("$") || written === "" || known < workdir.index) continue;
        const path = `/${written.replace(/^(\.\/)+/, "")}`;
        const isFirst = firstWorkdir(stage, file) === workdir;
        const isInRoot = stage.rootBase.kind === "scratch" || worksInRoot(stage);
        const isPlain = !/["'\\]|(^|\/)\.\.?(\/|$)/.test(workdir.path.text.replace(/^(\.\/)+/, ""));
        yield {
          at: workdir.path.span,
          message: `\`${written}\` is relative to the working directory of the base image`,
          ...(stage.isWindows || !isPlain || !isFirst || !isInRoot
            ? {}
            : { fix: { title: `Write ${path}`, safety: "unsafe", edits: [{ span: workdir.path.span, text: path }] } }),
        };
      }
    }
  },
});

const isAbsolute = (path: string): boolean => /^(\/|\\|[a-z]:)/i.test(path);

/** A variable may hold an absolute path. */
const firstAbsolute = alongLineage<Instruction | undefined>(
  (stage, below, file) =>
    below ??
    stage.instructions.find((one) => {
      if (one.keyword !== "WORKDIR") return false;
      const path = file.expand(one.path, one).value;
      return path === undefined || isAbsolute(unquoted(path));
    }),
);
