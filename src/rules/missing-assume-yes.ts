import type { AuditedFile } from "./audited-file.ts";
import { hasOption } from "./knowledge/command-options.ts";
import { mentions } from "./knowledge/lineage-text.ts";
import { isSimulated, type PackageCommand } from "./knowledge/package-managers.ts";
import { mayHold, type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { insertAfter } from "./knowledge/script-edits.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "missing-assume-yes",
  summary: "Answer package manager prompts in advance",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `A build has no terminal. As soon as the package manager wants to know whether to go on, because a package brings
others along, it reads an empty answer and aborts; an install that works today stops when a dependency is added
upstream.

Give the option that answers yes: \`-y\` for apt-get, dnf and yum, \`-n\` before the sub-command of zypper,
\`--noconfirm\` for pacman.`,
  aliases: ["DL3014", "DL3030", "DL3034", "DL3038", "DS-0021", "45e1fca5", "6e19193a", "77783205", "7ebd323c"],
  silent: [
    "`-qq`, `--yes`, `--assume-yes`, `--non-interactive` and their like, or an answer through a pipe (`yes |`).",
    "A configuration that assumes yes is written or copied earlier.",
    "A variable in the command may hold the option.",
    "A package file alone, which brings nothing that would be asked about.",
    "microdnf and apk, which do not ask; downloads and simulations.",
  ],
  fixes: "safe",
  needs: { packages: "system" },
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN apt-get update && apt-get ⟦install⟧ --no-install-recommends git\n",
      fixed: "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y --no-install-recommends git\n",
      message: "`apt-get install` stops at its first question: `-y` is missing",
    },
    {
      title: "zypper takes the option before the sub-command",
      bad: "FROM opensuse/leap:15.6\nRUN zypper refresh && zypper ⟦in⟧ git\n",
      fixed: "FROM opensuse/leap:15.6\nRUN zypper refresh && zypper -n in git\n",
    },
    {
      title: "removals ask as well",
      bad: `FROM almalinux:9
RUN dnf install -y gcc \\
    && make \\
    && dnf ⟦remove⟧ gcc
`,
      fixed: `FROM almalinux:9
RUN dnf install -y gcc \\
    && make \\
    && dnf remove -y gcc
`,
    },
    {
      bad: "FROM archlinux:base\nRUN pacman ⟦-Syu⟧ git\n",
      fixed: "FROM archlinux:base\nRUN pacman -Syu --noconfirm git\n",
    },
    {
      title: "in exec form",
      bad: 'FROM almalinux:9\nRUN ["dnf", ⟦"install"⟧, "git"]\n',
      fixed: 'FROM almalinux:9\nRUN ["dnf", "install", "-y", "git"]\n',
    },
    { good: "FROM debian:12\nRUN apt-get install -qqy git && apt-get -y remove git && apt-get install -qq git\n" },
    { title: "a cluster", good: "FROM almalinux:9\nRUN yum -yq install git && dnf --assumeyes install git\n" },
    { title: "answers through a pipe", good: "FROM debian:12\nRUN yes | apt-get install git\n" },
    {
      title: "configured",
      good: "FROM almalinux:9\nRUN echo assumeyes=1 >> /etc/dnf/dnf.conf\nRUN dnf install git\n",
    },
    { title: "a variable may hold it", good: "FROM debian:12\nARG OPTS\nRUN apt-get install $OPTS git\n" },
    { title: "microdnf does not ask", good: "FROM ubi9-minimal:9.4\nRUN microdnf install git && apk add git\n" },
    { title: "A package file alone", good: "FROM debian:12\nRUN apt-get install /tmp/apt-source.deb" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      for (const called of run.packages) if (mayAsk(file, run, called)) yield toProblem(run, called);
    }
  },
});

const asking: ReadonlySet<string> = new Set(["install", "upgrade", "remove", "build-deps"]);

const configured = /Assume-Yes|assumeyes|force-yes|ZYPP_NONINTERACTIVE/i;

const mayAsk = (file: AuditedFile, run: RunCommands, called: PackageCommand): boolean => {
  const { manager, options, command } = called;
  if (manager.kind !== "system" || manager.assumeYes.length === 0) return false;
  if (isOneFile(called)) return false;
  if (!asking.has(called.action) || isSimulated(called) || answers(called)) return false;
  if (manager.name === "pacman" && hasOption(options, "-p", "--print", "-w", "--downloadonly")) return false;
  if (options.options.some((option) => configured.test(option.value ?? ""))) return false;
  if (mayHold(file, run, options.unknown, /^-\w*[yn]|--(yes|assume|non)/)) return false;
  if (command.pipedFrom !== undefined || command.redirects.some((redirect) => redirect.operator.startsWith("<")))
    return false;
  return !isConfigured(run.stage, file);
};

/** A package file with nothing that it needs beside it asks nothing; it is what adds a repository. */
const isOneFile = ({ operands }: PackageCommand): boolean =>
  operands.length === 1 && /\.(deb|rpm)$/.test(operands[0]?.value ?? "");

const isConfigured = mentions(configured, /apt\.conf|dnf\.conf|yum\.conf|zypper\.conf/);

const answers = (called: PackageCommand): boolean => {
  const { manager, options, actionWord } = called;
  if (hasOption(options, "--force-yes", "--trivial-only", "--help", "-h", "--version")) return true;
  if (manager.name.startsWith("apt")) {
    const quiet = options.options.filter((option) => option.name === "-q" || option.name === "--quiet");
    if (quiet.length > 1 || quiet.some((option) => Number(option.value) > 1)) return true;
  }
  const given = options.options.filter((option) => manager.assumeYes.includes(option.name));
  if (manager.name !== "zypper") return given.length > 0;
  // `zypper in -n x` takes x for a name
  const start = actionWord?.span.start ?? 0;
  return given.some((option) => option.name !== "-n" || option.word.span.start < start);
};

const toProblem = (run: RunCommands, called: PackageCommand): Problem => {
  const { manager, command, actionWord } = called;
  const option = manager.name === "zypper" ? "-n" : (manager.assumeYes[0] ?? "-y");
  const written = `${command.name} ${called.subcommand}`;
  const message = `\`${written}\` stops at its first question: \`${option}\` is missing`;
  const word = manager.name === "zypper" ? command.nameWord : actionWord;
  const at = actionWord?.span ?? command.span;
  if (word === undefined) return { at, message };
  return {
    at,
    message,
    fix: { title: `Insert ${option}`, safety: "safe", edits: [insertAfter(run.run, word, option)] },
  };
};
