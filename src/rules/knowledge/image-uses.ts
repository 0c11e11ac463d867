import { type ImageReference, parseImageReference } from "../../dockerfile/image-reference.ts";
import type { Instruction, Span } from "../../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "../audited-file.ts";
import { sliceOf } from "./edits.ts";
import { once } from "./once.ts";
import { stageReferences } from "./stage-references.ts";

/** An image that the build pulls: in FROM, `--from` or the `from=` of a mount. */
export interface ImageUse {
  /** The word as it stands in the file, variables included. */
  readonly at: Span;
  /** With variables resolved. */
  readonly text: string;
  /** Undefined when the engine cannot parse it. */
  readonly reference: ImageReference | undefined;
  readonly instruction: Instruction;
  readonly stage: StageFacts;
  readonly isFrom: boolean;
  /** True when `at` holds `text` as it is, without variable. */
  readonly isLiteral: boolean;
  /** Where the value of its variables is written. */
  readonly origins: readonly Span[];
}

/** All images whose name is known; stages, `scratch`, build contexts and unresolved variables are none. */
export const imageUses = once((file: AuditedFile): readonly ImageUse[] => [
  ...file.stages.flatMap((stage) => baseUse(file, stage) ?? []),
  ...stageReferences(file).flatMap((found) => {
    if (found.by === "FROM" || found.target !== undefined || found.number !== undefined) return [];
    const { text, at, instruction, stage, isExact: isLiteral } = found;
    // A bare word is more likely a misspelt stage; unknown-stage-reference speaks of it.
    if (!/[/:@]/.test(text) || text.includes("$") || file.namedContexts.has(text.toLowerCase())) return [];
    return [
      { at, text, reference: parseImageReference(text), instruction, stage, isFrom: false, isLiteral, origins: [] },
    ];
  }),
]);

/** The use that a stage is built on. */
export const baseUse = (file: AuditedFile, stage: StageFacts): ImageUse | undefined => {
  const { base } = stage;
  if (base.kind !== "image") return undefined;
  const instruction = stage.stage.from;
  const at = instruction.image.span;
  const isLiteral = sliceOf(file.text, at) === base.text;
  const { text, reference } = base;
  return {
    at,
    text,
    reference,
    instruction,
    stage,
    isFrom: true,
    isLiteral,
    origins: originsOf(file, instruction.image.text),
  };
};

/** Where in the use the tag stands; undefined without tag or when a variable holds it. */
export const tagSpan = (file: AuditedFile, use: ImageUse): Span | undefined => {
  const written = sliceOf(file.text, use.at);
  const tag = use.reference?.tag;
  if (tag === undefined) return undefined;
  const name = written.split("@")[0] ?? "";
  const colon = name.lastIndexOf(":");
  if (name.slice(colon + 1) !== tag) return undefined;
  return { start: use.at.start + colon + 1, end: use.at.start + name.length };
};

const originsOf = (file: AuditedFile, word: string): readonly Span[] => {
  if (!word.includes("$")) return [];
  const names = new Set([...word.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map((match) => match[1] ?? ""));
  return [...names].flatMap((name) => defaultsOf(file).get(name) ?? []);
};

/** Where the arguments before the first FROM get their values. */
const defaultsOf = once((file: AuditedFile): ReadonlyMap<string, readonly Span[]> => {
  const found = new Map<string, readonly Span[]>();
  for (const instruction of file.dockerfile.instructions) {
    if (instruction.stageIndex !== undefined) break;
    if (instruction.keyword !== "ARG") continue;
    for (const { key, value } of instruction.assignments) {
      if (value !== undefined) found.set(key.text, [...(found.get(key.text) ?? []), value.span]);
    }
  }
  return found;
});
