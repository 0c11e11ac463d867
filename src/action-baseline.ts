import { spawnSync } from "node:child_process";
import { checkName, externalIdPrefix, useKey } from "./action-identity.ts";
import type { ActionInputs } from "./action-inputs.ts";
import { findSizes } from "./action-sizes.ts";
import type { Forge } from "./adapters/github.ts";
import type { Occasion } from "./adapters/github-event.ts";
import { explainFailure } from "./adapters/github-failure.ts";
import { type Baseline, parseBaseline } from "./report/baseline.ts";

export interface LookedUpBaseline {
  readonly baseline: { readonly name: string; readonly sizes: Baseline } | undefined;
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
  cwd: string,
): Promise<LookedUpBaseline> => {
  if (forge === undefined || occasion?.base === undefined) return { baseline: undefined, note: undefined };
  const { base } = occasion;
  try {
    const found = await forge.findBaseline({
      start: await startOf(forge, occasion, cwd),
      checkName: checkName(inputs),
      externalIds: [externalIdPrefix(useKey(occasion, inputs.matrix)), externalIdPrefix()],
      read: readable,
    });
    if (found === undefined) {
      return { baseline: undefined, note: `No run on ${base.branch} has left sizes to compare with yet.` };
    }
    const name = `${base.branch} at ${found.sha.slice(0, 7)}`;
    return { baseline: { name, sizes: parseBaseline(found.sizes, name) }, note: undefined };
  } catch (error) {
    const { message } = explainFailure(error, "the baseline", "checks: read", occasion);
    return { baseline: undefined, note: message.replace("could not be delivered", "could not be read") };
  }
};

/**
 * A pull request is checked out as its merge with the tip of the base branch, so that tip is the fair baseline; where
 * its own head is checked out, it is the commit where it left the branch.
 */
const startOf = async (forge: Forge, occasion: Occasion, cwd: string): Promise<string> => {
  const { base, headSha, pull } = occasion;
  const start = base?.sha ?? base?.branch ?? headSha;
  if (pull === undefined || checkedOut(cwd) !== headSha) return start;
  return forge.mergeBase(start, headSha);
};

const checkedOut = (cwd: string): string =>
  spawnSync("git", ["rev-parse", "HEAD"], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).stdout?.trim() ?? "";

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
