import type { Instruction } from "../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { mayDropPrivileges } from "./knowledge/privilege-drop.ts";
import { isContainerAction, isForDevelopers } from "./knowledge/stage-purpose.ts";
import { startOf, startsPromptOrTool } from "./knowledge/start-command.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "root-user",
  summary: "End shipped stages with a user other than root",
  level: { recommended: "warning", strict: "warning" },
  scope: "shipped stages",
  aliases: ["DL3002", "DS-0002", "CKV_DOCKER_8", "67fd0c4a"],
  why: `Who breaks into a process that runs as root owns the whole container: its files, its network, whatever is
mounted, and with one flaw in the kernel or a careless mount the host too. Building as root is fine; what counts is
the last \`USER\` of the image.

Switch to an unprivileged user behind the last step that needs root. A service that must prepare something as root can
hand over in its entrypoint, with \`exec gosu app "$@"\` or \`setpriv\`.`,
  silent: [
    "root between other users, and root in stages that do not ship",
    "stages named for development, tests, debugging or building",
    "an entrypoint that hands over to another user (gosu, su-exec, setpriv, runuser, s6, `su` in a script that can be read)",
    "variables without a default",
    "images that start a shell, an interpreter, a compiler or a build tool: they are bases and tools",
    "container actions of GitHub, which must run as root",
    "Windows images, unless the user is ContainerAdministrator",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/best-practices/#user"],
  needs: { instructions: ["USER"] },
  examples: [
    {
      bad: 'FROM node:22-slim\nUSER ⟦root⟧\nCMD ["node", "server.js"]',
      message: "The image runs as `root`",
    },
    { bad: 'FROM node:22-slim\nUSER node\nRUN npm ci\nUSER ⟦0:0⟧\nCMD ["node", "server.js"]' },
    {
      title: "Inherited by what is built on it",
      bad: 'FROM debian:12 AS base\nUSER ⟦root:adm⟧\nFROM base\nCMD ["app"]',
    },
    { bad: "FROM debian:12\nARG WHO=root\nUSER ⟦$WHO⟧\nCMD app" },
    { good: 'FROM node:22-slim\nUSER root\nRUN apt-get update\nUSER node\nCMD ["node", "server.js"]' },
    {
      title: "A stage that is only copied from",
      good: "FROM golang:1.27 AS build\nUSER root\nFROM scratch\nCOPY --from=build /app /app\nUSER 65532",
    },
    {
      title: "The entrypoint hands over",
      files: { "entrypoint.sh": '#!/bin/sh\nchown -R app /data\nexec su-exec app "$@"\n' },
      good: 'FROM alpine:3.22\nUSER root\nCOPY entrypoint.sh /\nENTRYPOINT ["/entrypoint.sh"]',
    },
    {
      title: "A build tool",
      good: 'FROM eclipse-temurin:21-jdk\nUSER gradle\nRUN gradle --version\nUSER root\nCMD ["gradle"]',
    },
    { good: "FROM debian:12\nARG WHO\nUSER $WHO\nCMD app" },
  ],
  check: function* (file) {
    const reported = new Set<Instruction>();
    for (const stage of file.targetStages) {
      const { user } = stage;
      if (user === undefined || reported.has(user.instruction)) continue;
      if (!isRoot(user.value, stage) || isForDevelopers(file, stage) || mayDropPrivileges(file, stage)) continue;
      if (isContainerAction(file) || isTool(file, stage)) continue;
      reported.add(user.instruction);
      yield { at: user.word.span, message: `The image runs as \`${user.word.text}\`${resolved(user)}` };
    }
  },
});

const isTool = (file: AuditedFile, stage: StageFacts): boolean => {
  const start = startOf(file, stage);
  return !stage.isWindows && start !== undefined && startsPromptOrTool(start);
};

const isRoot = (value: string | undefined, stage: StageFacts): boolean => {
  const name = value?.split(":")[0]?.toLowerCase();
  return stage.isWindows ? name === "containeradministrator" : name === "root" || /^0+$/.test(name ?? "");
};

const resolved = (user: NonNullable<StageFacts["user"]>): string =>
  user.word.text.includes("$") ? `, which is \`${user.value}\`` : "";
