import { defineRule } from "./rule.ts";

export default defineRule({
  id: "ignore-without-reason",
  summary: "Say why a finding is ignored",
  level: { recommended: "off", strict: "note" },
  scope: "whole file",
  aliases: ["DL1001"],
  why: `An ignore outlives the moment in which everybody knew why it was right. Without a reason nobody dares to take it
away, and nobody notices when it no longer holds.

Write the reason behind two dashes: \`# docker-hygiene ignore=root-user -- the base drops privileges itself\`. With
\`require-reason: true\` in the configuration this is a warning.`,
  silent: ["formats that have no place for a reason, such as `# check=skip=`"],
  fixes: "none",
  examples: [
    {
      bad: "⟦# docker-hygiene ignore=root-user,latest-base-tag⟧\nUSER root\n",
      message: "The ignore of `root-user`, `latest-base-tag` gives no reason",
    },
    {
      title: "Comments of other linters",
      bad: "⟦# hadolint ignore=DL3008⟧\nRUN apt-get install -y curl\n⟦# checkov:skip=CKV_DOCKER_3⟧\n⟦# tally global ignore=DL3006⟧\n",
      message: "The ignore of `DL3008` gives no reason",
    },
    { good: "# docker-hygiene ignore=root-user -- the entrypoint drops privileges\nUSER root\n" },
    {
      title: "Reasons as other linters have them",
      good: "# hadolint ignore=DL3008 # pinned by the snapshot\nRUN true\n# checkov:skip=CKV_DOCKER_3: a base image\n# tally ignore=DL3006;reason=internal\n",
    },
    { title: "No place for a reason", good: "# check=skip=JSONArgsRecommended\nCMD a\n#trivy:ignore:DS-0002\n" },
  ],
  check: function* ({ ignores }) {
    const unexplained = ignores.filter(({ takesReason, reason }) => takesReason && reason === undefined);
    const comments = Map.groupBy(unexplained, ({ comment }) => comment.start);
    for (const same of comments.values()) {
      const [first] = same;
      const ids = same.map(({ id }) => `\`${id}\``).join(", ");
      if (first) yield { at: first.comment, message: `The ignore of ${ids} gives no reason` };
    }
  },
});
