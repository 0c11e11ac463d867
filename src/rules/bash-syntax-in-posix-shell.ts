import type { Script } from "../dockerfile/script.ts";
import type { AuditedFile } from "./audited-file.ts";
import { type BashSyntax, bashSyntaxIn } from "./knowledge/bash-syntax.ts";
import { insertShell, posixShellOf, shellWithOptions } from "./knowledge/default-shell.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "bash-syntax-in-posix-shell",
  summary: "Set SHELL to bash before using its syntax",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `RUN uses /bin/sh, which is dash on Debian and Ubuntu and ash on Alpine Linux. What only bash knows is refused there, or
worse, means something else: \`&>\` puts a command into the background, \`{a,b}\` is a name with braces, \`echo -e\` prints
\`-e\`.

Write \`SHELL ["/bin/bash", "-c"]\` before the RUN, begin a heredoc with \`#!/bin/bash\`, or use the POSIX form.`,
  aliases: [],
  silent: [
    "The base is not known to have dash or ash.",
    "SHELL, a shebang or `bash -c` chooses bash; /bin/sh was relinked earlier.",
    "What ash has in common with bash: `[[`, `source`, `set -o pipefail`, `&>` and parameter substitution.",
    "`set -o pipefail`, unless the tag names a release whose dash has it not: up to Debian 12 and Ubuntu 24.04.",
  ],
  fixes: "unsafe",
  sources: ["https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html"],
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN if ⟦[[⟧ -f /a ]]; then make; fi\n",
      fixed: 'FROM debian:bookworm-slim\nSHELL ["/bin/bash", "-c"]\nRUN if [[ -f /a ]]; then make; fi\n',
      message: "`[[` is no syntax of dash, which /bin/sh is here",
    },
    {
      title: "several, in a continued RUN",
      bad: "FROM ubuntu:24.04\nRUN ⟦source⟧ /etc/os-release && \\\n    mkdir -p ⟦/a/{b,c}⟧ && \\\n    make ⟦&>⟧ /dev/null\n",
      fixed:
        'FROM ubuntu:24.04\nSHELL ["/bin/bash", "-c"]\nRUN source /etc/os-release && \\\n    mkdir -p /a/{b,c} && \\\n    make &> /dev/null\n',
    },
    {
      title: "what ash does not have either",
      bad: "FROM alpine:3.20\nRUN ⟦a=(⟧1 2) && cat ⟦<<<⟧ x && [[ -f /a ]] && source /b\n",
    },
    {
      title: "different meaning",
      bad: `FROM python:3.12-slim-bookworm\nRUN ⟦set -o pipefail⟧; echo ⟦-e⟧ 'a\\tb' > /c; [ "$A" ⟦==⟧ b ] || echo ⟦\${A^^}⟧\n`,
    },
    { good: 'FROM debian:12\nSHELL ["/bin/bash", "-c"]\nRUN [[ -f /a ]] && source /b\n' },
    {
      title: "bash is called",
      good: "FROM debian:12\nRUN bash -c '[[ -f /a ]] && source /b' && bash <<END\n[[ -f /a ]]\nEND\n",
    },
    { title: "the base has bash as sh", good: "FROM almalinux:9\nRUN [[ -f /a ]] && source /b\n" },
    {
      title: "pipefail, which dash lacks up to Debian 12 and Ubuntu 24.04",
      bad: "FROM nvidia/cuda:12.8.1-devel-ubuntu22.04\nRUN ⟦set -o pipefail⟧; make | tee /log\nFROM debian:12.9-slim\nRUN ⟦set -euo pipefail⟧; make\nFROM ubuntu:24.04\nRUN ⟦set -o pipefail⟧; make\n",
    },
    {
      title: "pipefail in a newer or unknown release",
      good: "FROM debian:trixie-slim\nRUN set -o pipefail; make\nFROM ubuntu:26.04\nRUN set -o pipefail; make\nFROM python:3.12-slim\nRUN set -o pipefail; make\nFROM debian:13\nRUN set -o pipefail; make\n",
    },
    { title: "an unknown base", good: "FROM example.com/base:1\nRUN [[ -f /a ]]\n" },
    {
      title: "text and patterns",
      good: `FROM debian:12\nRUN echo '[[ a ]] <<< &>' "source" && grep [[:space:]] /a && echo \${A:-b} $((1 + 2)) # [[ x ]]\n`,
    },
    { title: "relinked", good: "FROM debian:12\nRUN ln -sf /bin/bash /bin/sh\nRUN [[ -f /a ]]\n" },
  ],
  check: function* (file) {
    const fixed = new Set<number>();
    for (const run of runsIn(file, "every stage")) {
      for (const script of run.scripts) {
        const shell = posixShellOf(file, run, script);
        if (shell === undefined) continue;
        for (const found of bashSyntaxIn(script, shell, file.text)) {
          yield toProblem(file, run, script, found, shell.name, !fixed.has(run.stage.index));
          fixed.add(run.stage.index);
        }
      }
    }
  },
});

/** One SHELL serves all RUN behind it. */
const toProblem = (
  file: AuditedFile,
  run: RunCommands,
  script: Script,
  { at, written }: BashSyntax,
  shell: string,
  isFirst: boolean,
): Problem => {
  const isDefault = script.status === "parsed" && script.dialect === "sh";
  const message = `\`${written}\` is no syntax of ${shell}, which ${isDefault ? "/bin/sh is here" : "runs this"}`;
  const words = isFirst && isDefault && !/^\s*#!/.test(script.text) ? shellWithOptions(run.stage) : undefined;
  if (words === undefined) return { at, message };
  return {
    at,
    message,
    fix: { title: "Choose bash with SHELL", safety: "unsafe", edits: [insertShell(file, run, words)] },
  };
};
