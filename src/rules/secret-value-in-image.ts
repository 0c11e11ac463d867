import { defineRule } from "./rule.ts";

export default defineRule({
  id: "secret-value-in-image",
  summary: "Ship no secret of the build in any layer or config",
  level: { recommended: "error", strict: "error" },
  scope: "built image",
  why: `Every layer, name, link, history entry, label and attestation of the image is searched for the values of the secrets that the build was given, as they are and encoded (base64, hex, URL, JSON, packed in archives). Whoever can pull the image can read what is found: a file that a later layer deletes is still in the layer below.

Revoke the secret, since it has left the build. Then let the command read it from \`RUN --mount=type=secret\` without writing it to a file, an argument or an address that is kept.`,
  aliases: [],
  silent: [
    "Secrets shorter than 8 characters and common words, which would be found by chance: the report says which.",
    "Neither the value nor its position in a file is ever shown.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/secrets/"],
  examples: [],
  check: () => [],
});
