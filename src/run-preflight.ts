import type { AuditProblem } from "./audit/audit.ts";
import { findingsOf } from "./audit/findings.ts";
import { openIgnores } from "./audit/ignores.ts";
import { linkedTargets } from "./build/bake-definition.ts";
import { columnsOf } from "./build/failing-words.ts";
import {
  conflictingSecrets,
  emptySupplies,
  type PlacedProblem,
  type PreflightProblem,
  preflight,
  type Supplied,
  type SupplyNote,
  unusedSupplies,
} from "./build/preflight.ts";
import { mountedIds, type Need, type NeedOptions, needsOf, stagesBuiltFor } from "./build/preflight-needs.ts";
import type { Target } from "./build/target.ts";
import type { Dockerfile } from "./dockerfile/model.ts";
import { lineStarts, positionAt } from "./dockerfile/position.ts";
import type { Finding } from "./report/report.ts";
import type { StageFacts } from "./rules/audited-file.ts";
import { rules } from "./rules/registry.ts";
import { type BuildPlan, type BuildRequest, factsOf, type KnownFile } from "./run-builds.ts";
import type { JudgedFile } from "./run-images.ts";
import { fileProblems, type Outlines, planned } from "./run-outlines.ts";

type PlanRequest = Pick<BuildRequest, "settings" | "world">;

export const planBuilds = async (
  known: readonly KnownFile[],
  outlines: Outlines,
  { settings, world }: PlanRequest,
): Promise<BuildPlan> => {
  const targets = planned(known, settings);
  const all = targets.flatMap(linkedTargets);
  const given = [...settings.secrets, ...all.flatMap(({ secrets }) => secrets)];
  const supplied = await world.docker.supplies(given, [...settings.ssh, ...all.flatMap(({ ssh }) => ssh)]);
  const refused = new Map<Target, readonly PlacedProblem[]>();
  const allNeeds: Need[] = [];
  for (const target of targets) {
    const problems = linkedTargets(target).flatMap((one): readonly PlacedProblem[] => {
      const facts = factsOf(one, known);
      const stage = facts && stageOf(one, target, facts);
      if (facts === undefined || stage === undefined) return [];
      const needs = needsOf(stage, needOptions(one, facts, outlines));
      allNeeds.push(...needs);
      const found = [...fileProblems(one, facts), ...preflight(needs, supplied), ...conflictingSecrets(needs, given)];
      return placed(found, facts.dockerfile);
    });
    if (problems.length > 0) refused.set(target, problems);
  }
  return {
    targets,
    refused,
    supplied,
    unused: unusedIn(known, targets, outlines, supplied),
    notes: [
      ...emptySupplies(allNeeds, supplied),
      ...world.docker.unusedCaches(all.flatMap(({ cacheFrom, cacheTo }) => [...cacheFrom, ...cacheTo])),
    ],
    remarks: [...outlines].flatMap(([id, outline]) =>
      outline.status === "known" ? [] : [`${id}: BuildKit could not outline it: ${outline.reason}`],
    ),
  };
};

/**
 * The findings of each file with what refuses its targets: the plan knows what is needed and given better than the
 * rules that stand for it, so that theirs make way.
 */
export const withRefusals = <Audit extends JudgedFile>(
  audits: readonly Audit[],
  { refused }: BuildPlan,
): readonly Audit[] =>
  audits.map((audit) => {
    const { facts } = audit;
    if (facts === undefined) return audit;
    const problems = [...refused.values()]
      .flat()
      .filter(({ path, rule }) => path === facts.planned.path && rule !== "syntax-error");
    const book = openIgnores(facts.file, rules);
    const found = new Map<string, AuditProblem>();
    for (const { at, message, rule } of problems) {
      const severity = audit.levels.settings.get(rule)?.level ?? "error";
      if (severity === "off" || book.hides({ at, message, rule })) continue;
      found.set(`${at.start} ${message}`, { at, message, rule, severity });
    }
    const kept = audit.findings.filter(
      ({ rule, span }) =>
        rule !== "unsupplied-secret" &&
        !(emptyFromRules.has(rule) && problems.some(({ at }) => span.start <= at.start && at.start < span.end)),
    );
    const findings = [...kept, ...findingsOf(facts.dockerfile, [...found.values()])];
    return { ...audit, findings: findings.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end) };
  });

/** The plan without what the findings tell: its problems are marked, and a misspelt id is said once. */
export const markFindings = (plan: BuildPlan, findings: readonly Finding[]): BuildPlan => {
  const told = new Set(findings.map(({ path, span, message }) => `${path}\0${span.start}\0${message}`));
  const mark = (problem: PlacedProblem): PlacedProblem =>
    told.has(`${problem.path}\0${problem.at.start}\0${problem.message}`) ? { ...problem, isFinding: true } : problem;
  const refused = [...plan.refused].map(([target, problems]) => [target, problems.map(mark)] as const);
  // Notes are not always shown.
  const ofSecrets = findings.filter(({ rule, severity }) => secretRules.has(rule) && severity !== "note");
  const isTold = ({ id }: SupplyNote): boolean => ofSecrets.some(({ message }) => message.includes(`\`${id}\``));
  return { ...plan, refused: new Map(refused), unused: plan.unused.filter((note) => !isTold(note)) };
};

const secretRules: ReadonlySet<string> = new Set(["unsupplied-secret", "unneeded-secret"]);

/** Rules that speak of a variable in FROM without a value, too. */
const emptyFromRules: ReadonlySet<string> = new Set(["undefined-arg-in-from", "invalid-image-reference"]);

/** The stage of a target, or of one that it builds on, of which only the name is known. */
const stageOf = (one: Target, target: Target, { file: { stages } }: KnownFile): StageFacts | undefined => {
  if (one === target) return stages[target.stageIndex];
  const name = one.stage?.toLowerCase();
  return name === undefined ? stages.at(-1) : stages.findLast((stage) => stage.name === name);
};

const needOptions = (target: Target, { file }: KnownFile, outlines: Outlines): NeedOptions => ({
  outline: outlines.get(target.id),
  hasForeignSyntax: file.hasForeignSyntax,
  hasOtherPlatforms: target.platforms.length > 0,
});

const placed = (problems: readonly PreflightProblem[], { path, text }: Dockerfile): readonly PlacedProblem[] => {
  const starts = lineStarts(text);
  return problems.map((problem) => ({
    ...problem,
    path,
    line: positionAt(starts, problem.at.start).line,
    columns: columnsOf(problem.at, text)?.columns,
  }));
};

/** Nothing is said while some mount is not known: it may be the one. */
const unusedIn = (
  known: readonly KnownFile[],
  targets: readonly Target[],
  outlines: Outlines,
  supplied: Supplied,
): readonly SupplyNote[] => {
  const outlined = targets.flatMap((target) => {
    const outline = outlines.get(target.id);
    const stage = factsOf(target, known)?.file.stages[target.stageIndex];
    return outline?.status === "known" && stage ? [{ mounts: outline.mounts, stages: stagesBuiltFor(stage) }] : [];
  });
  const covered = new Set(outlined.flatMap(({ stages }) => stages));
  const isUnknown = ({ file }: KnownFile): boolean =>
    file.stages.some(
      (stage) =>
        !covered.has(stage) && (file.hasForeignSyntax || mountedIds([stage]).some(({ id }) => id.includes("$"))),
    );
  if (known.some(isUnknown)) return [];
  const written = mountedIds(known.flatMap(({ file }) => file.stages));
  return unusedSupplies([...written, ...outlined.flatMap(({ mounts }) => mounts)], supplied);
};
