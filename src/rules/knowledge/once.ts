import type { AuditedFile, StageFacts } from "../audited-file.ts";

/**
 * A plain map, which is replaced after each file. A weak one takes longer to fill; and in a weak one as in one that is
 * emptied, what V8 once moved to its old space holds what comes after, so that all of it moves there too.
 */
interface Facts<Key, Fact> {
  known: Map<Key, Fact>;
}

const forgetters: (() => void)[] = [];

const factsAbout = <Key extends object, Fact>(): Facts<Key, Fact> => {
  const facts: Facts<Key, Fact> = { known: new Map() };
  forgetters.push(() => {
    if (facts.known.size > 0) facts.known = new Map();
  });
  return facts;
};

/** Lets go of what is known about a file; whoever asks again has it computed again. */
export const forgetFacts = (): void => {
  for (const forget of forgetters) forget();
};

/** Computes a fact about a value once for each audited file; `from` must be the same each time. */
export const once = <Key extends object, Fact, From = void>(
  compute: (key: Key, from: From) => Fact,
): ((key: Key, from: From) => Fact) => {
  const facts = factsAbout<Key, Fact>();
  return (key, from) => {
    const found = facts.known.get(key);
    if (found !== undefined || facts.known.has(key)) return found as Fact;
    const fact = compute(key, from);
    facts.known.set(key, fact);
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
  const facts = factsAbout<StageFacts, { readonly fact: Fact }>();
  return (stage, file) => {
    const { known } = facts;
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
