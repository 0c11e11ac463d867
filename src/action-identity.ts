import { createHash } from "node:crypto";
import type { ActionInputs } from "./action-inputs.ts";
import type { Occasion } from "./adapters/github-event.ts";

/** Tells this use of the action from every other one in the repository, and stays the same from run to run. */
export const useKey = (occasion: Occasion, matrix: readonly string[]): string =>
  createHash("sha256")
    .update(JSON.stringify([occasion.workflow, occasion.job, occasion.step, matrix]))
    .digest("hex")
    .slice(0, 16);

/** `docker-hygiene (linux, 20)`, as GitHub names the legs of a matrix. */
export const checkName = ({ checkName: name, matrix }: Pick<ActionInputs, "checkName" | "matrix">): string =>
  (matrix.length === 0 ? name : `${name} (${matrix.join(", ")})`).slice(0, 100);

/** Found again when an answer is lost, and by later runs that look for the sizes of this commit. */
export const externalId = (key: string, { runId, runAttempt }: Occasion): string =>
  `${externalIdPrefix(key)}${runId}:${runAttempt}`;

/** Of one use of the action, or of all. */
export const externalIdPrefix = (key?: string): string =>
  key === undefined ? "docker-hygiene:1:" : `docker-hygiene:1:${key}:`;

/** One comment for each use; a key of the user's own is still told apart by the matrix. */
export const commentKey = (occasion: Occasion, inputs: Pick<ActionInputs, "commentKey" | "matrix">): string =>
  inputs.commentKey === "" ? useKey(occasion, inputs.matrix) : [inputs.commentKey, ...inputs.matrix].join("\n");
