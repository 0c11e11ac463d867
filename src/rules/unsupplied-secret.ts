import type { Mount } from "../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { isRequired, mountFieldSpan } from "./knowledge/mount-spans.ts";
import { runsOf } from "./knowledge/run-commands.ts";
import { secretMounts } from "./knowledge/secret-mounts.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "unsupplied-secret",
  summary: "Supply every secret and agent that the targets require",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  why: `A RUN with a required mount stops the build when nobody supplies the secret or the agent. What the workflow gives is known before the build begins, so it need not cost the minutes up to that step.

Add the id to \`secrets\`, \`secret-files\`, \`secret-envs\` or \`ssh\` of the workflow, or correct the id in the Dockerfile.`,
  aliases: [],
  silent: [
    "Nothing is going to be built: only the files are audited.",
    "The mount is not required.",
    "No target needs the stage.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/secrets/"],
  examples: [
    {
      supplied: { secrets: ["npm"] },
      bad: "RUN --mount=type=secret,id=⟦npmrc⟧,required=true npm ci\n",
      message: "The secret `npmrc` is required and not supplied",
    },
    {
      title: "the agent, in a stage that the target copies from",
      supplied: { secrets: [] },
      bad: `FROM debian:bookworm-slim AS build
RUN ⟦--mount=type=ssh,required=true⟧ git clone git@example.org:a/b.git /src
FROM scratch
COPY --from=build /src /src
`,
      message: "The SSH agent `default` is required and not supplied",
    },
    {
      title: "named by its target, and another agent",
      supplied: { secrets: ["a"], ssh: ["default"] },
      bad: "RUN --mount=type=secret,target=⟦/run/b⟧,required make\nRUN --mount=type=ssh,id=⟦deploy⟧,required=true make\n",
    },
    {
      supplied: { secrets: ["npmrc"], ssh: ["default"] },
      good: "RUN --mount=type=secret,id=npmrc,required=true --mount=type=ssh,required=true npm ci\n",
    },
    { title: "optional", supplied: {}, good: "RUN --mount=type=secret,id=npmrc --mount=type=ssh npm ci\n" },
    { title: "nothing is built", good: "RUN --mount=type=secret,id=npmrc,required=true npm ci\n" },
  ],
  check: function* (file) {
    const { supplied } = file;
    if (supplied === undefined) return;
    for (const stage of neededStages(file))
      for (const { run } of runsOf(file, stage)) {
        for (const { id, mount } of secretMounts(run))
          if (isRequired(mount) && !id.includes("$") && !supplied.secrets.has(id))
            yield {
              at: mountFieldSpan(file.text, mount, "id", "source", "src", "target", "dst", "destination"),
              message: `The secret \`${id}\` is required and not supplied`,
            };
        for (const mount of run.mounts.filter(({ type }) => type === "ssh"))
          if (isRequired(mount) && !supplied.ssh.has(agentOf(mount)))
            yield {
              at: mountFieldSpan(file.text, mount, "id"),
              message: `The SSH agent \`${agentOf(mount)}\` is required and not supplied`,
            };
      }
  },
});

const agentOf = (mount: Mount): string => mount.fields.get("id") ?? "default";

const neededStages = (file: AuditedFile): ReadonlySet<StageFacts> => {
  const needed = new Set(file.targetStages);
  for (const stage of needed) for (const dependency of stage.dependencies) needed.add(dependency);
  return needed;
};
