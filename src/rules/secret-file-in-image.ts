import { defineRule } from "./rule.ts";

export default defineRule({
  id: "secret-file-in-image",
  summary: "Ship no credential file",
  level: { recommended: "warning", strict: "warning" },
  scope: "built image",
  why: `A file that is named and written like a credential (a private key, the logins of a package manager or a cloud) lies in a layer that the Dockerfile adds. Whoever can pull the image has it, and a later RUN that deletes it only hides it.

Mount what the build needs (\`RUN --mount=type=secret\`, \`--mount=type=ssh\`), and let the orchestrator mount what the container needs. A key that a step generates is the same in every copy of the image: generate it at the first start.`,
  aliases: ["DKL-LI-0003"],
  silent: [
    "Files without a key, token or password in them.",
    "Layers of the base image.",
    "Samples, tests and fixtures, and what packages bring (site-packages, node_modules, /usr/share).",
    "What `secret-value-in-image` reports at the same file.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/secrets/"],
  examples: [],
  check: () => [],
});
