import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { marked } from "marked";
import { linkTo } from "../src/action-links.ts";
import { UserError } from "../src/errors.ts";
import { renderJson } from "../src/report/json.ts";
import { renderComment } from "../src/report/markdown.ts";
import { readReport } from "../src/report/read-report.ts";
import type { Report } from "../src/report/report.ts";
import { hostileText } from "./fixtures/report/random.ts";
import { failed, rule, samples } from "./fixtures/report/reports.ts";
import { randomFrom } from "./random.ts";

const commit = { repository: "acme/shop", sha: "a".repeat(40) };
const place = { serverUrl: "https://github.com", owner: "acme", repository: "shop" };
const link = linkTo(place, { headSha: commit.sha });
const marker = "<!-- docker-hygiene comment a -->";
const comment = (report: Report): string => renderComment(report, { link, rule, marker });
/** The source of the line that failed is not in the file. */
const withoutSources = (report: Report): Report => ({
  ...report,
  files: report.files.map((file) => ({ ...file, text: "" })),
});

describe("a report file", () => {
  test.each(Object.entries(samples))("of %s gives the same comment as the report itself", (_name, report) => {
    const read = readReport(renderJson(report, commit));
    expect(read.commit).toEqual(commit);
    expect(comment(read.report)).toBe(comment(withoutSources(report)));
  });

  test("may have everything that the schema of the report describes", () => {
    const schema = JSON.parse(readFileSync(new URL("../docs/report.schema.json", import.meta.url), "utf8")) as Schema;
    const whole = whatAllows(schema) as object;
    expect(readReport(JSON.stringify({ ...whole, version: "1.0.0", commit })).commit).toEqual(commit);
  });

  test.each([
    [{ columns: { start: 5, end: 8 } }, { columns: { start: 5, end: 8 } }],
    [{ columns: { start: 8, end: 8 } }, {}],
    [{ isFinding: true as const }, { isFinding: true }],
  ])("keeps the place of a failure: %j", (more, kept) => {
    const targets = [
      { build: { ...failed, failure: { ...failed.failure, ...more } }, images: [], measureError: undefined },
    ];
    const [read] = readReport(renderJson({ ...(samples.growth as Report), targets }, commit)).report.targets ?? [];
    expect(read?.build.status === "failed" && read.build.failure).toEqual({ ...failed.failure, ...kept });
  });

  const written = JSON.parse(renderJson(samples.growth as Report, commit)) as Record<string, unknown>;
  test.each([
    ["{", "the file is not JSON."],
    ["[]", "the report is no object."],
    [JSON.stringify({ ...written, more: 1 }), "the report has a property that this version does not know."],
    [JSON.stringify({ ...written, schemaVersion: 2 }), "the report.schemaVersion is not one of 1."],
    [JSON.stringify({ ...written, commit: undefined }), "the report lacks `commit`."],
    [JSON.stringify({ ...written, commit: { ...commit, sha: "main" } }), "the report.commit.sha is not of its form."],
    [JSON.stringify({ ...written, version: "1 <img>" }), "the report.version is not of its form."],
    [JSON.stringify({ ...written, notes: Array(1001).fill("x") }), "the report.notes has more than 1000 entries."],
    [
      JSON.stringify({ ...written, notes: ["x".repeat(20_001)] }),
      "the report.notes[0] is longer than 20000 characters.",
    ],
    [
      `{"__proto__": 1, ${JSON.stringify(written).slice(1)}`,
      "the report has a property that this version does not know.",
    ],
  ])("that is not one is refused: %#", (text, message) => {
    expect(() => readReport(text)).toThrow(new UserError(`report-from: ${message}`));
  });

  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  test(`is refused or harmless, whatever stands in it (SEED=${seed})`, () => {
    const random = randomFrom(seed);
    let taken = 0;
    for (let round = 0; round < 300; round += 1) {
      const text = JSON.stringify(mutated(written, random, round % 2 === 0));
      let report: Report;
      try {
        report = readReport(text).report;
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect((error as Error).message.length).toBeLessThan(200);
        continue;
      }
      taken += 1;
      const page = comment(report);
      expect(Buffer.byteLength(page)).toBeLessThanOrEqual(65_000);
      expect(page.lastIndexOf("<!--")).toBe(0);
      const html = marked.parse(page.slice(marker.length), { async: false, gfm: true });
      expect(html.replace(/<(code|pre)>[\s\S]*?<\/\1>|<[^>]*>/g, "")).not.toMatch(/@[a-z]/i);
      const elements = html.match(/<[a-z/!][^>]*>/gi) ?? [];
      for (const element of elements) expect(element.replace(/ align="[a-z]+"| class="[a-z-]+"/g, "")).toMatch(known);
    }
    expect(taken).toBeGreaterThan(100);
  });
});

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly oneOf?: readonly Schema[];
  readonly minimum?: number;
}

/** A value with every property that a schema names. */
const whatAllows = (schema: Schema): unknown => {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.oneOf !== undefined) return whatAllows(schema.oneOf.at(-1) ?? {});
  const type = typeof schema.type === "string" ? schema.type : schema.type?.[0];
  if (type === "array") return [whatAllows(schema.items ?? {})];
  if (type === "object") {
    return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, part]) => [name, whatAllows(part)]));
  }
  if (type === "integer" || type === "number") return schema.minimum ?? 1;
  return type === "boolean" ? true : "word";
};

const known =
  /^<(?:\/?(?:h3|p|table|thead|tbody|tr|th|td|strong|code|pre|details|summary|sub|ul|li|a|em|span)|br|a href="https:\/\/github\.com\/[^"<>\s]*")>$/;

/** The texts replaced, or one value of another type in some place. */
const mutated = (value: unknown, random: () => number, isText: boolean): unknown => {
  const others: readonly unknown[] = [null, -1, 1e99, 0.5, "", [], {}, true, "x".repeat(30_000), [[[]]]];
  const kept = new Set(["severity", "status", "change", "from", "of", "safety", "version", "repository", "sha"]);
  const visit = (part: unknown, name: string): unknown => {
    if (!isText && random() < 0.003) return others[Math.floor(random() * others.length)];
    if (typeof part === "string") return kept.has(name) || !isText ? part : `${hostileText(random)}`;
    if (Array.isArray(part)) return part.map((item) => visit(item, name));
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, visit(item, key)]));
  };
  return visit(value, "");
};
