import type { Level, Rule, Severity } from "../rules/rule.ts";
import type { RuleSetting } from "../settings.ts";
import { findRule } from "./find-rule.ts";
import type { ConfigLayer } from "./read-config.ts";
import { importedRuleId } from "./validate.ts";
import { type Refuse, readYaml, type Tree } from "./yaml-tree.ts";

/**
 * Reads hadolint's own configuration as far as it has a meaning here. What has none becomes a note: a file that was
 * written for another tool is never an error of this one, unless it is no YAML map.
 */
export const readHadolintConfig = (text: string, path: string, rules: readonly Rule[], refuse: Refuse): ConfigLayer => {
  const tree = readYaml(text, refuse);
  if (tree === undefined || (tree.kind === "scalar" && tree.value === null))
    return { extends: [], says: {}, setHouseRules: [] };
  if (tree.kind !== "map") return refuse(tree.at, "the configuration must be a map");
  const settings = new Map<string, RuleSetting>();
  const unknown = new Set<string>();
  const set = (name: string, level: Level): void => {
    const id = findRule(name, rules)?.id ?? importedRuleId(name);
    if (id === undefined) unknown.add(name);
    else settings.set(id, { ...settings.get(id), level, options: settings.get(id)?.options ?? {} });
  };
  const setOption = (id: string, option: string, value: readonly string[], level: Severity): void => {
    if (value.length > 0) settings.set(id, { level: settings.get(id)?.level ?? level, options: { [option]: value } });
  };
  const parts = new Map(tree.entries.map(({ key, value }) => [key, value]));
  for (const [key, level] of overrideLevels)
    for (const name of texts(member(parts.get("override"), key))) set(name, level);
  for (const name of texts(parts.get("ignored"))) set(name, "off");
  setOption("untrusted-base-registry", "registries", texts(parts.get("trustedRegistries")), "error");
  setOption("missing-label", "labels", keys(parts.get("label-schema")), "warning");
  const threshold = thresholds.get(texts(parts.get("failure-threshold"))[0] ?? "");
  const noFail = isTrue(parts.get("no-fail"));
  return {
    extends: [],
    setHouseRules: [],
    says: {
      rules: settings,
      ...(noFail ? { failureThreshold: "none" } : threshold === undefined ? {} : { failureThreshold: threshold }),
      notes: notes(
        path,
        [...parts.keys()].filter((key) => !understood.has(key)),
        [...unknown],
      ),
    },
  };
};

const overrideLevels: readonly (readonly [string, Level])[] = [
  ["error", "error"],
  ["warning", "warning"],
  ["info", "note"],
  ["style", "note"],
];

const thresholds: ReadonlyMap<string, Severity | "none"> = new Map([
  ["error", "error"],
  ["warning", "warning"],
  ["info", "note"],
  ["style", "note"],
  ["ignore", "none"],
  ["none", "none"],
]);

const understood: ReadonlySet<string> = new Set([
  "ignored",
  "override",
  "failure-threshold",
  "trustedRegistries",
  "label-schema",
  "no-fail",
  // Of the terminal, which has its own flags here.
  "format",
  "no-color",
]);

const notes = (path: string, unknownKeys: readonly string[], unknownRules: readonly string[]): readonly string[] => [
  ...(unknownKeys.length > 0 ? [`${path}: ${list(unknownKeys)} ${are(unknownKeys)} not understood and left out`] : []),
  ...(unknownRules.length > 0 ? [`${path}: there is no rule for ${list(unknownRules)}`] : []),
];

const list = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");
const are = (names: readonly string[]): string => (names.length === 1 ? "is" : "are");

const member = (tree: Tree | undefined, key: string): Tree | undefined =>
  tree?.kind === "map" ? tree.entries.find((entry) => entry.key === key)?.value : undefined;

const texts = (tree: Tree | undefined): readonly string[] => {
  if (tree === undefined) return [];
  if (tree.kind === "list") return tree.items.flatMap(texts);
  return tree.kind === "scalar" && tree.text !== "" && tree.value !== null ? [tree.text] : [];
};

const keys = (tree: Tree | undefined): readonly string[] =>
  tree?.kind === "map" ? tree.entries.map(({ key }) => key) : [];

const isTrue = (tree: Tree | undefined): boolean => tree?.kind === "scalar" && tree.value === true;
