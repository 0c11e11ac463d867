import { ownLabels } from "./knowledge/labels.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "invalid-label-key",
  summary: "Write label keys in reverse-DNS form outside reserved namespaces",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `Labels of all tools and all layers share one table. Docker's guidelines therefore ask for keys in reverse-DNS form (\`org.example.tier\`), of lower-case letters, digits, dots and single dashes or underscores, and reserve \`com.docker\`, \`io.docker\` and \`org.dockerproject\` for Docker itself.

A misspelt key of \`org.opencontainers.image\` is a label that no tool will ever read.`,
  aliases: ["DL3048"],
  silent: [
    "Short keys without a dot (`maintainer`, `version`), which are allowed for own use.",
    "Upper case behind the first two parts of a foreign namespace; keys with variables.",
    "`com.docker.extension`, `com.docker.desktop` and the labels that Docker's own programs read.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/engine/manage-resources/labels/#key-format-recommendations"],
  needs: { instructions: ["LABEL"] },
  examples: [
    {
      bad: 'LABEL ⟦org.opencontainers.image.licence⟧="MIT"\n',
      message: "`org.opencontainers.image.licence` is no key of the OCI specification",
    },
    { title: "characters and dots", bad: 'LABEL ⟦"my label"⟧=1 ⟦org..example⟧=2 ⟦.hidden⟧=3 ⟦org.example.a--b⟧=4\n' },
    {
      title: "reserved",
      bad: "LABEL ⟦com.docker.team⟧=infra ⟦org.dockerproject.x⟧=1\n",
      message: "`com.docker.team` lies in a namespace that is reserved for Docker",
    },
    { good: 'LABEL org.opencontainers.image.licenses="MIT" org.example.tier=web\n' },
    { title: "short keys", good: "LABEL maintainer=me version=1 release_date=today\n" },
    {
      title: "foreign namespaces, variables, Docker's own",
      good: `ARG NS
LABEL com.example.buildId=7 \${NS}.x=1 com.docker.extension.screenshots=x io.k8s.display-name=a
`,
    },
  ],
  check: function* (file) {
    for (const stage of file.stages)
      for (const { key, assignment } of ownLabels(stage)) {
        const fault = key.includes("$") ? undefined : faultOf(key);
        if (fault !== undefined) yield { at: assignment.key.span, message: `\`${key}\` ${fault}` };
      }
  },
});

const faultOf = (key: string): string | undefined => {
  if (key.startsWith("org.opencontainers.image.") && !ociKeys.has(key.slice("org.opencontainers.image.".length)))
    return "is no key of the OCI specification";
  const isOfDocker =
    /^com\.docker\.(extension|desktop|official-images|compose|image|dtr|ucp|lifecycle|stack|swarm)\b/.test(key);
  if (/^(com\.docker|io\.docker|org\.dockerproject)\./.test(key) && !isOfDocker)
    return "lies in a namespace that is reserved for Docker";
  if (/[^A-Za-z0-9._/-]/.test(key)) return "holds a character that label keys do not have";
  if (!key.includes(".")) return undefined;
  if (/^[^a-zA-Z0-9]|[^a-zA-Z0-9]$/.test(key)) return "does not begin and end with a letter or a digit";
  return /\.\.|--/.test(key) ? "has two dots or dashes in a row" : undefined;
};

/** https://specs.opencontainers.org/image-spec/annotations/#pre-defined-annotation-keys */
const ociKeys: ReadonlySet<string> = new Set(
  "created authors url documentation source version revision vendor licenses ref.name title description base.digest base.name".split(
    " ",
  ),
);
