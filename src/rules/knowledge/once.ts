import type { AuditedFile, StageFacts } from "../audited-file.ts";

/** Computes a fact about a value once; the rest of the arguments must be the same each time. */
export const once = <Key extends object, Rest extends readonly unknown[], Fact>(
  compute: (key: Key, ...rest: Rest) => Fact,
): ((key: Key, ...rest: Rest) => Fact) => {
  const known = new WeakMap<Key, { readonly fact: Fact }>();
  return (key, ...rest) => {
    const found = known.get(key);
    if (found !== undefined) return found.fact;
    const fact = compute(key, ...rest);
    known.set(key, { fact });
    return fact;
  };
};

/**
 * Computes a fact about each stage of a lineage once, from the fact about the stage that it is built FROM. Without
 * recursion, because a file may hold thousands of stages.
 */
export const alongLineage = <Fact>(
  compute: (stage: StageFacts, below: Fact | undefined, file: AuditedFile) => Fact,
): ((stage: StageFacts, file: AuditedFile) => Fact) => {
  const known = new WeakMap<StageFacts, { readonly fact: Fact }>();
  return (stage, file) => {
    const pending: StageFacts[] = [];
    let below: { readonly fact: Fact } | undefined;
    for (const ancestor of stage.lineage) {
      below = known.get(ancestor);
      if (below !== undefined) break;
      pending.push(ancestor);
    }
    for (const ancestor of pending.reverse()) {
      below = { fact: compute(ancestor, below?.fact, file) };
      known.set(ancestor, below);
    }
    return (below as { readonly fact: Fact }).fact;
  };
};
