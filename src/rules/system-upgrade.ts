import type { AuditedFile } from "./audited-file.ts";
import { hasOption } from "./knowledge/command-options.ts";
import { deleteInstruction } from "./knowledge/edits.ts";
import { once } from "./knowledge/once.ts";
import { isSimulated, type PackageCommand, readPackageCommand } from "./knowledge/package-managers.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { deleteCommand } from "./knowledge/script-edits.ts";
import { defineRule, type Edit, type Problem } from "./rule.ts";

export default defineRule({
  id: "system-upgrade",
  summary: "Take newer packages from a newer base, not from an upgrade",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `An upgrade installs whatever the mirrors hold on the day the step runs, so two builds of one commit give two
images, and a cached layer keeps the packages of the day it was first built. Every upgraded file is also stored a second
time: the base layer keeps its copy.

Take the fixes from the base instead: pull a newer tag or digest of it (update bots do that), and name the few packages
that cannot wait in an install.`,
  aliases: ["DL3005", "DL3017", "DL3031", "DL3035", "DL3039", "DS-0024", "DKL-DI-0003"],
  silent: [
    "Packages are named: only those are upgraded.",
    "`pacman -Syu`: Arch Linux supports no partial upgrade.",
    "The command only simulates (`--dry-run`, `-s`, `--assumeno`) or only downloads.",
    "The stage builds a root file system of its own (`FROM scratch`, `--root`, `--installroot`).",
  ],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/build/building/best-practices/"],
  needs: { packages: "system" },
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN apt-get update && apt-get ⟦upgrade⟧ -y && apt-get install -y curl\n",
      fixed: "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y curl\n",
      message: "`apt-get upgrade` makes this layer depend on the day it is built",
    },
    {
      title: "deep in a continued RUN",
      bad: `FROM alpine:3.20
RUN apk update \\
 # newest everything
 && apk --no-cache ⟦upgrade⟧ \\
 && apk add --no-cache curl
`,
      fixed: `FROM alpine:3.20
RUN apk update \\
 # newest everything
 && apk add --no-cache curl
`,
    },
    {
      title: "the RUN does nothing else",
      bad: "FROM almalinux:9\nRUN dnf -y ⟦update⟧ && dnf clean all\nRUN dnf -y install git\n",
      fixed: "FROM almalinux:9\nRUN dnf -y install git\n",
    },
    {
      title: "in a here-document and behind sudo",
      bad: `FROM ubuntu:24.04
RUN <<EOF
sudo apt-get update
sudo apt-get ⟦dist-upgrade⟧ -y
apt-get install -y git
EOF
`,
      fixed: `FROM ubuntu:24.04
RUN <<EOF
sudo apt-get update
apt-get install -y git
EOF
`,
    },
    { title: "in a nested shell", bad: 'FROM opensuse/leap:15.6\nRUN ["sh", "-c", "zypper -n ⟦dup⟧ && touch /ok"]\n' },
    { title: "named packages", good: "FROM almalinux:9\nRUN yum -y update openssl && apt-get upgrade -y openssl\n" },
    { title: "Arch Linux", good: "FROM archlinux:base\nRUN pacman -Syu --noconfirm git\n" },
    {
      title: "a simulation",
      good: "FROM debian:12\nRUN apt-get update && apt-get -s upgrade && apt-get --dry-run upgrade\n",
    },
    { title: "text", good: 'FROM debian:12\nRUN echo "run apt-get upgrade yourself" && : apt-get upgrade\n' },
    {
      title: "a root file system",
      good: "FROM scratch\nADD rootfs.tar.xz /\nRUN apt-get update && apt-get upgrade -y\n",
    },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      if (run.stage.rootBase.kind === "scratch") continue;
      for (const called of run.packages) if (isSystemUpgrade(called)) yield toProblem(file, run, called);
    }
  },
});

const isSystemUpgrade = (called: PackageCommand): boolean =>
  called.action === "upgrade" &&
  called.manager.kind === "system" &&
  called.manager.name !== "pacman" &&
  called.operands.length === 0 &&
  !called.hasUnknown &&
  !isSimulated(called) &&
  !hasOption(called.options, "--root", "--installroot", "-p");

const toProblem = (file: AuditedFile, run: RunCommands, called: PackageCommand): Problem => {
  const at = called.actionWord?.span ?? called.command.span;
  const written = `${called.command.name} ${called.subcommand}`;
  const message = `\`${written}\` makes this layer depend on the day it is built`;
  const edit = editOf(file, run, called);
  if (edit === undefined) return { at, message };
  return { at, message, fix: { title: `Delete ${written}`, safety: "unsafe", edits: [edit] } };
};

/** The whole RUN goes when it does nothing else. */
const editOf = (file: AuditedFile, run: RunCommands, called: PackageCommand): Edit | undefined => {
  if (isOnlyUpgrade(run)) return deleteInstruction(file.text, run.run);
  const script = run.scriptOf(called.command);
  return script === undefined ? undefined : deleteCommand(file, script, called.command);
};

const isOnlyUpgrade = once((run: RunCommands): boolean => run.isRead && run.commands.every(isRest));

const isRest = (command: RunCommands["commands"][number]): boolean => {
  const called = readPackageCommand(command);
  if (called === undefined)
    return command.name === "rm" && /\/(cache|lists)\b/.test(command.args.map((w) => w.value).join(" "));
  return called.action === "update" || called.action === "clean" || isSystemUpgrade(called);
};
