import type {
  AddInstruction,
  CopyInstruction,
  FromInstruction,
  Mount,
  RunInstruction,
  Span,
} from "../../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "../audited-file.ts";

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
export const stageReferences = (file: AuditedFile): readonly StageReference[] => {
  const known = references.get(file);
  if (known !== undefined) return known;
  const found = file.stages.flatMap((stage) => referencesOf(file, stage));
  references.set(file, found);
  return found;
};

const references = new WeakMap<AuditedFile, readonly StageReference[]>();

const referencesOf = (file: AuditedFile, stage: StageFacts): readonly StageReference[] =>
  stage.instructions.flatMap((instruction): readonly StageReference[] => {
    switch (instruction.keyword) {
      case "FROM": {
        const target = stage.base.kind === "stage" ? stage.base.stage : undefined;
        const { text, span: at } = instruction.image;
        return [
          {
            by: "FROM",
            instruction,
            stage,
            text,
            at,
            isExact: isAt(file, at, text),
            mount: undefined,
            number: undefined,
            target,
          },
        ];
      }
      case "COPY":
      case "ADD":
        return instruction.flags.flatMap((flag) => {
          if (flag.name !== "from" || flag.value === undefined || flag.valueSpan === undefined) return [];
          const by = instruction.keyword;
          const { value: text, valueSpan: at } = flag;
          return [
            {
              by,
              instruction,
              stage,
              text,
              at,
              isExact: isAt(file, at, text),
              mount: undefined,
              ...resolve(file, text),
            },
          ];
        });
      case "RUN":
        return instruction.mounts.flatMap((mount) => {
          const text = mount.fields.get("from");
          if (text === undefined || text === "") return [];
          const at = spanOfField(file, mount, text);
          return [
            { by: "mount", instruction, stage, text, at, isExact: isAt(file, at, text), mount, ...resolve(file, text) },
          ];
        });
      default:
        return [];
    }
  });

/** `--from` sees the stages of the whole file, by name before number, the last of a name. */
const resolve = (file: AuditedFile, text: string): Pick<StageReference, "number" | "target"> => {
  const name = text.toLowerCase();
  if (file.namedContexts.has(name)) return { number: undefined, target: undefined };
  if (/^\d+$/.test(text)) return { number: Number(text), target: file.stages[Number(text)] };
  return { number: undefined, target: stagesByName(file).get(name) };
};

/** The last stage of each name. */
const stagesByName = (file: AuditedFile): ReadonlyMap<string, StageFacts> => {
  const known = names.get(file);
  if (known !== undefined) return known;
  const found = new Map(
    file.stages.flatMap((stage) => (stage.name === undefined ? [] : [[stage.name, stage] as const])),
  );
  names.set(file, found);
  return found;
};

const names = new WeakMap<AuditedFile, ReadonlyMap<string, StageFacts>>();

const spanOfField = (file: AuditedFile, mount: Mount, value: string): Span => {
  const { span } = mount.flag;
  const written = file.text.slice(span.start, span.end);
  const found = /(?:^|[=,"])from=/i.exec(written);
  if (found === null) return span;
  const start = span.start + found.index + found[0].length;
  return isAt(file, { start, end: start + value.length }, value) ? { start, end: start + value.length } : span;
};

const isAt = (file: AuditedFile, at: Span, text: string): boolean => file.text.slice(at.start, at.end) === text;
