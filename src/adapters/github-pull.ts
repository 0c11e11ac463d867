import type { Connection } from "./github-connection.ts";
import type { Occasion, WatchedRun } from "./github-event.ts";

interface Pull {
  readonly number: number;
  readonly head: { readonly sha: string; readonly repo: { readonly full_name: string } | null };
  readonly base: { readonly repo: { readonly full_name: string } };
}

/**
 * The open pull request that a run was for: the event names none for a fork, so it is the one whose head is the very
 * commit, branch and repository of the run.
 */
export const findPull = async (
  connection: Connection,
  { owner, repository }: Occasion,
  run: WatchedRun,
): Promise<number | undefined> => {
  const pages = connection.pages<Pull>("GET /repos/{owner}/{repo}/pulls", {
    state: "open",
    head: `${run.headOwner}:${run.headBranch}`,
  });
  for await (const page of pages) {
    const found = page.find(
      ({ head, base }) =>
        head.sha === run.headSha &&
        head.repo?.full_name === run.headRepository &&
        base.repo.full_name.toLowerCase() === `${owner}/${repository}`.toLowerCase(),
    );
    if (found !== undefined) return found.number;
  }
  return undefined;
};
