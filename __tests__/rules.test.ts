import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { auditFile } from "../src/audit/audit.ts";
import { auditedFile, type Surroundings } from "../src/audit/audited-file.ts";
import { fixText } from "../src/audit/fixes.ts";
import { importedCheck } from "../src/audit/imported-checks.ts";
import { parseDockerignore } from "../src/discover/dockerignore.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import type { BuildContext } from "../src/rules/audited-file.ts";
import { rules } from "../src/rules/registry.ts";
import type { Example, Rule } from "../src/rules/rule.ts";

const levels = { error: 1, warning: 1, note: 1, off: 1 };

describe.each(rules.map((rule) => [rule.id, rule] as const))("%s", (_, rule) => {
  test("is documented", () => {
    expect(rule.id).toMatch(/^[a-z]+(-[a-z0-9]+)*$/);
    expect(rule.summary).toMatch(/^[A-Z].*[^.]$/);
    expect(rule.why.length).toBeGreaterThan(80);
    expect(levels).toHaveProperty(rule.level.recommended);
    expect(rule.examples.some((example) => "bad" in example)).toBe(rule.scope !== "built image");
    expect(rule.examples.some((example) => "good" in example)).toBe(rule.scope !== "built image");
    const isFixed = rule.examples.some((example) => "bad" in example && example.fixed !== undefined);
    expect(isFixed).toBe(rule.fixes !== "none");
  });

  for (const [index, example] of rule.examples.entries())
    test(titleOf(example, index), () => {
      const { text, marked } = unmark(rule, "bad" in example ? example.bad : example.good);
      const problems = check(rule, example, text);
      expect(
        mark(
          text,
          problems.map(({ at }) => at),
        ),
      ).toBe(marked);
      if (!("bad" in example)) return;
      if (example.message !== undefined) expect(problems.map(({ message }) => message)).toContain(example.message);
      for (const { message } of problems) expect(message).toMatch(/[^.]$/);
      if (example.fixed === undefined) return;
      const fixed = fixText(text, (current) => ({
        fixes: check(rule, example, current).flatMap(({ fix }) => fix ?? []),
        isBroken: readDockerfile("Dockerfile", current).problems.length > 0,
      }));
      expect(fixed.text).toBe(complete(rule, example.fixed));
      for (const { safety } of fixed.applied) expect([rule.fixes, "safe"]).toContain(safety);
    });
});

test("every id and alias has one holder", () => {
  const names = rules.flatMap(({ id, aliases }) => [id, ...aliases]);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

/** What other tools check in a Dockerfile: `3000-3004` stands for all numbers in between. */
const peers = [
  ["hadolint", "DL", "1000 1001 3000-3004 3006-3016 3018-3030 3032-3038 3040-3067 4000 4001 4003-4006"],
  ["trivy", "DS-00", "01 02 04-17 19-27 29-31"],
  ["checkov", "CKV_DOCKER_", "1-11"],
  ["checkov, second series", "CKV2_DOCKER_", "1-17"],
  [
    "BuildKit",
    "",
    "StageNameCasing FromAsCasing NoEmptyContinuation ConsistentInstructionCasing DuplicateStageName ReservedStageName JSONArgsRecommended MaintainerDeprecated UndefinedArgInFrom WorkdirRelativePath UndefinedVar MultipleInstructionsDisallowed LegacyKeyValueFormat InvalidBaseImagePlatform RedundantTargetPlatform SecretsUsedInArgOrEnv InvalidDefaultArgInFrom FromPlatformFlagConstDisallowed CopyIgnoredFile InvalidDefinitionDescription ExposeProtoCasing ExposeInvalidFormat",
  ],
] as const;

test.each(peers)("every check of %s is a rule, imported, or declined with its reason", (_, prefix, list) => {
  const ids = list.split(" ").flatMap((part) => {
    const [first = "", last] = part.split("-");
    if (last === undefined) return [prefix + first];
    const count = Number(last) - Number(first) + 1;
    return Array.from(
      { length: count },
      (_, index) => prefix + String(Number(first) + index).padStart(first.length, "0"),
    );
  });
  const held = new Set(rules.flatMap(({ aliases }) => aliases));
  const declined = new Set(
    [...readFileSync("docs/policy.md", "utf8").matchAll(/^\|[^|]*\|([^|]*)\|[^|]*[a-z][^|]*\|$/gm)].flatMap(
      ([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, id]) => id),
    ),
  );
  expect(ids.filter((id) => !held.has(id) && !declined.has(id) && importedCheck(id) === undefined)).toEqual([]);
});

/** Hoisted: the table of tests is made before the arrow functions below exist. */
function titleOf(example: Example, index: number): string {
  return `${index + 1} ${"bad" in example ? "reports" : "accepts"} ${example.title ?? ""}`;
}

/** Without FROM, an example is a stage's content. Examples about files without FROM bring their own. */
const complete = (rule: Rule, text: string): string =>
  /^\s*FROM\b/im.test(text) || rule.id === "missing-from" || rule.id === "syntax-error"
    ? text
    : `FROM debian:bookworm-slim\n${text}`;

const unmark = (rule: Rule, source: string): { readonly text: string; readonly marked: string } => {
  const marked = complete(rule, source);
  return { text: marked.replace(/[⟦⟧]/g, ""), marked };
};

const mark = (text: string, spans: readonly { readonly start: number; readonly end: number }[]): string => {
  const inserts = spans.flatMap(({ start, end }) => [
    { at: end, text: "⟧", order: 0 },
    { at: start, text: "⟦", order: 1 },
  ]);
  let marked = text;
  for (const insert of inserts.sort((a, b) => b.at - a.at || b.order - a.order)) {
    marked = marked.slice(0, insert.at) + insert.text + marked.slice(insert.at);
  }
  return marked;
};

const check = (rule: Rule, example: Example, text: string) => {
  const file = auditedFile(readDockerfile("Dockerfile", text), surroundings(example));
  const isAboutOthers = rule.id === "unused-ignore";
  const outcome = auditFile(file, {
    rules: isAboutOthers ? rules : [rule],
    profile: isAboutOthers ? "recommended" : "all",
    settings: new Map([[rule.id, { level: "warning", options: example.options ?? {} }]]),
  });
  expect(outcome.failures).toEqual([]);
  return outcome.problems.filter((problem) => problem.rule === rule.id);
};

const surroundings = (example: Example): Surroundings => ({
  context: () => example.files && contextOf(example.files),
  namedContexts: new Set(),
  targets: new Set(),
  supplied: example.supplied && {
    secrets: new Set(example.supplied.secrets ?? []),
    ssh: new Set(example.supplied.ssh ?? []),
  },
});

const contextOf = (files: Readonly<Record<string, string>>): BuildContext => {
  const own = files["Dockerfile.dockerignore"] === undefined ? ".dockerignore" : "Dockerfile.dockerignore";
  const ignore = files[own];
  return {
    path: ".",
    files: Object.keys(files),
    read: (path) => files[path],
    ignoreFile: ignore === undefined ? undefined : { path: own, text: ignore },
    isIgnored: ignore === undefined ? () => false : parseDockerignore(ignore),
    isGitAware: false,
  };
};
