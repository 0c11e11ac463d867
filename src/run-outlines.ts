import type { CheckQuestion } from "./audit/imported-buildkit.ts";
import { missingFromArguments } from "./build/from-arguments.ts";
import type { OutlineAnswer } from "./build/outline.ts";
import { type PlanSettings, planTargets } from "./build/plan.ts";
import type { PreflightProblem } from "./build/preflight.ts";
import { mountedIds, stagesBuiltFor } from "./build/preflight-needs.ts";
import type { Target } from "./build/target.ts";
import type { BuildChecks, Engine } from "./ports.ts";
import type { StageFacts } from "./rules/audited-file.ts";
import { factsOf, type KnownFile } from "./run-builds.ts";

/** By the id of each target that BuildKit was asked about. */
export type Outlines = ReadonlyMap<string, OutlineAnswer>;

/**
 * Asks BuildKit what targets mount, those alone where its answer can tell more than the Dockerfile does. Of targets of
 * which only the base images are not known, one for all is asked first: hardly any base has a trigger that mounts
 * something. Never rejects: without an answer the Dockerfile has the say.
 */
export const askOutlines = async (
  known: readonly KnownFile[],
  engine: Engine | undefined,
  {
    settings,
    world,
    signal,
  }: {
    readonly settings: PlanSettings;
    readonly world: { readonly buildChecks: Pick<BuildChecks, "outline"> };
    readonly signal: AbortSignal;
  },
): Promise<Outlines> => {
  if (engine?.status !== "ready") return new Map();
  const ask = async (asked: readonly Asked[]): Promise<ReadonlyMap<Asked, OutlineAnswer>> => {
    if (asked.length === 0) return new Map();
    const answers = await world.buildChecks.outline(
      asked.map(({ question }) => question),
      signal,
    );
    return new Map(asked.flatMap((one, index) => (answers[index] ? [[one, answers[index]] as const] : [])));
  };
  try {
    const groups = [...Map.groupBy(askable(known, settings), ({ group }) => group).values()];
    const first = await ask(groups.flatMap((group) => group.slice(0, 1)));
    const telling = groups.filter(([one]) => one !== undefined && hasTriggers(one, first.get(one)));
    const others = await ask(telling.flatMap((group) => group.slice(1)));
    return new Map([...first, ...others].map(([{ id }, answer]) => [id, answer] as const));
  } catch {
    // What is wrong with the plan is said by the plan.
    return new Map();
  }
};

export const planned = (known: readonly KnownFile[], settings: PlanSettings): readonly Target[] =>
  planTargets(
    known.map((file) => file.planned),
    settings,
  );

/** What BuildKit refuses whatever is given; of another front end nobody can say. */
export const fileProblems = (target: Target, { file, dockerfile }: KnownFile): readonly PreflightProblem[] => {
  if (file.hasForeignSyntax) return [];
  return [
    ...dockerfile.problems.map(({ span, message }) => ({ at: span, message, rule: "syntax-error" })),
    ...missingFromArguments(dockerfile, target.buildArgs),
  ];
};

interface Asked {
  readonly id: string;
  readonly stage: StageFacts;
  readonly question: CheckQuestion;
  /** The same for targets whose answers differ by nothing but what their Dockerfiles tell. */
  readonly group: string;
}

const askable = (known: readonly KnownFile[], settings: PlanSettings): readonly Asked[] =>
  planned(known, settings).flatMap((target): readonly Asked[] => {
    const facts = factsOf(target, known);
    const stage = facts?.file.stages[target.stageIndex];
    const isOutOfReach = !target.context.startsWith("/") || (target.bake?.linked.size ?? 0) > 0;
    if (facts === undefined || stage === undefined || isOutOfReach) return [];
    const group = groupOf(target, stage, facts);
    if (group === undefined || fileProblems(target, facts).length > 0) return [];
    const question = {
      dockerfile: target.dockerfileAbsolute,
      context: target.context,
      stage: target.stage,
      args: target.buildArgs,
      buildContexts: target.buildContexts,
      syntax: facts.dockerfile.directives.find(({ name }) => name === "syntax")?.value,
    };
    return [{ id: target.id, stage, question, group }];
  });

/** Undefined where BuildKit knows no more than the Dockerfile tells. */
const groupOf = (target: Target, stage: StageFacts, { file }: KnownFile): string | undefined => {
  const stages = stagesBuiltFor(stage);
  const hasVariables =
    stages.some(({ stage: { from } }) => from.image.text.includes("$")) ||
    mountedIds(stages).some(({ id }) => id.includes("$"));
  if (file.hasForeignSyntax || hasVariables) return target.id;
  const bases = stages.filter(({ base }) => base.kind !== "scratch" && base.kind !== "stage");
  if (bases.length === 0) return undefined;
  const images = new Set(bases.map((one) => one.stage.from.image.text));
  return JSON.stringify([[...images].sort(), [...target.buildContexts]]);
};

/** BuildKit gives a trigger of the base image the line of FROM. */
const hasTriggers = ({ stage }: Asked, answer: OutlineAnswer | undefined): boolean =>
  answer?.status === "known" &&
  answer.mounts.some(({ line }) =>
    stagesBuiltFor(stage).some(({ stage: { from } }) => from.startLine <= line && line <= from.endLine),
  );
