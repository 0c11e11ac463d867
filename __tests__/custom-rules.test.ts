import { describe, expect, test } from "@jest/globals";
import { auditFile } from "../src/audit/audit.ts";
import { auditedFile } from "../src/audit/audited-file.ts";
import { explainCustom } from "../src/cli-custom.ts";
import { readPattern } from "../src/config/bounded-pattern.ts";
import { guideLines } from "../src/config/guide.ts";
import { readConfig } from "../src/config/read-config.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { matchesWildcards } from "../src/dockerfile/wildcards.ts";
import { noPaint } from "../src/report/paint.ts";
import { emptyConfig, type RuleSettings } from "../src/settings.ts";

const config = async (yaml: string) => {
  const place = { folder: "/", shown: () => "", resolve: (path: string) => path, below: (path: string) => path };
  const { says } = await readConfig(yaml, place, [], ({ line, column }, message) => {
    throw new Error(`${line}:${column}: ${message}`);
  });
  return says;
};

const audit = async (yaml: string, text: string) => {
  const { customRules = [], rules = new Map() as RuleSettings } = await config(yaml);
  const outcome = auditFile(auditedFile(readDockerfile("Dockerfile", text)), {
    rules: [],
    profile: "recommended",
    settings: rules,
    customRules,
  });
  expect(outcome.failures).toEqual([]);
  return outcome.problems;
};

/** The file with `⟦…⟧` around what is found. */
const marked = async (yaml: string, text: string): Promise<string> =>
  (await audit(yaml, text))
    .toSorted((a, b) => b.at.start - a.at.start)
    .reduce((out, { at }) => `${out.slice(0, at.start)}⟦${out.slice(at.start, at.end)}⟧${out.slice(at.end)}`, text);

/** Each file is written with its findings. */
const cases: readonly (readonly [string, string, string])[] = [
  ["a command", "forbid: [{ command: wget, message: m }]", "FROM a\nRUN echo wget && ⟦/usr/bin/wget⟧ x\nCMD wget x\n"],
  [
    "a command in whatever structure",
    "forbid: [{ command: wget, message: m }]",
    'FROM a\nRUN sudo -E ⟦wget⟧ a; for i in 1 2; do x=$(⟦wget⟧ $i) || exit; done; sh -c "⟦wget⟧ b" | xargs ⟦wget⟧\nRUN [⟦"wget"⟧, "c"]\nRUN <<EOF\n⟦wget⟧ d\nEOF\nONBUILD RUN ⟦wget⟧ e\n',
  ],
  ["a wrapper", "forbid: [{ command: sudo, message: m }]", "FROM a\nRUN ⟦sudo⟧ -E true && env A=b ⟦sudo⟧ ls\n"],
  [
    "a command with its words",
    "forbid: [{ command: pip install, message: m }]",
    "FROM a\nRUN ⟦pip --no-input install⟧ x && pip list && pip3 install y\n",
  ],
  ["commands by glob", "forbid: [{ command: 'pip*', message: m }]", "FROM a\nRUN ⟦pip⟧ a && ⟦pip3.12⟧ b\n"],
  [
    "an argument",
    "forbid: [{ command: curl, pattern: '^-k$| -k( |$)|--insecure', message: m }]",
    "FROM a\nRUN curl -fL x && curl x \\\n  ⟦--insecure⟧ y && curl -f ⟦-k⟧\n",
  ],
  [
    "a command of another instruction",
    "forbid: [{ instruction: HEALTHCHECK, command: curl, message: m }]",
    "FROM a\nRUN curl x\nHEALTHCHECK CMD ⟦curl⟧ -f localhost\n",
  ],
  ["an instruction", "forbid: [{ instruction: add, message: m }]", "FROM a\n⟦ADD⟧ a b\nONBUILD ⟦ADD⟧ c d\nCOPY e f\n"],
  [
    "what an instruction says",
    "forbid: [{ instruction: EXPOSE, pattern: '\\b22\\b', message: m }]",
    "FROM a\nEXPOSE 80 \\\n  ⟦22⟧\nEXPOSE 222\n",
  ],
  [
    "images by registry",
    "forbid: [{ image: 'docker.io/*', message: m }]",
    "ARG V=12\nFROM ⟦debian:$V⟧ AS x\nFROM ghcr.io/a/b\nFROM x\nCOPY --from=⟦alpine:3⟧ /a /b\nCOPY --from=x /a /b\nRUN --mount=from=⟦acme/tools:1⟧,target=/t true\nFROM scratch\n",
  ],
  [
    "images by name",
    "forbid: [{ image: node, message: m }]",
    "FROM ⟦node:22⟧\nFROM acme/node\nFROM ⟦docker.io/library/node⟧\n",
  ],
  ["images by tag", "forbid: [{ image: 'node:18*', message: m }]", "FROM node:22\nFROM ⟦node:18-slim⟧\n"],
  [
    "images by pattern",
    "forbid: [{ image: '*', pattern: alpine, message: m }]",
    "FROM ⟦node:22-alpine⟧\nFROM node:22\nFROM $UNKNOWN\n",
  ],
  ["a label", "forbid: [{ label: maintainer, message: m }]", 'FROM a\nLABEL a=b ⟦"maintainer"⟧=me\n'],
  [
    "the value of a label",
    "forbid: [{ label: 'org.*', pattern: ' $', message: m }]",
    'FROM a\nLABEL org.a="b" org.c=⟦"d "⟧ e="f "\n',
  ],
  [
    "a label that every image must have",
    "require: [{ label: org.opencontainers.image.source, message: m }]",
    "FROM a AS x\nLABEL org.opencontainers.image.source=y\nFROM x AS first\nFROM ⟦b⟧ AS second\nFROM c AS builder\nFROM ⟦d⟧\nCOPY --from=builder /a /a\n",
  ],
  [
    "a label whose value must be right",
    "require: [{ label: team, pattern: '^(web|data)$', message: m }]",
    "FROM a AS one\nLABEL team=web\nFROM a AS two\nLABEL team=web\nLABEL team=⟦ops⟧\nFROM ⟦a⟧ AS three\n",
  ],
  [
    "an instruction that every image must have",
    "require: [{ instruction: USER, message: m }]",
    "FROM ⟦a⟧ AS one\nFROM a\nUSER 1\n",
  ],
  [
    "what an instruction must say",
    "require: [{ instruction: USER, pattern: '^[0-9]+', message: m }]",
    "FROM a AS one\nUSER 1\nUSER ⟦app⟧\nFROM a AS two\nUSER app\nUSER 1\n",
  ],
  [
    "a command that must run",
    "require: [{ command: update-ca-certificates, message: m }]",
    "FROM ⟦a⟧ AS one\nRUN true\nFROM a AS two\nRUN update-ca-certificates\nFROM a AS unread\nRUN if\n",
  ],
  [
    "where images must come from",
    "require: [{ image: 'ghcr.io/acme/*', message: m }]",
    "FROM ghcr.io/acme/base:1 AS x\nFROM ⟦debian:12⟧\nCOPY --from=x /a /a\nCOPY --from=⟦alpine:3⟧ /a /a\nFROM scratch\n",
  ],
  [
    "how images of a name must look",
    "require: [{ image: node, pattern: -slim$, message: m }]",
    "FROM node:22-slim\nFROM ⟦node:22⟧\nFROM debian\n",
  ],
  ["nothing about absence after an error", "require: [{ label: a, message: m }]", "FROM a\nNONSENSE\n"],
];

describe("house rules speak of", () => {
  test.each(cases)("%s", async (_about, yaml, text) => {
    expect(await marked(yaml, text.replace(/[⟦⟧]/g, ""))).toBe(text);
  });
});

test("the documented rules are rules", async () => {
  const [, yaml = ""] = /```yaml\n(forbid:[^`]*)```/.exec(guideLines.join("\n")) ?? [];
  expect((await config(yaml)).customRules?.map(({ id }) => id)).toEqual([
    "custom/no-wget",
    "custom/no-insecure-curl",
    "custom/no-hub",
    "custom/no-ssh-port",
    "custom/team",
    "custom/numeric-user",
    "custom/slim-node",
    "custom/our-registry",
  ]);
  const text = "FROM node:20\nRUN wget x && curl -f -k y\nEXPOSE 22\nUSER app\n";
  expect((await audit(yaml, text)).map(({ rule, at }) => `${rule} ${text.slice(at.start, at.end)}`)).toEqual([
    "custom/no-hub node:20",
    "custom/our-registry node:20",
    "custom/slim-node node:20",
    "custom/team node:20",
    "custom/no-wget wget",
    "custom/no-insecure-curl -k",
    "custom/no-ssh-port 22",
    "custom/numeric-user app",
  ]);
});

test("explain shows a house rule", async () => {
  const rules =
    (await config("forbid: [{ id: no-k, command: curl, pattern: -k, message: Check certificates }]")).customRules ?? [];
  const root = { ...emptyConfig("/"), path: ".docker-hygiene.yml", customRules: rules };
  expect(explainCustom("custom/no-k", root, noPaint, 80)).toBe(`custom/no-k: Check certificates
warning · house rule of .docker-hygiene.yml

Reports the command \`curl\` in RUN with arguments that the regular expression
\`-k\` finds.

To silence it on one instruction, put above it
  # docker-hygiene ignore=custom/no-k -- the reason
`);
  expect(() => explainCustom("custom/no-l", root, noPaint, 80)).toThrow(
    "there is no rule `custom/no-l` in .docker-hygiene.yml. Did you mean `custom/no-k`?",
  );
  expect(() => explainCustom("custom/x", emptyConfig("/"), noPaint, 80)).toThrow(
    "there is no rule `custom/x`: no configuration was found here.",
  );
});

test("a house rule has its own name, level and message", async () => {
  const yaml = `
forbid:
  - { command: wget, message: Use curl with --fail, level: error }
  - { id: no-add, instruction: ADD, message: COPY it }
  - { id: custom/gone, instruction: COPY, message: never }
rules: { custom/no-add: note, custom/gone: off }
`;
  const text = "FROM a\nRUN wget x\nADD a b\nCOPY c d\n# docker-hygiene ignore=custom/no-add -- why\nADD e f\n";
  expect((await audit(yaml, text)).map(({ rule, severity, message }) => [rule, severity, message])).toEqual([
    ["custom/forbid-wget", "error", "Use curl with --fail"],
    ["custom/no-add", "note", "COPY it"],
  ]);
});

test("house rules without an id are numbered where they would have the same", async () => {
  const yaml = `
forbid:
  - { command: wget, pattern: http, message: a }
  - { command: wget, pattern: ftp, message: b }
  - { id: forbid-wget-2, command: curl, message: c }
  - { image: '*', message: d }
`;
  expect((await config(yaml)).customRules?.map(({ id, message }) => [id, message])).toEqual([
    ["custom/forbid-wget", "a"],
    ["custom/forbid-wget-3", "b"],
    ["custom/forbid-wget-2", "c"],
    ["custom/forbid", "d"],
  ]);
});

describe("patterns", () => {
  const patternOf = (source: string) => {
    const pattern = readPattern(source);
    if (typeof pattern === "string") throw new Error(`${source}: ${pattern}`);
    return pattern;
  };
  const native = (source: string, text: string) => {
    const match = new RegExp(source, "u").exec(text);
    return match === null ? undefined : { start: match.index, end: match.index + match[0].length };
  };

  test.each([
    ["(^| )(-k|--insecure)( |$)", "curl -fL --insecure x"],
    ["^registry\\.acme\\.com/([a-z-]+/)*[a-z-]+:v\\d+\\.\\d+$", "registry.acme.com/a/b-c/d:v1.20"],
    ["a{2,3}?b|[\\]x-z]{2}|\\x41", "caaab"],
    ["(?<year>\\d{4})-\\d\\d", "in 2026-11"],
    ["\\bnode(js)?\\b:", "nodex node:22"],
    ["(?:ab?)*?c", "abaabc"],
    ["^$", ""],
    ["😀.é", "a😀😀é"],
    ["\\p{Lu}\\P{L}[^\\s\\d]", "aB.c"],
    ["(?i:É|k)c", "xéc"],
    ["^b$", "b"],
    ["a.b|b$", "a\nb"],
    ["[^a]b|\\bé", "a\nbé"],
  ])("%s is found where JavaScript finds it", (source, text) => {
    expect(native(source, text)).toBeDefined();
    for (const given of [text, `${text} `, text.slice(1), `😀${text}`, `x\n${text}`, `${text}\n`, ""])
      expect({ given, at: patternOf(source).search(given) }).toEqual({ given, at: native(source, given) });
  });

  test.each([
    ["(?i)expose", "an EXPOSE", "EXPOSE"],
    ["(?m)^b$", "a\nb\nc", "b"],
    ["(?s)a.*c", "a\nb\nc", "a\nb\nc"],
    ["[[:upper:]]+", "aBCd", "BC"],
    ["\\Qa.b\\E", "acb a.b", "a.b"],
    ["\\x{1F600}", "😃😀", "😀"],
  ])("%s means what it means to RE2", (source, text, found) => {
    const start = text.indexOf(found);
    expect(patternOf(source).search(text)).toEqual({ start, end: start + found.length });
  });

  test("match what those of JavaScript match, whatever they are", () => {
    const seed = Number(process.env.PATTERN_SEED ?? Date.now() % 1_000_000_000);
    let state = seed + 1;
    const draw = <T>(items: readonly T[]): T => {
      for (const shift of [13, -17, 5]) state ^= shift > 0 ? state << shift : state >>> -shift;
      return items[(state >>> 0) % items.length] as T;
    };
    const atoms = ["a", "b", "😀", ".", "[ab]", "[^a]", "\\w", "\\s", "\\d", "-", "\\x61", "\\.", "/"];
    const quantifiers = ["", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?", "??"];
    const part = (depth: number): string =>
      draw([
        () => draw(atoms) + draw(quantifiers),
        () => draw(atoms) + draw(quantifiers),
        () => draw(["^", "$", "\\b", "\\B"]),
        () => (depth > 0 ? `(${alternatives(depth - 1)})` : "a"),
        // What is repeated takes a character: the two engines leave a round that takes none in different ways.
        () => (depth > 0 ? `(?:${draw(atoms)}(?:${alternatives(depth - 1)}))${draw(quantifiers)}` : "b"),
      ])();
    const sequence = (depth: number): string =>
      draw([1, 2, 3].map((n) => Array.from({ length: n }, () => part(depth)).join("")));
    const alternatives = (depth: number): string => draw([sequence(depth), `${sequence(depth)}|${sequence(depth)}`]);
    for (let round = 0; round < 3000; round++) {
      const source = alternatives(2);
      // V8 finds `\B` within a character of two units, too.
      const letters = ["a", "b", " ", "-", "1", "/", ".", "é", "\n", source.includes("\\B") ? "_" : "😀"];
      const text = Array.from({ length: round % 9 }, () => draw(letters)).join("");
      const found = patternOf(source).search(text);
      expect({ seed, source, text, found }).toEqual({ seed, source, text, found: native(source, text) });
    }
  });

  test.each([
    ["(a+)+$", "a", "b"],
    ["^(\\w+\\s?)*$", "abc ", "!"],
    ["(a|aa)+$", "a", "b"],
    ["(.*)(.*)(.*)(.*)x", "a", ""],
    ["(a*)*(a*)*$", "a", "b\n"],
  ])("%s takes no longer than the text is long", async (source, piece, end) => {
    const text = `FROM a\nLABEL x=${JSON.stringify(piece.repeat(20_000 / piece.length) + end)}\n`;
    const start = performance.now();
    await marked(`forbid: [{ label: x, pattern: '${source}', message: m }]`, text);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test("a large pattern takes no longer than it is large and the text is long", () => {
    const start = performance.now();
    expect(patternOf("(?:.?){400}x").search(`${"a".repeat(5000)}x`)).toEqual({ start: 4600, end: 5001 });
    expect(performance.now() - start).toBeLessThan(2000);
  });

  const lookAround = "what must match goes under `require`, what must not under `forbid`";
  test.each([
    ["(a", "is not a regular expression of RE2: missing closing ): `(a`"],
    ["a**", "is not a regular expression of RE2: invalid nested repetition operator: `**`"],
    ["\\u0041", "is not a regular expression of RE2: invalid escape sequence: `\\u`"],
    ["a\\", "is not a regular expression of RE2: trailing backslash at end of expression"],
    ["(a)\\1", "takes no backreference (`\\1`): there is no bound to its time"],
    ["(?<x>a)\\k<x>", "takes no backreference (`\\k`): there is no bound to its time"],
    ["^(?!ghcr)", `takes no lookahead or lookbehind (\`(?!\`): ${lookAround}`],
    ["a(?=b)", `takes no lookahead or lookbehind (\`(?=\`): ${lookAround}`],
    ["(?<!a)b", `takes no lookahead or lookbehind (\`(?<!\`): ${lookAround}`],
    ["(?<=a)b", `takes no lookahead or lookbehind (\`(?<=\`): ${lookAround}`],
    ["(a{33}){33}", "is not a regular expression of RE2: invalid repeat count: `{33}`"],
    ["(abc){500}", "has more than 1000 steps: a count stands for as many copies of what it repeats"],
    ["a".repeat(1001), "must have no more than 1000 characters"],
  ])("%s is refused at its place", async (source, reason) => {
    await expect(config(`forbid:\n  - instruction: RUN\n    message: m\n    pattern: '${source}'\n`)).rejects.toThrow(
      new Error(`4:14: \`pattern\` ${reason}`),
    );
  });

  test.each([
    ["*", "", true],
    ["a*b?c", "axxbyc", true],
    ["a*b?c", "axxbc", false],
    ["*.example.com/*", "a.example.com/b/c", true],
    ["a?", "a\n", true],
    ["a?", "a😀", true],
    ["A.c", "Abc", false],
    [`${"*a".repeat(30)}*b`, "a".repeat(5000), false],
  ])("the name %s", (glob, name, expected) => {
    expect(matchesWildcards(glob, name)).toBe(expected);
  });
});
