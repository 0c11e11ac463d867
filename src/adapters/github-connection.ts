import { getOctokit } from "@actions/github";
import type { Occasion } from "./github-event.ts";
import { newAttempts, type RetryPolicy } from "./github-retry.ts";

/** Sends one request; `isRepeatable` as in `Attempts`. */
export type Send = <T>(
  route: string,
  parameters: Readonly<Record<string, unknown>>,
  isRepeatable?: boolean,
) => Promise<T>;

/** All pages of a list, each asked for when the one before is used up. */
export type Pages = <T>(route: string, parameters: Readonly<Record<string, unknown>>) => AsyncIterable<readonly T[]>;

export interface Connection {
  readonly send: Send;
  readonly pages: Pages;
  /** Login of whom the token belongs to. */
  readonly viewer: () => Promise<string>;
}

export interface ConnectionOptions {
  readonly token: string;
  readonly occasion: Occasion;
  /** GitHub masks secrets in logs and summaries only: every text passes here before it is sent. */
  readonly redact: (text: string) => string;
  readonly retry?: Partial<RetryPolicy>;
  /** Milliseconds until an answer is no longer waited for. */
  readonly timeout?: number;
}

const defaultRetry: RetryPolicy = {
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  now: Date.now,
  patience: 120_000,
  attempts: 4,
};

export const connect = ({ token, occasion, redact, retry, timeout = 30_000 }: ConnectionOptions): Connection => {
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const octokit = getOctokit(token, { baseUrl: occasion.apiUrl, log: silent, userAgent: "docker-hygiene" });
  const attempts = newAttempts({ ...defaultRetry, ...retry });
  const place = { owner: occasion.owner, repo: occasion.repository };
  const request = (route: string, parameters: Readonly<Record<string, unknown>>, isRepeatable: boolean) =>
    attempts.run(
      () =>
        octokit.request(route, {
          ...redactedTexts(parameters, redact),
          ...place,
          request: { signal: AbortSignal.timeout(timeout) },
        }),
      isRepeatable,
    );
  return {
    send: async <T>(route: string, parameters: Readonly<Record<string, unknown>>, isRepeatable?: boolean) =>
      (await request(route, parameters, isRepeatable ?? route.startsWith("GET "))).data as T,
    pages: async function* <T>(route: string, parameters: Readonly<Record<string, unknown>>) {
      for (let page = 1; ; page += 1) {
        const response = await request(route, { per_page: 100, ...parameters, page }, true);
        yield response.data as readonly T[];
        if (!/rel="next"/.test(String(response.headers.link ?? ""))) return;
      }
    },
    viewer: async () => {
      const answer = await attempts.run(
        () =>
          octokit.graphql<{ readonly viewer: { readonly login: string } }>("query { viewer { login } }", {
            request: { signal: AbortSignal.timeout(timeout) },
          }),
        true,
      );
      return answer.viewer.login;
    },
  };
};

const textual = new Set(["output", "body", "comments"]);

const redactedTexts = (
  parameters: Readonly<Record<string, unknown>>,
  redact: (text: string) => string,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, textual.has(name) ? redactedDeep(value, redact) : value]),
  );

const redactedDeep = (value: unknown, redact: (text: string) => string): unknown => {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactedDeep(item, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      name === "annotation_level" || name === "side" ? part : redactedDeep(part, redact),
    ]),
  );
};
