import type { AuditedFile, StageFacts } from "../audited-file.ts";

/**
 * Plain maps, emptied after each file: weak ones take longer to fill, and hold what they know until V8 next collects
 * all of its memory.
 */
const facts: Map<object, unknown>[] = [];

const factsAbout = <Key extends object, Fact>(): Map<Key, Fact> => {
  const known = new Map<Key, Fact>();
  facts.push(known);
  return known;
};

/** Lets go of what is known about a file; whoever asks again has it computed again. */
export const forgetFacts = (): void => {
  for (const known of facts) if (known.size > 0) known.clear();
};

/** Computes a fact about a value once for each audited file; `from` must be the same each time. */
export const once = <Key extends object, Fact, From = void>(
  compute: (key: Key, from: From) => Fact,
): ((key: Key, from: From) => Fact) => {
  const known = factsAbout<Key, Fact>();
  return (key, from) => {
    const found = known.get(key);
    if (found !== undefined || known.has(key)) return found as Fact;
    const fact = compute(key, from);
    known.set(key, fact);
    return fact;
  };
};

/** Computes once what holds for many files, such as the files of their build context. */
export const onceForAll = <Key extends object, Fact extends object>(
  compute: (key: Key) => Fact,
): ((key: Key) => Fact) => {
  const known = new WeakMap<Key, Fact>();
  return (key) => {
    const found = known.get(key) ?? compute(key);
    known.set(key, found);
    return found;
  };
};

/**
 * Computes a fact about each stage of a lineage once, from the fact about the stage that it is built FROM. Without
 * recursion, because a file may hold thousands of stages.
 */
export const alongLineage = <Fact>(
  compute: (stage: StageFacts, below: Fact | undefined, file: AuditedFile) => Fact,
): ((stage: StageFacts, file: AuditedFile) => Fact) => {
  const known = factsAbout<StageFacts, { readonly fact: Fact }>();
  return (stage, file) => {
    const own = known.get(stage);
    if (own !== undefined) return own.fact;
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
