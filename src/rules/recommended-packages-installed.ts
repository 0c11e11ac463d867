import type { AuditedFile } from "./audited-file.ts";
import { mentions } from "./knowledge/lineage-text.ts";
import { isSimulated, type PackageCommand } from "./knowledge/package-managers.ts";
import { mayHold, type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { insertAfter } from "./knowledge/script-edits.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "recommended-packages-installed",
  summary: "Install without recommended packages",
  level: { recommended: "warning", strict: "warning" },
  scope: "shipped stages",
  why: `apt-get installs, beside what a package needs, everything that its maintainer recommends for a desktop or a server:
documentation, mail servers, graphics libraries. That often doubles what the step adds, and all of it ships, is scanned
and has to be patched.

Install with \`--no-install-recommends\` and name what is really missing afterwards, \`ca-certificates\` for instance.`,
  aliases: ["DL3015", "DS-0029", "7384dfb2"],
  silent: [
    "A variable in the command may hold the option.",
    "`--install-recommends` is given: a decision.",
    "A configuration of apt that sets `Install-Recommends` is written or copied earlier.",
    "`aptitude -R`, `build-dep`, downloads and simulations.",
    "The stage does not ship.",
  ],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/build/building/best-practices/#apt-get"],
  needs: { commands: ["apt-get", "apt", "aptitude"] },
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN apt-get update && apt-get -y ⟦install⟧ git && rm -rf /var/lib/apt/lists/*\n",
      fixed:
        "FROM debian:bookworm-slim\nRUN apt-get update && apt-get -y install --no-install-recommends git && rm -rf /var/lib/apt/lists/*\n",
      message: "`apt-get install` installs recommended packages too: `--no-install-recommends` is missing",
    },
    {
      title: "packages in a variable that is known",
      bad: `FROM ubuntu:24.04
RUN set -eux; \\
    buildDeps='gcc make'; \\
    apt-get update; \\
    apt-get ⟦install⟧ -y $buildDeps
`,
      fixed: `FROM ubuntu:24.04
RUN set -eux; \\
    buildDeps='gcc make'; \\
    apt-get update; \\
    apt-get install --no-install-recommends -y $buildDeps
`,
    },
    {
      title: "behind sudo and in a condition",
      bad: "FROM debian:12\nRUN if [ ! -x /usr/bin/git ]; then sudo apt ⟦install⟧ -y git; fi\n",
      fixed: "FROM debian:12\nRUN if [ ! -x /usr/bin/git ]; then sudo apt install --no-install-recommends -y git; fi\n",
    },
    { good: "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends git\n" },
    { title: "by setting", good: "FROM debian:12\nRUN apt-get install -y -o APT::Install-Recommends=0 git\n" },
    {
      title: "a configuration of apt",
      good: `FROM debian:12
RUN echo 'APT::Install-Recommends "false";' > /etc/apt/apt.conf.d/99lean
RUN apt-get update && apt-get install -y git
`,
    },
    {
      title: "an option that a variable may hold",
      good: `FROM debian:12\nARG APT_OPTS\nRUN apt-get install $APT_OPTS git && apt-get install \${X:+--no-install-recommends} curl\n`,
    },
    {
      title: "a stage that does not ship",
      good: "FROM debian:12 AS build\nRUN apt-get update && apt-get install -y gcc\nFROM debian:12\nCOPY --from=build /a /a\n",
    },
    { title: "aptitude -R", good: "FROM debian:12\nRUN aptitude install -y -R git && apt-get build-dep -y git\n" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "shipped stages")) {
      for (const called of run.packages) if (installsRecommended(file, run, called)) yield toProblem(run, called);
    }
  },
});

const leanOptions: Readonly<Record<string, RegExp>> = {
  "apt-get": /^--no-install-recommends$/,
  apt: /^--no-install-recommends$/,
  aptitude: /^(-R|--without-recommends)$/,
};

const installsRecommended = (file: AuditedFile, run: RunCommands, called: PackageCommand): boolean => {
  const lean = leanOptions[called.manager.name];
  if (lean === undefined || called.action !== "install" || isSimulated(called)) return false;
  if (called.operands.length === 0 && !called.hasUnknown) return false;
  const { options, unknown } = called.options;
  if (options.some((option) => lean.test(option.name) || /Install-Recommends/i.test(option.value ?? ""))) return false;
  // `--install-recommends` is a decision
  if (options.some((option) => option.name === "--install-recommends" || option.name === "--with-recommends"))
    return false;
  if (mayHold(file, run, unknown, /recommends/i)) return false;
  return !isConfigured(run.stage, file);
};

const isConfigured = mentions(
  /APT::Install-Recommends|Install-Recommends\b(?:(?!Install-Recommends).)*\b(false|0|no)\b/i,
  /apt\.conf/,
);

const toProblem = (run: RunCommands, called: PackageCommand): Problem => {
  const option = called.manager.name === "aptitude" ? "--without-recommends" : "--no-install-recommends";
  const word = called.actionWord;
  const message = `\`${called.command.name} ${called.subcommand}\` installs recommended packages too: \`${option}\` is missing`;
  if (word === undefined) return { at: called.command.span, message };
  return {
    at: word.span,
    message,
    fix: { title: `Insert ${option}`, safety: "unsafe", edits: [insertAfter(run.run, word, option)] },
  };
};
