import { lstat, readFile } from "node:fs/promises";
import { isWorthAComment } from "./action-delivery.ts";
import { commentKey } from "./action-identity.ts";
import type { ActionInputs } from "./action-inputs.ts";
import { linkTo } from "./action-links.ts";
import type { Forge } from "./adapters/github.ts";
import { commentMarker } from "./adapters/github-comment.ts";
import type { Occasion } from "./adapters/github-event.ts";
import { explainFailure } from "./adapters/github-failure.ts";
import type { Runner } from "./adapters/github-runner.ts";
import { UserError } from "./errors.ts";
import { renderComment } from "./report/markdown.ts";
import type { PageOptions } from "./report/page-options.ts";
import { readReport } from "./report/read-report.ts";

/** Of the report file, in bytes. */
const largestReport = 20_000_000;

/** Room for the sentence about where a report is from. */
const longestComment = 64_000;

/**
 * Comments what another workflow's run reported, for pull requests whose own token may not. Nothing of the report is
 * believed but what it says of its images: which pull request it is for is GitHub's word alone, and no code is run.
 */
export const commentReport = async (request: {
  readonly forge: Forge | undefined;
  readonly occasion: Occasion | undefined;
  readonly inputs: ActionInputs;
  readonly runner: Runner;
  readonly rule: NonNullable<PageOptions["rule"]>;
}): Promise<number> => {
  const { forge, occasion, inputs, runner, rule } = request;
  const run = occasion?.watchedRun;
  if (occasion === undefined || run === undefined || run.event !== "pull_request") {
    throw new UserError(
      "report-from: it is for a workflow `on: workflow_run` that follows one `on: pull_request` (input `report-from` of the workflow).",
    );
  }
  if (forge === undefined) throw new UserError("report-from: there is no token. Set the input `github-token`.");
  const { report, commit } = readReport(await readHostile(inputs.reportFrom));
  const place = `${occasion.owner}/${occasion.repository}`;
  if (commit.sha !== run.headSha || commit.repository.toLowerCase() !== place.toLowerCase()) {
    throw new UserError("report-from: the report is about another commit than the run that made it.");
  }
  try {
    const pull = await forge.findPull(run);
    if (pull === undefined) {
      runner.print(["No open pull request has this commit as its head any more, so nothing is commented."]);
      return 0;
    }
    const marker = commentMarker(commentKey(occasion, inputs));
    const page = renderComment(report, { marker, rule, link: linkTo(occasion, run) }, longestComment);
    const { url } = await forge.upsertComment({
      pull,
      marker,
      body: `${page}<sub>as [the pull request's own run](${occasion.serverUrl}/${place}/actions/runs/${run.id}) reported it</sub>\n`,
      createsNew: isWorthAComment(report, inputs.comment),
    });
    runner.output("comment-url", url ?? "");
  } catch (error) {
    runner.warn(explainFailure(error, "the comment", "pull-requests: write", { pull: undefined }).message);
  }
  return 0;
};

/** A link in an archive could lead to a file of this machine. */
const readHostile = async (path: string): Promise<string> => {
  const refuse = (reason: string): never => {
    throw new UserError(`report-from: the file ${reason}.`);
  };
  const entry = await lstat(path).catch(() => refuse("is not there"));
  if (!entry.isFile()) return refuse("is no regular file");
  if (entry.size > largestReport) return refuse(`is larger than ${largestReport / 1_000_000} MB`);
  return readFile(path, "utf8");
};
