import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { smallerVariantOf } from "./knowledge/base-images.ts";
import { buildPackagesOf } from "./knowledge/build-tools.ts";
import { baseUse } from "./knowledge/image-uses.ts";
import { runsOf } from "./knowledge/run-commands.ts";
import { isForDevelopers } from "./knowledge/stage-purpose.ts";
import { startOf, startsNothing, startsPromptOrTool } from "./knowledge/start-command.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "large-base-variant",
  summary: "Ship on the slim, alpine or distroless variant where there is one",
  level: { recommended: "note", strict: "note" },
  scope: "shipped stages",
  aliases: [],
  why: `The plain tag of a language's image carries compilers, headers and version control for whoever builds in it: some
hundred megabytes that every node pulls and that scanners find flaws in. The \`slim\` variant of the same tag holds what
running needs.

Build in the large variant if you must, and ship on the small one.`,
  silent: [
    "images whose variants are not known",
    "stages that compile: build-tools-in-shipped-stage speaks of those",
    "stages that start nothing of their own, a shell or an interpreter: others build on them",
    "stages named for development, tests, debugging or building",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image"],
  needs: { instructions: ["ENTRYPOINT", "CMD"] },
  examples: [
    {
      bad: 'FROM ⟦node:22⟧\nCOPY . .\nCMD ["node", "server.js"]',
      message: "`node:22` has a smaller variant (slim) that runs the same program",
    },
    { bad: 'FROM ⟦eclipse-temurin:21⟧\nCOPY app.jar /\nENTRYPOINT ["java", "-jar", "/app.jar"]' },
    { bad: 'FROM ⟦python:3.14-bookworm⟧ AS base\nFROM base\nCMD ["python", "app.py"]' },
    {
      title: "A variant of the variant",
      bad: 'FROM ⟦php:8.4-fpm⟧\nCMD ["serve"]',
      message: "`php:8.4-fpm` has a smaller variant (alpine) that runs the same program",
    },
    {
      title: "A variant that has none smaller",
      good: 'FROM php:8.4-apache\nCMD ["serve"]\nFROM debian:bookworm-backports\nCMD ["serve"]',
    },
    { good: 'FROM node:22-slim\nCMD ["node", "server.js"]' },
    { good: 'FROM node:22 AS build\nRUN npm ci\nFROM node:22-alpine\nCOPY --from=build /a /a\nCMD ["node", "a"]' },
    { title: "It compiles", good: 'FROM python:3.14\nRUN apt-get install -y gcc\nCMD ["python", "app.py"]' },
    { title: "Others build on it", good: 'FROM node:22\nRUN npm i -g x@1\nCMD ["node"]' },
  ],
  check: function* (file) {
    const reported = new Set<number>();
    for (const stage of file.targetStages) {
      const root = stage.lineage.at(-1);
      const use = root === undefined ? undefined : baseUse(file, root);
      const variant = use?.reference === undefined ? undefined : smallerVariantOf(use.reference);
      if (use === undefined || variant === undefined || reported.has(use.at.start)) continue;
      const start = startOf(file, stage);
      if (
        start === undefined ||
        startsPromptOrTool(start) ||
        startsNothing(file, stage, start) ||
        isForDevelopers(file, stage) ||
        compiles(file, stage)
      )
        continue;
      reported.add(use.at.start);
      yield { at: use.at, message: `\`${use.text}\` has a smaller variant (${variant}) that runs the same program` };
    }
  },
});

const compiles = (file: AuditedFile, stage: StageFacts): boolean =>
  stage.lineage.some((facts) =>
    runsOf(file, facts).some(
      ({ commands, packages }) =>
        packages.some((install) => buildPackagesOf(install).length > 0) ||
        commands.some(({ name }) => /^(make|cmake|gcc|g\+\+|cc|cargo|node-gyp|configure)$/.test(name)),
    ),
  );
