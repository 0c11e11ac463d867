import { afterEach, describe, expect, test } from "@jest/globals";
import { connectForge, type Forge } from "../src/adapters/github.ts";
import type { CheckAnnotation } from "../src/adapters/github-check.ts";
import { commentMarker } from "../src/adapters/github-comment.ts";
import { type Occasion, readOccasion } from "../src/adapters/github-event.ts";
import { explainFailure } from "../src/adapters/github-failure.ts";
import { type FakeGitHub, type Fault, startFakeGitHub } from "./github/fake-github.ts";
import type { Options } from "./github/fake-operations.ts";

let github: FakeGitHub;
let waits: number[];

afterEach(() => github.close());

const start = async (
  options: Options & { readonly token?: string; readonly redact?: (text: string) => string } = {},
) => {
  github = await startFakeGitHub(options);
  waits = [];
  return forge(options);
};

const forge = (
  options: { readonly token?: string; readonly redact?: (text: string) => string; readonly timeout?: number } = {},
): Forge =>
  connectForge({
    token: options.token ?? "write-token",
    occasion: occasion(),
    redact: options.redact ?? ((text) => text),
    retry: {
      sleep: async (milliseconds) => {
        waits.push(milliseconds);
      },
      now: () => 1_000_000,
    },
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
  });

const occasion = (): Occasion => {
  const read = readOccasion(
    {
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_EVENT_NAME: "push",
      GITHUB_SHA: "a".repeat(40),
      GITHUB_API_URL: github.url,
    },
    {},
  );
  if (read === undefined) throw new Error("no occasion");
  return read;
};

const request = {
  name: "docker-hygiene",
  externalId: "run-1",
  title: "Running",
  summary: "Looking at the Dockerfiles",
};
const annotation = (line: number): CheckAnnotation => ({
  path: "Dockerfile",
  start_line: line,
  end_line: line,
  start_column: 5,
  end_column: 9,
  annotation_level: "warning",
  title: "unpinned-package",
  message: `line ${line}`,
});
const result = (annotations: readonly CheckAnnotation[]) => ({
  conclusion: "failure" as const,
  title: "2 errors",
  summary: "the whole story",
  text: "| a | b |",
  annotations,
});
const lines = (count: number): readonly CheckAnnotation[] =>
  Array.from({ length: count }, (_, index) => annotation(index + 1));
const operations = () => github.requests.map(({ operation, status }) => `${operation} ${status}`);

describe("a check run", () => {
  test("is created in progress on the head commit and completed with all annotations in batches of 50", async () => {
    const { createCheck, completeCheck } = await start();
    const check = await createCheck(request);
    expect(github.state.checks[0]).toMatchObject({
      status: "in_progress",
      headSha: "a".repeat(40),
      externalId: "run-1",
    });
    const done = await completeCheck(check, result(lines(120)));
    expect(done).toEqual({ url: "https://github.com/acme/shop/runs/1000", refused: [] });
    expect(github.state.checks[0]).toMatchObject({
      status: "completed",
      conclusion: "failure",
      title: "2 errors",
      summary: "the whole story",
      text: "| a | b |",
    });
    expect(github.state.checks[0]?.annotations.map((one) => one.start_line)).toEqual(
      lines(120).map((one) => one.start_line),
    );
    expect(operations()).toEqual([
      "checks/create 201",
      "checks/update 200",
      "checks/update 200",
      "checks/update 200",
      "checks/update 200",
    ]);
    expect(github.violations).toEqual([]);
  });

  test("loses only the annotation that GitHub refuses, and names it", async () => {
    const { createCheck, completeCheck } = await start();
    github.state.refusesAnnotation = (one) => one.start_line === 37;
    const done = await completeCheck(await createCheck(request), result(lines(60)));
    expect(done.refused).toEqual(["the annotation at Dockerfile:37"]);
    expect(github.state.checks[0]?.annotations.map((one) => one.start_line)).toEqual(
      lines(60)
        .map((one) => one.start_line)
        .filter((line) => line !== 37),
    );
    expect(github.state.checks[0]?.status).toBe("completed");
  });

  test("is completed although no annotation can be delivered", async () => {
    const { createCheck, completeCheck } = await start();
    const check = await createCheck(request);
    github.fail("checks/update", { status: 403, body: { message: "Resource not accessible by integration" } });
    const done = await completeCheck(check, result(lines(3)));
    expect(done.refused).toEqual(["3 of 3 annotations"]);
    expect(github.state.checks[0]).toMatchObject({ status: "completed", conclusion: "failure" });
  });

  test("is completed with its title alone when GitHub refuses the summary", async () => {
    const { createCheck, completeCheck } = await start();
    const check = await createCheck(request);
    github.fail("checks/update", { status: 422 });
    await completeCheck(check, result([]));
    expect(github.state.checks[0]).toMatchObject({ status: "completed", conclusion: "failure", summary: "2 errors" });
  });

  test("is cut to what GitHub takes", async () => {
    const { createCheck, completeCheck } = await start();
    await completeCheck(await createCheck(request), {
      ...result([]),
      summary: "x".repeat(80_000),
      text: "y".repeat(80_000),
    });
    expect(github.state.checks[0]?.summary).toHaveLength(65_535);
    expect(github.state.checks[0]?.summary).toMatch(
      /x\n\n… cut: GitHub takes no more\. The job summary holds the rest\.$/,
    );
    expect(github.violations).toEqual([]);
  });

  test.each<[string, Fault]>([
    ["a lost reply", "lost reply"],
    ["a reset", "reset"],
    ["a gateway's HTML", { status: 502, body: "<html>Unicorn!</html>" }],
  ])("is not doubled by %s", async (_name, fault) => {
    const { createCheck, completeCheck } = await start();
    github.fail("checks/create", fault);
    github.fail("checks/update", fault);
    await completeCheck(await createCheck(request), result(lines(3)));
    expect(github.state.checks).toHaveLength(1);
    expect(github.state.checks[0]).toMatchObject({ status: "completed", externalId: "run-1" });
    expect(github.state.checks[0]?.annotations.map((one) => one.start_line)).toEqual([1, 2, 3]);
    expect(github.violations).toEqual([]);
  });
});

describe("the comment", () => {
  const marker = commentMarker("docker/build");
  const body = (text: string) => `${marker}\n${text}`;
  const comment = { pull: 7, marker, body: body("sizes"), createsNew: true };

  test("is created once and edited in place", async () => {
    const { upsertComment } = await start();
    expect(await upsertComment(comment)).toEqual({
      url: "https://github.com/acme/shop/pull/7#issuecomment-2000",
      change: "created",
    });
    expect(await upsertComment({ ...comment, body: body("other sizes") })).toEqual({
      url: "https://github.com/acme/shop/pull/7#issuecomment-2000",
      change: "updated",
    });
    expect(await upsertComment({ ...comment, body: body("other sizes") })).toMatchObject({ change: "none" });
    expect(github.state.comments).toEqual([
      { id: 2000, issue: 7, author: "github-actions[bot]", body: body("other sizes") },
    ]);
    expect(github.violations).toEqual([]);
  });

  test("is found behind hundreds of others, and never in someone else's hands", async () => {
    const { upsertComment } = await start();
    for (let index = 0; index < 250; index += 1) {
      github.state.comments.push({
        id: index,
        issue: 7,
        author: index === 3 ? "mallory" : "alice",
        body: index === 3 ? `${marker}\nplanted` : "hello",
      });
    }
    github.state.comments.push({ id: 999, issue: 7, author: "github-actions[bot]", body: `${marker}\nold` });
    expect(await upsertComment(comment)).toMatchObject({ change: "updated" });
    expect(github.state.comments.find(({ id }) => id === 3)?.body).toBe(`${marker}\nplanted`);
    expect(github.state.comments.find(({ id }) => id === 999)?.body).toBe(`${marker}\nsizes`);
  });

  test("of another key is left alone", async () => {
    const { upsertComment } = await start();
    await upsertComment(comment);
    const other = commentMarker("docker/release");
    await upsertComment({ ...comment, marker: other, body: `${other}\nothers` });
    expect(github.state.comments.map(({ body }) => body.split("\n")[1])).toEqual(["sizes", "others"]);
  });

  test("is not created when only an update is wanted", async () => {
    const { upsertComment } = await start();
    expect(await upsertComment({ ...comment, createsNew: false })).toEqual({ url: undefined, change: "none" });
    expect(github.state.comments).toEqual([]);
  });

  test.each<[string, Fault]>([
    ["a lost reply", "lost reply"],
    ["a reset", "reset"],
    ["a gateway's HTML", { status: 503, body: "<html>Unicorn!</html>" }],
  ])("is not doubled by %s", async (_name, fault) => {
    const { upsertComment } = await start();
    github.fail("issues/create-comment", fault);
    expect(await upsertComment(comment)).toMatchObject({ change: "created" });
    expect(github.state.comments).toHaveLength(1);
  });

  test("carries no secret", async () => {
    const { upsertComment, createCheck, completeCheck } = await start({
      redact: (text) => text.replaceAll("hunter2", "***"),
    });
    await upsertComment({ ...comment, body: body("the password is hunter2") });
    const check = await createCheck({ ...request, title: "hunter2" });
    await completeCheck(check, {
      ...result([{ ...annotation(1), message: "hunter2" }]),
      summary: "hunter2",
      text: "hunter2",
    });
    expect(JSON.stringify(github.requests)).not.toContain("hunter2");
  });

  test("is found on a server without GraphQL", async () => {
    const { upsertComment } = await start({ login: "gitea-actions" });
    github.fail("graphql", { status: 404 });
    await upsertComment(comment);
    expect(await upsertComment({ ...comment, body: body("again") })).toMatchObject({ change: "updated" });
  });

  test("goes to an Enterprise Server under its own path", async () => {
    const { upsertComment } = await start({ prefix: "/api/v3" });
    await upsertComment(comment);
    await upsertComment({ ...comment, body: body("again") });
    expect(operations()).toEqual([
      "issues/list-comments 200",
      "issues/create-comment 201",
      "issues/list-comments 200",
      "graphql 200",
      "issues/update-comment 200",
    ]);
  });
});

describe("the baseline", () => {
  const baseline = (externalIds: readonly string[] = ["own:", "any"]) => ({
    start: "main",
    checkName: "docker-hygiene",
    externalIds,
    read: (text: string) => (text.startsWith("sizes") ? text : undefined),
  });
  const measured = async (sha: string, externalId: string, text: string, name = "docker-hygiene") => {
    github.state.checks.push({
      id: 5000 + github.state.checks.length,
      name,
      headSha: sha,
      externalId,
      status: "completed",
      conclusion: "success",
      title: "t",
      summary: "s",
      text,
      annotations: [],
    });
  };

  test("is the nearest commit with sizes, of this very use of the action where there is one", async () => {
    const { findBaseline } = await start();
    github.state.baseCommits = ["a".repeat(40), "1", "2", "3"];
    await measured("a".repeat(40), "own:1", "sizes of this commit itself");
    await measured("1", "own:1", "no use");
    await measured("1", "own:1", "sizes of another name", "other");
    await measured("2", "any:1", "sizes of another use");
    await measured("2", "own:1", "sizes of ours");
    await measured("3", "own:1", "sizes of old");
    expect(await findBaseline(baseline())).toEqual({ sha: "2", sizes: "sizes of ours" });
    expect(await findBaseline(baseline(["none:", "any"]))).toEqual({ sha: "2", sizes: "sizes of another use" });
    expect(await findBaseline(baseline(["none:"]))).toBeUndefined();
    expect(github.violations).toEqual([]);
  });

  test("begins where a pull request left its branch", async () => {
    const { mergeBase } = await start();
    github.state.mergeBase = "f".repeat(40);
    expect(await mergeBase("main", "a".repeat(40))).toBe("f".repeat(40));
    expect(github.violations).toEqual([]);
  });
});

describe("review suggestions", () => {
  const patch =
    "@@ -1,2 +1,4 @@\n FROM debian\n-RUN old\n+RUN a\n+RUN b\n USER 1000\n@@ -20,1 +22,2 @@\n CMD x\n+CMD y\n\\ No newline at end of file";
  const fix = (startLine: number, endLine = startLine, path = "Dockerfile") => ({
    path,
    startLine,
    endLine,
    body: "```suggestion\nRUN c\n```",
    key: `${startLine}`,
  });

  test("know the lines that a diff shows", async () => {
    const { readDiff } = await start();
    github.state.changedFiles = [{ filename: "Dockerfile", patch }, { filename: "big.bin" }];
    const hunks = [
      new Map([
        [1, "FROM debian"],
        [2, "RUN a"],
        [3, "RUN b"],
        [4, "USER 1000"],
      ]),
      new Map([
        [22, "CMD x"],
        [23, "CMD y"],
      ]),
    ];
    expect(await readDiff(7)).toEqual(
      new Map([
        ["Dockerfile", { hunks, added: new Set(["RUN a", "RUN b", "CMD y"]) }],
        ["big.bin", { hunks: [], added: undefined }],
      ]),
    );
    expect(github.violations).toEqual([]);
  });

  test("come in one review, and only once", async () => {
    const { createReview } = await start();
    github.state.changedFiles = [{ filename: "Dockerfile", patch }];
    expect(await createReview(7, [fix(2, 3), fix(23)])).toBe(2);
    expect(await createReview(7, [fix(2, 3), fix(23)])).toBe(0);
    expect(await createReview(7, [fix(2, 3), fix(4), fix(23)])).toBe(1);
    expect(github.state.reviews.map(({ body }) => (body as { comments: readonly unknown[] }).comments)).toMatchObject([
      [
        { path: "Dockerfile", start_line: 2, start_side: "RIGHT", line: 3, side: "RIGHT" },
        { path: "Dockerfile", line: 23, side: "RIGHT" },
      ],
      [{ path: "Dockerfile", line: 4 }],
    ]);
    expect(github.violations).toEqual([]);
  });

  test.each<[string, Fault]>([
    ["a lost reply", "lost reply"],
    ["a reset", "reset"],
    ["a gateway's HTML", { status: 502, body: "<html>" }],
  ])("are not doubled by %s", async (_name, fault) => {
    const { createReview } = await start();
    github.state.changedFiles = [{ filename: "Dockerfile", patch }];
    github.fail("pulls/create-review", fault);
    await createReview(7, [fix(2)]);
    expect(github.state.reviews).toHaveLength(1);
    expect(github.violations).toEqual([]);
  });

  test("are thirty at most in one review", async () => {
    const { createReview } = await start();
    const long = `@@ -0,0 +1,50 @@\n${Array.from({ length: 50 }, (_, index) => `+RUN ${index}`).join("\n")}`;
    github.state.changedFiles = [{ filename: "Dockerfile", patch: long }];
    const fixes = Array.from({ length: 50 }, (_, index) => fix(index + 1));
    expect(await createReview(7, fixes)).toBe(30);
    expect(await createReview(7, fixes)).toBe(20);
  });
});

describe("limits and faults", () => {
  test.each<[string, Fault, number]>([
    [
      "a secondary limit with its time",
      { status: 403, body: { message: "You have exceeded a secondary rate limit." }, headers: { "retry-after": "7" } },
      7000,
    ],
    [
      "a secondary limit without a time",
      { status: 403, body: { message: "You have exceeded a secondary rate limit." } },
      60_000,
    ],
    [
      "a primary limit that resets soon",
      {
        status: 403,
        body: { message: "API rate limit exceeded" },
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1020" },
      },
      20_000,
    ],
    ["too many requests", { status: 429, headers: { "retry-after": "2" } }, 2000],
  ])("%s is waited for", async (_name, fault, wait) => {
    const { createCheck } = await start();
    github.fail("checks/create", fault);
    await createCheck(request);
    expect(waits).toEqual([wait]);
    expect(github.state.checks).toHaveLength(1);
  });

  const failures: readonly [string, Fault, string][] = [
    [
      "a wrong token",
      { status: 401 },
      "The check run could not be delivered: GitHub does not know the token (401). Check the input `github-token`.",
    ],
    [
      "a missing permission",
      { status: 403, body: { message: "Resource not accessible by integration" } },
      "The check run could not be delivered: the token lacks a permission (403). Add `checks: write` to `permissions:` of the job.",
    ],
    [
      "a hidden repository",
      { status: 404 },
      "The check run could not be delivered: GitHub does not find it (404): the token may lack `checks: write`, or this server has no such feature.",
    ],
    [
      "a conflict",
      { status: 409, body: { message: "Conflict" } },
      "The check run could not be delivered: GitHub refused it (409: Conflict).",
    ],
    [
      "a refusal",
      { status: 422, body: { message: "No commit found for SHA" } },
      "The check run could not be delivered: GitHub refused it (422: No commit found for SHA).",
    ],
    [
      "a limit that resets in an hour",
      {
        status: 403,
        body: { message: "API rate limit exceeded" },
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "4600" },
      },
      "The check run could not be delivered: GitHub's rate limit is used up and resets too late to wait for.",
    ],
  ];
  test.each(failures)("%s is said in one sentence", async (_name, fault, sentence) => {
    const { createCheck } = await start();
    github.fail("checks/create", fault);
    const error = await createCheck(request).catch((thrown: unknown) => thrown);
    expect(explainFailure(error, "the check run", "checks: write", { pull: undefined })).toEqual({
      message: sentence,
      isExpected: false,
    });
    expect(operations()).toHaveLength(1);
  });

  test("a GitHub that stays down is given up after three tries", async () => {
    const { createCheck } = await start();
    const down = { status: 500, body: "<html>" };
    github.fail("checks/create", down, down, down, down, down);
    const error = await createCheck(request).catch((thrown: unknown) => thrown);
    expect(explainFailure(error, "the check run", "checks: write", { pull: undefined }).message).toBe(
      "The check run could not be delivered: GitHub answered with an error of its own (500).",
    );
    expect(github.requests.filter(({ operation }) => operation === "checks/create")).toHaveLength(3);
  });

  test("a slow answer is not waited for and what it did is found", async () => {
    await start();
    github.fail("checks/create", { delay: 2000 });
    const check = await forge({ timeout: 300 }).createCheck(request);
    expect(check).toMatchObject({ id: 1000 });
    expect(github.state.checks).toHaveLength(1);
  });

  test("a fork's read-only token is expected and nobody's fault", async () => {
    const { createCheck } = await start({
      tokens: { "read-token": { contents: "read", checks: "read" } },
      token: "read-token",
    });
    const error = await createCheck(request).catch((thrown: unknown) => thrown);
    expect(github.requests[0]?.status).toBe(403);
    expect(
      explainFailure(error, "the check run", "checks: write", {
        pull: { number: 7, isFork: true },
      }),
    ).toEqual({
      message:
        "The check run is left out: GitHub gives pull requests from forks a read-only token. The job summary and the log hold everything.",
      isExpected: true,
    });
  });
});

test("the fake refuses what GitHub's description does not know", async () => {
  await start();
  const post = (body: unknown) =>
    fetch(`${github.url}/repos/acme/shop/check-runs`, {
      method: "POST",
      headers: { authorization: "token write-token" },
      body: JSON.stringify(body),
    });
  const statuses = [
    (await post({ name: "a", head_sha: "b", output: { title: "t", summary: "s", anotations: [] } })).status,
    (await post({ name: "a" })).status,
    (await post({ name: "a", head_sha: "b", status: "done" })).status,
  ];
  expect(statuses).toEqual([422, 422, 422]);
  expect(github.violations).toEqual([
    "checks/create: body/output/anotations is unknown",
    "checks/create: body must have required property 'head_sha'",
    "checks/create: body/status must be equal to one of the allowed values",
  ]);
});
