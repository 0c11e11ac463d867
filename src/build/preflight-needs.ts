import type { Instruction, Mount, RunInstruction, Span } from "../dockerfile/model.ts";
import type { StageFacts } from "../rules/audited-file.ts";
import type { OutlineAnswer, OutlinedMount } from "./outline.ts";

/** A secret or ssh mount that a build runs into. */
export interface Need {
  readonly kind: "secret" | "ssh";
  readonly id: string;
  readonly isRequired: boolean;
  /** The environment variable that a secret is mounted as. */
  readonly variable: string | undefined;
  /** The mount's id where it is written, else the whole mount; for a trigger of the base image, the image in FROM. */
  readonly at: Span;
  /** No mount of the file: an ONBUILD of the base image brings it. */
  readonly isOfBase?: boolean;
}

/** What is known of a target beside its Dockerfile. */
export interface NeedOptions {
  /** BuildKit's own list. It holds what no file tells: triggers of base images, ids in variables. */
  readonly outline?: OutlineAnswer | undefined;
  /** Mounts may be written in another way than we read them. */
  readonly hasForeignSyntax?: boolean;
  /** The builder's own platform is not what is built for, and BuildKit outlines no other. */
  readonly hasOtherPlatforms?: boolean;
}

/** The stage itself and all stages whose steps run for it. */
export const stagesBuiltFor = (stage: StageFacts): readonly StageFacts[] => {
  const found = new Set<StageFacts>();
  const visit = (next: StageFacts): void => {
    if (found.has(next)) return;
    found.add(next);
    for (const dependency of next.dependencies) visit(dependency);
    for (const ancestor of next.lineage) visit(ancestor);
  };
  visit(stage);
  return [...found].sort((a, b) => a.index - b.index);
};

/**
 * Secret and ssh mounts that building the stage runs into. Of those whose id is a variable, those that BuildKit names.
 * Its list has the last word on which ids there are; it says of the first mount of an id alone whether it is required.
 */
export const needsOf = (stage: StageFacts, options: NeedOptions = {}): readonly Need[] => {
  const { outline, hasForeignSyntax = false, hasOtherPlatforms = false } = options;
  const written = writtenMounts(stagesBuiltFor(stage));
  const plain = written.flatMap(({ need }) => (hasForeignSyntax || need.id.includes("$") ? [] : [need]));
  if (outline?.status !== "known") return plain;
  const isNamed = (need: Need): boolean => outline.mounts.some((mount) => isSame(mount, need));
  const kept = hasOtherPlatforms ? plain : plain.filter(isNamed);
  const isUnclear = (mount: OutlinedMount): boolean =>
    !plain.some((need) => isSame(mount, need) && (need.isRequired || !mount.isRequired));
  const told = outline.mounts.filter(isUnclear).flatMap((mount): readonly Need[] => {
    const source = written.find((one) => mayBe(mount, one, hasForeignSyntax));
    if (source === undefined) return [unwritten(mount, stage)];
    // Of variables that hang on the platform, BuildKit tells the values for another one.
    if (hasOtherPlatforms && /\$\{?(?:TARGET|BUILD)/.test(source.mount.flag.value ?? "")) return [];
    return [{ ...source.need, id: mount.id, isRequired: source.need.isRequired || mount.isRequired }];
  });
  return [...kept.filter((need) => !told.some(({ at }) => at === need.at)), ...told].sort(
    (a, b) => a.at.start - b.at.start || a.at.end - b.at.end,
  );
};

/** All ids that mounts of the stages name, variables as they are written. */
export const mountedIds = (stages: readonly StageFacts[]): readonly Pick<Need, "kind" | "id">[] =>
  stages
    .flatMap((stage) => runsOf(stage.instructions, "written"))
    .flatMap((run) => mountsOf(run).map(({ need }) => need));

interface WrittenMount {
  readonly need: Need;
  readonly mount: Mount;
  readonly run: RunInstruction;
}

/** The steps of a stage are its own and the triggers of the stage that it is built FROM. */
const writtenMounts = (stages: readonly StageFacts[]): readonly WrittenMount[] => {
  const triggers = stages.flatMap(({ base }) =>
    base.kind === "stage" ? runsOf(base.stage.instructions, "triggered") : [],
  );
  const steps = stages.flatMap(({ instructions }) => runsOf(instructions, "run"));
  return [...new Set([...steps, ...triggers])].flatMap(mountsOf).sort((a, b) => a.need.at.start - b.need.at.start);
};

const runsOf = (
  instructions: readonly Instruction[],
  which: "run" | "triggered" | "written",
): readonly RunInstruction[] =>
  instructions.flatMap((instruction) => {
    const run = instruction.keyword === "ONBUILD" ? instruction.trigger : instruction;
    const isWanted = which === "written" || (which === "triggered") === (instruction.keyword === "ONBUILD");
    return isWanted && run?.keyword === "RUN" ? [run] : [];
  });

const mountsOf = (run: RunInstruction): readonly WrittenMount[] =>
  run.mounts.flatMap((mount): readonly WrittenMount[] => {
    const { type: kind } = mount;
    if (kind !== "secret" && kind !== "ssh") return [];
    const id = mountId(mount, kind);
    if (id === undefined) return [];
    const isRequired = isTrue(mount.fields.get("required"));
    const variable = kind === "secret" ? mount.fields.get("env") : undefined;
    return [{ run, mount, need: { kind, id, isRequired, variable, at: idSpan(mount, id) } }];
  });

/** As BuildKit names it: the source, the id, or the target's last part. */
const mountId = (mount: Mount, kind: Need["kind"]): string | undefined => {
  const id = mount.fields.get("source") || mount.fields.get("id");
  if (id) return id;
  if (kind === "ssh") return "default";
  return mount.fields.get("target")?.split("/").at(-1) || undefined;
};

/** Of a mount with quotes or continued lines, the whole. */
const idSpan = ({ flag }: Mount, id: string): Span => {
  const whole = flag.valueSpan ?? flag.span;
  const value = flag.value ?? "";
  const at = (value.match(/(?:^|,)(?:id|source|src)=/) && value.search(/(?<=(?:^|,)(?:id|source|src)=)/)) ?? -1;
  const isPlain = whole.end - whole.start === value.length && at !== -1 && value.startsWith(id, at);
  return isPlain ? { start: whole.start + at, end: whole.start + at + id.length } : whole;
};

const isTrue = (value: string | undefined): boolean => value !== undefined && /^(?:|1|t|true)$/i.test(value);

const isSame = (a: Pick<Need, "kind" | "id">, b: Pick<Need, "kind" | "id">): boolean =>
  a.kind === b.kind && a.id === b.id;

/** Whether a mount is the one that BuildKit names: on its lines, and alike but for the variables. */
const mayBe = (mount: OutlinedMount, { need, run, mount: { flag } }: WrittenMount, isForeign: boolean): boolean => {
  const isThere = run.startLine <= mount.line && mount.line <= run.endLine;
  if (mount.kind !== need.kind || !isThere || !(isForeign || flag.value?.includes("$"))) return false;
  return isExpansion(mount.id, need.id.split(/\$(?:\{[^}]*(?:\}|$)|\w+)/));
};

/** Whether a text holds the parts between variables, in their order. */
const isExpansion = (text: string, [first = "", ...parts]: readonly string[]): boolean => {
  const last = parts.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
};

/** A mount that BuildKit names and the file does not: its base image brings it, or we read the file in another way. */
const unwritten = ({ kind, id, isRequired, line }: OutlinedMount, stage: StageFacts): Need => {
  const instructions = stagesBuiltFor(stage).flatMap((one) => one.instructions);
  const { stage: own } = stage;
  const found = instructions.find(({ startLine, endLine }) => startLine <= line && line <= endLine) ?? own.from;
  const common = { kind, id, isRequired, variable: undefined };
  if (found.keyword !== "FROM") return { ...common, at: found.keywordSpan };
  return { ...common, at: found.image.span, isOfBase: true };
};
