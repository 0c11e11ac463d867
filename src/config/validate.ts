import { nearestName } from "../build/target-names.ts";
import { keywords } from "../dockerfile/node.ts";
import type { Level, Rule } from "../rules/rule.ts";
import type { RuleSetting } from "../settings.ts";
import { findRule } from "./find-rule.ts";
import { levels, type ObjectShape, type Shape } from "./shape.ts";
import type { Refuse, Tree } from "./yaml-tree.ts";

/** What the validated parts of a file are, by the shape's key. */
export type Values = ReadonlyMap<string, unknown>;

export interface Validation {
  readonly refuse: Refuse;
  readonly rules: readonly Rule[];
}

/** A text that is not judged yet; what refuses it needs its place. */
export interface Written {
  readonly text: string;
  readonly at: Tree["at"];
}

/** Checks a map against its fields and reads it; the first fault is refused at its place. */
export const validateObject = (tree: Tree, shape: ObjectShape, name: string, context: Validation): Values => {
  const { refuse } = context;
  if (tree.kind !== "map")
    return refuse(tree.at, `${name} must be a map of ${shape.fields.map(({ key }) => key).join(", ")}`);
  const values = new Map<string, unknown>();
  for (const { key, keyAt, value } of tree.entries) {
    const field = shape.fields.find((one) => one.key === key);
    if (field === undefined) {
      const keys = shape.fields.map((one) => one.key);
      return refuse(keyAt, `${name} has no key \`${key}\`${suggestion(key, keys)}`);
    }
    // A key without a value is one that was not given.
    if (value.kind === "scalar" && value.value === null) continue;
    values.set(key, validate(value, field.shape, `\`${key}\``, context));
  }
  const missing = shape.fields.find(({ key, required }) => required && !values.has(key));
  if (missing !== undefined) return refuse(tree.at, `${name} lacks the key \`${missing.key}\``);
  const { oneOf } = shape;
  if (oneOf !== undefined && !oneOf.some((key) => values.has(key)))
    return refuse(tree.at, `${name} must have one of the keys ${oneOf.join(", ")}`);
  return values;
};

const validate = (tree: Tree, shape: Shape, name: string, context: Validation): unknown => {
  const { refuse } = context;
  const scalar = tree.kind === "scalar" ? tree : undefined;
  switch (shape.kind) {
    case "text":
      return scalar?.text || refuse(tree.at, `${name} must be a text`);
    case "boolean":
      return typeof scalar?.value === "boolean" ? scalar.value : refuse(tree.at, `${name} must be true or false`);
    case "choice": {
      const written = scalar?.text ?? "";
      if (shape.values.includes(written)) return written;
      return refuse(tree.at, `${name} must be one of ${shape.values.join(", ")}${suggestion(written, shape.values)}`);
    }
    case "size":
      return (
        parseSize(scalar?.text ?? "") ??
        refuse(tree.at, `${name} must be a number with a unit, such as 20MB or 1.5 GiB`)
      );
    case "count":
      if (Number.isSafeInteger(scalar?.value) && Number(scalar?.value) >= 1) return scalar?.value;
      return refuse(tree.at, `${name} must be a whole number from 1 on`);
    case "increase":
      return (
        parseIncrease(scalar?.text ?? "") ??
        refuse(tree.at, `${name} must be bytes, percent or both, such as 5MB, 10% or 5MB or 10%`)
      );
    case "texts":
      return texts(tree, name, refuse);
    case "pattern":
      return scalar?.text
        ? ({ text: scalar.text, at: tree.at } satisfies Written)
        : refuse(tree.at, `${name} must be a regular expression`);
    case "keyword": {
      const written = scalar?.text ?? "";
      const keyword = written.toUpperCase();
      if (keywords.includes(keyword)) return keyword;
      return refuse(tree.at, `${name} must be the keyword of an instruction${suggestion(written, keywords)}`);
    }
    case "rule-id":
      return /^(custom\/)?[\w.-]+$/.test(scalar?.text ?? "")
        ? ({ text: (scalar?.text ?? "").replace(/^custom\//, ""), at: tree.at } satisfies Written)
        : refuse(tree.at, `${name} must be of letters, digits, \`_\`, \`.\` and \`-\` alone`);
    case "pairs":
      return pairs(tree, name, refuse);
    case "rules":
      return rules(tree, name, context);
    case "list":
      if (tree.kind !== "list") return refuse(tree.at, `${name} must be a list`);
      return tree.items.map((item) => validateObject(item, shape.of, `an entry of ${name}`, context));
  }
};

/** Bytes of `20MB` (decimal), `20MiB` (binary) or a plain number; undefined for anything else. */
const parseSize = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*(?:([kmgt])(i)?)?b?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, number = "", prefix = "", binary] = match;
  const power = " kmgt".indexOf(prefix.toLowerCase() || " ");
  const bytes = Math.round(Number(number) * (binary === undefined ? 1000 : 1024) ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
};

/** `5MB`, `10%`, `5MB or 10%`; undefined for anything else. */
const parseIncrease = (text: string): { readonly bytes?: number; readonly percent?: number } | undefined => {
  const parts = text.split(/(?<!\s)\s+or\s+/);
  const percents = parts.flatMap((part) => /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(part)?.[1] ?? []);
  const sizes = parts.flatMap((part) => parseSize(part) ?? []);
  if (percents.length > 1 || sizes.length > 1 || percents.length + sizes.length < parts.length) return undefined;
  const [percent] = percents;
  const [bytes] = sizes;
  return { ...(bytes === undefined ? {} : { bytes }), ...(percent === undefined ? {} : { percent: Number(percent) }) };
};

/** Findings of engines that are run beside our own rules keep their names. */
export const importedRuleId = (name: string): string | undefined => {
  if (/^SC[0-9]{4}$/i.test(name)) return `shellcheck/${name.toUpperCase()}`;
  return /^(shellcheck|buildkit|custom)\/[\w.-]+$/.test(name) ? name : undefined;
};

export const suggestion = (written: string, names: readonly string[]): string => {
  const meant = nearestName(written, names);
  return meant === undefined ? "" : `; did you mean \`${meant}\`?`;
};

const texts = (tree: Tree, name: string, refuse: Refuse): readonly string[] => {
  const items = tree.kind === "list" ? tree.items : [tree];
  return items.map((item) =>
    item.kind === "scalar" && item.text !== ""
      ? item.text
      : refuse(item.at, `${name} must be a text or a list of texts`),
  );
};

const pairs = (tree: Tree, name: string, refuse: Refuse): ReadonlyMap<string, string> => {
  if (tree.kind !== "map") return refuse(tree.at, `${name} must be a map of names to texts`);
  return new Map(
    tree.entries.map(({ key, value }) => [
      key,
      value.kind === "scalar" ? value.text : refuse(value.at, `\`${key}\` of ${name} must be a text`),
    ]),
  );
};

const rules = (tree: Tree, name: string, context: Validation): ReadonlyMap<string, RuleSetting> => {
  const { refuse } = context;
  if (tree.kind !== "map") return refuse(tree.at, `${name} must be a map of rule ids to levels`);
  const settings = new Map<string, RuleSetting>();
  for (const { key, keyAt, value } of tree.entries) {
    const rule = findRule(key, context.rules);
    const id = rule?.id ?? importedRuleId(key);
    if (id === undefined) {
      const names = context.rules.flatMap((known) => [known.id, ...known.aliases]);
      return refuse(keyAt, `there is no rule \`${key}\`${suggestion(key, names)}`);
    }
    const setting = ruleSetting(value, key, rule, context);
    const earlier = settings.get(id);
    // Two aliases of one rule: the louder stays, so that silencing one peer's check does not silence the other.
    settings.set(id, earlier === undefined ? setting : louder(earlier, setting));
  }
  return settings;
};

const louder = (left: RuleSetting, right: RuleSetting): RuleSetting => {
  const rank = ({ level }: RuleSetting): number => (level === undefined ? levels.length : levels.indexOf(level));
  return { level: (rank(left) <= rank(right) ? left : right).level, options: { ...left.options, ...right.options } };
};

const ruleSetting = (tree: Tree, name: string, rule: Rule | undefined, context: Validation): RuleSetting => {
  const { refuse } = context;
  if (tree.kind === "scalar") return { level: level(tree, name, refuse), options: {} };
  if (tree.kind === "list") return refuse(tree.at, `\`${name}\` must be a level or a map of \`level\` and options`);
  const levelEntry = tree.entries.find(({ key }) => key === "level");
  const options = tree.entries.filter(({ key }) => key !== "level");
  return {
    level: levelEntry === undefined ? undefined : level(levelEntry.value, name, refuse),
    options: Object.fromEntries(
      options.map(({ key, keyAt, value }) => {
        const option = rule?.options?.find((one) => one.name === key);
        if (option === undefined) {
          const known = ["level", ...(rule?.options ?? []).map((one) => one.name)];
          return refuse(
            keyAt,
            `\`${name}\` has no option \`${key}\`${suggestion(key, known) || `; it takes ${known.join(", ")}`}`,
          );
        }
        return [key, optionValue(value, option.type, `\`${key}\` of \`${name}\``, refuse)];
      }),
    ),
  };
};

const level = (tree: Tree, name: string, refuse: Refuse): Level => {
  const written = tree.kind === "scalar" ? tree.text : "";
  return (
    levels.find((one) => one === written) ??
    refuse(tree.at, `the level of \`${name}\` must be one of ${levels.join(", ")}${suggestion(written, levels)}`)
  );
};

const optionValue = (
  tree: Tree,
  type: "boolean" | "string" | "string[]" | "number",
  name: string,
  refuse: Refuse,
): unknown => {
  if (type === "string[]") return texts(tree, name, refuse);
  if (tree.kind !== "scalar") return refuse(tree.at, `${name} must be a ${type}`);
  if (type === "string") return tree.text;
  return typeof tree.value === type
    ? tree.value
    : refuse(tree.at, `${name} must be ${type === "boolean" ? "true or false" : "a number"}`);
};
