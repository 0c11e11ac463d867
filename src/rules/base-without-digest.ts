import { imageUses } from "./knowledge/image-uses.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "base-without-digest",
  summary: "Pin external base images by digest next to their tag",
  level: { recommended: "off", strict: "note" },
  scope: "every stage",
  aliases: [],
  why: `A tag can be pushed again, by its owner or by whoever stole the account. A digest names the bytes: the engine
refuses anything else, and the same commit builds on the same base for ever.

Keep the tag for people and update bots, and put the digest of the index behind it:
\`debian:bookworm-slim@sha256:…\` (\`docker buildx imagetools inspect\` prints it). Without a bot that renews it, a pinned base
gets no security fixes: that is why this rule is off by default.`,
  silent: ["`scratch`, stages, build contexts that are given by name", "references with a variable"],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/best-practices/#pin-base-image-versions"],
  examples: [
    { bad: "FROM ⟦debian:bookworm-slim⟧", message: "`debian:bookworm-slim` is not pinned by a digest" },
    { bad: "FROM ⟦node:22⟧ AS build\nFROM build\nCOPY --from=⟦acme/tool:1⟧ /t /t" },
    {
      bad: "FROM debian:12@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\nRUN --mount=from=⟦ghcr.io/acme/x:2⟧,target=/x true",
    },
    { good: "FROM debian:12@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
    { good: "ARG BASE=debian:12\nFROM $BASE" },
    { good: "FROM scratch AS empty\nFROM empty" },
  ],
  check: function* (file) {
    for (const { at, text, reference, isLiteral } of imageUses(file)) {
      if (!isLiteral || reference === undefined || reference.digest !== undefined) continue;
      yield { at, message: `\`${text}\` is not pinned by a digest` };
    }
  },
});
