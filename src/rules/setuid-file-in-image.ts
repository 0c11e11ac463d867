import { defineRule } from "./rule.ts";

export default defineRule({
  id: "setuid-file-in-image",
  summary: "Add no setuid or setgid program",
  level: { recommended: "off", strict: "note" },
  scope: "built image",
  why: `A setuid program runs with the rights of its owner, whoever starts it, and a fault in it hands these rights on. Few containers need \`su\`, \`mount\` or \`ping\` with such rights.

Leave out the package that brings it, or take the bit away in the same RUN: \`chmod a-s /usr/bin/chage\`.`,
  aliases: ["CIS-DI-0008"],
  silent: [
    "Programs that the base image has with the same bit, also where an upgrade wrote them again.",
    "Directories.",
    "Stages named for development, tests, debugging or building.",
  ],
  fixes: "none",
  sources: ["https://www.cisecurity.org/benchmark/docker"],
  examples: [],
  check: () => [],
});
