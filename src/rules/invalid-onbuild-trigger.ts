import { defineRule } from "./rule.ts";

export default defineRule({
  id: "invalid-onbuild-trigger",
  summary: "Trigger only instructions that ONBUILD allows",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  why: `ONBUILD keeps an instruction for the images that are built on this one. FROM and MAINTAINER make no sense there, and
ONBUILD itself would reach the grandchildren: BuildKit refuses all three.`,
  aliases: ["DL3043", "408460f2"],
  silent: ["Valid triggers; what they refer to is a matter of the image that is built on this one."],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/dockerfile/#onbuild"],
  examples: [
    {
      bad: "FROM alpine:3.20\nONBUILD ⟦FROM⟧ debian:12\n",
      message: "ONBUILD cannot trigger FROM",
    },
    { title: "itself", bad: "FROM alpine:3.20\nONBUILD ⟦ONBUILD⟧ RUN make\n" },
    { title: "in lower case and over lines", bad: "FROM alpine:3.20\nonbuild \\\n  ⟦maintainer⟧ someone\n" },
    { good: "FROM alpine:3.20\nONBUILD RUN make\n" },
    { title: "a stage of the child", good: "FROM alpine:3.20\nONBUILD COPY --from=build /a /a\n" },
    { title: "a command of that name", good: "FROM alpine:3.20\nONBUILD RUN onbuild from maintainer\n" },
  ],
  check: function* (file) {
    for (const { kind, span, message } of file.dockerfile.problems) {
      if (kind === "trigger") yield { at: span, message };
    }
  },
});
