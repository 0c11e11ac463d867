import { defineRule } from "./rule.ts";

export default defineRule({
  id: "package-cache-in-image",
  summary: "Ship no package manager cache",
  level: { recommended: "warning", strict: "warning" },
  scope: "built image",
  why: `Indexes and downloads of a package manager were found in the image itself, whichever script or program left them. They serve no container, and they grow with every install.

Remove them in the RUN that makes them, or keep them out of the layer with \`--mount=type=cache\`.`,
  aliases: [],
  silent: [
    "Less than 1 MiB in one layer.",
    "Layers of the base image.",
    "A step about which a rule on the Dockerfile already speaks, which then says how much it is.",
    "Stages named for development, tests, debugging or building.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/best-practices/#apt-get"],
  examples: [],
  check: () => [],
});
