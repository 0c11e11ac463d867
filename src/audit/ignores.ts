import type { Span } from "../dockerfile/model.ts";
import { nearest } from "../dockerfile/nearest.ts";
import type { AuditedFile } from "../rules/audited-file.ts";
import type { Ignore, IgnoreFormat, UnusedIgnore } from "../rules/ignore-comment.ts";
import type { Problem, Rule } from "../rules/rule.ts";

interface Found extends Problem {
  /** `root-user`, `shellcheck/SC2086`, `custom/no-wget`. */
  readonly rule: string;
}

/** Tells which findings the comments of one file hide, and keeps account of the comments that did. */
export interface IgnoreBook {
  readonly hides: (problem: Found) => boolean;
  /** Whether the id at this place of a comment has hidden something. */
  readonly hasHidden: (id: Span) => boolean;
  /** Ignores that hid nothing although the rule they name has run, and those that name no rule. */
  readonly unused: (hasRun: (rule: Rule) => boolean) => readonly UnusedIgnore[];
}

/** What of a file tells what its comments hide. */
export interface IgnoringFile {
  readonly ignores: AuditedFile["ignores"];
  readonly dockerfile: Pick<AuditedFile["dockerfile"], "stages">;
}

export const openIgnores = (file: IgnoringFile, rules: readonly Rule[]): IgnoreBook => {
  const holders = ruleHolders(rules);
  const used = new Set<Ignore>();
  return {
    hides: (problem) => {
      let isHidden = false;
      for (const ignore of file.ignores) {
        if (!reaches(ignore, problem, file, holders) || !speaksOf(ignore, problem.rule, holders)) continue;
        used.add(ignore);
        isHidden = true;
      }
      return isHidden;
    },
    hasHidden: ({ start }) => [...used].some(({ idSpan }) => idSpan.start === start),
    unused: (hasRun) =>
      file.ignores.flatMap((ignore): readonly UnusedIgnore[] => {
        if (used.has(ignore)) return [];
        const rule = holders.get(bare(ignore.id));
        if (rule !== undefined) return hasRun(rule) ? [{ ...ignore, rule: rule.id, meant: undefined }] : [];
        if (ignore.format !== "own" || isForeign(ignore.id)) return [];
        return [{ ...ignore, rule: undefined, meant: nearest(ignore.id, namesOf(rules)) }];
      }),
  };
};

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

const namesOf = (rules: readonly Rule[]): readonly string[] => rules.flatMap(({ id, aliases }) => [id, ...aliases]);

/** What ignores themselves are told of, which `all` never hides: it would hide what is said of it. */
const aboutIgnores: ReadonlySet<string> = new Set(["unused-ignore", "ignore-without-reason"]);

const reaches = (
  { covers, isOnTop, format }: Ignore,
  { at, rule }: Found,
  file: IgnoringFile,
  holders: ReadonlyMap<string, Rule>,
): boolean => {
  if (at.start >= covers.start && at.start < Math.max(covers.end, covers.start + 1)) return true;
  // What a stage lacks is shown on its FROM; peers show it on the file, and so their comments stand on top.
  if (!isOnTop || format === "own" || holders.get(rule)?.scope !== "shipped stages") return false;
  return file.dockerfile.stages.some(({ from }) => at.start >= from.span.start && at.start < from.span.end);
};

const speaksOf = ({ id, format }: Ignore, rule: string, holders: ReadonlyMap<string, Rule>): boolean => {
  if (id === "all" || id === "*") {
    if (aboutIgnores.has(rule)) return false;
    return format === "own" || [rule, ...(holders.get(rule)?.aliases ?? [])].some((name) => peerIds[format].test(name));
  }
  const named = bare(id);
  return named === bare(rule) || holders.get(named)?.id === rule || (wider.get(named)?.includes(rule) ?? false);
};

/** Ids that each peer gives to its checks; its `all` speaks of those alone. */
const peerIds: Readonly<Record<Exclude<IgnoreFormat, "own">, RegExp>> = {
  hadolint: /^(DL|(shellcheck\/)?SC)\d{4}$/,
  shellcheck: /^shellcheck\//,
  tally: /./,
  buildkit: /^(buildkit\/.*|([A-Z][a-z]+){2,}.*)$/,
  trivy: /^DS-\d{4}$/,
  checkov: /^CKV2?_/,
  kics: /^[0-9a-f]{8}$/,
};

/** Checks of peers that two of our rules share: root by USER, and root because there is none. */
const wider: ReadonlyMap<string, readonly string[]> = new Map([["ds-0002", ["missing-user"]]]);

/** `shellcheck/SC2086` and `SC2086` are one, and so are `buildkit/StageNameCasing` and `StageNameCasing`. */
const bare = (id: string): string => id.toLowerCase().replace(/^(shellcheck|buildkit|hadolint)\//, "");

const isForeign = (id: string): boolean => /^(all|\*|SC\d{4}|(shellcheck|buildkit|hadolint|custom)\/.*)$/i.test(id);
