import { namesTarget, targetNames } from "../build/target-names.ts";
import { compileFolderGlobs } from "../discover/glob.ts";
import type { Rule, Severity } from "../rules/rule.ts";
import type {
  BudgetConfig,
  Config,
  CustomRule,
  DockerfileConfig,
  Pattern,
  Profile,
  RuleSetting,
  RuleSettings,
} from "../settings.ts";
import { configShape, customSubjects } from "./shape.ts";
import { suggestion, type Values, validateObject, type Written } from "./validate.ts";
import { type Position, type Refuse, readYaml, type Tree } from "./yaml-tree.ts";

/** What one file says, before it is laid over the files it extends. */
export interface ConfigLayer {
  readonly extends: readonly Written[];
  /** Only what the file says. */
  readonly says: Partial<Omit<Config, "path" | "folder">>;
  /** The house rules that are set in it, which it may have from a file that it extends, or that extends it. */
  readonly setHouseRules: readonly Written[];
}

/** Where a configuration stands: paths of the file start at `folder`. */
export interface ConfigPlace {
  /** Absolute, with `/`. */
  readonly folder: string;
  /** A place of the file as the user knows it: `.docker-hygiene.yml:3:1`. */
  readonly shown: (at: Position) => string;
  /** A path of the file made absolute. */
  readonly resolve: (path: string) => string;
  /** An absolute path seen from the folder, with `/`; undefined when it lies outside. */
  readonly below: (absolute: string) => string | undefined;
}

/** Reads the text of a configuration file; `refuse` says what is wrong at which place. */
export const readConfig = async (
  text: string,
  place: ConfigPlace,
  rules: readonly Rule[],
  refuse: Refuse,
): Promise<ConfigLayer> => {
  const tree = readYaml(text, refuse);
  const isEmpty = tree === undefined || (tree.kind === "scalar" && tree.value === null);
  const values: Values = isEmpty
    ? new Map()
    : validateObject(tree, configShape, "the configuration", { refuse, rules });
  const list = (key: string): readonly Values[] | undefined => values.get(key) as readonly Values[] | undefined;
  const texts = (key: string): readonly string[] | undefined => values.get(key) as readonly string[] | undefined;
  return {
    extends: isEmpty ? [] : written(member(tree, "extends")),
    setHouseRules: isEmpty ? [] : setHouseRules(tree),
    says: given({
      profile: values.get("profile") as Profile | undefined,
      failureThreshold: values.get("failure-threshold") as Severity | "none" | undefined,
      shellcheck: engine(values.get("shellcheck")),
      buildkitChecks: engine(values.get("buildkit-checks")),
      files: texts("files"),
      exclude: texts("exclude"),
      bake: texts("bake")?.map((path) => place.resolve(path)),
      requireReason: values.get("require-reason") as boolean | undefined,
      baselineFindings: isEmpty ? undefined : baselineFindings(tree, place),
      rules: ruleSettings(values),
      overrides: list("overrides")?.map((entry) => ({
        matches: dockerfileMatcher(entry.get("files") as readonly string[], place),
        rules: entry.get("rules") as RuleSettings,
      })),
      dockerfiles: list("dockerfiles")?.map((entry) => dockerfile(entry, place)),
      budgets: budgets(values, place),
      customRules: await customRules(list("forbid"), list("require"), refuse),
    }),
  };
};

/** Lays a file over what it extends: texts replace, rules join by id, lists of entries go before. */
export const layOver = (base: Config, { says }: Pick<ConfigLayer, "says">): Config => ({
  ...base,
  ...says,
  rules: new Map([...base.rules, ...(says.rules ?? [])]),
  overrides: [...base.overrides, ...(says.overrides ?? [])],
  dockerfiles: [...(says.dockerfiles ?? []), ...base.dockerfiles],
  budgets: [...(says.budgets ?? []), ...base.budgets],
  customRules: [...base.customRules, ...(says.customRules ?? [])],
  notes: [...base.notes, ...(says.notes ?? [])],
});

/** The texts of a value, which may be one alone. */
const written = (value: Tree | undefined): readonly Written[] => {
  if (value?.kind === "list") return value.items.flatMap(written);
  return value?.kind === "scalar" && value.value !== null ? [{ text: value.text, at: value.at }] : [];
};

/** Refuses to set a house rule that there is not. */
export const refuseUnknownHouseRule = ({ customRules }: Config, { text, at }: Written, refuse: Refuse): void => {
  const ids = customRules.map(({ id }) => id);
  if (!ids.includes(text)) refuse(at, `there is no house rule \`${text}\`${suggestion(text, ids)}`);
};

const setHouseRules = (tree: Tree): readonly Written[] => {
  const overrides = member(tree, "overrides");
  const maps = [tree, ...(overrides?.kind === "list" ? overrides.items : [])].map((map) => member(map, "rules"));
  return maps.flatMap((map) =>
    map?.kind === "map"
      ? map.entries.flatMap(({ key, keyAt }) => (key.startsWith("custom/") ? [{ text: key, at: keyAt }] : []))
      : [],
  );
};

const member = (tree: Tree, key: string): Tree | undefined =>
  tree.kind === "map" ? tree.entries.find((entry) => entry.key === key)?.value : undefined;

/** Matches Dockerfiles by their path from the configuration's folder. */
const dockerfileMatcher = (globs: readonly string[], place: ConfigPlace): ((absolute: string) => boolean) => {
  const matches = compileFolderGlobs(globs);
  return (absolute) => matches(place.below(absolute) ?? absolute);
};

const engine = (value: unknown): boolean | "auto" | undefined =>
  value === undefined || value === "auto" ? value : value === "true";

const given = (says: { readonly [Key in keyof ConfigLayer["says"]]: ConfigLayer["says"][Key] | undefined }) =>
  Object.fromEntries(Object.entries(says).filter(([, value]) => value !== undefined)) as ConfigLayer["says"];

const baselineFindings = (tree: Tree, place: ConfigPlace): Config["baselineFindings"] => {
  const [file] = written(member(tree, "baseline-findings"));
  return file === undefined ? undefined : { path: place.resolve(file.text), where: place.shown(file.at) };
};

const ruleSettings = (values: Values): RuleSettings | undefined => {
  const registries = values.get("allowed-registries") as readonly string[] | undefined;
  const labels = values.get("required-labels") as readonly string[] | undefined;
  const own = values.get("rules") as RuleSettings | undefined;
  const settings = new Map<string, RuleSetting>(own);
  const add = (id: string, option: string, value: readonly string[] | undefined, level: Severity): void => {
    if (value === undefined) return;
    const set = settings.get(id);
    settings.set(id, { level: set?.level ?? level, options: { [option]: value, ...set?.options } });
  };
  add("untrusted-base-registry", "registries", registries, "error");
  add("missing-label", "labels", labels, "warning");
  return settings.size === 0 && own === undefined ? undefined : settings;
};

const dockerfile = (entry: Values, place: ConfigPlace): DockerfileConfig => {
  const file = entry.get("file") as string;
  const context = entry.get("context") as string | undefined;
  const pairs = (key: string): ReadonlyMap<string, string> =>
    (entry.get(key) as ReadonlyMap<string, string> | undefined) ?? new Map();
  return {
    file,
    matches: exactMatcher(file, place),
    context: context === undefined ? undefined : local(context, place),
    targets: entry.get("targets") as readonly string[] | undefined,
    buildArgs: pairs("build-args"),
    buildContexts: new Map([...pairs("build-contexts")].map(([name, path]) => [name, local(path, place)])),
  };
};

/** A plain path speaks of that very file; a glob of all that it matches. */
const exactMatcher = (file: string, place: ConfigPlace): ((absolute: string) => boolean) =>
  /[*?[{]/.test(file) ? dockerfileMatcher([file], place) : (absolute) => absolute === place.resolve(file);

const local = (path: string, place: ConfigPlace): string =>
  /^[a-z][a-z0-9+.-]*:|^git@/i.test(path) ? path : place.resolve(path);

const budgets = (values: Values, place: ConfigPlace): readonly BudgetConfig[] | undefined => {
  const entries = values.get("budgets") as readonly Values[] | undefined;
  const forAll = limitKeys.some((key) => values.has(key));
  if (entries === undefined && !forAll) return undefined;
  const own = (entries ?? []).map((entry) => budget(entry.get("target") as string, entry, place));
  return forAll ? [...own, budget("*", values, place)] : own;
};

const limitKeys = ["max-size", "max-layers", "max-waste", "max-increase"];

const budget = (target: string, limits: Values, place: ConfigPlace): BudgetConfig => ({
  target,
  maxBytes: limits.get("max-size") as number | undefined,
  maxLayers: limits.get("max-layers") as number | undefined,
  maxWaste: limits.get("max-waste") as number | undefined,
  maxIncrease: limits.get("max-increase") as BudgetConfig["maxIncrease"],
  of: (limits.get("of") as "pull" | undefined) ?? "disk",
  matches: ({ id, stage, dockerfileAbsolute, bakeNames }) => {
    const path = place.below(dockerfileAbsolute) ?? id;
    return namesTarget(target, [id, path, ...targetNames({ path, stage, bakeNames })]);
  },
});

const customRules = async (
  forbid: readonly Values[] | undefined,
  require: readonly Values[] | undefined,
  refuse: Refuse,
): Promise<readonly CustomRule[] | undefined> => {
  if (forbid === undefined && require === undefined) return undefined;
  const entries = [
    ...(forbid ?? []).map((entry) => ({ kind: "forbid" as const, entry })),
    ...(require ?? []).map((entry) => ({ kind: "require" as const, entry })),
  ];
  const taken = takenIds(
    entries.map(({ entry }) => entry),
    refuse,
  );
  const rules: CustomRule[] = [];
  for (const { kind, entry } of entries) {
    const id = idOf(entry)?.text ?? freeId(kind, entry, taken);
    taken.add(id);
    rules.push(customRule(kind, `custom/${id}`, entry, await patternOf(entry, refuse)));
  }
  return rules;
};

const idOf = (entry: Values): Written | undefined => entry.get("id") as Written | undefined;

/** Two rules of one id could only be set and silenced together. */
const takenIds = (entries: readonly Values[], refuse: Refuse): Set<string> => {
  const taken = new Set<string>();
  for (const id of entries.flatMap((entry) => idOf(entry) ?? [])) {
    if (taken.has(id.text)) refuse(id.at, `the id \`${id.text}\` is that of another entry, too`);
    taken.add(id.text);
  }
  return taken;
};

const freeId = (kind: CustomRule["kind"], entry: Values, taken: ReadonlySet<string>): string => {
  const subject = customSubjects.map((key) => entry.get(key) as string | undefined).find((text) => text !== undefined);
  const id = [kind, ...(subject?.toLowerCase().match(/[a-z0-9]+/g) ?? [])].join("-");
  let number = 1;
  const numbered = (): string => (number === 1 ? id : `${id}-${number}`);
  while (taken.has(numbered())) number++;
  return numbered();
};

/** Most configurations have no pattern, and need not wait until the engine for them is loaded. */
const patternOf = async (entry: Values, refuse: Refuse): Promise<Pattern | undefined> => {
  const written = entry.get("pattern") as Written | undefined;
  if (written === undefined) return undefined;
  const { readPattern } = await import(/* webpackMode: "eager" */ "./bounded-pattern.ts");
  const read = readPattern(written.text);
  return typeof read === "string" ? refuse(written.at, `\`pattern\` ${read}`) : read;
};

const customRule = (kind: CustomRule["kind"], id: string, entry: Values, pattern: Pattern | undefined): CustomRule => {
  const text = (key: string): string | undefined => entry.get(key) as string | undefined;
  return {
    kind,
    id,
    instruction: text("instruction"),
    command: text("command"),
    image: text("image"),
    label: text("label"),
    pattern,
    message: text("message") as string,
    level: (text("level") as Severity | undefined) ?? "warning",
  };
};
