import type { StageFacts } from "./audited-file.ts";
import { ownLabels, unquoted } from "./knowledge/labels.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "stale-base-label",
  summary: "Keep base.name and base.digest labels true to FROM",
  level: { recommended: "warning", strict: "warning" },
  scope: "shipped stages",
  why: `\`org.opencontainers.image.base.name\` and \`base.digest\` tell scanners and update bots which image this one is built on. When FROM was raised and the label was not, they compare with the wrong base, and a fix of the real one goes unnoticed.

Write the label with the same reference as FROM, or with the same ARG, or let the build add it: buildx records the base in the provenance anyway.`,
  aliases: [],
  silent: [
    "Values with variables.",
    "The stage is built FROM scratch or from a base that is not known.",
    "The file has no such label.",
  ],
  fixes: "unsafe",
  sources: ["https://specs.opencontainers.org/image-spec/annotations/#pre-defined-annotation-keys"],
  needs: { instructions: ["LABEL"] },
  examples: [
    {
      bad: `FROM debian:bookworm-slim
LABEL org.opencontainers.image.base.name=⟦"docker.io/library/debian:bullseye-slim"⟧
`,
      fixed: `FROM debian:bookworm-slim
LABEL org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim"
`,
      message:
        "The label says `docker.io/library/debian:bullseye-slim`, and the image is built FROM `debian:bookworm-slim`",
    },
    {
      title: "the digest",
      bad: `FROM ghcr.io/team/base:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
LABEL org.opencontainers.image.base.digest=⟦sha256:ffff456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef⟧
`,
      fixed: `FROM ghcr.io/team/base:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
LABEL org.opencontainers.image.base.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
`,
    },
    {
      title: "along the chain",
      bad: `FROM alpine:3.22 AS base
FROM base
LABEL org.opencontainers.image.base.name=⟦alpine:3.20⟧
`,
      fixed: `FROM alpine:3.22 AS base
FROM base
LABEL org.opencontainers.image.base.name=docker.io/library/alpine:3.22
`,
    },
    {
      good: 'FROM debian:bookworm-slim\nLABEL org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim"\n',
    },
    {
      title: "short names, and a digest beside the tag",
      good: "FROM alpine:3.22@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\nLABEL org.opencontainers.image.base.name=alpine:3.22\n",
    },
    {
      title: "a variable, and no digest to compare with",
      good: "ARG BASE=alpine:3.22\nFROM $BASE\nARG BASE\nLABEL org.opencontainers.image.base.name=$BASE org.opencontainers.image.base.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
    },
  ],
  check: function* (file) {
    for (const stage of file.shippedStages) {
      const base = baseOf(stage);
      if (base === undefined) continue;
      for (const { key, assignment } of ownLabels(stage)) {
        const { value } = assignment;
        if (value === undefined || value.text.includes("$")) continue;
        const said = unquoted(value.text);
        const isName = key === "org.opencontainers.image.base.name";
        const right = isName ? base.name : key === "org.opencontainers.image.base.digest" ? base.digest : undefined;
        if (right === undefined || said === "" || (isName ? spelledOut(said) === right : said === right)) continue;
        yield {
          at: value.span,
          message: `The label says \`${said}\`, and the image is built FROM \`${base.text}\``,
          related: [{ at: base.at, message: "the base" }],
          fix: {
            title: `Write ${right}`,
            safety: "unsafe",
            edits: [{ span: value.span, text: value.text.replace(said, () => right) }],
          },
        };
      }
    }
  },
});

const baseOf = (stage: StageFacts) => {
  const last = stage.lineage.at(-1);
  const { rootBase } = stage;
  if (rootBase.kind !== "image" || rootBase.reference === undefined || last === undefined) return undefined;
  const { registry, repository, tag, digest } = rootBase.reference;
  return {
    name: spelledOut(`${registry}/${repository}${tag === undefined ? "" : `:${tag}`}`),
    digest,
    text: rootBase.text,
    at: last.stage.from.image.span,
  };
};

/** With registry, `library/` and tag, without the digest. */
const spelledOut = (reference: string): string => {
  const name = reference.replace(/@.*/s, "");
  const [first = ""] = name.split("/");
  const withRegistry = name.includes("/") && /[.:]|^localhost$/.test(first) ? name : `docker.io/${name}`;
  const full = withRegistry.replace(/^docker\.io\/(?!.*\/)/, "docker.io/library/");
  return /:./s.test(full.slice(full.lastIndexOf("/"))) ? full : `${full}:latest`;
};
