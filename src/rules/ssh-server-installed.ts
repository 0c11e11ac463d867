import type { ShellWord } from "../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { sliceOf } from "./knowledge/edits.ts";
import type { PackageCommand } from "./knowledge/package-managers.ts";
import { runsOf } from "./knowledge/run-commands.ts";
import { productionStages } from "./knowledge/stage-purpose.ts";
import { startOf, startScripts } from "./knowledge/start-command.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "ssh-server-installed",
  summary: "Reach containers with exec, not with an SSH server",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  aliases: [],
  why: `An SSH server in a container is a second service with keys and accounts of its own, another port, and one more
thing to patch. \`docker exec\` and \`kubectl exec\` open a shell without any of that, and leave a trace in the audit log.`,
  silent: [
    "clients: openssh-client, and packages of other names",
    "images that start the server, where it is the purpose: the start command, or a script that can be read, names sshd",
    "stages named for development, tests, debugging or building",
  ],
  fixes: "none",
  needs: { packages: "system" },
  examples: [
    {
      bad: 'FROM debian:12\nRUN apt-get update && apt-get install -y curl ⟦openssh-server⟧\nCMD ["serve"]',
      message: "`openssh-server` puts an SSH server into the image that ships",
    },
    { bad: "FROM alpine:3.22\nRUN apk add --no-cache ⟦openssh⟧ ⟦dropbear⟧" },
    { bad: 'FROM fedora:44 AS base\nRUN dnf install -y \\\n  ⟦openssh-server⟧\nFROM base\nENTRYPOINT ["/app"]' },
    { good: "FROM debian:12\nRUN apt-get install -y openssh-client\nRUN apk add openssh-client-default" },
    { good: 'FROM debian:12\nRUN apt-get install -y openssh-server\nCMD ["/usr/sbin/sshd", "-D"]' },
    {
      files: { "start.sh": '#!/bin/sh\n/usr/sbin/sshd\nexec "$@"\n' },
      good: 'FROM debian:12\nRUN apt-get install -y openssh-server\nCOPY start.sh /\nENTRYPOINT ["/start.sh"]',
    },
    { good: "FROM debian:12 AS dev\nRUN apt-get install -y openssh-server" },
  ],
  check: function* (file) {
    for (const stage of productionStages(file)) {
      const found = runsOf(file, stage).flatMap(({ packages }) => packages.flatMap(serversOf));
      if (found.length === 0 || isPurpose(file, stage)) continue;
      for (const { value, span } of found) {
        const name = value.replace(version, "");
        yield { at: span, message: `\`${name}\` puts an SSH server into the image that ships` };
      }
    }
  },
});

const serversOf = ({ action, manager, operands }: PackageCommand): readonly ShellWord[] =>
  action !== "install" || manager.kind !== "system"
    ? []
    : operands.filter(({ value }) => {
        const name = value.replace(version, "");
        return servers.test(name) || (manager.name === "apk" && name === "openssh");
      });

const version = /[=~<>].*/s;
const servers = /^(openssh-server(-\w+)?|openssh-sshd|dropbear|tinysshd)$/;

const isPurpose = (file: AuditedFile, stage: StageFacts): boolean =>
  file.targetStages
    .filter(({ lineage }) => lineage.includes(stage))
    .some((target) => {
      const start = startOf(file, target);
      if (start === undefined) return false;
      const written = [target.entrypoint, target.cmd].map((each) => (each ? sliceOf(file.text, each.span) : ""));
      if (/\b(sshd|dropbear)\b/.test(written.join(" "))) return true;
      const scripts = startScripts(file, target, start);
      return (
        scripts === undefined ||
        scripts.some(({ text }) => /\b(sshd|ssh|dropbear|supervisord|runsvdir|s6-svscan)\b/.test(text))
      );
    });
