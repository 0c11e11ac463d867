import type { Span } from "../dockerfile/model.ts";
import type { AuditedFile } from "../rules/audited-file.ts";
import type { Ignore } from "../rules/ignore-comment.ts";
import type { Level, Problem, Rule, Severity } from "../rules/rule.ts";
import type { CustomRule, Profile, RuleSettings } from "../settings.ts";

/** A problem with the rule that found it. */
export interface AuditProblem extends Problem {
  readonly rule: string;
  readonly severity: Severity;
}

export interface AuditOutcome {
  /** In the order of the file. */
  readonly problems: readonly AuditProblem[];
  /** What a comment hid. */
  readonly ignored: readonly AuditProblem[];
  /** Rules that failed on this file, which is a fault of ours and never costs the other findings. */
  readonly failures: readonly { readonly rule: string; readonly error: unknown }[];
}

export interface AuditOptions {
  readonly rules: readonly Rule[];
  readonly profile: Profile;
  readonly settings: RuleSettings;
  /** An ignore comment must give its reason. */
  readonly requireReason?: boolean;
  readonly customRules?: readonly CustomRule[];
}

export const auditFile = (file: AuditedFile, options: AuditOptions): AuditOutcome => {
  const holders = ruleHolders(options.rules);
  const failures: { rule: string; error: unknown }[] = [];
  const found: AuditProblem[] = [];
  const run = (rule: Rule, seen: AuditedFile): readonly AuditProblem[] => {
    const severity = levelOf(rule, options);
    if (severity === "off") return [];
    try {
      const given = options.settings.get(rule.id)?.options ?? {};
      return [...rule.check(seen, withDefaults(rule, given))].map((problem) => ({
        ...problem,
        rule: rule.id,
        severity,
      }));
    } catch (error) {
      failures.push({ rule: rule.id, error });
      return [];
    }
  };
  for (const rule of options.rules) if (rule.id !== unusedIgnore) found.push(...run(rule, file));
  const used = new Set<Ignore>();
  const isHidden = (problem: AuditProblem): boolean => hides(file.ignores, problem, holders, used);
  const ignored = found.filter(isHidden);
  const problems = found.filter((problem) => !ignored.includes(problem));
  const last = options.rules.find(({ id }) => id === unusedIgnore);
  if (last && !file.isBroken) {
    const unused = file.ignores.filter((ignore) => !used.has(ignore) && couldHide(ignore, holders, options));
    for (const problem of run(last, withUnusedIgnores(file, unused))) {
      (isHidden(problem) ? ignored : problems).push(problem);
    }
  }
  return { problems: problems.sort(byPlace), ignored, failures };
};

/** Inherits instead of copying: a copy would look the build context up, which costs and may not be asked for. */
const withUnusedIgnores = (file: AuditedFile, unusedIgnores: readonly Ignore[]): AuditedFile =>
  Object.create(file, { unusedIgnores: { value: unusedIgnores } });

const unusedIgnore = "unused-ignore";

const byPlace = (a: AuditProblem, b: AuditProblem): number =>
  a.at.start - b.at.start || a.at.end - b.at.end || (a.rule < b.rule ? -1 : 1);

/** The level of a rule under a profile and its settings; `all` shows as notes what would be off. */
export const levelOf = (rule: Rule, options: Pick<AuditOptions, "profile" | "settings">): Level => {
  const set = options.settings.get(rule.id)?.level;
  if (set !== undefined) return set;
  if (options.profile !== "all") return rule.level[options.profile];
  return rule.level.strict === "off" ? "note" : rule.level.strict;
};

const withDefaults = (rule: Rule, given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  ...Object.fromEntries((rule.options ?? []).map((option) => [option.name, option.default])),
  ...given,
});

const holderCache = new WeakMap<readonly Rule[], ReadonlyMap<string, Rule>>();

/** Rules by id and by alias, lower-case. */
export const ruleHolders = (rules: readonly Rule[]): ReadonlyMap<string, Rule> => {
  const known = holderCache.get(rules);
  if (known) return known;
  const holders = new Map(
    rules.flatMap((rule) => [rule.id, ...rule.aliases].map((name) => [name.toLowerCase(), rule] as const)),
  );
  holderCache.set(rules, holders);
  return holders;
};

const hides = (
  ignores: readonly Ignore[],
  problem: AuditProblem,
  holders: ReadonlyMap<string, Rule>,
  used: Set<Ignore>,
): boolean => {
  let isHidden = false;
  for (const ignore of ignores) {
    if (!touches(ignore.covers, problem.at)) continue;
    const id = ignore.id.toLowerCase();
    if (id !== "all" && id !== problem.rule.toLowerCase() && holders.get(id)?.id !== problem.rule) continue;
    used.add(ignore);
    isHidden = true;
  }
  return isHidden;
};

const touches = (covers: Span, at: Span): boolean =>
  at.start >= covers.start && at.start < Math.max(covers.end, covers.start + 1);

/** Whether the ignore names a rule that ran, so that having hidden nothing means something. */
const couldHide = (ignore: Ignore, holders: ReadonlyMap<string, Rule>, options: AuditOptions): boolean => {
  const rule = holders.get(ignore.id.toLowerCase());
  return rule !== undefined && rule.id !== unusedIgnore && levelOf(rule, options) !== "off";
};
