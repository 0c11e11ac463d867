import type { Span } from "../dockerfile/model.ts";
import { type AuditOutcome, type AuditProblem, unusedIgnore } from "./audit.ts";
import type { IgnoreBook } from "./ignores.ts";
import { saidByOurs } from "./imported-checks.ts";

/**
 * The findings of a file with those of engines that were run beside our rules. Where a rule of ours has said the
 * same of the same place, or a comment keeps it from saying so, the engine's is left out.
 */
export const withImported = (
  outcome: AuditOutcome,
  imported: readonly AuditProblem[],
  ignores: Pick<IgnoreBook, "hides" | "hasHidden">,
): AuditOutcome => {
  if (imported.length === 0) return outcome;
  const ours = [...outcome.problems, ...outcome.ignored];
  const news = imported.filter((problem) => !isSaid(problem, ours));
  const ignored = news.filter(ignores.hides);
  const shown = news.filter((problem) => !ignored.includes(problem));
  return {
    ...outcome,
    // A comment that hides nothing of ours may hide what was imported.
    problems: [
      ...outcome.problems.filter(({ rule, at }) => rule !== unusedIgnore || !ignores.hasHidden(at)),
      ...shown,
    ].sort(byPlace),
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
