import type {
  AddInstruction,
  CopyInstruction,
  FromInstruction,
  Instruction,
  Mount,
  RunInstruction,
  Span,
} from "../../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "../audited-file.ts";
import { once } from "./once.ts";

/** A word that names a stage, an image or a build context: of FROM, of `--from`, or of `from=` in a mount. */
export interface StageReference {
  readonly by: "FROM" | "COPY" | "ADD" | "mount";
  readonly instruction: FromInstruction | CopyInstruction | AddInstruction | RunInstruction;
  readonly stage: StageFacts;
  readonly text: string;
  /** The name alone; wider where quotes or line continuations stand in it. */
  readonly at: Span;
  /** Whether `at` holds exactly `text`, so that it may be replaced. */
  readonly isExact: boolean;
  readonly mount: Mount | undefined;
  /** The number of a stage, as in `--from=0`. */
  readonly number: number | undefined;
  /** Undefined for images, build contexts, and what cannot be known. */
  readonly target: StageFacts | undefined;
}

/** In file order; triggers of ONBUILD are not resolved in this build. */
export const stageReferences = once((file: AuditedFile): readonly StageReference[] => {
  const found: StageReference[] = [];
  for (const stage of file.stages)
    for (const instruction of stage.instructions) addReferences(found, file, stage, instruction);
  return found;
});

const addReferences = (
  found: StageReference[],
  file: AuditedFile,
  stage: StageFacts,
  instruction: Instruction,
): void => {
  switch (instruction.keyword) {
    case "FROM": {
      const target = stage.base.kind === "stage" ? stage.base.stage : undefined;
      const { text, span: at } = instruction.image;
      const isExact = isAt(file, at, text);
      found.push({ by: "FROM", instruction, stage, text, at, isExact, mount: undefined, number: undefined, target });
      break;
    }
    case "COPY":
    case "ADD":
      for (const { name, value: text, valueSpan: at } of instruction.flags) {
        if (name !== "from" || text === undefined || at === undefined) continue;
        const isExact = isAt(file, at, text);
        const by = instruction.keyword;
        found.push({ by, instruction, stage, text, at, isExact, mount: undefined, ...resolve(file, text) });
      }
      break;
    case "RUN":
      for (const mount of instruction.mounts) {
        const text = mount.fields.get("from");
        if (text === undefined || text === "") continue;
        const at = spanOfField(file, mount, text);
        const isExact = isAt(file, at, text);
        found.push({ by: "mount", instruction, stage, text, at, isExact, mount, ...resolve(file, text) });
      }
      break;
    default:
  }
};

/** `--from` sees the stages of the whole file, by name before number, the last of a name. */
const resolve = (file: AuditedFile, text: string): Pick<StageReference, "number" | "target"> => {
  const name = text.toLowerCase();
  if (file.namedContexts.has(name)) return { number: undefined, target: undefined };
  if (/^\d+$/.test(text)) return { number: Number(text), target: file.stages[Number(text)] };
  return { number: undefined, target: stagesByName(file).get(name) };
};

/** The last stage of each name. */
const stagesByName = once((file: AuditedFile): ReadonlyMap<string, StageFacts> => {
  const found = new Map<string, StageFacts>();
  for (const stage of file.stages) if (stage.name !== undefined) found.set(stage.name, stage);
  return found;
});

const spanOfField = (file: AuditedFile, mount: Mount, value: string): Span => {
  const { span } = mount.flag;
  const written = file.text.slice(span.start, span.end);
  const found = /(?:^|[=,"])from=/i.exec(written);
  if (found === null) return span;
  const start = span.start + found.index + found[0].length;
  return isAt(file, { start, end: start + value.length }, value) ? { start, end: start + value.length } : span;
};

const isAt = (file: AuditedFile, at: Span, text: string): boolean => file.text.slice(at.start, at.end) === text;
