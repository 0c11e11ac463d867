import { parseImageReference } from "../dockerfile/image-reference.ts";
import type { CopyInstruction } from "../dockerfile/model.ts";
import type { StageFacts } from "./audited-file.ts";
import { familyOf } from "./knowledge/base-images.ts";
import { type StageReference, stageReferences } from "./knowledge/stage-references.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "whole-filesystem-copy",
  summary: "Copy the files that are needed, not the root of another stage",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  aliases: ["DL3067"],
  why: `\`COPY --from=build / /\` lays a whole system over another: programs of one distribution then run with the
libraries of the other, every file is stored a second time, and the compilers of the build stage ship after all. Copy the
directories that the build has filled, as \`/usr/local\` or \`/out\`.`,
  silent: [
    "a destination stage on `scratch`: flattening layers is the purpose",
    "a source on `scratch`, or an image that is made to be copied whole: only known distributions and what is built in a stage count",
  ],
  fixes: "none",
  needs: { instructions: ["COPY"] },
  examples: [
    {
      bad: "FROM debian:12 AS build\nRUN make\nFROM alpine:3.22\nCOPY --from=build ⟦/⟧ /",
      message: "The whole file system of `build` is copied over this one",
    },
    { bad: "FROM alpine:3.22\nCOPY --from=debian:12 ⟦/⟧ /" },
    { bad: 'FROM debian:12 AS a\nRUN make\nFROM debian:12\nCOPY --from=a --chown=1 ["⟦/⟧", "/"]' },
    { good: "FROM debian:12 AS build\nFROM scratch\nCOPY --from=build / /" },
    { good: "FROM scratch AS files\nCOPY a /a\nFROM debian:12\nCOPY --from=files / /" },
    { good: "FROM debian:12 AS build\nFROM alpine:3.22\nCOPY --from=build /out /\nCOPY --from=tonistiigi/xx:1.6 / /" },
  ],
  check: function* (file) {
    for (const reference of stageReferences(file)) {
      const { by, instruction, stage, text } = reference;
      if (by !== "COPY" || instruction.keyword !== "COPY" || stage.rootBase.kind === "scratch") continue;
      const source = rootSource(instruction);
      if (source === undefined || !isSystem(reference)) continue;
      yield { at: source, message: `The whole file system of \`${text}\` is copied over this one` };
    }
  },
});

const rootSource = ({ sources, destination, form }: CopyInstruction) => {
  const source = sources.find(({ text }) => /^(\/+\.?|\/\*)$/.test(text));
  if (source === undefined || !/^\/+\.?$/.test(destination.text)) return undefined;
  const quotes = form === "exec" ? 1 : 0;
  return { start: source.span.start + quotes, end: source.span.end - quotes };
};

const isSystem = ({ target, text }: StageReference): boolean => {
  if (target === undefined) {
    const reference = parseImageReference(text);
    return reference !== undefined && familyOf(reference) !== undefined;
  }
  return isChanged(target) ? target.rootBase.kind !== "scratch" : isKnownSystem(target);
};

const isChanged = (stage: StageFacts): boolean =>
  stage.lineage.some(({ instructions }) => instructions.some(({ keyword }) => keyword === "RUN"));

const isKnownSystem = ({ rootBase }: StageFacts): boolean =>
  rootBase.kind === "image" && rootBase.reference !== undefined && familyOf(rootBase.reference) !== undefined;
