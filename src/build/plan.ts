import { nearest } from "../dockerfile/nearest.ts";
import { hasWildcard, matchesWildcards } from "../dockerfile/wildcards.ts";
import { UserError } from "../errors.ts";
import type { StageFacts } from "../rules/audited-file.ts";
import type { DockerfileConfig, Settings } from "../settings.ts";
import type { BakeTarget } from "./bake.ts";
import { ownCache } from "./cache.ts";
import type { BakeLink, Target } from "./target.ts";
import { namesTarget, targetNames } from "./target-names.ts";

/** A Dockerfile to plan targets from. */
export interface PlannedFile {
  /** As the user knows it. */
  readonly path: string;
  readonly absolute: string;
  readonly text: string;
  readonly stages: readonly StageFacts[];
  /** Absolute folder, or a URL; see `chooseContext`. */
  readonly context: string;
  readonly config: DockerfileConfig | undefined;
  /** Targets of Bake and Compose files that build this Dockerfile: then only they are built, unless others are selected. */
  readonly bake?: readonly BakeTarget[];
}

export type PlanSettings = Pick<
  Settings,
  | "targets"
  | "secrets"
  | "ssh"
  | "buildArgs"
  | "buildContexts"
  | "platforms"
  | "cacheFrom"
  | "cacheTo"
  | "network"
  | "noCache"
  | "pull"
>;

/**
 * What is to be built: of each file the stages that are targets (leaves, the last one, the configured ones), or what
 * `targets` selects. A target's id is `path:stage`; an unnamed last stage has the path alone.
 *
 * `targets` holds names (`production`), ids (`api/Dockerfile:production`, `api:production`) and globs (`api:*`).
 * A name selects any stage, a leaf or not; an open stage part (`api:*`) selects among the targets.
 * Throws a UserError for a name that selects nothing.
 */
export const planTargets = (files: readonly PlannedFile[], settings: PlanSettings): readonly Target[] => {
  const candidates = files.flatMap(candidatesOf);
  for (const file of files) for (const name of file.config?.targets ?? []) requireStage(name, file, candidates);
  for (const file of files) requireBakeStages(file, candidates);
  for (const pattern of settings.targets) requireSelection(pattern, files, candidates);
  return candidates
    .filter((candidate) =>
      settings.targets.length === 0
        ? isPlanned(candidate)
        : settings.targets.some((pattern) => selects(pattern, candidate)),
    )
    .map((candidate) => toTarget(candidate, settings));
};

interface Candidate {
  readonly file: PlannedFile;
  readonly stage: StageFacts;
  readonly id: string;
  /** What `--target` gets. */
  readonly stageName: string | undefined;
  readonly bake: BakeTarget | undefined;
}

/** A stage that several targets of Bake build has one candidate for each, told apart by their names. */
const candidatesOf = (file: PlannedFile): readonly Candidate[] => {
  const own = Map.groupBy(file.bake ?? [], (target) => bakeStage(target, file)?.index);
  return stageCandidates(file).flatMap((candidate): readonly Candidate[] => {
    const bakes = own.get(candidate.stage.index) ?? [];
    if (bakes.length === 0) return [candidate];
    const id = (bake: BakeTarget): string => (bakes.length === 1 ? candidate.id : `${candidate.id}@${bake.name}`);
    return bakes.map((bake) => ({ ...candidate, id: id(bake), bake }));
  });
};

const bakeStage = (target: BakeTarget, file: PlannedFile): StageFacts | undefined => {
  const name = target.stage?.toLowerCase();
  if (name === undefined) return file.stages.at(-1);
  return file.stages.findLast((stage) => stage.name === name);
};

/** BuildKit finds a target by its name alone, so that of the stages without a name of their own only the last can be built. */
const stageCandidates = (file: PlannedFile): readonly Candidate[] =>
  file.stages.flatMap((stage): readonly Candidate[] => {
    const { name } = stage;
    const later = file.stages.slice(stage.index + 1);
    const common = { file, stage, bake: undefined };
    if (name === undefined) return later.length > 0 ? [] : [{ ...common, id: file.path, stageName: undefined }];
    if (later.some((other) => other.name === name)) return [];
    return [{ ...common, id: `${file.path}:${name}`, stageName: name }];
  });

const isPlanned = ({ file, stage, stageName, bake }: Candidate): boolean =>
  (file.bake?.length ? bake?.isDefault === true : stage.isTarget || stage.index === file.stages.length - 1) ||
  (stageName !== undefined &&
    (file.config?.targets ?? []).some((name) => matchesWildcards(name.toLowerCase(), stageName)));

const selects = (pattern: string, candidate: Candidate): boolean => {
  const isOpen = hasWildcard(pattern.slice(pattern.lastIndexOf(":") + 1));
  return (!isOpen || isPlanned(candidate)) && namesTarget(pattern, namesOf(candidate));
};

const namesOf = ({ file, id, stageName, bake }: Candidate): readonly string[] => [
  id,
  ...targetNames({ path: file.path, stage: stageName, bakeNames: bake?.names }),
];

const requireStage = (name: string, file: PlannedFile, candidates: readonly Candidate[]): void => {
  const own = candidates.filter((candidate) => candidate.file === file);
  const isThere = own.some(
    ({ stageName }) => stageName !== undefined && matchesWildcards(name.toLowerCase(), stageName),
  );
  if (!isThere && own.length > 0) throw new UserError(unknownTarget(name, [file], own));
};

const requireBakeStages = (file: PlannedFile, candidates: readonly Candidate[]): void => {
  const missing = file.bake?.find((target) => bakeStage(target, file) === undefined);
  const own = candidates.filter((candidate) => candidate.file === file);
  if (missing?.stage !== undefined && own.length > 0) throw new UserError(unknownTarget(missing.stage, [file], own));
};

const requireSelection = (pattern: string, files: readonly PlannedFile[], candidates: readonly Candidate[]): void => {
  if (candidates.some((candidate) => selects(pattern, candidate))) return;
  const file = files.find(({ path }) => pattern.startsWith(`${path}:`));
  const own = file === undefined ? candidates : candidates.filter((candidate) => candidate.file === file);
  const written = file === undefined ? pattern : pattern.slice(file.path.length + 1);
  throw new UserError(unknownTarget(written, file === undefined ? files : [file], own));
};

const unknownTarget = (written: string, files: readonly PlannedFile[], candidates: readonly Candidate[]): string => {
  const stages = [
    ...new Set(
      candidates.flatMap(({ stageName, bake }) => [...(stageName ? [stageName] : []), ...(bake?.names ?? [])]),
    ),
  ];
  const names = written.includes(":") ? candidates.flatMap(namesOf) : stages;
  const near = nearest(written, names);
  const place = files.length === 1 ? `in ${files[0]?.path}` : `in any of the ${files.length} Dockerfiles`;
  const choice =
    stages.length === 0
      ? "no stage has a name"
      : `${files.length === 1 ? "it has" : "they have"} ${stages.slice(0, 12).join(", ")}${stages.length > 12 ? ", …" : ""}`;
  const hint = near === undefined ? "" : `. Did you mean \`${near}\`?`;
  return files.length === 0
    ? `target \`${written}\` does not exist: no Dockerfile was found`
    : `target \`${written}\` does not exist ${place}; ${choice}${hint}`;
};

const toTarget = ({ file, stage, id, stageName, bake }: Candidate, settings: PlanSettings): Target => {
  const target: Target = {
    id,
    dockerfile: file.path,
    dockerfileAbsolute: file.absolute,
    context: bake?.context ?? file.context,
    stageIndex: stage.index,
    stage: stageName,
    span: stage.stage.from.span,
    platforms: settings.platforms.length > 0 ? settings.platforms : (bake?.platforms ?? []),
    // What is given for this run counts more than what the repository says.
    buildArgs: new Map<string, string | undefined>([
      ...(bake?.buildArgs ?? file.config?.buildArgs ?? []),
      ...settings.buildArgs,
    ]),
    buildContexts: new Map([...(bake?.buildContexts ?? file.config?.buildContexts ?? []), ...settings.buildContexts]),
    secrets: over(settings.secrets, bake?.secrets),
    ssh: over(settings.ssh, bake?.ssh),
    cacheFrom:
      settings.cacheFrom.length > 0 ? settings.cacheFrom.map((cache) => ownCache(cache, id)) : (bake?.cacheFrom ?? []),
    cacheTo: settings.cacheTo.map((cache) => ownCache(cache, id)),
    network: settings.network ?? bake?.network,
    noCache: settings.noCache || bake?.noCache === true,
    pull: settings.pull || bake?.pull === true,
    ...(bake && { bakeNames: bake.names }),
  };
  const needsBake = bake !== undefined && (bake.linked.size > 0 || Object.keys(bake.others).length > 0);
  if (!needsBake) return target;
  return { ...target, bake: { ...linkOf(bake, settings), ...(bake.linked.size > 0 && { text: file.text }) } };
};

const linkOf = ({ name, linked, others }: BakeTarget, settings: PlanSettings): BakeLink => ({
  name,
  others,
  linked: new Map([...linked].map(([context, other]) => [context, linkedTarget(other, settings)])),
});

/** A target that another is built on; its Dockerfile may be one that nobody looks at. */
const linkedTarget = (bake: BakeTarget, settings: PlanSettings): Target => ({
  id: bake.name,
  dockerfile: bake.dockerfile ?? bake.name,
  dockerfileAbsolute: bake.dockerfile ?? "",
  context: bake.context,
  stageIndex: 0,
  stage: bake.stage,
  span: { start: 0, end: 0 },
  platforms: settings.platforms.length > 0 ? settings.platforms : bake.platforms,
  buildArgs: new Map<string, string | undefined>([...bake.buildArgs, ...settings.buildArgs]),
  buildContexts: new Map([...bake.buildContexts, ...settings.buildContexts]),
  secrets: over(settings.secrets, bake.secrets),
  ssh: over(settings.ssh, bake.ssh),
  cacheFrom: bake.cacheFrom,
  cacheTo: [],
  network: settings.network ?? bake.network,
  noCache: settings.noCache || bake.noCache,
  pull: settings.pull || bake.pull,
  bake: linkOf(bake, settings),
});

const over = <Given extends { readonly id: string }>(
  given: readonly Given[],
  below: readonly Given[] | undefined,
): readonly Given[] => [...given, ...(below ?? []).filter(({ id }) => !given.some((other) => other.id === id))];
