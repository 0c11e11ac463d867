import type { Assignment, EnvInstruction } from "../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "persistent-debian-frontend",
  summary: "Set DEBIAN_FRONTEND for the build only",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  why: `ENV is part of the image: every container, every shell that somebody opens in one and every image built on top
inherits \`DEBIAN_FRONTEND=noninteractive\`, so that packages silently take their defaults there too.

ARG has the same effect on the RUN instructions behind it and ends with the build.`,
  aliases: [],
  silent: [
    "ARG, and a value inside of RUN.",
    "A later ENV empties it again, or sets a frontend that asks (`dialog`).",
    "The stage does not ship.",
  ],
  fixes: "safe",
  sources: ["https://manpages.debian.org/bookworm/debconf-doc/debconf.7.en.html"],
  needs: { instructions: ["ENV"] },
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nENV ⟦DEBIAN_FRONTEND=noninteractive⟧\nRUN apt-get update\n",
      fixed: "FROM debian:bookworm-slim\nARG DEBIAN_FRONTEND=noninteractive\nRUN apt-get update\n",
      message: "ENV sets `DEBIAN_FRONTEND` in every container of this image too",
    },
    {
      title: "the old form",
      bad: "FROM ubuntu:24.04\nenv ⟦DEBIAN_FRONTEND noninteractive⟧\n",
      fixed: "FROM ubuntu:24.04\narg DEBIAN_FRONTEND=noninteractive\n",
    },
    {
      title: "beside others",
      bad: "FROM ubuntu:24.04\nENV LANG=C.UTF-8 \\\n    ⟦DEBIAN_FRONTEND=noninteractive⟧\n",
    },
    {
      title: "a stage that others are built on",
      bad: "FROM ubuntu:24.04 AS base\nENV ⟦DEBIAN_FRONTEND=noninteractive⟧\nFROM base\nRUN apt-get update\n",
    },
    { good: "FROM debian:12\nARG DEBIAN_FRONTEND=noninteractive\nRUN apt-get update\n" },
    { title: "inside of RUN", good: "FROM debian:12\nRUN DEBIAN_FRONTEND=noninteractive apt-get install -y git\n" },
    {
      title: "emptied",
      good: "FROM debian:12\nENV DEBIAN_FRONTEND=noninteractive\nRUN apt-get update\nENV DEBIAN_FRONTEND=\n",
    },
    {
      title: "set back",
      good: "FROM debian:12 AS base\nENV DEBIAN_FRONTEND=noninteractive\nFROM base\nRUN apt-get update\nENV DEBIAN_FRONTEND=dialog\n",
    },
    {
      title: "a stage that does not ship",
      good: "FROM debian:12 AS build\nENV DEBIAN_FRONTEND=noninteractive\nFROM debian:12\nCOPY --from=build /a /a\n",
    },
  ],
  check: function* (file) {
    for (const stage of file.shippedStages) {
      if (isSetBack(file, stage)) continue;
      for (const instruction of stage.instructions) {
        if (instruction.keyword !== "ENV") continue;
        for (const assignment of instruction.assignments) {
          if (assignment.key.text !== variable || asks(assignment.value?.text)) continue;
          const message = `ENV sets \`${variable}\` in every container of this image too`;
          const fix = toArg(file, stage, instruction, assignment);
          yield fix === undefined ? { at: assignment.span, message } : { at: assignment.span, message, fix };
        }
      }
    }
  },
});

const variable = "DEBIAN_FRONTEND";

/** Empty stands for the default of debconf, `dialog`. */
const asks = (value = ""): boolean => /^(["']?)(dialog|readline|teletype|editor|text|gnome|kde|web)?\1$/i.test(value);

/** Whether each image that holds the stage has a frontend at its end that asks. */
const isSetBack = (file: AuditedFile, stage: StageFacts): boolean =>
  file.targetStages
    .filter((target) => target.lineage.includes(stage))
    .every((target) => {
      const value = target.environment.get(variable);
      return value !== undefined && asks(value);
    });

const toArg = (
  file: AuditedFile,
  stage: StageFacts,
  instruction: EnvInstruction,
  assignment: Assignment,
): Fix | undefined => {
  const isBase = file.stages.some((other) => other !== stage && other.lineage.includes(stage));
  const isOnly = stage.lineage.every(({ instructions }) =>
    instructions.every(
      (other) =>
        other === instruction || other.keyword !== "ENV" || other.assignments.every(({ key }) => key.text !== variable),
    ),
  );
  if (isBase || !isOnly || instruction.assignments.length !== 1 || assignment.value === undefined) return undefined;
  if (/\s/.test(assignment.value.text)) return undefined;
  const keyword = file.text.slice(instruction.keywordSpan.start, instruction.keywordSpan.end);
  return {
    title: "Write ARG in place of ENV",
    safety: "safe",
    edits: [
      { span: instruction.keywordSpan, text: keyword === keyword.toLowerCase() ? "arg" : "ARG" },
      { span: { start: assignment.key.span.end, end: assignment.value.span.start }, text: "=" },
    ],
  };
};
