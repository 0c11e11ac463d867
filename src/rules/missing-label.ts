import { labelsInLineage } from "./knowledge/labels.ts";
import { isForDevelopers } from "./knowledge/stage-purpose.ts";
import { defineRule } from "./rule.ts";

const defaultLabels = ["title", "description", "source", "licenses"].map((name) => `org.opencontainers.image.${name}`);

export default defineRule({
  id: "missing-label",
  summary: "Describe shipped images with org.opencontainers.image labels",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  why: `An image travels without its repository. The labels of the OCI specification say what it is, where its source lies and under which licences it may be used; GitHub's packages link an image to its repository by \`org.opencontainers.image.source\`, and update bots find the release notes through it.

Write what is constant into a LABEL of the final stage. What changes with each build (created, revision, version) is better given by the workflow. If a workflow gives all of them, set the option \`labels\` to an empty list.`,
  aliases: ["DL3049"],
  silent: [
    "The label is set in the stage or in a stage that it is built FROM.",
    "The stage is named dev, development, test, debug, lint or the like, or is not a target of its own.",
    "A label key holds a variable, which may be any of them.",
  ],
  fixes: "none",
  options: [
    { name: "labels", summary: "Keys that every shipped image must have", type: "string[]", default: defaultLabels },
  ],
  sources: ["https://specs.opencontainers.org/image-spec/annotations/#pre-defined-annotation-keys"],
  examples: [
    {
      bad: 'FROM ⟦debian:bookworm-slim⟧\nCMD ["app"]\n',
      message:
        "The image built from `debian:bookworm-slim` has no label `org.opencontainers.image.title`, `description`, `source` or `licenses`",
    },
    {
      title: "the builder is not judged",
      bad: `FROM golang:1.25 AS build
RUN go build -o /app
FROM ⟦scratch⟧ AS production
COPY --from=build /app /app
LABEL org.opencontainers.image.title="app" org.opencontainers.image.description="An app"
LABEL org.opencontainers.image.licenses="MIT"
`,
      message: "The stage `production` has no label `org.opencontainers.image.source`",
    },
    {
      title: "labels of your own",
      options: { labels: ["team", "org.example.tier"] },
      bad: 'FROM ⟦debian:bookworm-slim⟧\nLABEL team="infra"\n',
      message: "The image built from `debian:bookworm-slim` has no label `org.example.tier`",
    },
    {
      good: `LABEL org.opencontainers.image.title="app" \\
      org.opencontainers.image.description="An app" \\
      org.opencontainers.image.source="https://example.org/app" \\
      org.opencontainers.image.licenses="MIT"
`,
    },
    {
      title: "inherited, and a debug stage",
      good: `FROM debian:bookworm-slim AS base
LABEL "org.opencontainers.image.title"="app" org.opencontainers.image.description="An app"
LABEL org.opencontainers.image.source="https://example.org/app" org.opencontainers.image.licenses="MIT"
FROM base AS production
USER 1000
FROM debian:bookworm-slim AS debug
RUN id
FROM production
`,
    },
    {
      title: "unknown key",
      good: `ARG PREFIX
LABEL \${PREFIX}.title="app"
`,
    },
    { title: "given by the workflow", options: { labels: [] }, good: 'CMD ["app"]\n' },
  ],
  check: function* (file, options) {
    if (file.isBroken) return;
    const required = Array.isArray(options.labels) ? options.labels.map(String) : defaultLabels;
    for (const stage of file.targetStages) {
      if (isForDevelopers(file, stage)) continue;
      const keys = labelsInLineage(stage).map(({ key }) => key);
      if (keys.some((key) => key.includes("$"))) continue;
      const missing = required.filter((key) => !keys.includes(key));
      if (missing.length === 0) continue;
      const { image, alias } = stage.stage.from;
      const who = alias === undefined ? `The image built from \`${image.text}\`` : `The stage \`${alias.text}\``;
      yield { at: image.span, message: `${who} has no label ${listed(missing)}` };
    }
  },
});

/** The common prefix is written once. */
const listed = (keys: readonly string[]): string => {
  const prefix = "org.opencontainers.image.";
  const isShort = keys.every((key) => key.startsWith(prefix));
  const names = keys.map((key, index) => `\`${isShort && index > 0 ? key.slice(prefix.length) : key}\``);
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
};
