import type { Span } from "../dockerfile/model.ts";
import { nearest } from "../dockerfile/nearest.ts";
import { oncePerObject } from "../once-per-object.ts";
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
  if (file.ignores.length === 0) return noIgnores;
  const holders = ruleHolders(rules);
  const used = new Set<Ignore>();
  const usedAt = new Set<number>();
  const use = (ignore: Ignore): void => {
    used.add(ignore);
    usedAt.add(ignore.idSpan.start);
  };
  const names = (rule: string) => (ignore: Ignore) => speaksOf(ignore, rule, holders);
  const [wide, narrow] = partition(file.ignores, ({ reach }) => reach === "file");
  const onTop = narrow.filter(({ isOnTop, format }) => isOnTop && format !== "own");
  const at = placed(narrow);
  const widely = new Map<string, boolean>();
  const hidesWidely = (rule: string): boolean => {
    const known = widely.get(rule);
    if (known !== undefined) return known;
    const found = wide.filter(names(rule));
    found.forEach(use);
    widely.set(rule, found.length > 0);
    return found.length > 0;
  };
  return {
    hides: (problem) => {
      const isAbsence = onTop.length > 0 && isAbsent(problem, file, holders);
      const near = [...at(problem.at.start), ...(isAbsence ? onTop : [])].filter(names(problem.rule));
      near.forEach(use);
      return hidesWidely(problem.rule) || near.length > 0;
    },
    hasHidden: ({ start }) => usedAt.has(start),
    unused: (hasRun) => {
      const meant = nearestOf(namesOf(rules));
      return file.ignores.flatMap((ignore): readonly UnusedIgnore[] => {
        if (used.has(ignore)) return [];
        const rule = holders.get(bare(ignore.id));
        if (rule !== undefined) return hasRun(rule) ? [{ ...ignore, rule: rule.id, meant: undefined }] : [];
        if (ignore.format !== "own" || isForeign(ignore.id)) return [];
        return [{ ...ignore, rule: undefined, meant: meant(ignore.id) }];
      });
    },
  };
};

const noIgnores: IgnoreBook = { hides: () => false, hasHidden: () => false, unused: () => [] };

/** Rules by id and by alias, lower-case. */
export const ruleHolders = oncePerObject(
  (rules: readonly Rule[]): ReadonlyMap<string, Rule> =>
    new Map(rules.flatMap((rule) => [rule.id, ...rule.aliases].map((name) => [name.toLowerCase(), rule] as const))),
);

const namesOf = (rules: readonly Rule[]): readonly string[] => rules.flatMap(({ id, aliases }) => [id, ...aliases]);

/** What ignores themselves are told of, which `all` never hides: it would hide what is said of it. */
const aboutIgnores: ReadonlySet<string> = new Set(["unused-ignore", "ignore-without-reason"]);

/** What a stage lacks is shown on its FROM; peers show it on the file, and so their comments stand on top. */
const isAbsent = ({ at, rule }: Found, file: IgnoringFile, holders: ReadonlyMap<string, Rule>): boolean =>
  holders.get(rule)?.scope === "shipped stages" &&
  file.dockerfile.stages.some(({ from }) => at.start >= from.span.start && at.start < from.span.end);

/** Finds what covers an offset without looking at everything. */
const placed = (ignores: readonly Ignore[]): ((offset: number) => readonly Ignore[]) => {
  const sorted = ignores.toSorted((a, b) => a.covers.start - b.covers.start);
  const reach: number[] = [];
  // An empty cover still holds its own place.
  const endOf = ({ covers }: Ignore): number => Math.max(covers.end, covers.start + 1);
  for (const ignore of sorted) reach.push(Math.max(reach.at(-1) ?? 0, endOf(ignore)));
  return (offset) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] as Ignore).covers.start <= offset) low = middle + 1;
      else high = middle;
    }
    const found: Ignore[] = [];
    for (let index = low - 1; index >= 0 && (reach[index] ?? 0) > offset; index--) {
      const ignore = sorted[index] as Ignore;
      if (endOf(ignore) > offset) found.push(ignore);
    }
    return found;
  };
};

const partition = <T>(items: readonly T[], is: (item: T) => boolean): readonly [readonly T[], readonly T[]] => [
  items.filter(is),
  items.filter((item) => !is(item)),
];

/** A file full of unknown names gets no hint for each of them. */
const mostHints = 100;

const nearestOf = (names: readonly string[]): ((id: string) => string | undefined) => {
  const known = new Map<string, string | undefined>();
  return (id) => {
    if (!known.has(id)) known.set(id, known.size < mostHints ? nearest(id, names) : undefined);
    return known.get(id);
  };
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
  buildkit: /^(buildkit\/|[A-Z][a-z]+[A-Z][a-z])/,
  trivy: /^DS-\d{4}$/,
  checkov: /^CKV2?_/,
  kics: /^[0-9a-f]{8}$/,
};

/** Checks of peers that two of our rules share: root by USER, and root because there is none. */
const wider: ReadonlyMap<string, readonly string[]> = new Map([["ds-0002", ["missing-user"]]]);

/** `shellcheck/SC2086` and `SC2086` are one, and so are `buildkit/StageNameCasing` and `StageNameCasing`. */
const bare = (id: string): string => id.toLowerCase().replace(/^(shellcheck|buildkit|hadolint)\//, "");

const isForeign = (id: string): boolean => /^(all|\*|SC\d{4}|(shellcheck|buildkit|hadolint|custom)\/.*)$/i.test(id);
