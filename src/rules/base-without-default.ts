import { expandWord } from "../dockerfile/expand.ts";
import { parseImageReference } from "../dockerfile/image-reference.ts";
import type { Span } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import { platformArguments } from "./knowledge/variables.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "base-without-default",
  summary: "Give the arguments of FROM defaults that make a valid name",
  level: { recommended: "note", strict: "note" },
  scope: "whole file",
  aliases: ["InvalidDefaultArgInFrom"],
  why: `Without \`--build-arg\` an ARG that has no default is empty, so that \`FROM debian:$RELEASE\` becomes \`FROM debian:\` and
the build ends before its first step. A default makes the file build for everybody who does not know the argument, for
linters and for update bots. A base that has to be given may go without one, knowingly.`,
  silent: [
    "names that are valid without the value: `debian$SUFFIX`, `${BASE:-debian}`",
    "arguments of the platform such as `TARGETARCH`, and defaults that are made of them",
    "arguments that nobody declares: undefined-arg-in-from speaks of them",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/build-checks/invalid-default-arg-in-from/"],
  examples: [
    {
      bad: "ARG RELEASE\nFROM ⟦debian:$RELEASE⟧",
      message: "Without `--build-arg RELEASE` this is `debian:`, which is no image",
    },
    {
      bad: "ARG BASE\nARG IMAGE=${BASE}\nFROM ⟦${IMAGE}⟧ AS build\nFROM build",
      message: "Without `--build-arg IMAGE` this is empty",
    },
    { good: "ARG RELEASE=bookworm\nFROM debian:$RELEASE" },
    { good: "ARG SUFFIX\nFROM debian${SUFFIX}\nFROM debian:${SUFFIX:-bookworm}" },
    { good: "ARG FLAVOR=${TARGETARCH}\nFROM busybox:1 AS amd64\nFROM ${FLAVOR}" },
    { good: "ARG TARGETARCH\nARG BASE=build-${TARGETARCH}\nFROM busybox:1 AS build-amd64\nFROM ${BASE}" },
    { good: "FROM base-$TARGETARCH\nFROM debian:$NOPE" },
  ],
  check: function* (file) {
    if (!file.stages.some(({ base }) => base.kind === "unknown")) return;
    const globals = globalDefaults(file);
    for (const { stage, base } of file.stages) {
      const { image } = stage.from;
      if (base.kind !== "unknown") continue;
      const { unknown } = file.expand(image, stage.from);
      const [name] = unknown;
      if (name === undefined || !unknown.every((one) => globals.has(one))) continue;
      const { value } = defaultValue(file, image.text, globals);
      if (value === undefined || parseImageReference(value) !== undefined) continue;
      const result = value === "" ? "empty" : `\`${value}\`, which is no image`;
      const declared = globals.get(name)?.span;
      yield {
        at: image.span,
        message: `Without \`--build-arg ${name}\` this is ${result}`,
        related: declared === undefined ? [] : [{ at: declared, message: "declared without a default" }],
      };
    }
  },
});

interface Default {
  /** Undefined when the platform of the build decides. */
  readonly value: string | undefined;
  readonly span: Span;
}

/** The ARGs before the first FROM as a build without `--build-arg` has them. */
const globalDefaults = (file: AuditedFile): ReadonlyMap<string, Default> => {
  const defaults = new Map<string, Default>();
  for (const { key, value, span } of file.dockerfile.instructions.flatMap((instruction) =>
    instruction.keyword === "ARG" && instruction.stageIndex === undefined ? instruction.assignments : [],
  ))
    defaults.set(key.text, {
      value: value === undefined ? withoutDefault(key.text) : defaultValue(file, value.text, defaults).value,
      span,
    });
  return defaults;
};

const withoutDefault = (name: string): string | undefined => (platformArguments.has(name) ? undefined : "");

const defaultValue = ({ dockerfile }: AuditedFile, text: string, globals: ReadonlyMap<string, Default>) =>
  expandWord(text, dockerfile.escape, (name) => {
    const known = globals.get(name);
    return { value: known === undefined ? withoutDefault(name) : known.value };
  });
