import { withoutCredentials } from "./knowledge/credential-formats.ts";
import { ownLabels, unquoted } from "./knowledge/labels.ts";
import { isLicenseExpression } from "./knowledge/licenses.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "invalid-label-value",
  summary: "Give org.opencontainers.image labels values of their type",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `Tools read these labels by type: \`created\` as a date of RFC 3339, \`url\`, \`source\` and \`documentation\` as URLs, \`licenses\` as an SPDX expression, \`base.digest\` as a digest. A value of another form is shown as broken or not at all, and a source that is no URL links to nothing.`,
  aliases: ["DL3051", "DL3052", "DL3053", "DL3054", "DL3055", "DL3056", "DL3058"],
  silent: [
    "Values with variables, and keys whose value may be any text.",
    "An empty value, which clears an inherited label, where the key is set before in the chain.",
  ],
  fixes: "none",
  sources: [
    "https://specs.opencontainers.org/image-spec/annotations/#pre-defined-annotation-keys",
    "https://spdx.org/licenses/",
  ],
  needs: { instructions: ["LABEL"] },
  examples: [
    {
      bad: 'LABEL org.opencontainers.image.source=⟦"team/app"⟧\n',
      message: "`team/app` is not a URL, which `org.opencontainers.image.source` has to be",
    },
    {
      title: "dates, licences, digests",
      bad: `LABEL org.opencontainers.image.created=⟦"24.12.2025"⟧ \\
      org.opencontainers.image.licenses=⟦"Apache License 2.0"⟧ \\
      org.opencontainers.image.base.digest=⟦latest⟧
`,
    },
    {
      title: "empty",
      bad: 'LABEL org.opencontainers.image.documentation=⟦""⟧\n',
      message: "`org.opencontainers.image.documentation` is empty",
    },
    {
      good: `LABEL org.opencontainers.image.created="2025-12-24T18:00:00Z" \\
      org.opencontainers.image.url=https://example.org/app \\
      org.opencontainers.image.source="git@github.com:team/app.git" \\
      org.opencontainers.image.licenses="MIT AND (Apache-2.0 OR GPL-2.0-or-later WITH Classpath-exception-2.0)"
`,
    },
    {
      title: "variables and free text",
      good: "ARG DATE\nLABEL org.opencontainers.image.created=$DATE org.opencontainers.image.version=next org.opencontainers.image.title=My\\ app\n",
    },
    {
      title: "cleared",
      good: 'LABEL org.opencontainers.image.url=https://example.org\nLABEL org.opencontainers.image.url=""\n',
    },
    { title: "a licence of its own", good: "LABEL org.opencontainers.image.licenses=LicenseRef-Example\n" },
  ],
  check: function* (file) {
    for (const stage of file.stages) {
      const before = new Set<string>(
        stage.lineage
          .slice(1)
          .flatMap(ownLabels)
          .map(({ key }) => key),
      );
      for (const { key, assignment } of ownLabels(stage)) {
        const type = key.startsWith(prefix) ? types.get(key.slice(prefix.length)) : undefined;
        const wasSet = before.has(key);
        before.add(key);
        const { value } = assignment;
        if (type === undefined || value === undefined) continue;
        const text = unquoted(value.text);
        if (text.includes("$") || (text === "" && wasSet)) continue;
        if (text === "") yield { at: value.span, message: `\`${key}\` is empty` };
        else if (!type.accepts(text))
          yield {
            at: value.span,
            message: `\`${withoutCredentials(text)}\` is not ${type.what}, which \`${key}\` has to be`,
          };
      }
    }
  },
});

const prefix = "org.opencontainers.image.";

interface ValueType {
  readonly what: string;
  readonly accepts: (text: string) => boolean;
}

const url: ValueType = {
  what: "a URL",
  accepts: (text) => /^([a-z][a-z0-9+.-]*:\/\/[^\s/]\S*|[\w.-]+@[\w.-]+:\S+|mailto:\S+)$/i.test(text),
};

const types: ReadonlyMap<string, ValueType> = new Map([
  ["url", url],
  ["source", url],
  ["documentation", url],
  [
    "created",
    {
      what: "a date of RFC 3339",
      accepts: (text: string) =>
        /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(text) &&
        !Number.isNaN(Date.parse(text)),
    },
  ],
  ["licenses", { what: "an SPDX expression", accepts: isLicenseExpression }],
  [
    "base.digest",
    { what: "a digest", accepts: (text: string) => /^[a-z0-9]+([+._-][a-z0-9]+)*:[\w=-]{32,}$/.test(text) },
  ],
]);
