import type { Span } from "../dockerfile/model.ts";
import type { AuditOutcome, AuditProblem } from "./audit.ts";
import { saidByOurs } from "./imported-checks.ts";

/**
 * The findings of a file with those of engines that were run beside our rules. Where a rule of ours has said the
 * same of the same place, or a comment keeps it from saying so, the engine's is left out.
 */
export const withImported = (
  outcome: AuditOutcome,
  imported: readonly AuditProblem[],
  isHidden: (problem: AuditProblem) => boolean,
): AuditOutcome => {
  if (imported.length === 0) return outcome;
  const ours = [...outcome.problems, ...outcome.ignored];
  const news = imported.filter((problem) => !isSaid(problem, ours));
  const ignored = news.filter(isHidden);
  const shown = news.filter((problem) => !ignored.includes(problem));
  return {
    ...outcome,
    problems: [...outcome.problems, ...shown].sort(byPlace),
    ignored: [...outcome.ignored, ...ignored],
  };
};

const isSaid = ({ rule, at }: AuditProblem, ours: readonly AuditProblem[]): boolean => {
  const same = saidByOurs.get(rule);
  return same !== undefined && ours.some((own) => same.includes(own.rule) && overlaps(own.at, at));
};

const overlaps = (a: Span, b: Span): boolean =>
  a.start < Math.max(b.end, b.start + 1) && b.start < Math.max(a.end, a.start + 1);

const byPlace = (a: AuditProblem, b: AuditProblem): number =>
  a.at.start - b.at.start || a.at.end - b.at.end || (a.rule < b.rule ? -1 : 1);
