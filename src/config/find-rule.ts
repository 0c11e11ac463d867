import type { Rule } from "../rules/rule.ts";

/** The rule of an id or an alias, whatever the case. */
export const findRule = (name: string, rules: readonly Rule[]): Rule | undefined => {
  const wanted = name.toLowerCase();
  return rules.find(({ id, aliases }) => id === wanted || aliases.some((alias) => alias.toLowerCase() === wanted));
};
