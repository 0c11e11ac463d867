import { describe, expect, test } from "@jest/globals";
import { auditFile } from "../src/audit/audit.ts";
import { auditedFile } from "../src/audit/audited-file.ts";
import { fixText } from "../src/audit/fixes.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { rules } from "../src/rules/registry.ts";
import type { Fix } from "../src/rules/rule.ts";

/** Every faulty example of every rule, as a file of its own. */
const examples = rules.flatMap((rule) =>
  rule.examples.flatMap((example, index) => {
    if (!("bad" in example)) return [];
    const text = example.bad.replace(/[⟦⟧]/g, "");
    const isWhole = /^\s*FROM\b/im.test(text) || ["missing-from", "syntax-error"].includes(rule.id);
    return [
      {
        name: `${rule.id} ${index + 1}`,
        text: isWhole ? text : `FROM debian:bookworm-slim\n${text}`,
        settings: new Map([[rule.id, { level: "warning" as const, options: example.options ?? {} }]]),
      },
    ];
  }),
);
type Case = (typeof examples)[number];

const known = new Map<string, string>();

/** All rules at once, as `fix` has them in the profile `all`. */
const fixed = (one: Case, text: string, safety: readonly Fix["safety"][]): string => {
  const key = JSON.stringify([one.name, text, safety]);
  const result = known.get(key) ?? fix(one, text, safety);
  known.set(key, result);
  return result;
};

const fix = ({ settings }: Case, text: string, safety: readonly Fix["safety"][]): string =>
  fixText(text, (current) => {
    const file = auditedFile(readDockerfile("Dockerfile", current));
    const { problems, failures } = auditFile(file, { rules, profile: "all", settings });
    expect(failures).toEqual([]);
    const fixes = problems.flatMap(({ at, fix }) => (fix && safety.includes(fix.safety) ? [{ ...fix, at }] : []));
    return { fixes, isBroken: file.isBroken };
  }).text;

const problemsOf = (text: string): readonly string[] =>
  readDockerfile("Dockerfile", text).problems.map(({ message }) => message);

const withCarriageReturns = (text: string): string => text.replace(/\r?\n/g, "\r\n");

/** The same file with the other escape character; undefined where the text speaks of either one. */
const withBackticks = (text: string): string | undefined => {
  const rest = text.replace(/[ \t]*\\\n/g, "");
  if (rest === text || /[\\`]|^# *(escape|syntax|check) *=|powershell|windows|<</im.test(rest)) return undefined;
  return `# escape=\`\n${text.replaceAll("\\\n", "`\n")}`;
};

/** A comment behind each continuation; undefined where the text has none, or a here-document that would hold it. */
const withComments = (text: string): string | undefined =>
  text.includes("\\\n") && !text.includes("<<") ? text.replaceAll("\\\n", "\\\n# a note\n") : undefined;

/** What BuildKit executes and keeps, comments and layout left out. */
const meaning = (text: string): readonly string[] =>
  readDockerfile("Dockerfile", text).instructions.map(({ span }) =>
    text
      .slice(span.start, span.end)
      .replace(/^\s*#.*\n/gm, "")
      .replace(/\\\n/g, "")
      .replace(/\s+/g, " "),
  );

/** Cases that a property does not hold for, all at once: a failure shows everything that is wrong. */
const exceptions = (cases: readonly Case[], holds: (one: Case) => unknown): readonly unknown[] =>
  cases.flatMap((one) => {
    const failure = holds(one);
    return failure === undefined ? [] : [{ name: one.name, ...(failure as object) }];
  });

describe.each([["safe" as const], ["unsafe" as const]])("%s fixes of all rules together", (kind) => {
  const safety = kind === "safe" ? (["safe"] as const) : (["safe", "unsafe"] as const);

  test("leave nothing that BuildKit refuses and did not before", () => {
    expect(
      exceptions(examples, (one) => {
        const after = problemsOf(fixed(one, one.text, safety));
        return after.length > problemsOf(one.text).length ? { after } : undefined;
      }),
    ).toEqual([]);
  });

  test("have nothing to do the second time", () => {
    expect(
      exceptions(examples, (one) => {
        const once = fixed(one, one.text, safety);
        const twice = fixed(one, once, safety);
        return once === twice ? undefined : { once, twice };
      }),
    ).toEqual([]);
  });

  test("are the same in a file with carriage returns", () => {
    // In a here-document the carriage returns belong to the script, which then is another one.
    const cases = examples.filter(({ text }) => !text.includes("<<"));
    expect(
      exceptions(cases, (one) => {
        const expected = withCarriageReturns(fixed(one, one.text, safety));
        const given = fixed(one, withCarriageReturns(one.text), safety);
        return given === expected ? undefined : { expected, given };
      }),
    ).toEqual([]);
  });

  test("are the same around comments, or left undone", () => {
    const cases = examples.filter(({ text }) => withComments(text) !== undefined);
    expect(cases.length).toBeGreaterThan(50);
    expect(
      exceptions(cases, (one) => {
        const commented = withComments(one.text) as string;
        const [plain, given] = [one.text, commented].map((text) => meaning(fixed(one, text, safety)));
        const isSame = JSON.stringify(plain) === JSON.stringify(given);
        const isLeft = /^(unsorted-package-list|system-upgrade) /.test(one.name);
        return isSame || isLeft ? undefined : { plain, given };
      }),
    ).toEqual([]);
  });

  test("are the same in a file that continues lines with a backtick", () => {
    const cases = examples.filter(({ text }) => withBackticks(text) !== undefined);
    expect(cases.length).toBeGreaterThan(50);
    expect(
      exceptions(cases, (one) => {
        const after = fixed(one, one.text, safety);
        const expected = withBackticks(after) ?? `# escape=\`\n${after}`;
        const given = fixed(one, withBackticks(one.text) as string, safety);
        return given === expected ? undefined : { expected, given };
      }),
    ).toEqual([]);
  });
});

test("a file of another front end is left as it is", () => {
  const changed = exceptions(examples, (one) => {
    const text = `# syntax=example.com/front:1\n${one.text}`;
    return fix(one, text, ["safe", "unsafe"]) === text ? undefined : {};
  });
  expect(changed).toEqual([]);
});
