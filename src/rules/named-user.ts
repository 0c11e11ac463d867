import type { UserInstruction } from "../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { createdUser } from "./knowledge/accounts.ts";
import { sliceOf } from "./knowledge/edits.ts";
import { runsOf } from "./knowledge/run-commands.ts";
import { isForDevelopers } from "./knowledge/stage-purpose.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "named-user",
  summary: "Give USER as a number, for orchestrators that verify it",
  level: { recommended: "off", strict: "note" },
  scope: "shipped stages",
  aliases: ["DL3066"],
  why: `Kubernetes with \`runAsNonRoot: true\` refuses an image whose USER is a name, because it cannot know which uid the
name has inside. A number can be checked without looking into the image, and is what file owners on volumes need.`,
  silent: [
    "root, of which root-user speaks",
    "variables, Windows images, and stages named for development, tests, debugging or building",
  ],
  fixes: "safe",
  sources: ["https://kubernetes.io/docs/tasks/configure-pod-container/security-context/"],
  needs: { instructions: ["USER"] },
  examples: [
    {
      bad: "FROM debian:12\nRUN useradd -u 10001 app\nUSER ⟦app⟧",
      fixed: "FROM debian:12\nRUN useradd -u 10001 app\nUSER 10001",
      message: "`app` is a name, so that an orchestrator cannot tell whether it is root",
    },
    {
      bad: "FROM debian:12 AS base\nRUN adduser --uid=1234 --disabled-password svc\nFROM base\nUSER ⟦svc⟧:svc",
      fixed: "FROM debian:12 AS base\nRUN adduser --uid=1234 --disabled-password svc\nFROM base\nUSER 1234:svc",
    },
    {
      bad: 'FROM node:22-slim\nUSER ⟦node⟧\nCMD ["node", "a"]',
      fixed: 'FROM node:22-slim\nUSER node\nCMD ["node", "a"]',
    },
    { good: "FROM debian:12\nUSER 10001:10001" },
    { good: "FROM debian:12\nUSER root" },
    { good: "FROM debian:12\nARG WHO=app\nUSER $WHO" },
    { good: "FROM debian:12 AS build\nUSER app\nFROM scratch\nCOPY --from=build /a /a" },
  ],
  check: function* (file) {
    const reported = new Set<UserInstruction>();
    for (const stage of file.targetStages) {
      const instruction = stage.user?.instruction;
      if (
        instruction?.keyword !== "USER" ||
        stage.isWindows ||
        isForDevelopers(file, stage) ||
        reported.has(instruction)
      )
        continue;
      const { text, span } = instruction.user;
      const name = text.split(":")[0] ?? "";
      if (text.includes("$") || /^\d*$/.test(name) || name === "root" || sliceOf(file.text, span) !== text) continue;
      reported.add(instruction);
      const fix = numberFor(file, stage, name, span.start);
      yield {
        at: { start: span.start, end: span.start + name.length },
        message: `\`${name}\` is a name, so that an orchestrator cannot tell whether it is root`,
        ...(fix === undefined ? {} : { fix }),
      };
    }
  },
});

const numberFor = (file: AuditedFile, stage: StageFacts, name: string, start: number): Fix | undefined => {
  const made = stage.lineage.flatMap((facts) =>
    runsOf(file, facts).flatMap(({ commands }) =>
      commands.flatMap((command) => {
        const user = createdUser(command);
        return user?.name.value === name && user.uid?.isLiteral !== false ? (user.uid ?? []) : [];
      }),
    ),
  );
  const uid = made[0]?.value;
  if (made.length !== 1 || uid === undefined || !/^[1-9]\d*$/.test(uid)) return undefined;
  return {
    title: `Write \`${uid}\``,
    safety: "safe",
    edits: [{ span: { start, end: start + name.length }, text: uid }],
  };
};
