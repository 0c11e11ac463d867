import { example, type Operation } from "./api-description.ts";

export type Permission = "checks" | "contents" | "issues" | "pull_requests";
export type Access = "read" | "write";
type Permissions = Readonly<Partial<Record<Permission, Access>>>;

export interface Options {
  /** By token; a token that is not here gets 401. */
  readonly tokens?: Readonly<Record<string, Permissions>>;
  /** Who writes with the tokens. */
  readonly login?: string;
  readonly repository?: string;
  /** Path of the API on the server: `/api/v3` on an Enterprise Server. */
  readonly prefix?: string;
}

export interface Annotation {
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly start_column?: number;
  readonly end_column?: number;
  readonly annotation_level: string;
  readonly message: string;
  readonly title?: string;
}

export interface StoredCheck {
  readonly id: number;
  name: string;
  headSha: string;
  externalId: string;
  status: string;
  conclusion: string | null;
  title: string | null;
  summary: string | null;
  text: string | null;
  readonly annotations: Annotation[];
}

export interface StoredComment {
  readonly id: number;
  readonly issue: number;
  readonly author: string;
  body: string;
}

export interface State {
  readonly login: string;
  readonly repository: string;
  readonly tokens: Readonly<Record<string, Permissions>>;
  readonly checks: StoredCheck[];
  readonly comments: StoredComment[];
  readonly reviews: { readonly pull: number; readonly body: Readonly<Record<string, unknown>> }[];
  readonly reviewComments: Readonly<Record<string, unknown>>[];
  /** What `pulls/{n}/files` answers. */
  changedFiles: { readonly filename: string; readonly patch?: string; readonly status?: string }[];
  /** From the newest to the oldest, of the base branch. */
  baseCommits: string[];
  mergeBase: string;
  /** Open pull requests, `from` a repository's branch. */
  pulls: { readonly number: number; readonly sha: string; readonly from: string; readonly branch: string }[];
  /** Annotations that GitHub refuses for a reason of its own. */
  refusesAnnotation: (annotation: Annotation) => boolean;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const newState = (options: Options): State => ({
  login: options.login ?? "github-actions[bot]",
  repository: options.repository ?? "acme/shop",
  tokens: options.tokens ?? { "write-token": { checks: "write", contents: "read", pull_requests: "write" } },
  checks: [],
  comments: [],
  reviews: [],
  reviewComments: [],
  changedFiles: [],
  baseCommits: [],
  mergeBase: "",
  pulls: [],
  refusesAnnotation: () => false,
});

export const permissionsOf = (state: State, authorization: string | undefined): Permissions | undefined =>
  state.tokens[(authorization ?? "").replace(/^(?:token|bearer) /i, "")];

export const answer = (
  state: State,
  operation: Operation,
  permissions: Permissions,
  url: URL,
  body: unknown,
): Answer => {
  const { owner, repo } = operation.path;
  if (`${owner}/${repo}` !== state.repository) return notFound;
  const serve = operations[operation.id];
  if (serve === undefined) return notFound;
  if (!serve.needs.some(([permission, access]) => may(permissions, permission, access))) return forbidden(serve.needs);
  return serve.answer({ state, path: operation.path, url, body: body as Readonly<Record<string, unknown>> });
};

type Need = readonly [Permission, Access];
interface Call {
  readonly state: State;
  readonly path: Readonly<Record<string, string>>;
  readonly url: URL;
  readonly body: Readonly<Record<string, unknown>>;
}

const may = (permissions: Permissions, permission: Permission, access: Access): boolean =>
  permissions[permission] === "write" || permissions[permission] === access;

const notFound: Answer = {
  status: 404,
  body: { message: "Not Found", documentation_url: "https://docs.github.com/rest", status: "404" },
};

const forbidden = (needs: readonly Need[]): Answer => ({
  status: 403,
  body: {
    message: "Resource not accessible by integration",
    documentation_url: "https://docs.github.com/rest",
    status: "403",
  },
  headers: { "x-accepted-github-permissions": needs.map(([name, access]) => `${name}=${access}`).join("; ") },
});

const unprocessable = (message: string, errors?: unknown): Answer => ({
  status: 422,
  body: {
    message,
    ...(errors === undefined ? {} : { errors }),
    documentation_url: "https://docs.github.com/rest",
    status: "422",
  },
});

const createCheck = ({ state, body }: Call): Answer => {
  const check: StoredCheck = {
    id: 1000 + state.checks.length,
    name: String(body.name),
    headSha: String(body.head_sha),
    externalId: "",
    status: "queued",
    conclusion: null,
    title: null,
    summary: null,
    text: null,
    annotations: [],
  };
  return writeCheck(state, check, body, () => state.checks.push(check), 201);
};

const updateCheck = ({ state, path, body }: Call): Answer => {
  const check = state.checks.find(({ id }) => String(id) === path.check_run_id);
  return check === undefined ? notFound : writeCheck(state, check, body, () => undefined, 200);
};

const writeCheck = (
  state: State,
  check: StoredCheck,
  body: Readonly<Record<string, unknown>>,
  store: () => unknown,
  status: number,
): Answer => {
  const output = body.output as
    | { title?: string; summary?: string; text?: string; annotations?: Annotation[] }
    | undefined;
  if (output !== undefined && output.summary === undefined)
    return unprocessable('Invalid request.\n\n"summary" wasn\'t supplied.');
  for (const text of [output?.summary ?? "", output?.text ?? ""]) {
    if (text.length > 65_535) return unprocessable(`Only 65535 characters are allowed; ${text.length} were supplied.`);
  }
  const annotations = output?.annotations ?? [];
  if (annotations.length > 50) {
    return unprocessable(`Invalid request.\n\nNo more than 50 items are allowed; ${annotations.length} were supplied.`);
  }
  if (annotations.some((annotation) => isRefused(annotation) || state.refusesAnnotation(annotation))) {
    return unprocessable("Validation Failed", [{ resource: "CheckRun", code: "invalid", field: "annotations" }]);
  }
  if (body.status === "completed" && body.conclusion === undefined)
    return unprocessable("Invalid request.\n\nconclusion is missing.");
  check.name = String(body.name ?? check.name);
  check.externalId = String(body.external_id ?? check.externalId);
  check.conclusion = (body.conclusion as string | undefined) ?? check.conclusion;
  check.status = check.conclusion === null ? String(body.status ?? check.status) : "completed";
  check.title = output?.title ?? check.title;
  check.summary = output?.summary ?? check.summary;
  check.text = output?.text ?? check.text;
  check.annotations.push(...annotations);
  store();
  return { status, body: shownCheck(state, check) };
};

/** The rules of columns and lines, for which GitHub refuses the whole request without an index. */
const isRefused = (annotation: Annotation): boolean => {
  const { start_line: line, end_line: endLine, start_column: column, end_column: endColumn } = annotation;
  if (line < 1 || endLine < line || annotation.path === "") return true;
  if (column === undefined && endColumn === undefined) return false;
  if (line !== endLine || column === undefined || endColumn === undefined) return true;
  return column < 1 || endColumn < column;
};

const shownCheck = (state: State, check: StoredCheck): unknown => ({
  ...(example("check-run") as object),
  id: check.id,
  name: check.name,
  head_sha: check.headSha,
  external_id: check.externalId,
  status: check.status,
  conclusion: check.conclusion,
  html_url: `https://github.com/${state.repository}/runs/${check.id}`,
  output: {
    title: check.title,
    summary: check.summary,
    text: check.text,
    annotations_count: check.annotations.length,
    annotations_url: `https://api.github.com/repos/${state.repository}/check-runs/${check.id}/annotations`,
  },
  app: { ...(example("check-run") as { app: object }).app, id: 15368, slug: "github-actions", name: "GitHub Actions" },
});

const listChecks = (call: Call): Answer => {
  const { state, path, url } = call;
  const name = url.searchParams.get("check_name");
  const found = state.checks.filter((check) => check.headSha === path.ref && (name === null || check.name === name));
  const { page, headers } = paged(call, found);
  return {
    status: 200,
    body: { total_count: found.length, check_runs: page.map((check) => shownCheck(state, check)) },
    headers,
  };
};

const getCheck = ({ state, path }: Call): Answer => {
  const check = state.checks.find(({ id }) => String(id) === path.check_run_id);
  return check === undefined ? notFound : { status: 200, body: shownCheck(state, check) };
};

const shownComment = (state: State, comment: StoredComment): unknown => {
  const shown = example("issue-comment") as { user: object };
  return {
    ...shown,
    id: comment.id,
    body: comment.body,
    html_url: `https://github.com/${state.repository}/pull/${comment.issue}#issuecomment-${comment.id}`,
    user: { ...shown.user, login: comment.author, type: comment.author.endsWith("[bot]") ? "Bot" : "User" },
  };
};

const refusedBody = (body: Readonly<Record<string, unknown>>): Answer | undefined =>
  Buffer.byteLength(String(body.body)) > 262_144 || String(body.body).length > 65_536
    ? unprocessable("Validation Failed", [
        {
          resource: "IssueComment",
          code: "unprocessable",
          field: "data",
          message: "Body is too long (maximum is 65536 characters)",
        },
      ])
    : undefined;

const createComment = ({ state, path, body }: Call): Answer => {
  const refused = refusedBody(body);
  if (refused !== undefined) return refused;
  const comment = {
    id: 2000 + state.comments.length,
    issue: Number(path.issue_number),
    author: state.login,
    body: String(body.body),
  };
  state.comments.push(comment);
  return { status: 201, body: shownComment(state, comment) };
};

const updateComment = ({ state, path, body }: Call): Answer => {
  const comment = state.comments.find(({ id }) => String(id) === path.comment_id);
  if (comment === undefined) return notFound;
  const refused = refusedBody(body);
  if (refused !== undefined) return refused;
  comment.body = String(body.body);
  return { status: 200, body: shownComment(state, comment) };
};

const listComments = (call: Call): Answer => {
  const found = call.state.comments.filter(({ issue }) => String(issue) === call.path.issue_number);
  const { page, headers } = paged(call, found);
  return { status: 200, body: page.map((comment) => shownComment(call.state, comment)), headers };
};

const listFiles = (call: Call): Answer => {
  const [shown] = example("diff-entry-items") as readonly object[];
  const { page, headers } = paged(call, call.state.changedFiles);
  return { status: 200, body: page.map((file) => ({ ...withoutPatch(shown ?? {}), ...file })), headers };
};

const withoutPatch = (file: object): object =>
  Object.fromEntries(Object.entries(file).filter(([name]) => name !== "patch"));

const listReviewComments = (call: Call): Answer => {
  const [shown] = example("pull-request-review-comment-items") as readonly { user: object }[];
  const { page, headers } = paged(call, call.state.reviewComments);
  return {
    status: 200,
    body: page.map((comment) => ({ ...shown, ...comment, user: { ...shown?.user, login: call.state.login } })),
    headers,
  };
};

const createReview = ({ state, path, body }: Call): Answer => {
  const comments = (body.comments ?? []) as readonly {
    path: string;
    line?: number;
    start_line?: number;
    body: string;
  }[];
  for (const comment of comments) {
    const patch = state.changedFiles.find(({ filename }) => filename === comment.path)?.patch ?? "";
    const hunks = hunksOf(patch);
    const from = comment.start_line ?? comment.line ?? 0;
    if (comment.start_line !== undefined && comment.start_line >= (comment.line ?? 0)) {
      return unprocessable("Unprocessable Entity", ["start line must precede the end line"]);
    }
    if (!hunks.some((hunk) => hunk.has(from) && hunk.has(comment.line ?? 0))) {
      return unprocessable("Unprocessable Entity", ["Pull request review thread line must be part of the diff"]);
    }
  }
  state.reviews.push({ pull: Number(path.pull_number), body });
  state.reviewComments.push(
    ...comments.map((comment, index) => ({ id: 3000 + state.reviewComments.length + index, ...comment })),
  );
  return { status: 200, body: example("pull-request-review") };
};

/** Lines of the new file that each hunk shows. */
const hunksOf = (patch: string): readonly ReadonlySet<number>[] => {
  const hunks: Set<number>[] = [];
  let line = 0;
  for (const text of patch.split("\n")) {
    const header = /^@@ -\S+ \+(\d+)/.exec(text);
    if (header !== null) {
      line = Number(header[1]);
      hunks.push(new Set());
    } else if (!text.startsWith("-")) hunks.at(-1)?.add(line++);
  }
  return hunks;
};

const compare = ({ state }: Call): Answer => {
  const shown = example("commit-comparison") as { merge_base_commit: object };
  return {
    status: 200,
    body: { ...shown, commits: [], files: [], merge_base_commit: { ...shown.merge_base_commit, sha: state.mergeBase } },
  };
};

const listCommits = (call: Call): Answer => {
  const [shown] = example("commit-items") as readonly object[];
  const from = Math.max(0, call.state.baseCommits.indexOf(call.url.searchParams.get("sha") ?? ""));
  const { page, headers } = paged(call, call.state.baseCommits.slice(from));
  return { status: 200, body: page.map((sha) => ({ ...shown, sha })), headers };
};

const listPulls = (call: Call): Answer => {
  const [shown] = example("pull-request-simple-items") as readonly { head: { repo: object }; base: { repo: object } }[];
  const found = call.state.pulls.filter(
    ({ from, branch }) => `${from.split("/")[0]}:${branch}` === call.url.searchParams.get("head"),
  );
  const { page, headers } = paged(call, found);
  const body = page.map(({ number, sha, from }) => ({
    ...shown,
    // GitHub's own example lacks the `type` of a team.
    requested_teams: [],
    number,
    head: { ...shown?.head, sha, repo: { ...shown?.head.repo, full_name: from } },
    base: { ...shown?.base, repo: { ...shown?.base.repo, full_name: call.state.repository } },
  }));
  return { status: 200, body, headers };
};

const paged = <T>(
  call: Call,
  items: readonly T[],
): { page: readonly T[]; headers: Readonly<Record<string, string>> } => {
  const size = Math.min(100, Number(call.url.searchParams.get("per_page") ?? 30));
  const number = Number(call.url.searchParams.get("page") ?? 1);
  const next = new URL(call.url);
  next.searchParams.set("page", String(number + 1));
  const hasNext = number * size < items.length;
  return {
    page: items.slice((number - 1) * size, number * size),
    headers: hasNext
      ? { link: `<${next.href.replace("http://github.test", "https://api.github.com")}>; rel="next"` }
      : {},
  };
};

const commenting: readonly Need[] = [
  ["issues", "write"],
  ["pull_requests", "write"],
];
const operations: Readonly<
  Record<string, { readonly needs: readonly Need[]; readonly answer: (call: Call) => Answer }>
> = {
  "checks/create": { needs: [["checks", "write"]], answer: createCheck },
  "checks/update": { needs: [["checks", "write"]], answer: updateCheck },
  "checks/get": { needs: [["checks", "read"]], answer: getCheck },
  "checks/list-for-ref": { needs: [["checks", "read"]], answer: listChecks },
  "issues/list-comments": {
    needs: [
      ["issues", "read"],
      ["pull_requests", "read"],
    ],
    answer: listComments,
  },
  "issues/create-comment": { needs: commenting, answer: createComment },
  "issues/update-comment": { needs: commenting, answer: updateComment },
  "pulls/list-files": { needs: [["pull_requests", "read"]], answer: listFiles },
  "pulls/list-review-comments": { needs: [["pull_requests", "read"]], answer: listReviewComments },
  "pulls/create-review": { needs: [["pull_requests", "write"]], answer: createReview },
  "repos/compare-commits-with-basehead": { needs: [["contents", "read"]], answer: compare },
  "pulls/list": { needs: [["pull_requests", "read"]], answer: listPulls },
  "repos/list-commits": { needs: [["contents", "read"]], answer: listCommits },
};
