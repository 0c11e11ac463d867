import type { ParsedScript, ShellCommand } from "../dockerfile/script.ts";
import { readPackageCommand } from "./knowledge/package-managers.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "unchecked-failure-in-run",
  summary: "Stop a RUN at the first failed command",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `A shell goes on after a failure unless it is told not to: behind \`;\`, and behind a line break in a heredoc. Only the
last command decides about the step, so that a failed download or install ends up in an image that looks well, and in
the cache.

\`|| true\` behind an install says so in words: what could not be installed is found out by whoever starts the container.

Join the commands with \`&&\`, or begin with \`set -e\`. Install what is optional in a step of its own that tests for it.`,
  aliases: [],
  silent: [
    "`set -e` in any form, or a SHELL with `-e`; but `|| true` undoes that.",
    "`||` with another way behind the command; lists of loops and conditions.",
    "Only installs, downloads, builds and `cd` are looked at; before `|| true` only installs of packages.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/dockerfile/#run"],
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN ⟦apt-get⟧ update; apt-get install -y git\n",
      message: "A failure of `apt-get update` goes unnoticed: the RUN goes on behind `;`",
    },
    {
      title: "lines of a heredoc",
      bad: "FROM debian:12\nRUN <<END\necho a\n⟦curl⟧ -fO https://example.com/a\nmake\nEND\n",
      message: "A failure of `curl` goes unnoticed: the RUN goes on in the next line",
    },
    { title: "a directory that may be missing", bad: "FROM debian:12\nRUN ⟦cd⟧ /src && ls; rm -rf *\n" },
    { good: "FROM debian:12\nRUN apt-get update && apt-get install -y git\n" },
    {
      title: "set -e",
      good: "FROM debian:12\nRUN set -eux; apt-get update; make\nRUN <<END\nset -o errexit\nmake\nmake install\nEND\n",
    },
    {
      title: "handled, or the last one",
      good: "FROM debian:12\nRUN echo a; make || exit 1; curl -fO https://example.com/a\n",
    },
    {
      title: "a failure that is hidden",
      bad: "FROM debian:12\nRUN set -e; apt-get update && ⟦apt-get⟧ install -y git || true\nRUN ⟦pip⟧ install -r a.txt || echo failed; ls\n",
      message: "A failure of `apt-get install` is hidden by `|| true`",
    },
    {
      title: "another way, and what may fail",
      good: "FROM debian:12\nRUN apt-get install -y a || apt-get install -y b\nRUN rm a || true\nRUN pip install a || exit 1\nRUN apt-get purge -y a || :\nRUN yum install -y a || { echo failed; exit 1; }\n",
    },
    { title: "in a loop", good: "FROM debian:12\nRUN for a in 1 2; do make; make $a; done\n" },
    { title: "chosen by SHELL", good: 'FROM debian:12\nSHELL ["/bin/bash", "-ec"]\nRUN make; make install\n' },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      for (const script of run.scripts) {
        const problem =
          script.status === "parsed" && !script.options.has("errexit") ? firstUnchecked(script) : undefined;
        if (problem !== undefined) yield problem;
        if (script.status === "parsed") yield* hidden(script);
      }
    }
  },
});

const firstUnchecked = (script: ParsedScript): Problem | undefined => {
  let chain: ShellCommand[] = [];
  for (const command of script.commands) {
    if (command.enclosures.length > 0) continue;
    chain.push(command);
    if (command.followedBy === "&&" || command.followedBy === "||") continue;
    const isHandled = chain.some((member) => member.followedBy === "||");
    const risky = isHandled ? undefined : chain.find((member) => member.pipedInto === undefined && isRisky(member));
    if (risky?.nameWord !== undefined && (command.followedBy === ";" || command.followedBy === "\n")) {
      const where = command.followedBy === ";" ? "behind `;`" : "in the next line";
      const message = `A failure of \`${shown(risky)}\` goes unnoticed: the RUN goes on ${where}`;
      return { at: risky.nameWord.span, message };
    }
    chain = [];
  }
  return undefined;
};

/** Installs whose failure `|| true` hides; of several in one list the last one speaks for all. */
const hidden = function* ({ commands, text }: ParsedScript): Iterable<Problem> {
  if (!text.includes("||")) return;
  const lists = new Map<number, { readonly handled: ShellCommand; readonly install: ShellCommand | undefined }>();
  for (const command of commands) {
    const { handled, install } = lists.get(command.list) ?? {};
    const isTied = handled?.followedBy === "&&" || handled?.followedBy === "||";
    lists.set(command.list, { handled: command, install: isInstall(command) ? command : isTied ? install : undefined });
    if (handled?.followedBy !== "||" || install?.nameWord === undefined) continue;
    if (!doesNothing(command) || command.followedBy === "&&") continue;
    const message = `A failure of \`${shown(install)}\` is hidden by \`|| ${programOf(command)}\``;
    yield { at: install.nameWord.span, message };
  }
};

const isInstall = (command: ShellCommand): boolean =>
  command.pipedInto === undefined && readPackageCommand(command)?.action === "install";

const doesNothing = ({ name, args, pipedInto }: ShellCommand): boolean =>
  pipedInto === undefined &&
  (/^(true|:|echo|printf)$/.test(name) || (name === "exit" && (args[0]?.value ?? "0") === "0" && args.length === 1));

const programOf = ({ name, args }: ShellCommand): string => (name === "exit" ? `exit ${args[0]?.value}` : name);

const shown = (command: ShellCommand): string => {
  const called = readPackageCommand(command);
  return called === undefined ? command.name : `${command.name} ${called.subcommand}`.trim();
};

const downloadsAndBuilds: ReadonlySet<string> = new Set(
  "curl wget make gmake cmake ninja configure mvn gradle gradlew meson bazel cd aria2c unzip tar".split(" "),
);

const isRisky = (command: ShellCommand): boolean => {
  const called = readPackageCommand(command);
  if (called !== undefined) {
    if (/^(install|update|upgrade|download|build-deps)$/.test(called.action)) return true;
    return called.manager.kind === "language" && /^(build|b|run|publish|rebuild)\b/.test(called.subcommand);
  }
  if (command.name === "git") return command.args.some((word) => /^(clone|fetch|pull|checkout)$/.test(word.value));
  return downloadsAndBuilds.has(command.name);
};
