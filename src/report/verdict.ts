import type { Severity } from "../rules/rule.ts";
import type { Finding, SecretSearch, SizeRow, TargetReport, Verdict } from "./report.ts";
import { count, isOver } from "./words.ts";

export interface Judged {
  readonly findings: readonly Finding[];
  readonly targets: readonly TargetReport[] | undefined;
  readonly sizes: readonly SizeRow[];
  readonly secrets?: SecretSearch;
  /** Findings of this severity or worse fail; `none`: no finding does. Builds, budgets and leaks always count. */
  readonly failureThreshold: Severity | "none";
  /** Dockerfiles that could not be read: nobody has judged them, so they do not pass. */
  readonly unread?: number;
  /** Why nothing could be built although building was demanded. */
  readonly buildImpossible: string | undefined;
}

export const verdictOf = (judged: Judged): Verdict => {
  const reasons = [
    ...secretReasons(judged.secrets),
    ...(judged.buildImpossible === undefined ? [] : [`nothing could be built: ${judged.buildImpossible}`]),
    ...buildReasons(judged.targets ?? []),
    ...budgetReasons(judged.sizes, judged.targets ?? []),
    ...(judged.unread ? [`${count(judged.unread, "Dockerfile")} could not be read`] : []),
    ...findingReasons(judged.findings, judged.failureThreshold),
  ];
  return { status: reasons.length === 0 ? "pass" : "fail", reasons };
};

const secretReasons = (secrets: SecretSearch | undefined): readonly string[] => {
  const ids = new Set(secrets?.found.map(({ id }) => id));
  if (ids.size === 0) return [];
  return [`${count(ids.size, "secret")} ${ids.size === 1 ? "is" : "are"} in an image`];
};

/** Where nothing was built at all, `buildImpossible` decides. */
const buildReasons = (targets: readonly TargetReport[]): readonly string[] => {
  const failed = targets.filter(({ build }) => build.status === "failed").length;
  const skipped = targets.filter(({ build }) => build.status === "skipped").length;
  const isPartial = skipped > 0 && skipped < targets.length;
  return [
    ...(failed === 0 ? [] : [`${count(failed, "target")} did not build`]),
    ...(isPartial ? [`${count(skipped, "target")} ${skipped === 1 ? "was" : "were"} not built`] : []),
  ];
};

/** A budget that could not be checked is not kept; where the build failed, that is reason enough. */
const budgetReasons = (sizes: readonly SizeRow[], targets: readonly TargetReport[]): readonly string[] => {
  const over = sizes.filter(isOver).length;
  const built = new Set(targets.filter(({ build }) => build.status === "built").map(({ build }) => build.target.id));
  const unchecked = sizes.filter((row) => row.budget && row.budget.over === undefined && built.has(row.id)).length;
  return [
    ...(over === 0 ? [] : [over === 1 ? "1 image is over its budget" : `${over} images are over their budgets`]),
    ...(unchecked === 0 ? [] : [`${count(unchecked, "budget")} could not be checked`]),
  ];
};

const findingReasons = (findings: readonly Finding[], threshold: Severity | "none"): readonly string[] => {
  if (threshold === "none") return [];
  const severities: readonly Severity[] = ["error", "warning", "note"];
  return severities.slice(0, severities.indexOf(threshold) + 1).flatMap((severity) => {
    const found = findings.filter((finding) => finding.severity === severity).length;
    return found === 0 ? [] : [count(found, severity)];
  });
};
