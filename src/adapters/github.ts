import { type BaselineRequest, type FoundBaseline, findBaseline, mergeBase } from "./github-baseline.ts";
import {
  type CheckRequest,
  type CheckResult,
  type CompletedCheck,
  newChecks,
  type StartedCheck,
} from "./github-check.ts";
import { type CommentRequest, type CommentResult, upsertComment } from "./github-comment.ts";
import { type ConnectionOptions, connect } from "./github-connection.ts";
import type { WatchedRun } from "./github-event.ts";
import { findPull } from "./github-pull.ts";
import { createReview, type PullDiff, type ReviewComment, readDiff } from "./github-review.ts";

/** The forge that hosts the repository, as far as the action writes to it and reads from it. */
export interface Forge {
  readonly createCheck: (request: CheckRequest) => Promise<StartedCheck>;
  /** Appends the annotations, then completes the check run. */
  readonly completeCheck: (check: StartedCheck, result: CheckResult) => Promise<CompletedCheck>;
  readonly upsertComment: (request: CommentRequest) => Promise<CommentResult>;
  readonly findBaseline: (request: BaselineRequest) => Promise<FoundBaseline | undefined>;
  /** The open pull request that a run of another workflow was for. */
  readonly findPull: (run: WatchedRun) => Promise<number | undefined>;
  readonly readDiff: (pull: number) => Promise<PullDiff>;
  /** The number of comments that were new. */
  readonly createReview: (pull: number, comments: readonly ReviewComment[]) => Promise<number>;
  /** The commit where `head` left `base`. */
  readonly mergeBase: (base: string, head: string) => Promise<string>;
}

export const connectForge = (options: ConnectionOptions): Forge => {
  const connection = connect(options);
  const checks = newChecks(connection, options.occasion);
  return {
    createCheck: checks.create,
    completeCheck: checks.complete,
    findBaseline: (request) => findBaseline(connection, options.occasion, request),
    findPull: (run) => findPull(connection, options.occasion, run),
    readDiff: (pull) => readDiff(connection, pull),
    createReview: (pull, comments) => createReview(connection, options.occasion, pull, comments),
    mergeBase: (base, head) => mergeBase(connection, base, head),
    upsertComment: (request) => upsertComment(connection, options.occasion, request),
  };
};
