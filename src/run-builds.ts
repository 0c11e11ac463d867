import { type BakeTarget, bakeTargets } from "./build/bake.ts";
import { linkedTargets } from "./build/bake-definition.ts";
import { missingFromArguments } from "./build/from-arguments.ts";
import { type PlannedFile, planTargets } from "./build/plan.ts";
import {
  conflictingSecrets,
  failedBeforeBuild,
  type PreflightProblem,
  preflight,
  type Supplied,
  stagesBuiltFor,
  unusedSupplies,
} from "./build/preflight.ts";
import { linesOfStep } from "./build/step-lines.ts";
import type { Target } from "./build/target.ts";
import { decodeText } from "./dockerfile/decode.ts";
import type { Dockerfile } from "./dockerfile/model.ts";
import { lineStarts, positionAt } from "./dockerfile/position.ts";
import type { BuildEvent, BuiltTarget, Engine } from "./ports.ts";
import type { AuditedFile } from "./rules/audited-file.ts";
import type { Settings } from "./settings.ts";
import type { World } from "./world.ts";

/** A Dockerfile that was audited and is going to be built. */
export interface KnownFile {
  readonly dockerfile: Dockerfile;
  readonly file: AuditedFile;
  readonly planned: PlannedFile;
}

export interface BuildRequest {
  readonly settings: Settings;
  readonly world: World;
  readonly signal: AbortSignal;
  readonly onPlanned?: (targets: readonly Target[], engine: string) => void;
  readonly onEvent?: (event: BuildEvent) => void;
}

export interface Builds {
  readonly targets: readonly BuiltTarget[];
  readonly notes: readonly string[];
}

/** What is going to be built, and what is refused before. */
export interface BuildPlan {
  readonly targets: readonly Target[];
  readonly refused: ReadonlyMap<Target, readonly PreflightProblem[]>;
  readonly supplied: Supplied;
  readonly notes: readonly string[];
}

/** Plans all targets, refuses those that cannot succeed, builds and measures the others. */
export const buildTargets = async (
  known: readonly KnownFile[],
  engine: Engine,
  request: BuildRequest,
): Promise<Builds> => {
  const { settings, world, signal, onPlanned } = request;
  const { targets, refused, notes } = await planBuilds(known, request);
  if (engine.status === "absent")
    return { targets: targets.map((target) => skipped(target, engine.reason)), notes: [] };
  onPlanned?.(targets, engine.description);
  const onEvent = request.onEvent ?? (() => {});
  const early = new Map(
    [...refused].map(([target, problems]) => [target, failedBeforeBuild(target, problems)] as const),
  );
  for (const result of early.values()) onEvent({ type: "finished", result });
  const built = await world.docker.build(
    targets.filter((target) => !refused.has(target)),
    {
      maxParallel: settings.maxParallel,
      timeout: settings.timeout,
      signal,
      isAsPlanned: (target) => isAsAudited(target, known, world),
      linesOf: (target, step) => {
        const facts = factsOf(target, known);
        return facts && linesOfStep(step, facts.dockerfile);
      },
      onEvent,
    },
  );
  return {
    targets: targets.flatMap((target) => {
      const failed = early.get(target);
      if (failed) return [{ build: failed, images: [], measureError: undefined }];
      return built.filter(({ build }) => build.target === target);
    }),
    notes,
  };
};

/** The targets of the Bake and Compose files, those that have a Dockerfile on this machine, by its path. */
export interface BakedFiles {
  readonly byFile: ReadonlyMap<string, readonly BakeTarget[]>;
  readonly notes: readonly string[];
}

export const noBakedFiles: BakedFiles = { byFile: new Map(), notes: [] };

/** Rejects with a UserError when a file cannot be read; without an engine there is nothing to plan. */
export const readBaked = async ({ settings, world }: Pick<BuildRequest, "settings" | "world">): Promise<BakedFiles> => {
  const { files, folder } = settings.bake;
  if (files.length === 0 || (await world.docker.engine()).status === "absent") return noBakedFiles;
  const definition = await world.docker.readBake(files, folder);
  const targets = bakeTargets(definition);
  const byFile = new Map<string, BakeTarget[]>();
  for (const target of targets) {
    if (target.dockerfile === undefined) continue;
    byFile.set(target.dockerfile, [...(byFile.get(target.dockerfile) ?? []), target]);
  }
  const remote = targets.filter(({ dockerfile, isDefault }) => dockerfile === undefined && isDefault);
  return {
    byFile,
    notes: [
      ...definition.notes,
      ...remote.map(
        ({ name }) => `The target \`${name}\` of ${definition.shown} is left out: its Dockerfile is no file of its own`,
      ),
    ],
  };
};

export const planBuilds = async (
  known: readonly KnownFile[],
  { settings, world }: Pick<BuildRequest, "settings" | "world">,
): Promise<BuildPlan> => {
  const targets = planTargets(
    known.map(({ planned }) => planned),
    settings,
  );
  const all = targets.flatMap(linkedTargets);
  const given = [...settings.secrets, ...all.flatMap(({ secrets }) => secrets)];
  const supplied = await world.docker.supplies(given, [...settings.ssh, ...all.flatMap(({ ssh }) => ssh)]);
  const refused = new Map<Target, readonly PreflightProblem[]>();
  for (const target of targets) {
    const facts = factsOf(target, known);
    const stage = facts?.file.stages[target.stageIndex];
    const problems =
      facts && stage
        ? [
            ...syntaxProblems(facts.dockerfile),
            ...missingFromArguments(facts.dockerfile, stagesBuiltFor(stage), target.buildArgs),
            ...preflight(stage, supplied),
            ...conflictingSecrets(stage, given),
          ]
        : [];
    if (problems.length > 0) refused.set(target, problems);
  }
  const stages = known.flatMap(({ file }) => file.stages);
  return { targets, refused, supplied, notes: unusedSupplies(stages, supplied) };
};

const factsOf = (target: Target, known: readonly KnownFile[]): KnownFile | undefined =>
  known.find(({ planned }) => planned.absolute === target.dockerfileAbsolute);

const isAsAudited = async (target: Target, known: readonly KnownFile[], world: World): Promise<boolean> => {
  const facts = factsOf(target, known);
  if (facts === undefined) return true;
  try {
    return decodeText(await world.files.readBytes(target.dockerfileAbsolute)) === facts.dockerfile.text;
  } catch {
    return false;
  }
};

/** BuildKit refuses the file, so no target of it can be built. */
const syntaxProblems = ({ problems, text }: Dockerfile): readonly PreflightProblem[] => {
  if (problems.length === 0) return [];
  const starts = lineStarts(text);
  return problems.map(({ span, message }) => ({ at: span, message, line: positionAt(starts, span.start).line }));
};

const skipped = (target: Target, reason: string): BuiltTarget => ({
  build: { target, milliseconds: 0, steps: [], status: "skipped", reason },
  images: [],
  measureError: undefined,
});
