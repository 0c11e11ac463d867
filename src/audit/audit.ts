import type { AuditedFile } from "../rules/audited-file.ts";
import type { UnusedIgnore } from "../rules/ignore-comment.ts";
import { forgetFacts } from "../rules/knowledge/once.ts";
import { meets } from "../rules/needs.ts";
import type { Level, Problem, Rule, Severity } from "../rules/rule.ts";
import type { CustomRule, Profile, RuleSettings } from "../settings.ts";
import { customProblems } from "./custom-rules.ts";
import { openIgnores } from "./ignores.ts";

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
  const failures: { rule: string; error: unknown }[] = [];
  const found: AuditProblem[] = [];
  const run = ({ id, check, severity, given }: ActiveRule, seen: AuditedFile, into: AuditProblem[]): void => {
    const before = into.length;
    try {
      for (const problem of check(seen, given))
        into.push({ ...(file.hasForeignSyntax ? unfixed(problem) : problem), rule: id, severity });
    } catch (error) {
      into.length = before;
      failures.push({ rule: id, error });
    }
  };
  const active = activeRules(options);
  for (const one of active)
    if (one.id !== unusedIgnore && (one.needs === undefined || meets(file, one.needs))) run(one, file, found);
  for (const problem of houseProblems(file, options, failures)) found.push(problem);
  const ignores = openIgnores(file, options.rules);
  const [ignored, problems] = [[], []] as [AuditProblem[], AuditProblem[]];
  const sort = (problem: AuditProblem): void => void (ignores.hides(problem) ? ignored : problems).push(problem);
  found.forEach(sort);
  const last = active.find(({ id }) => id === unusedIgnore);
  if (last && !file.isBroken && file.ignores.length > 0) {
    const unused = ignores.unused((rule) => hasRun(rule, file, options));
    const late: AuditProblem[] = [];
    run(last, withUnusedIgnores(file, unused), late);
    late.forEach(sort);
  }
  forgetFacts();
  return { problems: problems.sort(byPlace), ignored, failures };
};

/** What another front end makes of the text is not known here. */
const unfixed = ({ fix: _, ...problem }: Problem): Problem => problem;

/** What a run needs of a rule, in one shape for all of them: it is looked at for each rule and file. */
interface ActiveRule extends Pick<Rule, "id" | "check"> {
  readonly needs: Rule["needs"] | undefined;
  readonly severity: Severity;
  readonly given: Readonly<Record<string, unknown>>;
}

/** Files with the same settings, which is most often all of them, have the same rules. */
const activeRules = (options: AuditOptions): readonly ActiveRule[] => {
  const { rules, profile, settings, requireReason } = options;
  const key = settings.size === 0 ? nothingSet : settings;
  const known = active.get(key);
  if (known?.rules === rules && known.profile === profile && known.requireReason === requireReason) return known.found;
  const found = rules.flatMap((rule) => {
    const severity = levelOf(rule, options);
    const given = settings.get(rule.id)?.options ?? {};
    const { id, needs, check } = rule;
    return severity === "off" ? [] : [{ id, needs, check, severity, given: withDefaults(rule, given) }];
  });
  active.set(key, { rules, profile, requireReason, found });
  return found;
};

const nothingSet: RuleSettings = new Map();

const active = new WeakMap<
  RuleSettings,
  Pick<AuditOptions, "rules" | "profile"> & {
    readonly requireReason: boolean | undefined;
    readonly found: readonly ActiveRule[];
  }
>();

const houseProblems = (
  file: AuditedFile,
  { customRules, settings }: AuditOptions,
  failures: { rule: string; error: unknown }[],
): readonly AuditProblem[] =>
  (customRules ?? []).flatMap((custom) => {
    const severity = settings.get(custom.id)?.level ?? custom.level;
    if (severity === "off") return [];
    try {
      return customProblems(file, custom).map((problem) => ({ ...problem, rule: custom.id, severity }));
    } catch (error) {
      failures.push({ rule: custom.id, error });
      return [];
    }
  });

/** Of the same prototype, whose getter looks the build context up only when somebody asks. */
const withUnusedIgnores = (file: AuditedFile, unusedIgnores: readonly UnusedIgnore[]): AuditedFile =>
  Object.assign(Object.create(Object.getPrototypeOf(file)), file, { unusedIgnores });

export const unusedIgnore = "unused-ignore";

const byPlace = (a: AuditProblem, b: AuditProblem): number =>
  a.at.start - b.at.start || a.at.end - b.at.end || (a.rule < b.rule ? -1 : 1);

/** The level of a rule under a profile and its settings; `all` shows as notes what would be off. */
export const levelOf = (rule: Rule, options: Pick<AuditOptions, "profile" | "settings" | "requireReason">): Level => {
  const set = options.settings.get(rule.id)?.level;
  if (set !== undefined) return set;
  if (rule.id === "ignore-without-reason" && options.requireReason) return "warning";
  if (options.profile !== "all") return rule.level[options.profile];
  return rule.level.strict === "off" ? "note" : rule.level.strict;
};

const withDefaults = (rule: Rule, given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  ...Object.fromEntries((rule.options ?? []).map((option) => [option.name, option.default])),
  ...given,
});

/** Whether the rule could have found something, so that having hidden nothing means something. */
const hasRun = (rule: Rule, file: AuditedFile, options: AuditOptions): boolean => {
  if (rule.id === unusedIgnore || levelOf(rule, options) === "off" || rule.scope === "built image") return false;
  if (rule.scope === "context") return file.context !== undefined;
  return file.supplied !== undefined || !/^(unsupplied|unneeded)-/.test(rule.id);
};
