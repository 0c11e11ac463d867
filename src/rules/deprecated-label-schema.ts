import { labelSchemaSuccessors, labelsInLineage, ownLabels } from "./knowledge/labels.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "deprecated-label-schema",
  summary: "Use org.opencontainers.image in place of org.label-schema",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `The labels of label-schema.org were given up in 2019 in favour of the annotations of the OCI image specification. Registries, update bots and GitHub's packages read \`org.opencontainers.image.source\` and its neighbours only, so an image with the old keys has no source link, no revision and no licence there.

The specification maps the old keys to the new ones: name becomes title, vcs-url source, vcs-ref revision, build-date created, usage documentation; url, version, vendor and description keep their names.`,
  aliases: [],
  silent: ["`org.label-schema.schema-version` beside labels of the OCI set."],
  fixes: "safe",
  sources: ["https://specs.opencontainers.org/image-spec/annotations/#back-compatibility-with-label-schema"],
  needs: { instructions: ["LABEL"] },
  examples: [
    {
      bad: 'LABEL ⟦org.label-schema.vcs-url⟧="https://example.org/app"\n',
      fixed: 'LABEL org.opencontainers.image.source="https://example.org/app"\n',
      message: "`org.label-schema.vcs-url` is deprecated: `org.opencontainers.image.source` replaces it",
    },
    {
      title: "quoted keys, several in one instruction",
      bad: `ARG DATE
LABEL ⟦"org.label-schema.name"⟧="app" \\
      # when
      ⟦org.label-schema.build-date⟧=$DATE \\
      ⟦org.label-schema.docker.cmd⟧="docker run app"
`,
      fixed: `ARG DATE
LABEL "org.opencontainers.image.title"="app" \\
      # when
      org.opencontainers.image.created=$DATE \\
      org.label-schema.docker.cmd="docker run app"
`,
    },
    {
      title: "the new key is set as well",
      bad: `LABEL org.opencontainers.image.version="1.2"
LABEL ⟦org.label-schema.version⟧="1.2"
`,
      fixed: `LABEL org.opencontainers.image.version="1.2"
LABEL org.label-schema.version="1.2"
`,
    },
    { good: 'LABEL org.opencontainers.image.title="app"\n' },
    {
      title: "the version of the old schema beside the new set",
      good: 'LABEL org.opencontainers.image.title="app" org.label-schema.schema-version="1.0"\n',
    },
    { title: "another namespace", good: 'LABEL org.label-schemas.name="app"\n' },
  ],
  check: function* (file) {
    for (const stage of file.stages) {
      const known = new Set(labelsInLineage(stage).map(({ key }) => key));
      const hasNewSet = [...known].some((key) => key.startsWith("org.opencontainers.image."));
      for (const { key, assignment } of ownLabels(stage)) {
        if (!key.startsWith("org.label-schema.")) continue;
        const name = key.slice("org.label-schema.".length);
        if (name === "schema-version" && hasNewSet) continue;
        const successor = labelSchemaSuccessors.get(name);
        if (successor === undefined) {
          yield {
            at: assignment.key.span,
            message: `\`${key}\` is deprecated and has no successor in \`org.opencontainers.image\``,
          };
          continue;
        }
        const replacement = `org.opencontainers.image.${successor}`;
        const isFixable = !known.has(replacement);
        known.add(replacement);
        yield {
          at: assignment.key.span,
          message: `\`${key}\` is deprecated: \`${replacement}\` replaces it`,
          ...(isFixable
            ? {
                fix: {
                  title: `Write ${replacement} in place of ${key}`,
                  safety: "safe",
                  edits: [{ span: assignment.key.span, text: assignment.key.text.replace(key, replacement) }],
                },
              }
            : {}),
        };
      }
    }
  },
});
