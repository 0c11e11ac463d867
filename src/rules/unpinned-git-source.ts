import type { Span } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import { findOption, hasOption } from "./knowledge/command-options.ts";
import { isPin, unpinnedClones } from "./knowledge/git-clones.ts";
import type { PackageCommand } from "./knowledge/package-managers.ts";
import { type RunCommands, runsOf } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "unpinned-git-source",
  summary: "Fetch git sources at a tag or commit",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `Without a tag or commit, git gives the newest state of a branch: two builds of one file can differ, a cached layer
never sees a change, and whoever can push to that branch decides what the image holds.

Name a commit, or at least a tag: \`git clone --branch v1.4.2 …\`, \`git checkout <commit>\`,
\`ADD https://example.com/project.git#<commit> …\`, \`pip install git+https://…@<commit>\`.`,
  aliases: [],
  silent: [
    "`--branch` with a value that looks like a version, or a variable.",
    "The stage checks out, resets to or fetches a ref later; submodules, whose commit the parent names.",
    "Local repositories.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/dockerfile/#adding-files-from-a-git-repository"],
  needs: { instructions: ["ADD"], commands: ["git"], packages: "language" },
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN git clone --depth 1 ⟦https://example.com/tool.git⟧ /src && make -C /src\n",
      message: "`git clone` takes whatever the default branch holds on the day of the build",
    },
    {
      title: "a branch is no pin",
      bad: "FROM debian:12\nRUN set -e; \\\n    git -c advice.detachedHead=false clone -b main \\\n      ⟦git@example.com:a/b.git⟧; \\\n    make\n",
    },
    {
      title: "ADD",
      bad: "FROM alpine:3.20\nADD ⟦https://github.com/moby/buildkit.git⟧ /src\nADD ⟦https://github.com/a/b.git#main⟧ /b\n",
    },
    {
      title: "through package managers",
      bad: "FROM python:3.12-slim\nRUN pip install ⟦git+https://example.com/a.git⟧ 'b @ git+https://example.com/b.git@1a2b3c4' && npm i ⟦github:a/b⟧ && cargo install --git ⟦https://example.com/c⟧ c\n",
    },
    {
      good: "FROM debian:12\nRUN git clone --branch v1.4.2 https://example.com/a.git && git clone -b $REF https://example.com/b.git\n",
    },
    {
      title: "a commit is checked out later",
      good: "FROM debian:12\nRUN git clone https://example.com/a.git /a\nWORKDIR /a\nRUN git -C /a checkout 1a2b3c4\n",
    },
    {
      title: "a local repository",
      good: "FROM debian:12\nRUN git clone /src /dst && git clone file:///a && git submodule update --init\n",
    },
    {
      title: "ADD of a commit",
      good: "FROM alpine:3.20\nADD https://github.com/moby/buildkit.git#v0.24.0 /src\nADD https://github.com/a/b.git#$REF /b\n",
    },
    {
      title: "pinned in the URL",
      good: "FROM node:22\nRUN npm i a/b#1a2b3c4 git+https://example.com/a.git#v1 && cargo install --git https://example.com/c --tag v1 c\n",
    },
  ],
  check: function* (file) {
    for (const stage of file.stages) {
      const runs = runsOf(file, stage);
      for (const run of runs) {
        for (const at of unpinnedClones(run, runs)) {
          yield { at, message: "`git clone` takes whatever the default branch holds on the day of the build" };
        }
        for (const at of run.packages.flatMap(unpinnedSources)) {
          yield {
            at,
            message: "This git source names no commit: it is whatever the branch holds on the day of the build",
          };
        }
      }
      yield* unpinnedAdds(file, stage.instructions);
    }
  },
});

const unpinnedAdds = function* (file: AuditedFile, instructions: RunCommands["stage"]["instructions"]) {
  for (const add of instructions) {
    if (add.keyword !== "ADD" || add.flags.some((flag) => flag.name === "checksum")) continue;
    for (const word of add.sources) {
      const url = file.expand(word, add).value;
      if (url === undefined || !/^(git@|git:\/\/|ssh:\/\/|https?:\/\/[^#?]+\.git(#|\?|$))/.test(url)) continue;
      const ref = /#([^:]*)/.exec(url)?.[1] ?? /[?&](?:ref|tag|commit|branch|checksum)=([^&]*)/.exec(url)?.[1] ?? "";
      if (isPin(ref)) continue;
      yield {
        at: word.span,
        message: "ADD takes whatever the branch of this repository holds on the day of the build",
      };
    }
  }
};

const unpinnedSources = (called: PackageCommand): readonly Span[] => {
  if (called.action !== "install") return [];
  if (called.manager.name === "cargo") {
    const git = findOption(called.options, "--git");
    const isNamed =
      hasOption(called.options, "--rev", "--tag") || isPin(findOption(called.options, "--branch")?.value ?? "");
    return git?.valueWord === undefined || isNamed ? [] : [git.valueWord.span];
  }
  const words = [
    ...called.operands,
    ...called.options.options
      .filter(({ name }) => name === "-e" || name === "--editable")
      .flatMap(({ valueWord }) => valueWord ?? []),
  ];
  const isNode = /^(npm|yarn|pnpm|bun)$/.test(called.manager.name);
  return words
    .filter(({ value }) => {
      if (isNode)
        return /^(git\+|git:|github:|gitlab:|bitbucket:)/.test(value) && !isPin(/#(.*)/.exec(value)?.[1] ?? "");
      const [, path] = /^(?:[\w.[\],-]+ ?@ ?)?git\+[a-z]+:\/\/(?:[^@/]*@)?([^#]*)/.exec(value) ?? [];
      return path !== undefined && !isPin(/@(.*)/s.exec(path)?.[1] ?? "");
    })
    .map((word) => word.span);
};
