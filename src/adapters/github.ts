import {
  type CheckRequest,
  type CheckResult,
  type CompletedCheck,
  newChecks,
  type StartedCheck,
} from "./github-check.ts";
import { type CommentRequest, type CommentResult, upsertComment } from "./github-comment.ts";
import { type ConnectionOptions, connect } from "./github-connection.ts";

/** The forge that hosts the repository, as far as the action writes to it and reads from it. */
export interface Forge {
  readonly createCheck: (request: CheckRequest) => Promise<StartedCheck>;
  /** Appends the annotations, then completes the check run. */
  readonly completeCheck: (check: StartedCheck, result: CheckResult) => Promise<CompletedCheck>;
  readonly upsertComment: (request: CommentRequest) => Promise<CommentResult>;
}

export const connectForge = (options: ConnectionOptions): Forge => {
  const connection = connect(options);
  const checks = newChecks(connection, options.occasion);
  return {
    createCheck: checks.create,
    completeCheck: checks.complete,
    upsertComment: (request) => upsertComment(connection, options.occasion, request),
  };
};
