import { commandScript } from "../dockerfile/command-script.ts";
import { expandWord } from "../dockerfile/expand.ts";
import { parseImageReference } from "../dockerfile/image-reference.ts";
import type { CommandForm, Dockerfile, Instruction, Stage, Word } from "../dockerfile/model.ts";
import type { Dialect, Script } from "../dockerfile/script.ts";
import { matchesWildcards } from "../dockerfile/wildcards.ts";
import type { AuditedFile, Base, BuildContext, Expansion, RunScript, StageFacts } from "../rules/audited-file.ts";
import { ignoresOf } from "../rules/ignore-comment.ts";
import { familyOf } from "../rules/knowledge/base-images.ts";
import { globalArguments, pragmaShells, type StageState, stageState } from "./stage-state.ts";

/** What is known about a Dockerfile from outside it. */
export interface Surroundings {
  /** Looks it up when somebody asks. */
  readonly context: () => BuildContext | undefined;
  readonly namedContexts: ReadonlySet<string>;
  /** Stages that the configuration names as targets, lower-case. */
  readonly targets: ReadonlySet<string>;
  readonly supplied: AuditedFile["supplied"];
}

const noSurroundings: Surroundings = {
  context: () => undefined,
  namedContexts: new Set(),
  targets: new Set(),
  supplied: undefined,
};

export const auditedFile = (dockerfile: Dockerfile, surroundings: Surroundings = noSurroundings): AuditedFile => {
  const { stages, states } = readStages(dockerfile, surroundings);
  const globals = globalArguments(dockerfile);
  const stateAt = (at: Instruction): StageState | undefined =>
    at.stageIndex === undefined || at.keyword === "FROM" ? undefined : states[at.stageIndex];
  const expand = (word: Word | string, at: Instruction): Expansion => {
    const text = typeof word === "string" ? word : word.text;
    const state = stateAt(at);
    if (state) return state.expand(text, at.index);
    return expandWord(text, dockerfile.escape, (name) =>
      globals.has(name) ? { value: globals.get(name) } : undefined,
    );
  };
  const scripts = new Map<CommandForm, Script>();
  const script = (command: CommandForm, at: Instruction): Script | undefined => {
    const state = stateAt(at);
    if (!state) return undefined;
    const known = scripts.get(command);
    if (known) return known;
    const shell = state.shellAt(at.index);
    const heredocs = at.keyword === "RUN" ? at.heredocs : [];
    const read = commandScript(command, heredocs, shell, dockerfile.text, dialectOf(shell));
    scripts.set(command, read);
    return read;
  };
  const runs = new Map<StageFacts, readonly RunScript[]>();
  const runScripts = (stage: StageFacts): readonly RunScript[] => {
    const known = runs.get(stage);
    if (known) return known;
    const read = stage.instructions.flatMap((run) => {
      const found = run.keyword === "RUN" ? script(run.command, run) : undefined;
      return run.keyword === "RUN" && found ? [{ run, script: found }] : [];
    });
    runs.set(stage, read);
    return read;
  };
  return Object.assign(new WithContext(surroundings.context), {
    dockerfile,
    text: dockerfile.text,
    stages,
    shippedStages: stages.filter(({ isShipped }) => isShipped),
    targetStages: stages.filter(({ isTarget }) => isTarget),
    namedContexts: surroundings.namedContexts,
    supplied: surroundings.supplied,
    hasForeignSyntax: dockerfile.directives.some(({ name, value }) => name === "syntax" && !ownSyntax.test(value)),
    isBroken: dockerfile.problems.length > 0,
    ignores: ignoresOf(dockerfile),
    unusedIgnores: [],
    expand,
    script,
    runScripts,
  });
};

/**
 * A class, because a getter in a literal would make a shape of its own for each file: every look at a file takes longer
 * then, and V8 keeps the shape, with all that the getter sees, until the next full collection.
 */
class WithContext {
  private readonly contextOf: Surroundings["context"];

  constructor(contextOf: Surroundings["context"]) {
    this.contextOf = contextOf;
  }

  get context(): BuildContext | undefined {
    return this.contextOf();
  }
}

/** Images of BuildKit's own front end, mirrors included. */
const ownSyntax = /(^|\/)docker\/dockerfile(-upstream)?([:@]|$)/;

const dialectOf = (shell: readonly string[]): Dialect | undefined => {
  const name = (shell[0] ?? "").split("/").at(-1);
  return name === "busybox" ? "ash" : undefined;
};

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const readStages = (
  dockerfile: Dockerfile,
  surroundings: Surroundings,
): { readonly stages: readonly StageFacts[]; readonly states: readonly StageState[] } => {
  const globals = globalArguments(dockerfile);
  const pragmas = pragmaShells(dockerfile);
  const stages: Mutable<StageFacts>[] = [];
  const states: StageState[] = [];
  // Of two stages of one name the later one counts, as in BuildKit.
  const named = new Map<string, StageFacts>();
  for (const stage of dockerfile.stages) {
    const base = baseOf(dockerfile, stage, named, globals, surroundings);
    const parent = base.kind === "stage" ? (base.stage as Mutable<StageFacts>) : undefined;
    const isWindows = parent ? parent.isWindows : isWindowsBase(base, stage, dockerfile.escape === "`");
    const state = stageState(dockerfile, stage, base, parent && states[parent.index], {
      globals,
      pragmas,
      isWindows,
    });
    states.push(state);
    const facts = stageFacts(stage, base, parent, state, isWindows);
    stages.push(facts);
    if (stage.name !== undefined) named.set(stage.name, facts);
  }
  for (const facts of stages) facts.dependencies = dependenciesOf(facts, stages, named, surroundings);
  markTargets(stages, surroundings.targets);
  return { stages, states };
};

const stageFacts = (
  stage: Stage,
  base: Base,
  parent: StageFacts | undefined,
  state: StageState,
  isWindows: boolean,
): Mutable<StageFacts> => {
  const { instructions } = stage;
  const last = <Keyword extends Instruction["keyword"]>(keyword: Keyword) =>
    instructions.findLast((instruction) => instruction.keyword === keyword);
  const facts: Mutable<StageFacts> = {
    stage,
    index: stage.index,
    name: stage.name,
    instructions,
    base,
    lineage: [],
    rootBase: parent ? parent.rootBase : base,
    isShipped: false,
    isTarget: false,
    isWindows,
    dependencies: [],
    user: state.userAt(Number.POSITIVE_INFINITY),
    entrypoint: last("ENTRYPOINT") ?? parent?.entrypoint,
    cmd: last("CMD") ?? parent?.cmd,
    healthcheck: last("HEALTHCHECK") ?? parent?.healthcheck,
    environment: state.environment,
    shellAt: (at) => state.shellAt(at.index),
    userAt: (at) => {
      const user = state.userAt(at.index);
      return user && (user.value ?? user.word.text);
    },
    workdirAt: (at) => state.workdirAt(at.index),
    variableAt: (name, at) => state.variableAt(name, at.index),
  };
  facts.lineage = [facts, ...(parent?.lineage ?? [])];
  return facts;
};

const baseOf = (
  dockerfile: Dockerfile,
  stage: Stage,
  earlier: ReadonlyMap<string, StageFacts>,
  globals: ReadonlyMap<string, string | undefined>,
  surroundings: Surroundings,
): Base => {
  const written = stage.from.image.text;
  const lookup = (name: string) => (globals.has(name) ? { value: globals.get(name) } : undefined);
  const text = expandWord(written, dockerfile.escape, lookup).value;
  if (text === undefined) return { kind: "unknown", text: written };
  const name = text.toLowerCase();
  if (surroundings.namedContexts.has(name)) return { kind: "named-context", name };
  const parent = earlier.get(name);
  if (parent)
    return parent.lineage.length < longestLineage ? { kind: "stage", stage: parent } : { kind: "unknown", text };
  if (text === "scratch") return { kind: "scratch" };
  return { kind: "image", text, reference: parseImageReference(text) };
};

/** No file for people chains more stages; beyond it the base counts as unknown, so that a hostile chain costs no more. */
const longestLineage = 64;

const windowsName =
  /nanoserver|servercore|(^|\/)windows([/:@-]|$)|-windows([/:@]|-(?!gnu|msvc)|$)|windows(server|amd64|-?ltsc|-?1809|-?20\d\d)|ltsc20\d\d/i;

const isWindowsBase = (base: Base, stage: Stage, hasBacktick: boolean): boolean => {
  const platform = stage.from.flags.find(({ name }) => name === "platform")?.value ?? "";
  if (/^windows\b/i.test(platform)) return true;
  if (base.kind !== "image" && base.kind !== "unknown") return false;
  if (windowsName.test(base.text) || (base.kind === "unknown" && hasBacktick)) return true;
  const isKnown = base.kind === "image" && base.reference !== undefined && familyOf(base.reference) !== undefined;
  return !isKnown && stage.instructions.some(isForWindows);
};

/** Whether it names a drive, or a program that only Windows has. */
const isForWindows = (instruction: Instruction): boolean => {
  switch (instruction.keyword) {
    case "WORKDIR":
      return drive.test(instruction.path.text);
    case "VOLUME":
      return instruction.paths.some(({ text }) => drive.test(text));
    case "CMD":
    case "ENTRYPOINT": {
      const { command } = instruction;
      const words = command.form === "exec" ? command.words.map(({ text }) => text) : [command.joined.text];
      return /^["']?(?:\S*\.cmd|(?:\S*[\\/])?(?:cmd\.exe|pwsh\.exe|powershell(?:\.exe)?))(?![\w.])/i.test(
        words[0] ?? "",
      );
    }
    case "SHELL":
      return /^(?:cmd|powershell)(?:\.exe)?$/i.test(instruction.words[0]?.text ?? "");
    default:
      return false;
  }
};

const drive = /^["']?[A-Za-z]:(?:[\\/]|["']?$)/;

const dependenciesOf = (
  facts: StageFacts,
  stages: readonly StageFacts[],
  named: ReadonlyMap<string, StageFacts>,
  surroundings: Surroundings,
): readonly StageFacts[] => {
  const found = new Set<StageFacts>(facts.base.kind === "stage" ? [facts.base.stage] : []);
  const refer = (written: string | undefined): void => {
    const name = written?.toLowerCase();
    if (!name || surroundings.namedContexts.has(name)) return;
    const stage = named.get(name) ?? (/^\d+$/.test(name) ? stages[Number(name)] : undefined);
    if (stage && stage !== facts) found.add(stage);
  };
  // `FROM build-${TARGETARCH}` is built from one of the stages build-amd64, build-arm64, …
  if (facts.base.kind === "unknown")
    for (const stage of stagesLike(facts.base.text, stages)) if (stage !== facts) found.add(stage);
  for (const instruction of [...facts.instructions, ...triggersOf(facts.base)]) {
    if (instruction.keyword === "COPY") refer(instruction.flags.find(({ name }) => name === "from")?.value);
    if (instruction.keyword === "RUN") for (const { fields } of instruction.mounts) refer(fields.get("from"));
  }
  return [...found];
};

/** What a stage runs of the stage that it is built FROM. */
const triggersOf = (base: Base): readonly Instruction[] =>
  base.kind === "stage"
    ? base.stage.instructions.flatMap((one) => (one.keyword === "ONBUILD" ? [one.trigger] : []))
    : [];

/** The stages that a name with variables may mean; none unless something besides the variables is written. */
const stagesLike = (text: string, stages: readonly StageFacts[]): readonly StageFacts[] => {
  if (stages.length > mostCompared) return [];
  const parts = text.toLowerCase().split(/\$\{?\w+\}?/);
  if (parts.length === 1 || parts.join("").length < 2 || /[/:@$*?]/.test(parts.join(""))) return [];
  const pattern = parts.join("?*");
  return stages.filter(({ name }) => matchesWildcards(pattern, name ?? ""));
};

/** Each may be like each other one, which takes long for more than anybody writes. */
const mostCompared = 500;

/** `FROM build-${VARIANT}` has one of the stages build-… by its default, and the others are bases as well. */
const alternativesOf = (facts: StageFacts, stages: readonly StageFacts[]): readonly StageFacts[] => {
  const { text } = facts.stage.from.image;
  if (facts.base.kind === "unknown" || !text.includes("$")) return [];
  return stagesLike(text, stages).filter(({ index }) => index < facts.index);
};

/** Targets are the leaves, the last stage and those that are named; what ships is a leaf with what it is built FROM. */
const markTargets = (stages: readonly Mutable<StageFacts>[], named: ReadonlySet<string>): void => {
  const used = new Set(stages.flatMap((facts) => [...facts.dependencies, ...alternativesOf(facts, stages)]));
  const last = stages.at(-1);
  for (const facts of stages) {
    const isLeaf = !used.has(facts) || facts === last;
    facts.isTarget = isLeaf || (facts.name !== undefined && named.has(facts.name));
    if (!isLeaf) continue;
    for (const shipped of facts.lineage as readonly Mutable<StageFacts>[]) shipped.isShipped = true;
  }
};
