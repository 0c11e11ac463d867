import { checkName, externalIdPrefix, useKey } from "./action-identity.ts";
import type { ActionInputs } from "./action-inputs.ts";
import { findSizes } from "./action-sizes.ts";
import type { Forge } from "./adapters/github.ts";
import type { Occasion } from "./adapters/github-event.ts";
import { explainFailure } from "./adapters/github-failure.ts";
import { parseBaseline } from "./report/baseline.ts";
import type { NamedBaseline } from "./run.ts";

export interface LookedUpBaseline {
  readonly baseline: NamedBaseline | undefined;
  /** Why there is none; undefined when there is nothing to say. */
  readonly note: string | undefined;
}

/**
 * Sizes that an earlier run of this action left on the base branch: on the commit that the checkout is built upon,
 * or on the nearest one before it. Never fails: without sizes the run is a first measurement.
 */
export const lookUpBaseline = async (
  forge: Forge | undefined,
  occasion: Occasion | undefined,
  inputs: ActionInputs,
  start: string | undefined,
): Promise<LookedUpBaseline> => {
  if (forge === undefined || occasion?.base === undefined) return { baseline: undefined, note: undefined };
  const { base } = occasion;
  try {
    const found = await forge.findBaseline({
      start: start ?? base.branch,
      checkName: checkName(inputs),
      externalIds: [externalIdPrefix(useKey(occasion, inputs.matrix)), externalIdPrefix()],
      read: readable,
    });
    if (found === undefined) {
      return {
        baseline: undefined,
        note: `No run on ${base.branch} has left sizes to compare with yet: this action has to run on its pushes too, with \`checks: write\`. \`baseline: build\` builds the base commit instead.`,
      };
    }
    const from = `at ${found.sha.slice(0, 7)}, from the check run of that commit`;
    return {
      baseline: { name: base.branch, from, sizes: parseBaseline(found.sizes, base.branch) },
      note: undefined,
    };
  } catch (error) {
    const { message } = explainFailure(error, "the baseline", "checks: read", occasion);
    return { baseline: undefined, note: message.replace("could not be delivered", "could not be read") };
  }
};

const readable = (text: string): string | undefined => {
  const sizes = findSizes(text);
  if (sizes === undefined) return undefined;
  try {
    parseBaseline(sizes, "the check run");
    return sizes;
  } catch {
    return undefined;
  }
};
