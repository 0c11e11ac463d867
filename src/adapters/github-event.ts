/** What the run is about, as the runner's environment and the event's payload tell it. */
export interface Occasion {
  readonly owner: string;
  readonly repository: string;
  /** The commit that people see: on a pull request its own head, not the merge that is checked out. */
  readonly headSha: string;
  readonly pull: PullRequest | undefined;
  /** On `workflow_run`. */
  readonly watchedRun?: WatchedRun;
  /** The branch that sizes are compared with, and the commit of it that the event names. */
  readonly base: { readonly branch: string; readonly sha: string | undefined } | undefined;
  readonly apiUrl: string;
  readonly serverUrl: string;
  readonly workflow: string;
  readonly job: string;
  readonly runId: string;
  readonly runAttempt: string;
  /** Id of the step, or a name that the runner makes; two uses in one job differ by it. */
  readonly step: string;
}

/** A run of another workflow that this one follows. */
export interface WatchedRun {
  readonly id: number;
  /** The event that started it. */
  readonly event: string;
  readonly headSha: string;
  readonly headBranch: string;
  /** `mallory/shop` */
  readonly headRepository: string;
  readonly headOwner: string;
}

export interface PullRequest {
  readonly number: number;
  readonly isFork: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined where the environment names no repository and commit: nothing can be delivered to a forge then. */
export const readOccasion = (environment: Environment, payload: unknown): Occasion | undefined => {
  const [owner, repository] = (environment.GITHUB_REPOSITORY ?? "").split("/");
  const pull = text(payload, "pull_request", "head", "sha") === undefined ? undefined : readPullRequest(payload);
  const headSha =
    text(payload, "pull_request", "head", "sha") ??
    text(payload, "merge_group", "head_sha") ??
    environment.GITHUB_SHA ??
    "";
  if (!owner || !repository || headSha === "") return undefined;
  return {
    owner,
    repository,
    headSha,
    pull,
    ...watchedRun(payload),
    base: readBase(environment, payload),
    apiUrl: environment.GITHUB_API_URL ?? "https://api.github.com",
    serverUrl: environment.GITHUB_SERVER_URL ?? "https://github.com",
    workflow: environment.GITHUB_WORKFLOW ?? "",
    job: environment.GITHUB_JOB ?? "",
    runId: environment.GITHUB_RUN_ID ?? "",
    runAttempt: environment.GITHUB_RUN_ATTEMPT ?? "1",
    step: environment.GITHUB_ACTION ?? "",
  };
};

const readPullRequest = (payload: unknown): PullRequest | undefined => {
  const number = value(payload, "pull_request", "number");
  if (typeof number !== "number") return undefined;
  const head = text(payload, "pull_request", "head", "repo", "full_name");
  const base = text(payload, "pull_request", "base", "repo", "full_name");
  return {
    number,
    // A deleted fork has no repository any more.
    isFork: head === undefined || head !== base,
  };
};

const watchedRun = (payload: unknown): Pick<Occasion, "watchedRun"> => {
  const part = (...path: readonly string[]): string | undefined => text(payload, "workflow_run", ...path);
  const id = value(payload, "workflow_run", "id");
  const event = part("event");
  const headSha = part("head_sha");
  const headBranch = part("head_branch");
  const headRepository = part("head_repository", "full_name");
  const headOwner = part("head_repository", "owner", "login");
  return typeof id === "number" && event && headSha && headBranch && headRepository && headOwner
    ? { watchedRun: { id, event, headSha, headBranch, headRepository, headOwner } }
    : {};
};

const readBase = (environment: Environment, payload: unknown): Occasion["base"] => {
  const pullBranch = text(payload, "pull_request", "base", "ref");
  if (pullBranch !== undefined) return { branch: pullBranch, sha: text(payload, "pull_request", "base", "sha") };
  const groupRef = text(payload, "merge_group", "base_ref");
  if (groupRef !== undefined) {
    return { branch: groupRef.replace("refs/heads/", ""), sha: text(payload, "merge_group", "base_sha") };
  }
  const branch = text(payload, "repository", "default_branch");
  if (branch === undefined) return undefined;
  if (environment.GITHUB_EVENT_NAME !== "push" || environment.GITHUB_REF !== `refs/heads/${branch}`) {
    return { branch, sha: undefined };
  }
  const before = text(payload, "before");
  return { branch, sha: before === undefined || /^0+$/.test(before) ? undefined : before };
};

const value = (payload: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (part, name) =>
      typeof part === "object" && part !== null ? (part as Readonly<Record<string, unknown>>)[name] : undefined,
    payload,
  );

const text = (payload: unknown, ...path: readonly string[]): string | undefined => {
  const found = value(payload, ...path);
  return typeof found === "string" && found !== "" ? found : undefined;
};
