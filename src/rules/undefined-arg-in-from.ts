import type { Span, Word } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import { partOf } from "./knowledge/edits.ts";
import { once } from "./knowledge/once.ts";
import { platformArguments } from "./knowledge/variables.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "undefined-arg-in-from",
  summary: "Give every argument that FROM uses a value before the first FROM",
  level: { recommended: "warning", strict: "warning" },
  scope: "whole file",
  aliases: ["UndefinedArgInFrom"],
  why: `FROM sees only the ARGs that stand before the first FROM, and the platform arguments that the engine sets. Any
other variable is empty there, whatever \`--build-arg\` says: \`FROM debian:$RELEASE\` becomes \`FROM debian:\`. An ARG inside a
stage belongs to that stage.`,
  silent: [
    "TARGETPLATFORM, BUILDPLATFORM and their parts",
    "`${X:-default}` and `${X:+…}`, which say what to do without a value",
    "a reference that becomes invalid by it: invalid-image-reference speaks of that",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/build-checks/undefined-arg-in-from/"],
  examples: [
    {
      bad: "FROM debian⟦$SUFFIX⟧",
      message: "`SUFFIX` is not declared before the first FROM and is empty here",
    },
    { title: "Declared in a stage", bad: "ARG A=1\nFROM debian:1$A AS a\nARG VERSION=12\nFROM debian:12⟦${VERSION}⟧" },
    { bad: "ARG VERSION=3\nFROM alpine:${VERSION}⟦$VERSON⟧" },
    { bad: "FROM --platform=⟦$PLATFORM⟧ debian:12" },
    { good: "ARG RELEASE=bookworm\nFROM debian:$RELEASE" },
    { good: "FROM --platform=$BUILDPLATFORM base-${TARGETARCH}" },
    { good: "FROM debian:${RELEASE:-bookworm}${SLIM:+-slim}" },
  ],
  check: function* (file) {
    const declared = declaredBeforeFrom(file);
    for (const { stage, base } of file.stages) {
      const isInvalid = base.kind === "image" && base.reference === undefined;
      if (!isInvalid) yield* problemsIn(file, stage.from.image, declared);
      for (const { name, value, valueSpan } of stage.from.flags) {
        if (name !== "platform" || value === undefined || valueSpan === undefined) continue;
        yield* problemsIn(file, { text: value, span: valueSpan }, declared);
      }
    }
  },
});

function* problemsIn(file: AuditedFile, word: Word, declared: ReadonlySet<string>): Iterable<Problem> {
  for (const found of word.text.matchAll(/(?<!\\)(\\*)\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/g)) {
    const [whole, escapes = "", plain, braced] = found;
    const name = plain ?? braced ?? "";
    if (escapes.length % 2 === 1 || declared.has(name) || platformArguments.has(name)) continue;
    const at = partOf(file.text, word, found.index + escapes.length, found.index + whole.length);
    const elsewhere = declarationsInStages(file).get(name);
    yield {
      at,
      message: `\`${name}\` is not declared before the first FROM and is empty here`,
      related: elsewhere === undefined ? [] : [{ at: elsewhere, message: "this ARG belongs to its stage" }],
    };
  }
}

const declaredBeforeFrom = (file: AuditedFile): ReadonlySet<string> =>
  new Set(
    file.dockerfile.instructions.flatMap((instruction) =>
      instruction.keyword === "ARG" && instruction.stageIndex === undefined
        ? instruction.assignments.map(({ key }) => key.text)
        : [],
    ),
  );

/** The first of each name. */
const declarationsInStages = once((file: AuditedFile): ReadonlyMap<string, Span> => {
  const found = new Map<string, Span>();
  for (const { instructions } of file.stages)
    for (const instruction of instructions)
      if (instruction.keyword === "ARG")
        for (const { key } of instruction.assignments) if (!found.has(key.text)) found.set(key.text, key.span);
  return found;
});
