import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { type StageReference, stageReferences } from "./knowledge/stage-references.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "numeric-stage-reference",
  summary: "Refer to stages by name, not by number",
  level: { recommended: "note", strict: "note" },
  scope: "every stage",
  aliases: ["68a51e22"],
  why: `\`COPY --from=0\` means whatever stage is first. Someone inserts a stage above, and the copy takes files from
another one without a word. A name stays with its stage, and says what the files are.`,
  silent: ["unnamed stages that nothing refers to"],
  fixes: "safe",
  examples: [
    {
      bad: "FROM golang:1.27\nRUN go build\nFROM scratch\nCOPY --from=⟦0⟧ /a /a\nCOPY --from=⟦0⟧ /b /b",
      fixed:
        "FROM golang:1.27 AS stage-0\nRUN go build\nFROM scratch\nCOPY --from=stage-0 /a /a\nCOPY --from=stage-0 /b /b",
      message: "`0` means another stage as soon as one is inserted above it",
    },
    {
      bad: "FROM golang:1.27 AS build\nFROM debian:12\nRUN --mount=type=bind,from=⟦0⟧,target=/b true",
      fixed: "FROM golang:1.27 AS build\nFROM debian:12\nRUN --mount=type=bind,from=build,target=/b true",
    },
    {
      bad: "from debian:12\nFROM alpine:3.22 AS stage-0\nCOPY --from=⟦0⟧ /a /a",
      fixed: "from debian:12 as stage-0-x\nFROM alpine:3.22 AS stage-0\nCOPY --from=stage-0-x /a /a",
    },
    { good: "FROM golang:1.27 AS build\nFROM scratch\nCOPY --from=build /a /a" },
    { good: "FROM golang:1.27\nFROM scratch\nCOPY a /0" },
    { title: "There is no such stage", good: "FROM debian:12\nCOPY --from=acme/0:1 /a /a" },
  ],
  check: function* (file) {
    const fixed = new Set<StageFacts>();
    for (const reference of stageReferences(file)) {
      const { target, number, at, text } = reference;
      if (target === undefined || number === undefined) continue;
      const fix = fixed.has(target) ? undefined : fixFor(file, target);
      fixed.add(target);
      yield {
        at,
        message: `\`${text}\` means another stage as soon as one is inserted above it`,
        related: [{ at: target.stage.from.image.span, message: "the stage that is meant" }],
        ...(fix === undefined ? {} : { fix }),
      };
    }
  },
});

/** Names the stage once and rewrites all its numbers, so that the fixes of two references do not meet. */
const fixFor = (file: AuditedFile, target: StageFacts): Fix | undefined => {
  const references = stageReferences(file).filter((other) => other.target === target && other.number !== undefined);
  if (references.some(({ isExact }) => !isExact)) return undefined;
  const { image, alias } = target.stage.from;
  const name = target.name ?? freeName(file, target.index);
  const rewrites = references.map(({ at }: StageReference) => ({ span: at, text: name }));
  const naming =
    alias === undefined
      ? [{ span: { start: image.span.end, end: image.span.end }, text: ` ${keyword(file, target)} ${name}` }]
      : [];
  return { title: `Refer to the stage as \`${name}\``, safety: "safe", edits: [...naming, ...rewrites] };
};

const freeName = (file: AuditedFile, index: number): string => {
  const taken = new Set([...file.stages.map(({ name }) => name), ...file.namedContexts]);
  let name = `stage-${index}`;
  while (taken.has(name)) name += "-x";
  return name;
};

const keyword = (file: AuditedFile, { stage }: StageFacts): string => {
  const { start, end } = stage.from.keywordSpan;
  return file.text.slice(start, end) === "from" ? "as" : "AS";
};
