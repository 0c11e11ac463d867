import type { Comment } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import { lineBreakOf } from "./knowledge/script-edits.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "misread-description",
  summary: "Begin the comment above a stage or an argument with its name",
  level: { recommended: "off", strict: "off" },
  scope: "whole file",
  aliases: ["InvalidDefinitionDescription"],
  why: `\`docker build --call=outline\` shows the comment right above an ARG or a named stage as its description, when it
begins with the name: \`# VERSION of the compiler\`. Other comments are left out there. Where people find their way by that
outline, begin with the name, or leave a blank line below a comment that is about something else.`,
  silent: ["comments that speak to a program: `# hadolint ignore=…`, `# renovate: …`", "stages without a name"],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/build-checks/invalid-definition-description/"],
  examples: [
    {
      bad: "⟦# of the compiler⟧\nARG VERSION=1\nFROM debian:$VERSION\n",
      fixed: "# of the compiler\n\nARG VERSION=1\nFROM debian:$VERSION\n",
      message: "The comment is no description of `VERSION`, because it does not begin with the name",
    },
    {
      bad: "# The first line\r\n⟦# and the last⟧\r\nFROM debian:12 AS Build\r\n",
      fixed: "# The first line\r\n# and the last\r\n\r\nFROM debian:12 AS Build\r\n",
    },
    { good: "# VERSION of the compiler\nARG VERSION=1\n# build makes it all\nFROM debian:$VERSION AS build\n" },
    { good: "# about the file\n\nARG VERSION=1\n# for all\nFROM debian:12\n" },
    { good: "# hadolint ignore=DL3006\nFROM debian AS build\n# renovate: datasource=docker\nARG VERSION=1\n" },
  ],
  check: function* (file) {
    if (file.dockerfile.comments.length === 0) return;
    const comments = new Map(file.dockerfile.comments.map((comment) => [lineEnd(file, comment), comment]));
    for (const instruction of file.dockerfile.instructions) {
      const names = namesOf(instruction);
      const start = file.text.lastIndexOf("\n", instruction.span.start - 1) + 1;
      const comment = names.length === 0 ? undefined : comments.get(start);
      const [first = ""] = comment?.text.split(" ") ?? [];
      if (comment === undefined || names.includes(first) || forPrograms.test(comment.text)) continue;
      yield {
        at: comment.span,
        message: `The comment is no description of \`${names[0]}\`, because it does not begin with the name`,
        fix: {
          title: "Leave a blank line below the comment",
          safety: "safe",
          edits: [{ span: { start, end: start }, text: lineBreakOf(file) }],
        },
      };
    }
  },
});

const namesOf = (instruction: AuditedFile["dockerfile"]["instructions"][number]): readonly string[] => {
  if (instruction.keyword === "ARG") return instruction.assignments.map(({ key }) => key.text);
  return instruction.keyword === "FROM" && instruction.alias !== undefined
    ? [instruction.alias.text.toLowerCase()]
    : [];
};

/** Where the line behind the comment begins. */
const lineEnd = ({ text }: AuditedFile, { span }: Comment): number => {
  const lineBreak = text.indexOf("\n", span.end);
  return lineBreak < 0 ? text.length : lineBreak + 1;
};

const forPrograms =
  /^(docker-hygiene|hadolint|trivy|checkov|kics|kics-scan|renovate|shellcheck|syntax|check|escape|tally|dockerfile-)\b/i;
