import type { Rule } from "../rules/rule.ts";

/** The rule of an id or an alias, whatever the case; `buildkit/StageNameCasing` is the alias `StageNameCasing`. */
export const findRule = (name: string, rules: readonly Rule[]): Rule | undefined => {
  const wanted = name.toLowerCase();
  const alias = wanted.replace(/^buildkit\//, "");
  return rules.find(({ id, aliases }) => id === wanted || aliases.some((one) => one.toLowerCase() === alias));
};
