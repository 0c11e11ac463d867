import type { ImageReference } from "../dockerfile/image-reference.ts";
import { matchesWildcards } from "../dockerfile/wildcards.ts";
import { imageUses } from "./knowledge/image-uses.ts";
import { withoutEndSlashes } from "./knowledge/paths.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "untrusted-base-registry",
  summary: "Take base images from the allowed registries only",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  aliases: ["DL3026", "d0b535a2"],
  why: `Whoever can push a base image decides what runs in everything built on it. A company that mirrors or signs its
bases wants no other source to slip in, and a misspelt name on a public registry is a known attack.

Set the option \`registries\` to what is allowed, as hosts (\`ghcr.io\`), with a path (\`docker.io/library\`, \`ghcr.io/acme\`), or
with \`*\` for a part of it (\`*.dkr.ecr.eu-west-1.amazonaws.com\`). Without the option the rule does nothing.`,
  silent: [
    "everything, until the option `registries` is set",
    "stages, `scratch`, build contexts that are given by name, and variables without a default",
  ],
  fixes: "none",
  options: [
    {
      name: "registries",
      summary:
        "Registries that are allowed, with or without a path: `ghcr.io`, `docker.io/library`, `*.example.com/base`",
      type: "string[]",
      default: [],
    },
  ],
  examples: [
    {
      options: { registries: ["ghcr.io/acme"] },
      bad: "FROM ⟦debian:12⟧",
      message: "`docker.io/library/debian` is none of the allowed registries (`ghcr.io/acme`)",
    },
    {
      options: { registries: ["docker.io/library", "*.example.com"] },
      bad: "FROM debian:12 AS a\nFROM ⟦acme/debian:12⟧ AS b\nFROM r.example.com/x:1\nCOPY --from=⟦quay.io/x/y:1⟧ /y /y",
    },
    { options: { registries: ["ghcr.io/acme"] }, bad: "FROM ⟦ghcr.io/acme-evil/app:1⟧" },
    { title: "Nothing is set", good: "FROM quay.io/x/y:1" },
    {
      options: { registries: ["docker.io"] },
      good: "FROM debian:12 AS a\nFROM a\nCOPY --from=index.docker.io/x/y:1 /y /y",
    },
    { options: { registries: ["ghcr.io"] }, good: "ARG BASE\nFROM $BASE\nFROM scratch" },
  ],
  check: function* (file, options) {
    const allowed = Array.isArray(options.registries) ? options.registries.map(String) : [];
    if (allowed.length === 0) return;
    for (const { at, reference } of imageUses(file)) {
      if (reference === undefined || allowed.some((entry) => isWithin(reference, entry))) continue;
      const shown = allowed.map((entry) => `\`${entry}\``).join(", ");
      yield {
        at,
        message: `\`${reference.registry}/${reference.repository}\` is none of the allowed registries (${shown})`,
      };
    }
  },
});

const isWithin = (reference: ImageReference, entry: string): boolean => {
  const wanted = withoutEndSlashes(entry.replace(/^https?:\/\//, "")).split("/");
  const actual = [reference.registry, ...reference.repository.split("/")];
  return (
    wanted.length <= actual.length &&
    wanted.every((part, at) => matchesWildcards(part.toLowerCase(), actual[at]?.toLowerCase() ?? ""))
  );
};
