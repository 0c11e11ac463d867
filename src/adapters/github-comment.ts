import type { Connection } from "./github-connection.ts";
import type { Occasion } from "./github-event.ts";
import { isUncertain, readFailure } from "./github-retry.ts";

export interface CommentRequest {
  readonly pull: number;
  /** Of `commentMarker`; tells uses of the action on one pull request apart. */
  readonly marker: string;
  /** Markdown that begins with the marker. */
  readonly body: string;
  /** False: an existing comment is brought up to date and none is created. */
  readonly createsNew: boolean;
}

export interface CommentResult {
  /** Undefined when there is no comment and none was wanted. */
  readonly url: string | undefined;
  readonly change: "created" | "updated" | "none";
}

interface Comment {
  readonly id: number;
  readonly html_url: string;
  readonly body?: string;
  readonly user: { readonly login: string } | null;
}

/** Invisible, and no more than letters of a key, so that no text can end the HTML comment early. */
export const commentMarker = (key: string): string =>
  `<!-- docker-hygiene comment ${Buffer.from(key, "utf8").toString("base64url")} -->`;

/** One comment per key, edited in place: the own one that begins with the marker, wherever it stands in the list. */
export const upsertComment = async (
  connection: Connection,
  occasion: Occasion,
  request: CommentRequest,
): Promise<CommentResult> => {
  const { marker, body } = request;
  const existing = await findOwn(connection, request.pull, marker);
  if (existing !== undefined) return edit(connection, existing, body);
  if (!request.createsNew) return { url: undefined, change: "none" };
  return create(connection, occasion, request.pull, marker, body);
};

const edit = async (connection: Connection, existing: Comment, body: string): Promise<CommentResult> => {
  if (existing.body === body) return { url: existing.html_url, change: "none" };
  const updated = await connection.send<Comment>(
    "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}",
    { comment_id: existing.id, body },
    true,
  );
  return { url: updated.html_url, change: "updated" };
};

const create = async (
  connection: Connection,
  occasion: Occasion,
  pull: number,
  marker: string,
  body: string,
  attempt = 1,
): Promise<CommentResult> => {
  try {
    const created = await connection.send<Comment>("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
      issue_number: pull,
      body,
    });
    return { url: created.html_url, change: "created" };
  } catch (error) {
    if (!isUncertain(error) || attempt >= 3) throw error;
    // It may be there although the answer is not: creating it again would double it.
    const found = await findOwn(connection, pull, marker);
    if (found !== undefined) return { url: found.html_url, change: "created" };
    return create(connection, occasion, pull, marker, body, attempt + 1);
  }
};

/** Anyone can plant the marker in a comment, so only one of ours counts. */
const findOwn = async (connection: Connection, pull: number, marker: string): Promise<Comment | undefined> => {
  let logins: readonly string[] | undefined;
  const pages = connection.pages<Comment>("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", {
    issue_number: pull,
  });
  for await (const page of pages) {
    for (const comment of page.filter((one) => one.body?.startsWith(marker))) {
      logins ??= await ownLogins(connection);
      if (comment.user !== null && logins.includes(plainLogin(comment.user.login))) return comment;
    }
  }
  return undefined;
};

/** Whose comments and suggestions are ours. */
export const ownLogins = async (connection: Connection): Promise<readonly string[]> => {
  try {
    return [plainLogin(await connection.viewer())];
  } catch (error) {
    if (readFailure(error).status === undefined) throw error;
    // Without GraphQL (Gitea, Forgejo): whom the workflow's own token belongs to there.
    return ["github-actions", "gitea-actions", "forgejo-actions"];
  }
};

/** The same account is `github-actions` to GraphQL's authors and `github-actions[bot]` to REST. */
export const plainLogin = (login: string): string => login.replace(/\[bot\]$/, "").toLowerCase();
