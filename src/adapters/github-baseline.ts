import type { Connection } from "./github-connection.ts";
import type { Occasion } from "./github-event.ts";

export interface BaselineRequest {
  /** Commit or branch to begin with; its ancestors follow. */
  readonly start: string;
  readonly checkName: string;
  /** How the external id of our own check runs begins; the first that is found on a commit wins. */
  readonly externalIds: readonly string[];
  /** What is taken from the text of such a check run; undefined: it is of no use. */
  readonly read: (text: string) => string | undefined;
}

export interface FoundBaseline {
  readonly sha: string;
  readonly sizes: string;
}

interface CheckRun {
  readonly external_id: string | null;
  readonly output: { readonly text: string | null };
}

/** How far back a commit with a measurement is looked for: one request each, of the 1,000 that a token has in an hour. */
const commitsBack = 10;

/** The nearest commit, from `start` back, on which an earlier run left its sizes. The commit of this run never counts. */
export const findBaseline = async (
  connection: Connection,
  occasion: Occasion,
  request: BaselineRequest,
): Promise<FoundBaseline | undefined> => {
  const commits = await connection.send<readonly { readonly sha: string }[]>("GET /repos/{owner}/{repo}/commits", {
    sha: request.start,
    per_page: commitsBack,
  });
  for (const { sha } of commits) {
    if (sha === occasion.headSha) continue;
    const { check_runs: runs } = await connection.send<{ readonly check_runs: readonly CheckRun[] }>(
      "GET /repos/{owner}/{repo}/commits/{ref}/check-runs",
      { ref: sha, check_name: request.checkName, per_page: 100 },
    );
    for (const prefix of request.externalIds) {
      const texts = runs.filter((run) => run.external_id?.startsWith(prefix)).map(({ output }) => output.text ?? "");
      const sizes = texts.map(request.read).find((text) => text !== undefined);
      if (sizes !== undefined) return { sha, sizes };
    }
  }
  return undefined;
};

/** Where a pull request left its base branch. */
export const mergeBase = async (connection: Connection, base: string, head: string): Promise<string> => {
  const compared = await connection.send<{ readonly merge_base_commit: { readonly sha: string } }>(
    "GET /repos/{owner}/{repo}/compare/{basehead}",
    { basehead: `${base}...${head}`, per_page: 1 },
  );
  return compared.merge_base_commit.sha;
};
