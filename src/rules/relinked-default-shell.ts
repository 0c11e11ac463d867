import type { ShellCommand } from "../dockerfile/script.ts";
import type { AuditedFile } from "./audited-file.ts";
import { baseName } from "./knowledge/paths.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "relinked-default-shell",
  summary: "Choose the shell with SHELL, not by relinking sh",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `Packages, init scripts and programs rely on /bin/sh being the shell of the distribution; the next upgrade of its
package may put the link back. And the change ships: it is not limited to the build.

SHELL changes the shell of the following instructions only and shows in the file.`,
  aliases: ["DL4005", "8a301064"],
  silent: ["Links to /bin/sh from elsewhere, or of busybox.", "Root file systems built FROM scratch."],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/reference/dockerfile/#shell"],
  needs: { commands: ["ln"] },
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN ⟦ln -sf /bin/bash /bin/sh⟧\n",
      fixed: 'FROM debian:bookworm-slim\nSHELL ["/bin/bash", "-c"]\n',
      message: "This makes /bin/sh another shell for the whole image: SHELL changes it for the build alone",
    },
    {
      title: "after the old link is removed",
      bad: "FROM ubuntu:24.04\nRUN rm /bin/sh && ⟦ln -s bash /bin/sh⟧\nRUN source /a\n",
      fixed: 'FROM ubuntu:24.04\nSHELL ["/bin/bash", "-c"]\nRUN source /a\n',
    },
    {
      title: "among others",
      bad: "FROM debian:12\nRUN set -e; \\\n    make; \\\n    sudo ⟦ln -snf /usr/bin/zsh /usr/bin/sh⟧\n",
    },
    { good: 'FROM debian:12\nSHELL ["/bin/bash", "-c"]\nRUN source /a\n' },
    {
      title: "other links",
      good: "FROM debian:12\nRUN ln -s /bin/sh /usr/local/bin/shell && ln -sf /bin/bash /usr/bin/rbash\n",
    },
    { title: "busybox", good: "FROM gcr.io/distroless/static:debug\nRUN ln -s /busybox/busybox /bin/sh\n" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      if (run.stage.rootBase.kind === "scratch") continue;
      for (const command of run.commands) if (isRelink(command)) yield toProblem(file, run, command);
    }
  },
});

const isSh = (path: string): boolean => /^(\/usr)?\/bin\/sh$/.test(path);

const isRelink = ({ name, args }: ShellCommand): boolean => {
  const operands = args.filter((word) => !word.value.startsWith("-"));
  const [source, target] = operands;
  if (name !== "ln" || source === undefined || target === undefined || operands.length !== 2) return false;
  return isSh(target.value) && /^(bash|zsh|ksh|mksh|dash|fish|rbash)$/.test(baseName(source.value));
};

const toProblem = (file: AuditedFile, run: RunCommands, command: ShellCommand): Problem => {
  const at = { start: command.nameWord?.span.start ?? command.span.start, end: command.span.end };
  const message = "This makes /bin/sh another shell for the whole image: SHELL changes it for the build alone";
  const isAll = run.commands.every((other) => other === command || removesSh(other)) && run.isRead;
  const shell = baseName(command.args.find((word) => !word.value.startsWith("-"))?.value ?? "");
  if (!isAll || shell !== "bash") return { at, message };
  const keyword = file.text.slice(run.run.keywordSpan.start, run.run.keywordSpan.end);
  const word = keyword === keyword.toLowerCase() ? "shell" : "SHELL";
  const edits = [{ span: run.run.span, text: `${word} ["/bin/bash", "-c"]` }];
  return { at, message, fix: { title: "Write SHELL", safety: "unsafe", edits } };
};

const removesSh = ({ name, args }: ShellCommand): boolean =>
  name === "set" || (/^(rm|mv|unlink)$/.test(name) && args.some((word) => isSh(word.value)));
