import { defineRule } from "./rule.ts";

export default defineRule({
  id: "wasted-space-in-image",
  summary: "Write each file in one layer only",
  level: { recommended: "note", strict: "warning" },
  scope: "built image",
  why: `A layer never gets smaller. When a later step deletes a file, writes it again or changes its owner or mode, the old bytes are still pulled and stored, and nobody sees them in the container.

Delete in the RUN that makes the file, set owner and mode with \`COPY --chown\` and \`--chmod\`, and build in a stage of its own from which only the result is copied.`,
  aliases: [],
  silent: [
    "Less than 5 MiB, unless it is 5 % of what the Dockerfile adds and at least 1 MiB.",
    "The databases of package managers, which every install writes again.",
    "Where a rule on the Dockerfile speaks about the same step, which then says how much it is.",
    "Stages named for development, tests, debugging or building.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/best-practices/"],
  examples: [],
  check: () => [],
});
