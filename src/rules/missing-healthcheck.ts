import type { StageFacts } from "./audited-file.ts";
import { isForDevelopers } from "./knowledge/stage-purpose.ts";
import { baseName, startOf, startsPromptOrTool } from "./knowledge/start-command.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "missing-healthcheck",
  summary: "Give services a HEALTHCHECK",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  aliases: ["DL3057", "DS-0026", "CKV_DOCKER_2", "CIS-DI-0006", "b03a748a"],
  why: `A process can run and still serve nothing: it waits for a lock, or its pool is empty. Without a HEALTHCHECK the
engine, Compose (\`depends_on: service_healthy\`) and Swarm know only that it has not exited.

Call something that the image has and that answers quickly, as \`HEALTHCHECK CMD ["/app", "health"]\` or a request to
localhost. Kubernetes ignores HEALTHCHECK and has its own probes: set the option \`orchestrator: kubernetes\`, or write
\`HEALTHCHECK NONE\` to say that it is left out on purpose.`,
  silent: [
    "images that EXPOSE nothing in the file, or start nothing of their own: they are no services",
    "a HEALTHCHECK anywhere in the chain of stages, also NONE",
    "images for serverless platforms, shells and tools",
    "stages named for development, tests, debugging or building",
    "Windows images, and files that the engine refuses",
    "the option `orchestrator: kubernetes`",
  ],
  fixes: "none",
  options: [
    {
      name: "orchestrator",
      summary: "What runs the containers: `kubernetes` and `nomad` bring their own probes",
      type: "string",
      default: "docker",
    },
  ],
  sources: ["https://docs.docker.com/reference/dockerfile/#healthcheck"],
  needs: { instructions: ["EXPOSE"] },
  examples: [
    {
      bad: 'FROM ⟦node:22-slim⟧\nEXPOSE 8080\nUSER node\nCMD ["node", "server.js"]',
      message: "The service on port 8080 has no HEALTHCHECK",
    },
    { bad: 'FROM debian:12 AS base\nEXPOSE 80/tcp 443/tcp\nFROM ⟦base⟧\nENTRYPOINT ["serve"]' },
    { bad: 'FROM ⟦python:3.14-slim⟧\nEXPOSE $PORT\nCMD ["python", "app.py"]' },
    { good: 'FROM node:22-slim\nEXPOSE 8080\nHEALTHCHECK CMD ["node", "health.js"]\nCMD ["node", "server.js"]' },
    { title: "Left out on purpose", good: 'FROM nginx:1.29\nEXPOSE 80\nHEALTHCHECK NONE\nCMD ["nginx"]' },
    { title: "No service", good: 'FROM debian:12\nCMD ["convert"]' },
    { options: { orchestrator: "kubernetes" }, good: 'FROM node:22\nEXPOSE 80\nCMD ["node", "server.js"]' },
    { good: 'FROM debian:12 AS dev\nEXPOSE 80\nCMD ["serve"]\nFROM scratch\nCOPY a /a' },
  ],
  check: function* (file, options) {
    if (file.isBroken || /^(kubernetes|k8s|nomad)$/i.test(String(options.orchestrator ?? ""))) return;
    for (const stage of file.targetStages) {
      const port = portOf(stage);
      const start = startOf(file, stage);
      if (port === undefined || start === undefined || stage.healthcheck !== undefined || stage.isWindows) continue;
      if (isForDevelopers(file, stage) || startsPromptOrTool(start) || isServerless(stage, start.words)) continue;
      yield {
        at: stage.stage.from.image.span,
        message: `The service on port ${port.text.replace(/\/tcp$/i, "")} has no HEALTHCHECK`,
        related: [{ at: port.span, message: "the port that it serves" }],
      };
    }
  },
});

const portOf = (stage: StageFacts) => {
  for (const facts of stage.lineage) {
    for (const instruction of facts.instructions) {
      const port = instruction.keyword === "EXPOSE" ? instruction.ports[0] : undefined;
      if (port !== undefined) return port;
    }
  }
  return undefined;
};

const isServerless = (stage: StageFacts, words: readonly string[]): boolean => {
  const base = stage.rootBase.kind === "image" ? stage.rootBase.text : "";
  if (/(^|\/)(lambda|aws-lambda|azure-functions|functions)(\/|-|:|$)/.test(base)) return true;
  return words.some((word) =>
    /^(aws-lambda-rie|awslambdaric|functions-framework|bootstrap|fwatchdog)$/.test(baseName(word)),
  );
};
