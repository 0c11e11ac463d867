import { deleteFlag } from "./knowledge/edits.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "redundant-platform-flag",
  summary: "Omit --platform=$TARGETPLATFORM, which is the default",
  level: { recommended: "note", strict: "note" },
  scope: "every stage",
  aliases: ["DL3065", "RedundantTargetPlatform"],
  why: `A stage is built for the platform that the build asks for unless told otherwise, so that
\`--platform=$TARGETPLATFORM\` says nothing. It makes readers look for a difference that is not there.`,
  silent: ["files that give TARGETPLATFORM a default of their own"],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/build-checks/redundant-target-platform/"],
  examples: [
    {
      bad: "FROM ⟦--platform=$TARGETPLATFORM⟧ debian:12",
      fixed: "FROM debian:12",
      message: "`--platform=$TARGETPLATFORM` is what a stage has anyway",
    },
    { bad: "FROM ⟦--platform=${TARGETPLATFORM}⟧ debian:12 AS a\nFROM a", fixed: "FROM debian:12 AS a\nFROM a" },
    { bad: "FROM debian:12 AS a\nFROM ⟦--platform=$TARGETPLATFORM⟧\ta", fixed: "FROM debian:12 AS a\nFROM a" },
    { good: "FROM --platform=$BUILDPLATFORM golang:1.27" },
    { good: "ARG TARGETPLATFORM=linux/amd64\nFROM --platform=$TARGETPLATFORM debian:12" },
    { good: "FROM --platform=${TARGETPLATFORM:-linux/amd64} debian:12" },
  ],
  check: function* (file) {
    const hasDefault = file.dockerfile.instructions.some(
      (instruction) =>
        instruction.keyword === "ARG" &&
        instruction.stageIndex === undefined &&
        instruction.assignments.some(({ key, value }) => key.text === "TARGETPLATFORM" && value !== undefined),
    );
    if (hasDefault) return;
    for (const { stage } of file.stages) {
      const flag = stage.from.flags.find(({ name }) => name === "platform");
      if (flag?.value === undefined || !/^\$(TARGETPLATFORM|\{TARGETPLATFORM\})$/.test(flag.value)) continue;
      yield {
        at: flag.span,
        message: `\`--platform=${flag.value}\` is what a stage has anyway`,
        fix: { title: "Delete the flag", safety: "safe", edits: [deleteFlag(file.text, flag)] },
      };
    }
  },
});
