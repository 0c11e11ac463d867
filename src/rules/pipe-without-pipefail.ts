import type { ShellCommand } from "../dockerfile/script.ts";
import { insertShell, shellWithOptions } from "./knowledge/default-shell.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "pipe-without-pipefail",
  summary: "Set pipefail where the first part of a pipe may fail",
  level: { recommended: "off", strict: "note" },
  scope: "every stage",
  why: `A pipe returns what its last command returns. When a download in front of it breaks off, the step goes on with half a
file or none and is cached as if it had worked.

Choose a shell with \`pipefail\`: \`SHELL ["/bin/bash", "-o", "pipefail", "-c"]\`, or \`/bin/ash\` on Alpine Linux. dash knows
the option in Debian 13 and Ubuntu 25.04 and later; in older releases \`set -o pipefail\` fails. Almost every pipe in
maintained images lacks it, hence this rule is off unless it is asked for.`,
  aliases: ["DL4006", "efbf148a"],
  silent: [
    "SHELL or `set` with pipefail.",
    "`echo`, `printf`, `cat`, `yes` and the like on the left.",
    "A pipe whose failure is handled (`|| …`), a condition, or a substitution.",
    "Windows.",
  ],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/build/building/best-practices/#using-pipes"],
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN ⟦curl⟧ -fsSL https://example.com/a.tar.gz | tar -xz\n",
      fixed:
        'FROM debian:bookworm-slim\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN curl -fsSL https://example.com/a.tar.gz | tar -xz\n',
      message: "A failure of `curl` is lost in this pipe: only what `tar` returns counts",
    },
    {
      title: "in the middle, on Alpine Linux",
      bad: "FROM alpine:3.20\nRUN set -e; \\\n    echo a | ⟦gpg⟧ --decrypt | tar -x\n",
      fixed:
        'FROM alpine:3.20\nSHELL ["/bin/ash", "-o", "pipefail", "-c"]\nRUN set -e; \\\n    echo a | gpg --decrypt | tar -x\n',
    },
    { title: "an unknown base", bad: "FROM example.com/base:1\nRUN ⟦wget⟧ -qO- https://example.com/a | sh\n" },
    {
      good: 'FROM debian:12\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN curl -f https://example.com/a | tar -x\n',
    },
    {
      title: "set in the script",
      good: "FROM almalinux:9\nRUN set -euo pipefail; curl -f https://example.com/a | tar -x\n",
    },
    {
      title: "what cannot fail",
      good: 'FROM debian:12\nRUN echo "$SUM  a" | sha256sum -c && yes | make && printf a | tee /b\n',
    },
    {
      title: "handled",
      good: "FROM debian:12\nRUN make | tee /log || exit 1; if make | grep -q a; then make; fi; A=$(make | head -1)\n",
    },
  ],
  check: function* (file) {
    const fixed = new Set<number>();
    for (const run of runsIn(file, "every stage")) {
      if (run.stage.isWindows) continue;
      for (const { at, left, right } of lossyPipes(run)) {
        const message = `A failure of \`${left}\` is lost in this pipe: only what \`${right}\` returns counts`;
        // An exec form and a here-document with a shebang choose their shell themselves.
        const isOwn = run.run.command.form === "exec" || run.run.heredocs.length > 0;
        const words = isOwn || fixed.has(run.stage.index) ? undefined : shellWithOptions(run.stage, "-o", "pipefail");
        if (!isOwn) fixed.add(run.stage.index);
        if (words === undefined) yield { at, message };
        else {
          const edits = [insertShell(file, run, words)];
          yield { at, message, fix: { title: "Choose a shell with pipefail", safety: "unsafe", edits } };
        }
      }
    }
  },
});

const harmless = /^(echo|printf|cat|yes|true|:|ls|env|printenv|pwd|date|uname|seq|)$/;

const lossyPipes = function* (run: RunCommands) {
  for (const script of run.scripts) {
    if (script.status !== "parsed" || script.options.has("pipefail")) continue;
    const { commands } = script;
    const reported = new Set<number>();
    for (const command of commands) {
      if (command.pipedInto === undefined || command.nameWord === undefined) continue;
      // one finding for a pipe: the next part carries it on
      const isReported = reported.has(command.index);
      if (isReported) reported.add(command.pipedInto);
      if (isReported || harmless.test(command.name) || isHandled(command)) continue;
      reported.add(command.pipedInto);
      let last: ShellCommand = command;
      for (
        let next = commands[command.pipedInto];
        next !== undefined;
        next = last.pipedInto === undefined ? undefined : commands[last.pipedInto]
      )
        last = next;
      yield { at: command.nameWord.span, left: command.name, right: last.name };
    }
  }
};

const isHandled = (command: ShellCommand): boolean =>
  command.followedBy === "||" ||
  command.enclosures.some((enclosure) =>
    ["condition", "substitution", "process-substitution", "nested-script", "function"].includes(enclosure),
  );
