import type { Dockerfile, MaintainerInstruction } from "../dockerfile/model.ts";
import type { StageFacts } from "./audited-file.ts";
import { deleteInstruction } from "./knowledge/edits.ts";
import { ownLabels, quoteValue } from "./knowledge/labels.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "deprecated-maintainer",
  summary: "Name authors in a label instead of MAINTAINER",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `MAINTAINER has been deprecated since Docker 1.13 and sets a field of the image that no tool shows any more. The label \`org.opencontainers.image.authors\` says the same, is listed by \`docker inspect\` and registries, and can be inherited, searched and overridden like any other label.`,
  aliases: ["DL4000", "MaintainerDeprecated", "DS-0022", "CKV_DOCKER_6", "99614418"],
  fixes: "safe",
  sources: [
    "https://docs.docker.com/reference/dockerfile/#maintainer-deprecated",
    "https://docs.docker.com/reference/build-checks/maintainer-deprecated/",
  ],
  needs: { instructions: ["MAINTAINER"] },
  examples: [
    {
      bad: "⟦MAINTAINER⟧ Jane Doe <jane@example.org>\n",
      fixed: 'LABEL org.opencontainers.image.authors="Jane Doe <jane@example.org>"\n',
      message: "MAINTAINER is deprecated: the label `org.opencontainers.image.authors` replaces it",
    },
    {
      title: "quotes and variables are kept as they are",
      bad: '⟦maintainer⟧ "Jane \\"JD\\" Doe" $team\n',
      fixed: 'LABEL org.opencontainers.image.authors="\\"Jane \\\\\\"JD\\\\\\" Doe\\" \\$team"\n',
    },
    {
      title: "the label is there already",
      bad: `LABEL org.opencontainers.image.authors="jane@example.org"
⟦MAINTAINER⟧ jane@example.org
USER 1000
`,
      fixed: `LABEL org.opencontainers.image.authors="jane@example.org"
USER 1000
`,
    },
    { good: 'LABEL org.opencontainers.image.authors="jane@example.org"\n' },
    { good: 'LABEL maintainer="jane@example.org"\n' },
    { title: "not an instruction", good: "# MAINTAINER jane@example.org\nRUN echo MAINTAINER\n" },
  ],
  check: function* (file) {
    for (const stage of file.stages)
      for (const instruction of stage.instructions) {
        if (instruction.keyword !== "MAINTAINER") continue;
        yield {
          at: instruction.keywordSpan,
          message: "MAINTAINER is deprecated: the label `org.opencontainers.image.authors` replaces it",
          fix: fixOf(file.dockerfile, stage, instruction),
        };
      }
  },
});

const authors = "org.opencontainers.image.authors";

const fixOf = (dockerfile: Dockerfile, stage: StageFacts, instruction: MaintainerInstruction): Fix => {
  if (ownLabels(stage).some(({ key }) => key === authors))
    return {
      title: `Delete MAINTAINER: the label ${authors} is set`,
      safety: "safe",
      edits: [deleteInstruction(dockerfile.text, instruction)],
    };
  const value = quoteValue(instruction.author.text, dockerfile.escape);
  return {
    title: `Write LABEL ${authors} in place of MAINTAINER`,
    safety: "safe",
    edits: [{ span: instruction.span, text: `LABEL ${authors}=${value}` }],
  };
};
