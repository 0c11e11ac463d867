import { createHash } from "node:crypto";
import { ownLogins, plainLogin } from "./github-comment.ts";
import type { Connection } from "./github-connection.ts";
import type { Occasion } from "./github-event.ts";
import { isUncertain } from "./github-retry.ts";

/** One-based numbers of the new lines that one hunk of a diff shows, with their text. */
export type ReviewHunk = ReadonlyMap<number, string>;

export interface ReviewComment {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly body: string;
  /** Same for what was offered before. */
  readonly key: string;
}

interface ChangedFile {
  readonly filename: string;
  /** Absent for binary and very large files. */
  readonly patch?: string;
}

/** More would bury the review; they come on the next push. */
const commentsPerReview = 30;

/** The diff of a pull request by path, as far as GitHub shows it: of at most 3,000 files. */
export type PullDiff = ReadonlyMap<string, FileDiff>;

export interface FileDiff {
  readonly hunks: readonly ReviewHunk[];
  /** Texts of the lines that it adds; undefined where the diff is not shown. */
  readonly added: ReadonlySet<string> | undefined;
}

/** What a diff adds to a file; undefined where nobody can tell. */
export const addedIn = (diff: PullDiff, path: string): ReadonlySet<string> | undefined => {
  const file = diff.get(path);
  if (file !== undefined) return file.added;
  return diff.size < mostFiles ? new Set() : undefined;
};

const mostFiles = 3000;

export const readDiff = async (connection: Connection, pull: number): Promise<PullDiff> => {
  const files = new Map<string, FileDiff>();
  const pages = connection.pages<ChangedFile>("GET /repos/{owner}/{repo}/pulls/{pull_number}/files", {
    pull_number: pull,
  });
  for await (const page of pages) {
    for (const { filename, patch } of page) {
      files.set(filename, {
        hunks: readHunks(patch ?? ""),
        added: patch === undefined ? undefined : addedLines(patch),
      });
    }
  }
  return files;
};

/** Reads the hunks of a unified diff; lines that were removed have no number. */
const readHunks = (patch: string): readonly ReviewHunk[] => {
  const hunks: Map<number, string>[] = [];
  let line = 0;
  for (const text of patch.split("\n")) {
    const header = /^@@ -\S+ \+(\d+)/.exec(text);
    if (header !== null) {
      line = Number(header[1]);
      hunks.push(new Map());
    } else if (text.startsWith("+") || text.startsWith(" ")) {
      hunks.at(-1)?.set(line, text.slice(1));
      line += 1;
    }
  }
  return hunks;
};

const addedLines = (patch: string): ReadonlySet<string> =>
  new Set(patch.split(/\r?\n/).flatMap((line) => (line.startsWith("+") ? [line.slice(1)] : [])));

/**
 * One review with those comments that were not made before, edited or resolved ones included; the number of comments
 * is the result. GitHub takes all or none and names no culprit.
 */
export const createReview = async (
  connection: Connection,
  occasion: Occasion,
  pull: number,
  comments: readonly ReviewComment[],
  attempt = 1,
): Promise<number> => {
  if (comments.length === 0) return 0;
  const known = await ownMarkers(connection, pull);
  const fresh = comments.filter((comment) => !known.has(markerOf(comment))).slice(0, commentsPerReview);
  if (fresh.length === 0) return 0;
  try {
    await connection.send("POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews", {
      pull_number: pull,
      commit_id: occasion.headSha,
      event: "COMMENT",
      body: fresh.length === 1 ? "docker-hygiene offers a fix." : `docker-hygiene offers ${fresh.length} fixes.`,
      comments: fresh.map(reviewComment),
    });
    return fresh.length;
  } catch (error) {
    if (!isUncertain(error) || attempt >= 3) throw error;
    return createReview(connection, occasion, pull, comments, attempt + 1);
  }
};

const reviewComment = (comment: ReviewComment) => ({
  path: comment.path,
  line: comment.endLine,
  side: "RIGHT",
  // GitHub refuses a start that is the end.
  ...(comment.startLine === comment.endLine ? {} : { start_line: comment.startLine, start_side: "RIGHT" }),
  body: `${markerOf(comment)}\n${comment.body}`,
});

const markerOf = ({ path, key }: ReviewComment): string =>
  `<!-- docker-hygiene fix ${createHash("sha256").update(`${path}\n${key}`).digest("hex").slice(0, 24)} -->`;

const ownMarkers = async (connection: Connection, pull: number): Promise<ReadonlySet<string>> => {
  const found: { readonly marker: string; readonly login: string }[] = [];
  const pages = connection.pages<{ readonly body: string; readonly user: { readonly login: string } | null }>(
    "GET /repos/{owner}/{repo}/pulls/{pull_number}/comments",
    { pull_number: pull },
  );
  for await (const page of pages) {
    for (const { body, user } of page) {
      const marker = /^<!-- docker-hygiene fix [0-9a-f]{24} -->/.exec(body)?.[0];
      if (marker !== undefined && user !== null) found.push({ marker, login: plainLogin(user.login) });
    }
  }
  if (found.length === 0) return new Set();
  const own = await ownLogins(connection);
  return new Set(found.filter(({ login }) => own.includes(login)).map(({ marker }) => marker));
};
