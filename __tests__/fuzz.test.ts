import { readdirSync, readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import { auditFile } from "../src/audit/audit.ts";
import { auditedFile } from "../src/audit/audited-file.ts";
import { findingsOf } from "../src/audit/findings.ts";
import { decodeText } from "../src/dockerfile/decode.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { rules } from "../src/rules/registry.ts";
import { randomFrom } from "./random.ts";

// Any bytes at all: every file is read and judged in time, without a crash, and what BuildKit refuses has an error on
// its line. FUZZ_SEED=n repeats a run, FUZZ_COUNT=n changes its length.

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000_000);
const count = Number(process.env.FUZZ_COUNT ?? 10_000);
const slowest = 100;
const longCount = Math.ceil(count / 40);
/** In UTF-16 units, within what BuildKit takes as one line. */
const longest = 40_000;

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

/** What may be written many times over: what patterns repeat, what nests, and what each line may hold. */
const runs = [
  ...pieces,
  ..."/.0a-_<>@*?{}[],%+~!:;",
  "1.",
  "0s",
  "aA",
  "==",
  "::",
  "//a:",
  "a@b:",
  "{a,b}",
  "${A:-",
  "{,",
  "$((",
  "<(",
  "<<-",
  "<<a ",
  "config ",
  "nonroot-",
  "ALL=",
  "password ",
  "ignore=",
  "&& a ",
  "|| a ",
  "| a ",
  "a() { ",
  "function a ",
  "sudo -u x ",
  "esac ",
  " -a",
  " --a=b",
  " \\\n# c\n",
  "COPY a b\n",
  "RUN a\n",
  "FROM a AS b\n",
  "ENV A=$A\n",
  "LABEL a=b\n",
  "ONBUILD RUN a\n",
  "WORKDIR a\n",
  "EXPOSE 1\n",
  "# hadolint shell=bash\n",
  "RUN <<E\na\nE\n",
  "rm -rf /a/* ",
  "-----BEGIN PRIVATE KEY-----",
];

test(`${count} mutants are judged without a crash, each in under ${slowest} ms (seed ${seed})`, () => {
  const random = randomFrom(seed);
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

test(`${longCount} files with a long run of one piece take time in proportion (seed ${seed})`, () => {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const failed: string[] = [];
  for (let round = 0; round < longCount; round++) {
    const base = pick(corpus).toString("utf8");
    const at = Math.floor(random() * (base.length + 1));
    const piece = random() < 0.4 ? pick(runs) + pick(runs) : pick(runs);
    const tail = pick(["", pick(runs)]);
    const text = base.slice(0, at) + piece.repeat(Math.ceil(longest / piece.length)) + tail + base.slice(at);
    const problem = interrupted(() => audit(text));
    if (problem !== undefined) failed.push(`round ${round}: ${problem}\n${JSON.stringify({ base, at, piece, tail })}`);
    if (failed.length === 5) break;
  }
  expect(failed).toEqual([]);
}, 600_000);

const line = (make: (at: number) => string) => (length: number) => Array.from({ length }, (_, at) => make(at)).join("");

test.each<[what: string, file: (length: number) => string]>([
  ["lines of a RUN", (n) => `FROM debian:12\nRUN a \\\n${" && echo one two \\\n".repeat(n)} && true\n`],
  ["stages", line(() => "FROM debian:12 AS a\nARG X=1\nENV Y=$X\nRUN apt-get install -y curl\nCOPY a b\n")],
  [
    "a chain of stages",
    line((at) => `FROM ${at === 0 ? "debian:12" : `a${at - 1}`} AS a${at}\nUSER $X\nENV A${at}=1\n`),
  ],
  ["stages of a pattern", line((at) => `FROM b-$X-$Y AS b-${at}\n`)],
  ["stages of an argument", (n) => `ARG A=1\n${line((at) => `FROM a:$A AS s${at}\n`)(n)}`],
  ["problems on a line", (n) => `FROM debian:12\nEXPOSE ${"1-x ".repeat(n)}\n`],
  ["shell comments", line(() => "# hadolint shell=bash\nFROM a\n")],
  ["ignores", line((at) => `# hadolint ignore=DL${3000 + (at % 60)}\nRUN a\n`)],
  ["relative directories", (n) => `FROM a\n${"WORKDIR a\n".repeat(n)}`],
  ["a list of alternatives", (n) => `FROM a\nRUN a${" || a".repeat(n)}\n`],
  [
    "archives in one RUN",
    (n) => `FROM a\nRUN a${line((at) => ` && curl -O https://a/${at}.tgz && tar xf ${at}.tgz`)(n)}\n`,
  ],
  [
    "archives in layers",
    (n) => `FROM a\n${line((at) => `ADD https://a/${at}.tgz /${at}.tgz\nRUN tar xf /${at}.tgz\n`)(n)}`,
  ],
  ["empty lines in a RUN", (n) => `FROM a\nRUN a \\\n${"\n".repeat(10 * n)} && b\n`],
])(
  "%s take time in proportion",
  (_, file) => {
    const growth = (): number => {
      const small = milliseconds(() => audit(file(1250)));
      return milliseconds(() => audit(file(10_000))) / Math.max(small, 5);
    };
    // Eight times the text; a quadratic step would take sixty-four times as long. A busy machine gets a second try.
    expect([growth, growth, growth].some((measure) => measure() < 24)).toBe(true);
  },
  120_000,
);

test.each([
  ["values that double with each line", `FROM a\nENV A=ab\n${"ENV A=$A$A\n".repeat(100)}RUN echo $A\nUSER $A\n`],
  [
    "braces that stand for millions of paths",
    `FROM a\nRUN apt-get update && apt-get install -y a && rm -rf /var/${"{a,b}".repeat(40)}/*\n`,
  ],
  ["a pattern of a variable with many stars", `FROM a\nENV A=${"a".repeat(2000)}\nENV B=\${A##${"*a".repeat(400)}b}\n`],
  ["a replacement of many", `FROM a\nENV A=${"a".repeat(60_000)}\nENV B=\${A//a/${"b".repeat(60_000)}}\n`],
  ["a stage of many variables", `FROM a AS b${"-".repeat(200)}c\nFROM b-${"$X-".repeat(30)}d\n`],
  ["variables in variables", `FROM a\nENV A=${"${A:-".repeat(10_000)}${"}".repeat(10_000)}\n`],
  ["variables in here-documents", `FROM a\nRUN cat <<${"${A:-".repeat(10_000)}\n`],
  ["triggers of triggers", `FROM a\n${"ONBUILD ".repeat(8000)}RUN a\n`],
  ["braces that are not closed", `FROM a\nRUN ${"$${A:-".repeat(10_000)}\n`],
  ["functions in functions", `FROM a\nRUN ${"function a ".repeat(5000)}\n`],
  ["an environment variable that is no name", "FROM a\nRUN --mount=type=secret,id=x,env=A(( make\n"],
  ["a base of many capitals", `FROM BASE${"A".repeat(50_000)}\nCOPY --from=B${"A".repeat(50_000)} a b\n`],
  ["a duration that goes on", `FROM a\nHEALTHCHECK --interval=1s${"000s".repeat(1000)}x CMD a\n`],
])("%s do no harm", (_, text) => {
  expect(interrupted(() => audit(text))).toBeUndefined();
});

/** What is wrong with work, or that it took too long; also with work that would never end. */
const interrupted = (work: () => string | undefined): string | undefined => {
  try {
    return runInNewContext("work()", { work }, { timeout: 5000 });
  } catch (error) {
    return error instanceof Error
      ? `${error.message} ${error.stack?.split("\n").slice(1, 4).join(" | ")}`
      : String(error);
  }
};

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
