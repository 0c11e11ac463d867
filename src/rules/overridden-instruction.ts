import type { Instruction } from "../dockerfile/model.ts";
import { deleteInstruction } from "./knowledge/edits.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "overridden-instruction",
  summary: "Keep one CMD, ENTRYPOINT and HEALTHCHECK per stage",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  aliases: [
    "DL3012",
    "DL4003",
    "DL4004",
    "MultipleInstructionsDisallowed",
    "DS-0007",
    "DS-0016",
    "DS-0023",
    "1c2d47bd",
    "41c195f4",
    "6938958b",
  ],
  why: `Only the last CMD, ENTRYPOINT and HEALTHCHECK of a stage count. An earlier one does nothing, yet reads as if it
did: whoever edits it wonders why the container still starts something else. Two services need two images, or an
entrypoint that starts both.`,
  silent: ["the same instruction in different stages, and ONBUILD"],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/"],
  needs: { instructions: ["CMD", "ENTRYPOINT", "HEALTHCHECK"] },
  examples: [
    {
      bad: 'FROM debian:12\n⟦CMD⟧ ["a"]\nCMD ["b"]',
      fixed: 'FROM debian:12\nCMD ["b"]',
      message: "This CMD does nothing, because another one follows in the same stage",
    },
    {
      bad: 'FROM debian:12\n⟦ENTRYPOINT⟧ ["a", \\\n  "b"]\n⟦ENTRYPOINT⟧ ["c"]\nRUN true\nENTRYPOINT ["d"]',
      fixed: 'FROM debian:12\nRUN true\nENTRYPOINT ["d"]',
    },
    {
      bad: "FROM debian:12\n⟦HEALTHCHECK⟧ CMD a\nHEALTHCHECK NONE",
      fixed: "FROM debian:12\nHEALTHCHECK NONE",
    },
    { good: 'FROM debian:12 AS a\nCMD ["a"]\nFROM a\nCMD ["b"]' },
    { good: 'FROM debian:12\nONBUILD CMD ["a"]\nCMD ["b"]' },
    { good: 'FROM debian:12\nENTRYPOINT ["a"]\nCMD ["b"]\nHEALTHCHECK CMD c' },
  ],
  check: function* (file) {
    for (const { instructions } of file.stages) {
      const lasts = new Map(instructions.map((instruction) => [instruction.keyword, instruction]));
      for (const instruction of instructions) {
        if (!keywords.has(instruction.keyword)) continue;
        const last = lasts.get(instruction.keyword);
        if (last === undefined || last === instruction) continue;
        yield {
          at: instruction.keywordSpan,
          message: `This ${instruction.keyword} does nothing, because another one follows in the same stage`,
          related: [{ at: last.keywordSpan, message: `the ${instruction.keyword} that counts` }],
          fix: {
            title: `Delete the ${instruction.keyword} that does nothing`,
            safety: "safe",
            edits: [deleteInstruction(file.text, instruction)],
          },
        };
      }
    }
  },
});

const keywords: ReadonlySet<Instruction["keyword"]> = new Set(["CMD", "ENTRYPOINT", "HEALTHCHECK"]);
