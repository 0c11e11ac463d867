import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { auditFile } from "../src/audit/audit.ts";
import { auditedFile } from "../src/audit/audited-file.ts";
import { findingsOf } from "../src/audit/findings.ts";
import { decodeText } from "../src/dockerfile/decode.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { rules } from "../src/rules/registry.ts";

// Any bytes at all: every file is read and judged in time, without a crash, and what BuildKit refuses has an error on
// its line. FUZZ_SEED=n repeats a run, FUZZ_COUNT=n changes its length.

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000_000);
const count = Number(process.env.FUZZ_COUNT ?? 10_000);
const slowest = 100;

const folder = "__tests__/fixtures/conformance/edge";
const corpus: readonly Buffer[] = [
  ...readdirSync(folder).map((file) => readFileSync(`${folder}/${file}`)),
  ...rules.flatMap(({ examples }) =>
    examples.map((example) => Buffer.from(("bad" in example ? example.bad : example.good).replace(/[⟦⟧]/g, ""))),
  ),
];

const pieces = [
  "\\\n",
  "\n",
  "`",
  "\r\n",
  "\0",
  "\ufeff",
  " ",
  "\t",
  "#",
  "'",
  '"',
  "$",
  "${",
  "}",
  "$(",
  ")",
  "<<EOF",
  "EOF\n",
  "&&",
  "||",
  "|",
  ";",
  "[",
  "]",
  "=",
  "--",
  "--mount=type=secret,id=x",
  "RUN ",
  "FROM ",
  "ONBUILD ",
  "COPY ",
  "# escape=`\n",
  "# syntax=x\n",
  "sh -c '",
  "sudo ",
  "if ",
  "fi",
  "case x in",
  "\ud800",
  "é",
  "\x1b[31m",
  "::error::",
  "apt-get install ",
  "curl https://x/y ",
  " AS ",
  "HEALTHCHECK CMD ",
  "\u2028",
  "((",
  "`x`",
];

test(`${count} mutants are judged without a crash, each in under ${slowest} ms (seed ${seed})`, () => {
  const random = generator(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const failed: string[] = [];
  for (let round = 0; round < count; round++) {
    const bytes = mutate(pick(corpus), pick, random);
    const problem = judge(bytes);
    if (problem !== undefined)
      failed.push(`mutant ${round}: ${problem}\n${JSON.stringify(bytes.toString("latin1")).slice(0, 2000)}`);
    if (failed.length === 5) break;
  }
  expect(failed).toEqual([]);
}, 600_000);

test("a file of one megabyte, a RUN of 10,000 lines and a line of 10,000 problems take time in proportion", () => {
  const run = (lines: number): string =>
    `FROM debian:12\nRUN apt-get update \\\n${" && echo one two three \\\n".repeat(lines)} && true\n`;
  const file = (stages: number): string =>
    "FROM debian:12 AS a\nARG X=1\nENV Y=$X\nRUN apt-get update && apt-get install -y curl\nCOPY a b\n".repeat(stages);
  const chain = (stages: number): string =>
    Array.from(
      { length: stages },
      (_, at) => `FROM ${at === 0 ? "debian:12" : `a${at - 1}`} AS a${at}\nUSER $X\n`,
    ).join("");
  const line = (ports: number): string => `FROM debian:12\nEXPOSE ${"1-x ".repeat(ports)}\n`;
  for (const make of [run, file, chain, line]) {
    const small = milliseconds(() => audit(make(1250)));
    const large = milliseconds(() => audit(make(10_000)));
    // Eight times the text; a quadratic step would take sixty-four times as long.
    expect(large / Math.max(small, 5)).toBeLessThan(24);
  }
}, 120_000);

const judge = (bytes: Uint8Array): string | undefined => {
  try {
    const outcome = audit(decodeText(bytes));
    if (outcome !== undefined) return outcome;
    const took = milliseconds(() => audit(decodeText(bytes)));
    if (took < slowest) return undefined;
    const again = Math.min(...[1, 2, 3].map(() => milliseconds(() => audit(decodeText(bytes)))));
    return again < slowest ? undefined : `takes ${again.toFixed(0)} ms`;
  } catch (error) {
    return `crash: ${error instanceof Error ? error.stack?.split("\n").slice(0, 4).join(" | ") : String(error)}`;
  }
};

/** What is wrong with the audit of a text, if anything. */
const audit = (text: string): string | undefined => {
  const dockerfile = readDockerfile("Dockerfile", text);
  const outcome = auditFile(auditedFile(dockerfile), { rules, profile: "all", settings: new Map() });
  const findings = findingsOf(dockerfile, [...outcome.problems, ...outcome.ignored]);
  const [failure] = outcome.failures;
  if (failure)
    return `${failure.rule} failed: ${failure.error instanceof Error ? failure.error.stack?.split("\n").slice(0, 4).join(" | ") : failure.error}`;
  const stray = outcome.problems.find(({ at }) => at.start < 0 || at.end < at.start || at.end > text.length);
  if (stray) return `${stray.rule} reports ${stray.at.start}-${stray.at.end} of ${text.length}`;
  // A front end that the file asks for may accept what the built-in one refuses.
  if (dockerfile.problems.length === 0 || dockerfile.directives.some(({ name }) => name === "syntax")) return undefined;
  return findings.some(({ severity }) => severity === "error")
    ? undefined
    : "refused by BuildKit, and no error says so";
};

const milliseconds = (work: () => unknown): number => {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
};

const mutate = (source: Buffer, pick: <T>(list: readonly T[]) => T, random: () => number): Buffer => {
  let bytes = source;
  for (let edits = 1 + Math.floor(random() * 4); edits > 0; edits--) {
    const at = Math.floor(random() * (bytes.length + 1));
    const until = Math.min(bytes.length, at + Math.floor(random() * 12));
    const insert = pick([
      () => Buffer.from(pick(pieces)),
      () => Buffer.alloc(0),
      () => Buffer.from([Math.floor(random() * 256)]),
      () => Buffer.from(pick(pieces).repeat(1 + Math.floor(random() * 50))),
      () => pick(corpus).subarray(0, Math.floor(random() * 300)),
    ])();
    bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(pick([at, until]))]);
  }
  return bytes;
};

/** mulberry32 */
const generator = (start: number): (() => number) => {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};
