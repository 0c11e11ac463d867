import type { Assignment, Instruction, Span, Word } from "../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { deleteInstruction } from "./knowledge/edits.ts";
import { unquoted } from "./knowledge/labels.ts";
import { withoutWords } from "./knowledge/word-deletion.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "repeated-declaration",
  summary: "Declare each key, label and port once per stage",
  level: { recommended: "note", strict: "note" },
  scope: "every stage",
  why: `Of two declarations of one ENV key or one label only the last counts, and a port that is exposed twice is exposed once. The other one is a trap for the next reader, who changes it and sees no effect.`,
  aliases: [],
  silent: [
    "The ENV is used between the two, or the second builds on the first (`PATH=/x:$PATH`).",
    "The same port with another protocol; ports from variables.",
    "ARG, and values that were inherited from an earlier stage.",
  ],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/dockerfile/#label", "https://docs.docker.com/reference/dockerfile/#env"],
  needs: { instructions: ["ENV", "LABEL", "EXPOSE"] },
  examples: [
    {
      bad: "ENV ⟦MODE⟧=a\nENV MODE=b\n",
      fixed: "ENV MODE=b\n",
      message: "`ENV MODE` has no effect: it is set again before anything uses it",
    },
    {
      title: "labels and ports",
      bad: `LABEL a=1 ⟦b⟧=2
EXPOSE 80 443
LABEL b=3
EXPOSE ⟦80/tcp⟧
`,
      fixed: `LABEL a=1
EXPOSE 80 443
LABEL b=3
`,
    },
    {
      title: "in one instruction",
      bad: "ENV ⟦A⟧=1 \\\n    ⟦B⟧=2 \\\n    # as upstream\n    B=4 \\\n    A=3\nEXPOSE 80 \\\n    ⟦80⟧\n",
      fixed: "ENV \\\n    # as upstream\n    B=4 \\\n    A=3\nEXPOSE 80\n",
    },
    {
      title: "all of an instruction",
      bad: "LABEL ⟦a⟧=1 \\\n      ⟦b⟧=2\nLABEL a=3 b=4\n",
      fixed: "LABEL a=3 b=4\n",
    },
    { good: "ENV PATH=/x:$PATH\nENV PATH=/y:$PATH\nLABEL a=1\nEXPOSE 53/tcp 53/udp\n" },
    {
      title: "used between",
      good: "ENV V=1\nLABEL v=$V\nENV V=2\nENV DEBIAN_FRONTEND=noninteractive\nRUN apt-get update && apt-get install -y git\nENV DEBIAN_FRONTEND=\n",
    },
    { title: "of another stage", good: "FROM debian:bookworm-slim AS base\nENV MODE=a\nFROM base\nENV MODE=b\n" },
    { title: "ARG, unknown ports", good: "ARG A=1\nARG A=2\nARG P\nEXPOSE $P $P\n" },
  ],
  check: function* (file) {
    for (const stage of file.stages) {
      yield* overwritten(file, stage);
      yield* repeatedPorts(file, stage);
    }
  },
});

const overwritten = function* (file: AuditedFile, stage: StageFacts): Iterable<Problem> {
  const labels = new Map<string, Declared>();
  const variables = new Map<string, Declared>();
  for (const at of stage.instructions) {
    dropUsed(variables, file.text, at);
    if (at.keyword !== "ENV" && at.keyword !== "LABEL") continue;
    const seen = at.keyword === "ENV" ? variables : labels;
    for (const assignment of at.assignments) {
      const key = `${at.keyword} ${unquoted(assignment.key.text)}`;
      const before = seen.get(key);
      if (before !== undefined && !key.includes("$")) {
        yield {
          at: before.assignment.key.span,
          message: `\`${key}\` has no effect: it is set again before anything uses it`,
          related: [{ at: assignment.key.span, message: "set again" }],
          ...deletion(file, before.at, before.assignment.span),
        };
      }
      seen.set(key, { at, assignment });
    }
  }
};

interface Declared {
  readonly at: Instruction;
  readonly assignment: Assignment;
}

/** What runs in between may read any variable; what only declares reads those that it names. */
const dropUsed = (variables: Map<string, Declared>, text: string, { keyword, span }: Instruction): void => {
  if (keyword !== "ENV" && keyword !== "LABEL" && keyword !== "EXPOSE") variables.clear();
  else if (variables.size > 0)
    for (const [, name = ""] of text.slice(span.start, span.end).matchAll(/\$\{?(\w+)/g))
      variables.delete(`ENV ${name}`);
};

const repeatedPorts = function* (file: AuditedFile, stage: StageFacts): Iterable<Problem> {
  const seen = new Map<string, Word>();
  for (const expose of stage.instructions) {
    if (expose.keyword !== "EXPOSE") continue;
    for (const port of expose.ports) {
      if (port.text.includes("$")) continue;
      const key = /\/\w+$/.test(port.text) ? port.text.toLowerCase() : `${port.text}/tcp`;
      const before = seen.get(key);
      if (before !== undefined)
        yield {
          at: port.span,
          message: `\`EXPOSE ${port.text}\` has no effect: the port is exposed already`,
          related: [{ at: before.span, message: "exposed here" }],
          ...deletion(file, expose, port.span),
        };
      seen.set(key, port);
    }
  }
};

/** Takes the declaration out of its instruction, or the instruction when it declares nothing else. */
const deletion = (file: AuditedFile, instruction: Instruction, declaration: Span): Pick<Problem, "fix"> => {
  const { keyword } = instruction;
  const count =
    keyword === "EXPOSE" ? instruction.ports.length : "assignments" in instruction ? instruction.assignments.length : 0;
  const edits =
    count === 1 ? [deleteInstruction(file.text, instruction)] : withoutWords(file, instruction, declaration);
  return edits === undefined ? {} : { fix: { title: "Delete the declaration without effect", safety: "safe", edits } };
};
