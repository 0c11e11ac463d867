import { describe, expect, test } from "@jest/globals";
import { checkName, commentKey, externalId, externalIdPrefix, useKey } from "../src/action-identity.ts";
import { readActionInputs } from "../src/action-inputs.ts";
import { findSizes, hideSizes, sizesSpace } from "../src/action-sizes.ts";
import { type Occasion, readOccasion } from "../src/adapters/github-event.ts";
import { namedTarget } from "../src/build/target.ts";
import type { Image } from "../src/image/image.ts";
import { parseBaseline } from "../src/report/baseline.ts";
import type { Report, TargetReport } from "../src/report/report.ts";
import { payloadOf, pullRequest } from "./github/payloads.ts";

const environment = {
  GITHUB_REPOSITORY: "acme/shop",
  GITHUB_SHA: "c".repeat(40),
  GITHUB_WORKFLOW: "build",
  GITHUB_JOB: "docker",
  GITHUB_ACTION: "__acme_docker-hygiene",
  GITHUB_RUN_ID: "4711",
};
const occasion = (event: string, payload: unknown, more: Readonly<Record<string, string>> = {}): Occasion => {
  const read = readOccasion({ ...environment, GITHUB_EVENT_NAME: event, ...more }, payload);
  if (read === undefined) throw new Error("no occasion");
  return read;
};

describe("an event", () => {
  const main = { branch: "main", sha: "b".repeat(40) };
  const shas = (read: Occasion) => ({ headSha: read.headSha, base: read.base, pull: read.pull });

  test("of a pull request is about its own head, not the merge that is checked out", () => {
    const pull = { number: 7, isFork: false };
    expect(shas(occasion("pull_request", pullRequest()))).toEqual({ headSha: "a".repeat(40), base: main, pull });
    const fork = { ...pull, isFork: true };
    expect(occasion("pull_request", pullRequest("mallory/shop")).pull).toEqual(fork);
  });

  test("of a fork that was deleted is one of a fork", () => {
    const payload = structuredClone(pullRequest()) as {
      pull_request: { head: { repo: unknown } };
    };
    payload.pull_request.head.repo = null;
    expect(occasion("pull_request", payload).pull).toEqual({ number: 7, isFork: true });
  });

  test("of a push compares with what was there before, on a branch with the default branch", () => {
    const push = payloadOf("push");
    expect(shas(occasion("push", push, { GITHUB_REF: "refs/heads/main" }))).toEqual({
      headSha: "c".repeat(40),
      base: main,
      pull: undefined,
    });
    expect(occasion("push", push, { GITHUB_REF: "refs/heads/topic" }).base).toEqual({ branch: "main", sha: undefined });
    const first = { ...push, before: "0".repeat(40) };
    expect(occasion("push", first, { GITHUB_REF: "refs/heads/main" }).base).toEqual({ branch: "main", sha: undefined });
  });

  test("of a merge queue is about the group, one without a commit about the runner's", () => {
    expect(shas(occasion("merge_group", payloadOf("merge_group")))).toEqual({
      headSha: "a".repeat(40),
      base: main,
      pull: undefined,
    });
    for (const event of ["schedule", "workflow_dispatch"] as const) {
      expect(shas(occasion(event, payloadOf(event)))).toEqual({
        headSha: "c".repeat(40),
        base: { branch: "main", sha: undefined },
        pull: undefined,
      });
    }
  });

  test("outside of a repository, or of nonsense, is none", () => {
    expect(readOccasion({}, {})).toBeUndefined();
    expect(readOccasion({ GITHUB_REPOSITORY: "acme", GITHUB_SHA: "c" }, {})).toBeUndefined();
    for (const payload of [undefined, null, "x", [], { pull_request: 7 }, { pull_request: { head: null } }]) {
      expect(shas(occasion("pull_request", payload))).toEqual({
        headSha: "c".repeat(40),
        base: undefined,
        pull: undefined,
      });
    }
  });
});

describe("uses of the action", () => {
  const push = occasion("push", payloadOf("push"));

  test("are told apart by workflow, job, step and matrix, and stay the same from run to run", () => {
    const keys = [
      useKey(push, []),
      useKey({ ...push, job: "release" }, []),
      useKey({ ...push, workflow: "nightly" }, []),
      useKey({ ...push, step: "__acme_docker-hygiene_2" }, []),
      useKey(push, ["20"]),
      useKey(push, ["2", "0"]),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(useKey({ ...push, runId: "4712", headSha: "e" }, [])).toBe(keys[0]);
    expect(externalId("key", push)).toBe("docker-hygiene:1:key:4711:1");
    expect(externalId("key", push)).toContain(externalIdPrefix("key"));
    expect(externalIdPrefix("key")).toContain(externalIdPrefix());
  });

  test("are named as GitHub names the legs of a matrix", () => {
    expect(checkName({ checkName: "docker-hygiene", matrix: [] })).toBe("docker-hygiene");
    expect(checkName({ checkName: "docker-hygiene", matrix: ["linux", "20"] })).toBe("docker-hygiene (linux, 20)");
    expect(commentKey(push, { commentKey: "mine", matrix: ["20"] })).not.toBe(
      commentKey(push, { commentKey: "mine", matrix: ["22"] }),
    );
  });
});

describe("the action's own inputs", () => {
  const read = (inputs: Readonly<Record<string, string>>) => readActionInputs((name) => inputs[name] ?? "");

  test("have defaults", () => {
    expect(read({})).toEqual({
      check: "auto",
      checkName: "docker-hygiene",
      annotate: "warning",
      comment: "changes",
      commentKey: "",
      suggests: false,
      token: "",
      matrix: [],
      outputFolder: "",
      baseline: "other",
      onlyNew: false,
      reportFrom: "",
    });
  });

  test("are read as they are written, and refused by name", () => {
    const matrix = '{"os": "linux", "node": 20, "with": {"a": true}}';
    expect(read({ matrix, check: " TRUE ", baseline: "auto" })).toMatchObject({
      check: true,
      matrix: ["linux", "20", '{"a":true}'],
      baseline: "auto",
    });
    expect(read({ matrix: "null" }).matrix).toEqual([]);
    expect(() => read({ annotate: "warnings" })).toThrow(
      "annotate: `warnings` is not one of error, warning, note, none (input `annotate` of the workflow). Did you mean `warning`?",
    );
    expect(() => read({ matrix: "{" })).toThrow("matrix: it is not a JSON object");
  });
});

describe("hidden sizes", () => {
  test("are found again, with the lines", () => {
    const hidden = hideSizes(report([target("app", 3)])) ?? "";
    const found = parseBaseline(findSizes(`### Findings\n${hidden}\n`) ?? "", "here");
    expect(found.targets).toMatchObject([{ id: "app", platform: "linux/amd64", pullBytes: 30, diskBytes: 300 }]);
    expect(found.targets[0]?.lines).toHaveLength(3);
  });

  test("leave the lines out where they do not fit, and are none without a measurement", () => {
    const many = report(Array.from({ length: 500 }, (_, index) => target(`services/${noise(index)}/app-${index}`, 30)));
    const hidden = hideSizes(many) ?? "";
    expect(hidden.length).toBeLessThanOrEqual(sizesSpace);
    const found = parseBaseline(findSizes(hidden) ?? "", "here");
    expect(found.targets).toHaveLength(500);
    expect(found.targets[7]).toMatchObject({ pullBytes: 300, lines: [] });
    expect(hideSizes(report([]))).toBeUndefined();
  });

  test("are not taken from the middle of a text, nor from nonsense", () => {
    const hidden = hideSizes(report([target("app", 1)])) ?? "";
    expect(findSizes(`\`\`\`\n${hidden}\n\`\`\`\n`)).toBeUndefined();
    expect(findSizes(`said ${hidden}`)).toBeUndefined();
    expect(findSizes("<!-- docker-hygiene sizes 1 gzip AAAA -->")).toBeUndefined();
    expect(findSizes("")).toBeUndefined();
  });
});

const noise = (index: number): string => ((index * 2_654_435_761) % 2 ** 32).toString(36);

const target = (id: string, layers: number): TargetReport => ({
  build: {
    status: "built",
    milliseconds: 1,
    steps: [],
    target: {
      ...namedTarget({
        id,
        dockerfile: "Dockerfile",
        dockerfileAbsolute: "/Dockerfile",
        stage: undefined,
        platforms: [],
      }),
      context: "/",
      span: { start: 0, end: 1 },
    },
  },
  images: [image(id, layers)],
  measureError: undefined,
});

const image = (id: string, layers: number): Image => ({
  digest: "sha256:0",
  platform: "linux/amd64",
  isPullEstimated: false,
  config: { user: "", hasHealthcheck: false, labels: {}, exposedPorts: [], entrypoint: [], cmd: [] },
  layers: Array.from({ length: layers }, (_, index) => ({
    digest: `sha256:${index}`,
    pullBytes: 10,
    diskBytes: 100,
    lines: { start: index + 1, end: index + 1 },
    instruction: `RUN echo ${noise(index + 1000 * Number(/\d+$/.exec(id)?.[0] ?? 0))}`,
    isBase: false,
  })),
});

const report = (targets: readonly TargetReport[]): Report => ({
  version: "1.0.0",
  files: [],
  findings: [],
  targets,
  sizes: [],
  baseline: undefined,
  engine: undefined,
  notes: [],
  verdict: { status: "pass", reasons: [] },
  timings: [],
});
