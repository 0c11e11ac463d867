import type { Occasion } from "./github-event.ts";
import { isRateLimited, readFailure } from "./github-retry.ts";

/** Something that could not be delivered. The verdict never depends on it. */
export interface Undelivered {
  /** One sentence: what is missing, why, and what to do about it. */
  readonly message: string;
  /** True where nobody did anything wrong: a pull request from a fork has a read-only token. */
  readonly isExpected: boolean;
}

/** `what` is a noun: "the check run". `permission` is what the job would need: `checks: write`. */
export const explainFailure = (
  error: unknown,
  what: string,
  permission: string,
  occasion: Pick<Occasion, "pull">,
): Undelivered => {
  const failure = readFailure(error);
  const isFork = occasion.pull?.isFork === true;
  const isForbidden = failure.status === 403 && !isRateLimited(failure);
  if (isForbidden && isFork) {
    return {
      message: `${capital(what)} is left out: GitHub gives pull requests from forks a read-only token. The job summary and the log hold everything.`,
      isExpected: true,
    };
  }
  return { message: `${capital(what)} could not be delivered: ${reason(failure, permission)}`, isExpected: false };
};

const reason = (failure: ReturnType<typeof readFailure>, permission: string): string => {
  const { status } = failure;
  if (isRateLimited(failure)) return "GitHub's rate limit is used up and resets too late to wait for.";
  if (status === 401) return "GitHub does not know the token (401). Check the input `github-token`.";
  if (status === 403)
    return `the token lacks a permission (403). Add \`${permission}\` to \`permissions:\` of the job.`;
  if (status === 404) {
    return `GitHub does not find it (404): the token may lack \`${permission}\`, or this server has no such feature.`;
  }
  if (status === undefined) return `no answer from GitHub (${firstLine(failure.message)}).`;
  if (status >= 500) return `GitHub answered with an error of its own (${status}).`;
  return `GitHub refused it (${status}: ${firstLine(failure.message)}).`;
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const firstLine = (text: string): string => (text.split("\n")[0] ?? "").slice(0, 200);
