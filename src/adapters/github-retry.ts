/** What is known of a request that GitHub did not answer as hoped. */
export interface RequestFailure {
  /** Undefined when no answer arrived: then nobody knows whether the request was carried out. */
  readonly status: number | undefined;
  readonly message: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface RetryPolicy {
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly now: () => number;
  /** Longest sum of waits over all requests, in milliseconds; what would take longer is given up at once. */
  readonly patience: number;
  readonly attempts: number;
}

export interface Attempts {
  /** Runs until it succeeds or may not be tried again. `isRepeatable`: doing it twice is the same as doing it once. */
  readonly run: <T>(request: () => Promise<T>, isRepeatable: boolean) => Promise<T>;
}

/**
 * One budget of patience for all requests of a run, so that a limping GitHub costs minutes at most, once. After a
 * request that never got through, each further one is tried a single time until one succeeds.
 */
export const newAttempts = (policy: RetryPolicy): Attempts => {
  let patience = policy.patience;
  let isDown = false;
  const run = async <T>(request: () => Promise<T>, isRepeatable: boolean, attempt = 1): Promise<T> => {
    try {
      const answer = await request();
      isDown = false;
      return answer;
    } catch (error) {
      const wait = waitBefore(readFailure(error), attempt, isRepeatable, policy.now());
      if (wait === undefined) throw error;
      if (isDown || wait > patience || attempt >= policy.attempts) {
        isDown = isUncertain(error);
        throw error;
      }
      patience -= wait;
      await policy.sleep(wait);
      return run(request, isRepeatable, attempt + 1);
    }
  };
  return { run: (request, isRepeatable) => run(request, isRepeatable) };
};

/** True when the request may have been carried out although it failed: look before asking again. */
export const isUncertain = (error: unknown): boolean => {
  const { status } = readFailure(error);
  return status === undefined || status >= 500;
};

/** Reads an error of octokit by its shape. */
export const readFailure = (error: unknown): RequestFailure => {
  const { status, message, response } = error as {
    readonly status?: unknown;
    readonly message?: unknown;
    readonly response?: { readonly headers?: RequestFailure["headers"] };
  };
  return {
    // Without a response the status is octokit's own invention.
    status: response !== undefined && typeof status === "number" ? status : undefined,
    message: typeof message === "string" ? message : String(error),
    headers: response?.headers ?? {},
  };
};

/** The two kinds of limit answer 403 or 429; they are told apart from a missing permission by headers and wording. */
export const isRateLimited = ({ status, message, headers }: RequestFailure): boolean =>
  status === 429 ||
  (status === 403 &&
    (headers["retry-after"] !== undefined ||
      headers["x-ratelimit-remaining"] === "0" ||
      /secondary rate|abuse detection|rate limit/i.test(message)));

/** Milliseconds to wait before the next attempt; undefined when there must be none. */
const waitBefore = (
  failure: RequestFailure,
  attempt: number,
  isRepeatable: boolean,
  now: number,
): number | undefined => {
  if (isRateLimited(failure)) return waitOfLimit(failure, now);
  const isServerFault = failure.status === undefined || failure.status >= 500;
  if (isServerFault && isRepeatable) return 1000 * 2 ** (attempt - 1);
  return undefined;
};

const waitOfLimit = ({ headers }: RequestFailure, now: number): number => {
  const seconds = Number(headers["retry-after"]);
  if (headers["retry-after"] !== undefined && Number.isFinite(seconds)) return Math.max(1, seconds) * 1000;
  const reset = Number(headers["x-ratelimit-reset"]);
  if (headers["x-ratelimit-remaining"] === "0" && Number.isFinite(reset)) return Math.max(1000, reset * 1000 - now);
  // GitHub asks for at least a minute where it names no time.
  return 60_000;
};
