import { type BakeTarget, bakeTargets } from "./build/bake.ts";
import { locateFailure } from "./build/failing-words.ts";
import type { PlannedFile } from "./build/plan.ts";
import { failedBeforeBuild, type PlacedProblem, type Supplied, type SupplyNote } from "./build/preflight.ts";
import type { Target } from "./build/target.ts";
import { decodeText } from "./dockerfile/decode.ts";
import type { Dockerfile } from "./dockerfile/model.ts";
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

/** What is going to be built, and what is refused before. */
export interface BuildPlan {
  readonly targets: readonly Target[];
  readonly refused: ReadonlyMap<Target, readonly PlacedProblem[]>;
  readonly supplied: Supplied;
  /** What is given and mounted nowhere. */
  readonly unused: readonly SupplyNote[];
  readonly notes: readonly string[];
  /** What only a verbose report says. */
  readonly remarks: readonly string[];
}

/** Builds and measures all targets of the plan but those that it refuses. */
export const buildTargets = async (
  known: readonly KnownFile[],
  { targets, refused }: BuildPlan,
  engine: Engine,
  request: BuildRequest,
): Promise<readonly BuiltTarget[]> => {
  const { settings, world, signal, onPlanned } = request;
  if (engine.status === "absent") return targets.map((target) => skipped(target, engine.reason));
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
      locate: (target, failure) => {
        const facts = factsOf(target, known);
        return facts ? locateFailure(failure, facts.dockerfile) : failure;
      },
      onEvent,
    },
  );
  return targets.flatMap((target) => {
    const failed = early.get(target);
    if (failed) return [{ build: failed, images: [], measureError: undefined }];
    return built.filter(({ build }) => build.target === target);
  });
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

/** The file that a target is built from. */
export const factsOf = (target: Target, known: readonly KnownFile[]): KnownFile | undefined =>
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

const skipped = (target: Target, reason: string): BuiltTarget => ({
  build: { target, milliseconds: 0, steps: [], status: "skipped", reason },
  images: [],
  measureError: undefined,
});
