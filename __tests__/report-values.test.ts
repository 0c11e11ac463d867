import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { BuildEvent } from "../src/ports.ts";
import { annotations, workflowCommands } from "../src/report/annotations.ts";
import { parseBaseline } from "../src/report/baseline.ts";
import { excerpt } from "../src/report/excerpt.ts";
import { byteLength } from "../src/report/fit.ts";
import { renderHtml } from "../src/report/html.ts";
import { renderBaseline, renderJson } from "../src/report/json.ts";
import { linesOf } from "../src/report/lines.ts";
import { renderCheck, renderComment, renderMarkdown } from "../src/report/markdown.ts";
import { formatBytes, formatDelta, formatDuration, formatLimit, formatPercent } from "../src/report/numbers.ts";
import { noPaint } from "../src/report/paint.ts";
import { advance, liveLines, logLines, resultText, startProgress } from "../src/report/progress.ts";
import type { Finding, Report } from "../src/report/report.ts";
import { renderSarif } from "../src/report/sarif.ts";
import { type ConfiguredBudget, type SizeOptions, sizeRows } from "../src/report/sizes.ts";
import { renderText } from "../src/report/text.ts";
import { ganttDiagram } from "../src/report/timeline.ts";
import { type Judged, verdictOf } from "../src/report/verdict.ts";
import { bar, changeOf } from "../src/report/words.ts";
import { allSame, failed, firstRun, growth, link, repositoryPath, rules, samples } from "./fixtures/report/reports.ts";
import { sarifValidator } from "./fixtures/sarif/validator.ts";

describe("numbers", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [9994, "9.99 kB"],
    [9995, "10.0 kB"],
    [99_949, "99.9 kB"],
    [99_950, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [1_940_000, "1.94 MB"],
    [23_100_000, "23.1 MB"],
    [118_000_000, "118 MB"],
    [1_500_000_000, "1.50 GB"],
    [2_000_000_000_000_000, "2.00 PB"],
    [-1_200_000, "−1.20 MB"],
  ])("%i bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    [20_000_000, "20 MB"],
    [100_000_000, "100 MB"],
    [1_500_000_000, "1.5 GB"],
    [20_010_000, "20 MB"],
    [512, "512 B"],
    [500_000, "500 kB"],
  ])("a limit of %i is %s", (bytes, text) => {
    expect(formatLimit(bytes)).toBe(text);
  });

  test.each([
    [16_400_000, 23_100_000, "+6.70 MB", "+41 %"],
    [17_600_000, 16_400_000, "−1.20 MB", "−6.8 %"],
    [1000, 1000, "=", undefined],
    [1000, 2023, "=", undefined],
    [1000, 2024, "+1.02 kB", "+102 %"],
    [1_000_000_000, 1_000_099_999, "=", undefined],
    [1_000_000_000, 1_000_100_000, "+100 kB", undefined],
    [0, 5000, "+5.00 kB", undefined],
  ])("from %i to %i bytes is %s", (before, after, delta, percent) => {
    expect([formatDelta(before, after), formatPercent(before, after)]).toEqual([delta, percent]);
  });

  test.each([
    [0, "0 ms"],
    [99, "99 ms"],
    [99.6, "0.1 s"],
    [4149, "4.1 s"],
    [59_960, "1 min 0 s"],
    [72_000, "1 min 12 s"],
    [3_720_000, "1 h 2 min"],
  ])("%f milliseconds are %s", (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});

const marked = (text: string, words: string, width = 60): string => {
  const start = text.indexOf(words);
  const lines = linesOf(text);
  const from = lines.place(start);
  const to = lines.place(start + words.length);
  return excerpt(lines, { ...from, endLine: to.line, endColumn: to.column }, width)
    .map(({ number, text: line }) => `${number ?? ""}|${line}`)
    .join("\n");
};

describe("an excerpt", () => {
  test("has carets under the exact words", () => {
    expect(marked("FROM a\nRUN apk add -U curl\n", "-U")).toBe("2|RUN apk add -U curl\n|            ^^");
  });

  test("keeps them there behind tabs, wide and hostile characters", () => {
    expect(marked("\tRUN x", "RUN")).toBe("1|    RUN x\n|    ^^^");
    expect(marked("RUN 日本 x", "x")).toBe("1|RUN 日本 x\n|         ^");
    expect(marked("RUN 日本 x", "本")).toBe("1|RUN 日本 x\n|      ^^");
    expect(marked("RUN e\u0301 x", "x")).toBe("1|RUN e\u0301 x\n|      ^");
    expect(marked("RUN \u001b[2K x", "x")).toBe("1|RUN ␛[2K x\n|         ^");
    expect(marked("RUN \u202e\u200b x", "x")).toBe("1|RUN <U+202E><U+200B> x\n|                     ^");
  });

  test("marks every line of a span, and the ends of a long one", () => {
    expect(marked("RUN a \\\n    b \\\r\n  c d", "a \\\n    b \\\r\n  c")).toBe(
      "1|RUN a \\\n|    ^^^\n2|    b \\\n|    ^^^\n3|  c d\n|  ^",
    );
    const long = `RUN ${Array.from({ length: 9 }, (_, index) => `w${index}`).join("\n")}`;
    expect(marked(long, long)).toBe("1|RUN w0\n|^^^^^^\n2|w1\n|^^\n3|w2\n|^^\n4|w3\n|^^\n|…\n9|w8\n|^^");
  });

  test("shows the part of a long line that holds the words", () => {
    const line = `RUN ${"a".repeat(100)} here ${"b".repeat(100)}`;
    expect(marked(line, "here", 40)).toBe(`1|…${"a".repeat(12)} here ${"b".repeat(20)}…\n|              ^^^^`);
    expect(marked(line, "RUN", 40)).toBe(`1|RUN ${"a".repeat(34)}…\n|^^^`);
    expect(marked(`RUN ${"a".repeat(60)} end`, "end", 40)).toBe(`1|…${"a".repeat(34)} end\n|${" ".repeat(36)}^^^`);
    expect(marked(`RUN ${"a".repeat(100)}`, "a".repeat(100), 40)).toBe(`1|…${"a".repeat(38)}…\n| ${"^".repeat(38)}`);
  });

  test("costs the same in a line of a megabyte", () => {
    const text = `RUN ${"a ".repeat(500_000)}end`;
    const started = process.cpuUsage();
    for (let round = 0; round < 100; round += 1) marked(text, "end");
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(1000);
  });

  test("is empty where there is no such line", () => {
    expect(excerpt(linesOf("FROM a"), { line: 9, column: 1, endLine: 9, endColumn: 2 }, 60)).toEqual([]);
  });
});

const targets = growth.targets ?? [];
const options: SizeOptions = {
  baseline: parseBaseline(renderBaseline(firstRun), "sizes.json"),
  budgets: () => [],
  isWhole: true,
};

describe("sizes", () => {
  test("of a first run name what weighs most", () => {
    expect(sizeRows(firstRun.targets ?? [], { ...options, baseline: undefined })[0]).toEqual({
      id: "examples/checkup/Dockerfile:builder",
      dockerfile: "examples/checkup/Dockerfile",
      stage: "builder",
      platform: "linux/amd64",
      change: "new",
      pullBytes: 41_000_000,
      diskBytes: 118_000_000,
      isPullEstimated: false,
      before: undefined,
      budget: undefined,
      lines: [
        { from: "line", line: 6, instruction: "RUN make", bytes: 79_200_000 },
        { from: "line", line: 5, instruction: "COPY . .", bytes: 31_000_000 },
        { from: "base", line: undefined, instruction: "alpine:3.20", bytes: 7_800_000 },
      ],
    });
  });

  test("follow a line that moved, one that was edited, one that went and another base", () => {
    const [layers] = [
      [
        { line: null, instruction: "alpine:3.19", base: true, diskBytes: 7_000_000 },
        { line: 3, instruction: "RUN make", base: false, diskBytes: 5_000_000 },
        { line: 4, instruction: "RUN make", base: false, diskBytes: 6_000_000 },
        { line: 9, instruction: "RUN apk add curl", base: false, diskBytes: 1_000_000 },
        { line: 17, instruction: "COPY . .", base: false, diskBytes: 300_000 },
        { line: 17, instruction: "RUN apk add curl", base: false, diskBytes: 2_000_000 },
      ],
    ];
    const before = {
      id: "examples/checkup/Dockerfile:debug",
      platform: "linux/amd64",
      status: "built",
      pullBytes: 1,
      diskBytes: 21_300_000,
      layers,
    };
    const baseline = parseBaseline(JSON.stringify({ schemaVersion: 1, targets: [before] }), "f");
    const debug = sizeRows(targets, { ...options, baseline }).find(({ stage }) => stage === "debug");
    expect(debug?.lines).toEqual([
      { from: "line", line: 16, instruction: "COPY --from=builder /src/checkup /checkup", bytes: 8_600_000 },
      { from: "removed", line: undefined, instruction: "RUN make", bytes: -6_000_000 },
      { from: "removed", line: undefined, instruction: "RUN make", bytes: -5_000_000 },
    ]);
  });

  test("say so where another engine or another method measured the baseline", () => {
    const baseline = parseBaseline(renderBaseline({ ...firstRun, engine: "docker 27" }), "f");
    const measuredBy = (rows: ReturnType<typeof sizeRows>) => [
      ...new Set(rows.map(({ before }) => before?.measuredBy)),
    ];
    expect(measuredBy(sizeRows(targets, { ...options, baseline, engine: "docker 27" }))).toEqual([undefined]);
    const otherEngine = sizeRows(targets, { ...options, baseline, engine: "docker 28" }).filter(({ before }) => before);
    expect(measuredBy(otherEngine.filter(({ change }) => change !== "unknown" && change !== "removed"))).toEqual([
      "another engine",
    ]);
    const [debug] = otherEngine.filter(({ stage }) => stage === "debug");
    expect(debug && changeOf(debug, "main")).toBe("+6.70 MB (+41 %) by another engine");
    const estimated = baseline.targets.map((target) => ({ ...target, isPullEstimated: true as const }));
    const otherMethod = sizeRows(targets, { ...options, baseline: { targets: estimated } });
    expect(otherMethod.find(({ stage }) => stage === "debug")?.before?.measuredBy).toBe("another method");
  });

  test("of an unchanged image over its budget name what weighs most", () => {
    const budget = { maxBytes: 100_000_000, of: "disk" as const };
    const budgets = (id: string) => (id === "examples/checkup/Dockerfile:builder" ? [budget] : []);
    const sizes = sizeRows(targets, { ...options, budgets });
    expect(sizes[0]?.lines[0]).toEqual({ from: "line", line: 6, instruction: "RUN make", bytes: 79_200_000 });
    expect(renderComment({ ...growth, sizes }, { marker: "" })).toContain(
      "| ⛔\u00a0100\u00a0MB, over by 18.0\u00a0MB | line 6 `RUN make` 79.2\u00a0MB |",
    );
  });

  test("say what is new, removed and unknown, and removed only when all was planned", () => {
    const [builder, production] = targets;
    const states = (rows: ReturnType<typeof sizeRows>): readonly string[] =>
      rows.map(({ id, change }) => `${id.split(":")[1]} ${change}`);
    expect(states(sizeRows(targets, options))).toEqual([
      "builder same",
      "production changed",
      "debug changed",
      "release unknown",
    ]);
    expect(states(sizeRows([builder!], options))).toEqual(["builder same", "production removed", "debug removed"]);
    expect(states(sizeRows([builder!, production!], { ...options, isWhole: false }))).toEqual([
      "builder same",
      "production changed",
    ]);
    expect(states(sizeRows(targets, { ...options, baseline: { targets: [] } }))).toEqual([
      "builder new",
      "production new",
      "debug new",
      "release unknown",
    ]);
  });

  test("give one row per platform, each with its own baseline", () => {
    const [, , debug] = targets;
    const [image] = debug!.images;
    const rows = sizeRows([{ ...debug!, images: [image!, { ...image!, platform: "linux/arm64" }] }], {
      ...options,
      isWhole: false,
    });
    expect(rows.map(({ platform, change }) => [platform, change])).toEqual([
      ["linux/amd64", "changed"],
      ["linux/arm64", "new"],
    ]);
  });

  test("take of several budgets the first of each measure, then the tightest", () => {
    const budgetOf = (...budgets: readonly ConfiguredBudget[]) =>
      sizeRows(targets, { ...options, budgets: (id) => (id.endsWith(":debug") ? budgets : []) }).map(
        ({ stage, budget }) => [stage, budget],
      );
    const disk = (maxBytes: number) => ({ maxBytes, of: "disk" as const });
    const pull = (maxBytes: number) => ({ maxBytes, of: "pull" as const });
    const ofDebug = (budget: unknown) => [
      ["builder", undefined],
      ["production", undefined],
      ["debug", budget],
      ["release", undefined],
    ];
    expect(budgetOf(disk(30_000_000), disk(1))).toEqual(ofDebug({ maxBytes: 30_000_000, of: "disk", over: 0 }));
    expect(budgetOf(disk(30_000_000), pull(9_000_000))).toEqual(
      ofDebug({
        maxBytes: 9_000_000,
        of: "pull",
        over: 830_000,
        line: { from: "line", line: 17, instruction: "RUN apk add -U curl", bytes: 3_100_000 },
      }),
    );
    expect(budgetOf(disk(23_100_000))).toEqual(ofDebug({ maxBytes: 23_100_000, of: "disk", over: 0 }));
  });

  test("name of each broken budget the line that grew most in what it measures", () => {
    const [, , debug] = targets;
    const image = debug!.images[0]!;
    const layer = (line: number, pullBytes: number, diskBytes: number) => ({
      digest: `sha256:${line}`,
      pullBytes,
      diskBytes,
      lines: { start: line, end: line },
      instruction: `RUN ${line}`,
      isBase: false,
    });
    const now = {
      ...debug!,
      images: [{ ...image, layers: [layer(2, 5_000_000, 6_000_000), layer(3, 10_000, 9_000_000)] }],
    };
    const budgets = () => [
      { maxBytes: 1_000_000, of: "pull" as const },
      { maxBytes: 7_500_000, of: "disk" as const },
    ];
    const row = (baseline: SizeOptions["baseline"]) =>
      sizeRows([now], { baseline, budgets, isWhole: false }).map(({ budget, limits }) => ({ budget, limits }));
    expect(row(undefined)).toEqual([
      {
        budget: {
          maxBytes: 1_000_000,
          of: "pull",
          over: 4_010_000,
          line: { from: "line", line: 2, instruction: "RUN 2", bytes: 5_000_000 },
        },
        limits: [
          {
            of: "disk",
            most: 7_500_000,
            actual: 15_000_000,
            isBroken: true,
            line: { from: "line", line: 3, instruction: "RUN 3", bytes: 9_000_000 },
          },
        ],
      },
    ]);
    const earlier = (pullBytes: number | undefined) => ({
      targets: [
        {
          ...{ id: debug!.build.target.id, dockerfile: "d", stage: "debug", platform: image.platform },
          ...{ pullBytes: 5_000_000, diskBytes: 6_000_000 },
          lines: [{ from: "line" as const, line: 2, instruction: "RUN 2", pullBytes, diskBytes: 6_000_000 }],
        },
      ],
    });
    const line = (bytes: number) => ({ from: "line", line: 3, instruction: "RUN 3", bytes });
    expect(row(earlier(4_998_000)).map(({ budget }) => budget?.line)).toEqual([line(10_000)]);
    expect(row(earlier(undefined)).map(({ budget }) => budget?.line)).toEqual([line(9_000_000)]);
  });
});

describe("a baseline", () => {
  test("reads the report and the sizes alone as the same", () => {
    expect(parseBaseline(renderJson(growth), "report.json")).toEqual(
      parseBaseline(renderBaseline(growth), "sizes.json"),
    );
    expect(
      parseBaseline(renderBaseline(growth), "f").targets.map(({ id, platform, diskBytes }) => [
        id,
        platform,
        diskBytes,
      ]),
    ).toEqual([
      ["examples/checkup/Dockerfile:builder", "linux/amd64", 118_000_000],
      ["examples/checkup/Dockerfile:production", "linux/amd64", 16_400_000],
      ["examples/checkup/Dockerfile:debug", "linux/amd64", 23_100_000],
    ]);
  });

  const built = { id: "a", platform: "linux/amd64", status: "built", pullBytes: 1, diskBytes: 1, layers: [] };
  test.each<[string, unknown]>([
    ["is empty", ""],
    ["is not valid JSON", "{"],
    ["is not a JSON object", "[]"],
    ["is not a JSON object", "null"],
    ["has no `schemaVersion`", "{}"],
    ["has a `schemaVersion` that this version does not read; it reads 1", { schemaVersion: 2 }],
    ["has no list `targets`", { schemaVersion: 1 }],
    ["holds no object at targets[0]", { schemaVersion: 1, targets: [7] }],
    ["has no text at targets[0].id", { schemaVersion: 1, targets: [{ ...built, id: 7 }] }],
    ["has no text at targets[0].platform", { schemaVersion: 1, targets: [{ ...built, platform: "" }] }],
    [
      "has no whole number of bytes at targets[0].pullBytes",
      { schemaVersion: 1, targets: [{ ...built, pullBytes: -1 }] },
    ],
    [
      "has no whole number of bytes at targets[0].diskBytes",
      { schemaVersion: 1, targets: [{ ...built, diskBytes: "1" }] },
    ],
    [
      "has no list of at most 1000 layers at targets[0].layers",
      { schemaVersion: 1, targets: [{ ...built, layers: {} }] },
    ],
    ["holds no object at targets[0].layers[0]", { schemaVersion: 1, targets: [{ ...built, layers: [null] }] }],
    [
      "has no whole number of bytes at targets[0].layers[0].diskBytes",
      { schemaVersion: 1, targets: [{ ...built, layers: [{ diskBytes: 1e99 }] }] },
    ],
    ["lists one target twice for the same platform", { schemaVersion: 1, targets: [built, built] }],
  ])("that %s is refused by name", (reason, content) => {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    expect(() => parseBaseline(text, "sizes.json")).toThrow(
      `baseline: sizes.json ${reason}. Give the output of \`docker-hygiene run --format json\` (setting \`baseline\`).`,
    );
  });
});

describe("the verdict", () => {
  const judged: Judged = {
    findings: growth.findings,
    targets: growth.targets,
    sizes: growth.sizes,
    failureThreshold: "error",
    buildImpossible: undefined,
  };
  const error: Finding = { ...growth.findings[0]!, severity: "error" };

  test("names the worst first", () => {
    const found = { id: "npm_token", target: "a", place: "layer 2" };
    expect(
      verdictOf({
        ...judged,
        findings: [error, error, ...growth.findings],
        failureThreshold: "note",
        secrets: { values: 1, forms: 14, bytes: 1, images: 1, found: [found, found] },
        buildImpossible: "no engine answered",
      }),
    ).toEqual({
      status: "fail",
      reasons: [
        "1 secret is in an image",
        "nothing could be built: no engine answered",
        "1 target did not build",
        "1 image is over its budget",
        "2 errors",
        "2 warnings",
        "1 note",
      ],
    });
  });

  test("lets findings below the threshold pass", () => {
    const audit = { ...judged, targets: undefined, sizes: [] };
    expect(verdictOf(audit)).toEqual({ status: "pass", reasons: [] });
    expect(verdictOf({ ...audit, failureThreshold: "warning" }).reasons).toEqual(["2 warnings"]);
    expect(verdictOf({ ...audit, findings: [error], failureThreshold: "none" }).status).toBe("pass");
    expect(verdictOf({ ...judged, failureThreshold: "none" }).reasons).toEqual([
      "1 target did not build",
      "1 image is over its budget",
    ]);
  });

  test("fails for a target left out, not for an engine that nobody demanded", () => {
    const [builder, production] = targets;
    const skipped = {
      ...production!,
      build: { ...production!.build, status: "skipped" as const, reason: "no engine" },
      images: [],
    };
    expect(verdictOf({ ...judged, sizes: [], targets: [skipped] }).status).toBe("pass");
    expect(verdictOf({ ...judged, sizes: [], targets: [builder!, skipped] }).reasons).toEqual([
      "1 target was not built",
    ]);
  });

  test("fails when a budget could not be checked", () => {
    const [, production] = targets;
    const unmeasured = [{ ...production!, images: [], measureError: "the export is broken" }];
    const budgets = () => [{ maxBytes: 1, of: "disk" as const }];
    expect(
      verdictOf({
        ...judged,
        targets: unmeasured,
        sizes: sizeRows(unmeasured, { ...options, budgets, isWhole: false }),
      }).reasons,
    ).toEqual(["1 budget could not be checked"]);
  });
});

describe("JSON", () => {
  const schema = JSON.parse(readFileSync(new URL("../docs/report.schema.json", import.meta.url), "utf8")) as object;
  /** What the schema does not mention is not in the report. */
  const closed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(closed);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([key, part]) => [key, closed(part)]);
    return { ...Object.fromEntries(entries), ...("properties" in value ? { additionalProperties: false } : {}) };
  };
  const validate = new Ajv2020({ allErrors: true }).compile(closed(schema) as object);

  test.each(Object.entries(samples))("of %s is as docs/report.schema.json describes it", (_name, report) => {
    validate(JSON.parse(renderJson(report)));
    expect(validate.errors).toBeNull();
  });

  test("has one entry for each platform, without sizes where nothing was built", () => {
    const [, , debug, release] = targets;
    const [image] = debug!.images;
    const report = {
      ...growth,
      targets: [
        { ...debug!, images: [image!, { ...image!, platform: "linux/arm64", isPullEstimated: true }] },
        { ...release!, build: { ...failed, target: { ...failed.target, platforms: ["linux/amd64", "linux/arm64"] } } },
      ],
    };
    const read = JSON.parse(renderJson(report)) as { targets: Record<string, unknown>[] };
    expect(read.targets.map(({ stage, platform, pullBytes }) => [stage, platform, pullBytes])).toEqual([
      ["debug", "linux/amd64", 9_830_000],
      ["debug", "linux/arm64", 9_830_000],
      ["release", "linux/amd64", null],
      ["release", "linux/arm64", null],
    ]);
    validate(read);
    expect(validate.errors).toBeNull();
  });
});

/** A repository that no page has room for. */
const huge: Report = {
  ...growth,
  findings: Array.from({ length: 3000 }, (_, index) => ({
    ...growth.findings[0]!,
    severity: (["note", "warning", "error"] as const)[index % 3]!,
    message: `finding ${index} ${"long ".repeat(60)}`,
  })),
  targets: Array.from({ length: 600 }, (_, index) => {
    const target = targets[index % 4]!;
    return {
      ...target,
      build: { ...target.build, target: { ...target.build.target, id: `a${index}/Dockerfile:${"x".repeat(80)}` } },
    };
  }),
  sizes: Array.from({ length: 600 }, (_, index) => ({
    ...growth.sizes[index % 4]!,
    id: `a${index}/Dockerfile:${"x".repeat(80)}`,
  })),
  notes: Array.from({ length: 500 }, () => "left out ".repeat(100)),
};

describe("a page", () => {
  test("keeps within its limit, worst first, and says what it leaves out", () => {
    const comment = renderComment(huge, { link, marker: "<!-- m -->" });
    expect(byteLength(comment)).toBeLessThanOrEqual(65_000);
    expect(byteLength(comment)).toBeGreaterThan(50_000);
    expect(comment.split("\n", 2)).toEqual([
      "<!-- m -->",
      "### docker-hygiene: 1 target did not build, 1 image is over its budget",
    ]);
    expect(comment).toMatch(/\n… and \d+ targets more\n/);
    expect(comment.match(/<details>/g)?.length).toBe(comment.match(/<\/details>/g)?.length);
    const check = renderCheck(huge, { link });
    expect([check.title.length <= 255, byteLength(check.summary) <= 65_535, byteLength(check.text) <= 65_535]).toEqual([
      true,
      true,
      true,
    ]);
    expect(check.text).toMatch(/\n… and [\d,]+ findings more\n/);
    expect(byteLength(renderMarkdown(huge, { link }, 300_000))).toBeLessThanOrEqual(300_000);
  });

  test("draws no diagram that GitHub would refuse", () => {
    const steps = Array.from({ length: 2000 }, (_, index) => ({
      name: `RUN step ${index}`,
      line: index + 1,
      started: index,
      milliseconds: 60 + index,
      isCached: false,
    }));
    const [builder] = targets;
    const diagram = ganttDiagram({ ...growth, targets: [{ ...builder!, build: { ...builder!.build, steps } }] }) ?? "";
    expect(diagram.length).toBeLessThan(50_000);
    expect(diagram).toContain("line 2000 RUN step 1999 :1999, 4058");
    expect(ganttDiagram({ ...growth, targets: [] })).toBeUndefined();
  });
});

describe("SARIF", () => {
  const options = { rules, repositoryPath };
  const isSarif = sarifValidator();

  test.each(Object.entries(samples))("of %s is valid", (_name, report) => {
    isSarif(JSON.parse(renderSarif(report, options)));
    expect(isSarif.errors).toBeNull();
  });

  test("has all that GitHub asks of a rule and a result", () => {
    const { rules: described, ...run } = readRun(renderSarif(growth, options));
    expect(described.map(({ id, properties }) => [id, properties])).toEqual([
      ["verify-download", { tags: ["docker"], precision: "high", "problem.severity": "error" }],
      ["apk-no-cache", { tags: ["docker"], precision: "high", "problem.severity": "warning" }],
      ["shell-form-command", { tags: ["docker"], precision: "high", "problem.severity": "recommendation" }],
    ]);
    expect(run.results[0]).toEqual({
      ruleId: "verify-download",
      ruleIndex: 0,
      level: "warning",
      message: { text: "The download is used without a checksum or signature" },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "examples/checkup/Dockerfile" },
            region: { startLine: 8, startColumn: 5, endLine: 8, endColumn: 14 },
          },
        },
      ],
      partialFingerprints: { primaryLocationLineHash: expect.stringMatching(/^verify-download-\d+:1$/) },
    });
  });

  test("tells the same words in two places apart and counts a leak as a security alert", () => {
    const leak = { ...growth.findings[0]!, rule: "literal-credential" };
    const { results, rules: described } = readRun(renderSarif({ ...growth, findings: [leak, leak] }, options));
    expect(results.map(({ partialFingerprints }) => partialFingerprints.primaryLocationLineHash.slice(-2))).toEqual([
      ":1",
      ":2",
    ]);
    expect(described[0]?.properties).toMatchObject({ tags: ["docker", "security"], "security-severity": "8.0" });
  });

  test("keeps the worst 25,000 results", () => {
    const [warning] = growth.findings;
    const findings = [...Array.from({ length: 25_000 }, () => warning!), { ...warning!, severity: "error" as const }];
    const { results } = readRun(renderSarif({ ...growth, findings }, options));
    expect([results.length, results[0]?.level]).toEqual([25_000, "error"]);
  });
});

interface SarifRun {
  readonly results: readonly {
    readonly level: string;
    readonly partialFingerprints: { readonly primaryLocationLineHash: string };
  }[];
  readonly rules: readonly { readonly id: string; readonly properties: object }[];
}

const readRun = (text: string): SarifRun => {
  const { runs } = JSON.parse(text) as {
    runs: { results: SarifRun["results"]; tool: { driver: { rules: SarifRun["rules"] } } }[];
  };
  return { results: runs[0]!.results, rules: runs[0]!.tool.driver.rules };
};

test("the HTML report draws no bar for a line that adds nothing", () => {
  const [builder] = firstRun.targets!;
  const image = builder!.images[0]!;
  const layers = image.layers.map((layer, index) => (index === 1 ? { ...layer, diskBytes: 0 } : layer));
  const report = { ...firstRun, targets: [{ ...builder!, images: [{ ...image, layers }] }] };
  const bars = [...renderHtml(report, {}).matchAll(/<td class="bar">(<svg)?/g)].map(([, drawn]) => drawn !== undefined);
  expect(bars.slice(0, layers.length)).toEqual(layers.map(({ diskBytes }) => diskBytes > 0));
});

test("the HTML report allows its own style and nothing else", () => {
  const page = renderHtml(growth, { link });
  const [, css = ""] = /<style>(.*?)<\/style>/s.exec(page) ?? [];
  const hash = createHash("sha256").update(css).digest("base64");
  expect(/Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
  );
  expect(page).not.toMatch(/<script|<img|<link|<iframe| on\w+=| style=| src=|url\(|@import/);
});

describe("annotations", () => {
  const options = { annotate: "warning", repositoryPath } as const;

  test("carry columns on one line only", () => {
    const at = (place: Partial<Finding["place"]>) =>
      annotations(
        {
          ...allSame,
          findings: [{ ...growth.findings[0]!, place: { line: 3, column: 5, endLine: 3, endColumn: 9, ...place } }],
        },
        options,
      ).map(({ title: _title, message: _message, path: _path, annotation_level: _level, ...rest }) => rest);
    expect(at({})).toEqual([{ start_line: 3, end_line: 3, start_column: 5, end_column: 9 }]);
    expect(at({ endLine: 4 })).toEqual([{ start_line: 3, end_line: 4 }]);
    expect(at({ endLine: 4, endColumn: 1 })).toEqual([{ start_line: 3, end_line: 3 }]);
    expect(at({ endColumn: 2 })).toEqual([{ start_line: 3, end_line: 3 }]);
  });

  test("leave out notes and files outside the repository", () => {
    const [warning, , note] = growth.findings;
    const outside = { ...warning!, path: "/tmp/Dockerfile" };
    const report = { ...allSame, findings: [outside, note!, warning!] };
    expect(annotations(report, options).map(({ path, annotation_level: level }) => [path, level])).toEqual([
      ["examples/checkup/Dockerfile", "warning"],
    ]);
    expect(annotations(report, { ...options, annotate: "note" })).toHaveLength(2);
    expect(annotations(report, { ...options, annotate: "error" })).toEqual([]);
  });

  test("say once what several targets stumble over", () => {
    const [, , , release] = targets;
    const second = {
      ...release!,
      build: { ...failed, target: { ...failed.target, id: "examples/api/Dockerfile:debug" } },
    };
    expect(annotations({ ...allSame, targets: [release!, second] }, options).map(({ title }) => title)).toEqual([
      "2 targets did not build: examples/api:release, examples/api:debug",
    ]);
  });

  test("stand on the words of a failure, and leave it to the findings where they say it", () => {
    const at = (failure: Partial<(typeof failed)["failure"]>) =>
      annotations(
        {
          ...allSame,
          targets: [
            { build: { ...failed, failure: { ...failed.failure, ...failure } }, images: [], measureError: undefined },
          ],
        },
        options,
      ).map(({ start_line, end_line, start_column, end_column }) => [start_line, end_line, start_column, end_column]);
    const columns = { start: 5, end: 8 };
    expect(at({ columns })).toEqual([[4, 4, 5, 8]]);
    expect(at({ columns, lines: { start: 4, end: 6 } })).toEqual([[4, 6, undefined, undefined]]);
    expect(at({ columns, isFinding: true })).toEqual([]);
  });

  test("become ten commands of a level, and the rest is counted", () => {
    const all = annotations({ ...huge, sizes: [], targets: [] }, { ...options, annotate: "note" });
    const { commands, leftOut } = workflowCommands(all);
    expect(commands.map((command) => command.slice(2, command.indexOf(" ")))).toEqual(
      ["error", "warning", "notice"].flatMap((level) => Array.from({ length: 10 }, () => level)),
    );
    expect(leftOut).toBe(2970);
  });
});

describe("progress", () => {
  const options = { paint: noPaint, width: 70, source: () => "RUN npm ci", groups: true };
  const [builder, production] = targets.map(({ build }) => build);

  test("shows each running build in one line until it is finished", () => {
    const events: readonly [number, BuildEvent][] = [
      [0, { type: "started", target: builder!.target }],
      [500, { type: "started", target: production!.target }],
      [900, { type: "step", target: builder!.target, name: "[builder 4/5] RUN make" }],
    ];
    const progress = events.reduce((state, [now, event]) => advance(state, event, now), startProgress(5));
    expect(liveLines(progress, 4200, options)).toEqual([
      "  ⠹ examples/checkup:builder  4 s  [builder 4/5] RUN make",
      "  ⠹ examples/checkup:production  3 s",
      "    3 targets waiting",
    ]);
    const after = advance(
      advance(progress, { type: "finished", result: builder! }, 5000),
      { type: "finished", result: production! },
      5000,
    );
    expect([after.finished, liveLines(after, 5000, options)]).toEqual([2, []]);
    expect(resultText(builder!, options)).toEqual(["  ✓ examples/checkup:builder   3.4 s   1 of 3 steps cached"]);
  });

  test("gives a command in one piece, which changes nothing of what runs", () => {
    const lines = ["FOLDER/a.json:", `$ docker ${"x".repeat(200)}`, "::add-mask::\u001b[31m"];
    const event: BuildEvent = { type: "command", target: builder!.target, lines };
    expect(logLines(event, options)).toEqual([
      "  FOLDER/a.json:",
      `  $ docker ${"x".repeat(200)}`,
      "  \u200b::add-mask::",
    ]);
    const progress = startProgress(1);
    expect(advance(progress, event, 0)).toBe(progress);
  });

  test("never writes a line wider than the terminal", () => {
    const target = { ...builder!.target, id: `${"日本".repeat(30)}/Dockerfile:x` };
    const progress = advance(startProgress(1), { type: "started", target }, 0);
    expect(liveLines(progress, 0, { ...options, width: 40 })).toEqual([`  ⠋ ${"日本".repeat(8)}日…`]);
  });

  test("breaks a long line of a failure's output instead of losing its end", () => {
    const log = [`${"word ".repeat(20)}end`, "x".repeat(100)];
    const result = { ...failed, failure: { ...failed.failure, log } };
    expect(resultText(result, { ...options, width: 56 }).slice(3)).toEqual([
      `      ${"word ".repeat(10).trim()}`,
      `      ${"word ".repeat(10).trim()}`,
      "      end",
      `      ${"x".repeat(49)}…`,
    ]);
    expect(logLines({ type: "finished", result }, { ...options, width: 56 })).toHaveLength(3 + 1 + 2 + 1);
  });

  test("points at the words of a failure, and says nothing that findings say", () => {
    const { log: _log, ...failure } = failed.failure;
    const told = (more: Partial<(typeof failed)["failure"]>) =>
      resultText({ ...failed, failure: { ...failure, log: [], ...more } }, options).slice(more.isFinding ? 0 : 2);
    expect(told({ columns: { start: 5, end: 8 } })).toEqual(["      4 | RUN npm ci", "        |     ^^^"]);
    expect(told({ message: "not tried: the error on line 4 would stop it", isFinding: true })).toEqual([
      "  ✗ examples/api:release   not tried: the error on line 4 would stop it",
    ]);
  });

  test("puts the output of a failure into a group of the log", () => {
    expect(logLines({ type: "finished", result: failed }, options)).toEqual([
      "  ✗ examples/api:release   9.8 s   failed at examples/api/Dockerfile:4",
      "      the command ended with exit code 1",
      "      4 | RUN npm ci",
      "::group::output of examples/api:release",
      "  npm error code E401",
      "  npm error Incorrect or missing password.",
      "::endgroup::",
    ]);
  });
});

test("a run without an engine says so in one line", () => {
  const report: Report = {
    ...growth,
    findings: [],
    sizes: [],
    engine: undefined,
    targets: targets.map(({ build: { target } }) => ({
      build: {
        status: "skipped",
        target,
        milliseconds: 0,
        steps: [],
        reason: "no Docker Engine answered; install Docker with buildx",
      },
      images: [],
      measureError: undefined,
    })),
    verdict: { status: "pass", reasons: [] },
    secrets: undefined as never,
  };
  expect(renderText(report, { paint: noPaint, width: 80, verbosity: "normal" })).toBe(
    [
      "docker-hygiene 1.0.0 · 2 Dockerfiles · 4 targets · no engine",
      "",
      "nothing was built: no Docker Engine answered; install Docker with buildx",
      "",
      "pass: 0 errors, 0 warnings, 0 notes",
      "",
    ].join("\n"),
  );
});

test("a bar grows in eighths of a block, so that small sizes differ", () => {
  expect([0, 299, 1_980_000, 4_590_000, 91_800_000].map((bytes) => bar(bytes, 91_800_000, 20))).toEqual([
    "",
    "▏",
    "▍",
    "█",
    "████████████████████",
  ]);
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9].map((eighths) => bar(eighths, 16, 2))).toEqual([
    "▏",
    "▎",
    "▍",
    "▌",
    "▋",
    "▊",
    "▉",
    "█",
    "█▏",
  ]);
});
