import type { ShellCommand } from "../dockerfile/script.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "shell-state-lost",
  summary: "Keep in ENV or WORKDIR what later RUNs need",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `Every RUN starts a new shell. The directory that \`cd\` changed to, exported variables, aliases and activated
environments end with it; only files stay. A RUN that ends with such a command has no effect from there on.

Write \`WORKDIR\` for the directory, \`ENV\` for the variable (\`ENV PATH=/venv/bin:$PATH\` for a virtual environment), or join
the commands that need the state into the same RUN.`,
  aliases: [],
  silent: [
    "A command that uses the state follows in the same RUN.",
    "Heredocs, and scripts that are sourced to do work.",
    "Stages that set BASH_ENV or ENV, which later shells read.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/dockerfile/#run"],
  needs: { commands: ["cd", "export", "alias", "activate", "conda", "mamba", "micromamba", "pyenv", ".", "source"] },
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN ⟦cd /app⟧\nRUN make\n",
      message: "`cd` ends with this RUN: the next one starts in the directory of WORKDIR",
    },
    {
      title: "behind other commands",
      bad: 'FROM python:3.12-slim\nRUN python -m venv /venv && \\\n    ⟦. /venv/bin/activate⟧\nRUN make && ⟦export PATH="/a/bin:$PATH"⟧\n',
    },
    {
      title: "aliases and environments",
      bad: "FROM debian:12\nRUN ⟦alias ll='ls -l'⟧\nRUN ⟦conda activate base⟧\nRUN set -e; ⟦source ~/.bashrc⟧\n",
    },
    {
      good: "FROM debian:12\nWORKDIR /app\nENV A=1\nRUN cd /tmp && make\nRUN . /venv/bin/activate && pip install -r r.txt\n",
    },
    { title: "scripts that do work", good: "FROM debian:12\nRUN . ./install.sh\nRUN source /opt/setup\n" },
    {
      title: "a variable that a later shell reads",
      good: "FROM debian:12\nENV BASH_ENV=/etc/profile\nRUN source /etc/profile\n",
    },
    {
      title: "in a branch, or as text",
      good: "FROM debian:12\nRUN if [ -d /a ]; then cd /a; fi\nRUN echo cd /app\nRUN (cd /a && make)\nRUN cd /a && make && cd -\n",
    },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      const last = lastCommand(run);
      if (last === undefined || readsState(run)) continue;
      const message = lostBy(last);
      if (message !== undefined) yield { at: last.span, message };
    }
  },
});

const readsState = (run: RunCommands): boolean =>
  ["BASH_ENV", "ENV"].some((name) => run.stage.variableAt(name, run.run) !== undefined);

/** The simple command that the script ends with. */
const lastCommand = (run: RunCommands): ShellCommand | undefined => {
  const [script, second] = run.scripts;
  if (script === undefined || second !== undefined || script.status !== "parsed") return undefined;
  if (run.run.heredocs.length > 0 || run.run.command.form === "exec") return undefined;
  const last = script.commands.findLast(({ parent }) => parent === undefined);
  if (last === undefined || last.enclosures.length > 0 || last.followedBy !== undefined) return undefined;
  const isPiped = last.pipedFrom !== undefined || last.pipedInto !== undefined;
  const isAlternative = script.commands.some(({ followedBy }) => followedBy === "||");
  return isPiped || isAlternative ? undefined : last;
};

const lostBy = ({ name, args }: ShellCommand): string | undefined => {
  const [first] = args;
  if (first === undefined) return undefined;
  const ends = "ends with this RUN";
  switch (name) {
    case "cd":
      // Back to where it was: nothing is meant to last.
      if (first.value === "-") return undefined;
      return `\`cd\` ${ends}: the next one starts in the directory of WORKDIR`;
    case "export":
      return `\`export ${first.value.split("=")[0]}\` ${ends}: set the variable with ENV`;
    case "alias":
      return `\`alias\` ${ends}: no later shell knows it`;
    case "activate":
      return `\`activate\` ${ends}: set PATH with ENV`;
    case "conda":
    case "mamba":
    case "micromamba":
    case "pyenv":
      return first.value === "activate" ? `\`${name} activate\` ${ends}: set PATH with ENV` : undefined;
    case ".":
    case "source":
      return environmentFile.test(first.value)
        ? `\`${name} ${first.value}\` ${ends}: set the variables with ENV`
        : undefined;
    default:
      return undefined;
  }
};

const environmentFile =
  /(^|\/)(activate|\.?bashrc|bash\.bashrc|\.?(bash_)?profile|environment|\.?env(\.sh)?|nvm\.sh|setup\.bash|virtualenvwrapper\.sh)$/;
