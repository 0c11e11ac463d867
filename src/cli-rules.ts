import { type ImportedCheck, importedCheck } from "./audit/imported-checks.ts";
import { nearestName } from "./build/target-names.ts";
import { shownExamples } from "./cli-examples.ts";
import { findRule } from "./config/find-rule.ts";
import { UserError } from "./errors.ts";
import type { Paint } from "./report/paint.ts";
import { alignColumns, wrapWords } from "./report/table.ts";
import { count } from "./report/words.ts";
import type { Level, Rule, RuleOption, Severity } from "./rules/rule.ts";

/** `rules --format json`: what programs need to know of each rule. */
export const rulesJson = (rules: readonly Rule[]): string => {
  const list = rules.map((rule) => ({
    id: rule.id,
    summary: rule.summary,
    severity: severityOf(rule),
    aliases: rule.aliases,
    fixable: rule.fixes !== "none",
  }));
  return `${JSON.stringify(list, undefined, 2)}\n`;
};

/** `rules`: one line for each. */
export const rulesText = (rules: readonly Rule[], paint: Paint): string => {
  const rows = rules.map(({ id, level, fixes, summary }) => [
    id,
    level.recommended,
    level.strict,
    fixes === "none" ? "" : fixes,
    summary,
  ]);
  const [head = "", ...lines] = alignColumns(
    [["rule", "recommended", "strict", "fix", "what it asks for"], ...rows],
    ["left", "left", "left", "left", "left"],
  );
  const beside =
    "Beside them, where they are there: ShellCheck (explain SC2115) and BuildKit's checks (explain UndefinedVar)";
  const about = `${rules.length} rules; more on one: docker-hygiene explain RULE`;
  return `${[paint("bold", head.trimEnd()), ...lines.map((line) => line.trimEnd()), "", beside, about].join("\n")}\n`;
};

/** The level that a rule reports at when it is on: rules that are off by default are notes in the profile `all`. */
export const severityOf = ({ level }: Pick<Rule, "level">): Severity =>
  [level.recommended, level.strict].find((one): one is Severity => one !== ("off" satisfies Level)) ?? "note";

const rulesPage = "https://github.com/docker-hygiene/docker-hygiene/blob/main/docs/rules.md";

/** `explain RULE`. An unknown name is a UserError with the nearest one. */
export const explainText = (name: string, rules: readonly Rule[], paint: Paint, width: number): string => {
  const rule = findRule(name, rules);
  if (rule === undefined) {
    const imported = importedCheck(name);
    if (imported !== undefined) return importedText(imported, paint, width);
    const meant = nearestName(
      name,
      rules.flatMap(({ id, aliases }) => [id, ...aliases]),
    );
    const hint = meant === undefined ? "`docker-hygiene rules` lists all." : `Did you mean \`${meant}\`?`;
    throw new UserError(`there is no rule \`${name}\`. ${hint}`);
  }
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ["", paint("bold", title), ...lines.map((line) => (line === "" ? "" : `  ${line}`))];
  const wrapped = (text: string): readonly string[] => wrapWords(text, Math.min(width, 100) - 4);
  const bullets = (items: readonly string[]): readonly string[] =>
    items.flatMap((item) => wrapped(item).map((line, index) => `${index === 0 ? "- " : "  "}${line}`));
  const { shown, left } = shownExamples(rule.examples, { paint, width: width - 2 });
  return `${[
    `${paint("bold", rule.id)}: ${rule.summary}`,
    paint("dim", `${levels(rule)} · ${rule.scope} · ${fixes(rule)}`),
    "",
    ...paragraphs(rule.why).flatMap((paragraph, index) => [...(index > 0 ? [""] : []), ...wrapped(paragraph)]),
    ...section("Says nothing about", bullets(rule.silent ?? [])),
    ...section("Options", bullets((rule.options ?? []).map(optionText))),
    ...shown.flatMap(({ title, lines }) => section(title, lines)),
    ...(left === 0 ? [] : ["", paint("dim", `${count(left, "more example")}: ${rulesPage}#${rule.id}`)]),
    ...section("Also known as", rule.aliases.length > 0 ? wrapped(rule.aliases.join(", ")) : []),
    ...section("Sources", rule.sources ?? []),
    ...section("To silence it on one instruction, put above it", [`# docker-hygiene ignore=${rule.id} -- the reason`]),
  ].join("\n")}\n`;
};

/** What is said of a check that another program makes. */
const importedText = (check: ImportedCheck, paint: Paint, width: number): string =>
  `${[
    `${paint("bold", check.id)}: ${check.summary}`,
    paint("dim", `${levels({ level: check })} · an imported check · no automatic fix`),
    "",
    ...wrapWords(check.why, Math.min(width, 100) - 4),
    "",
    paint("bold", "Read more"),
    `  ${check.url}`,
    "",
    paint("bold", "To set its level, write into .docker-hygiene.yml"),
    "  rules:",
    `    ${check.id}: warning # or error, note, off`,
    "",
    paint("bold", "To silence it on one instruction, put above it"),
    `  # docker-hygiene ignore=${check.id} -- the reason`,
  ].join("\n")}\n`;

const levels = ({ level }: Pick<Rule, "level">): string =>
  level.recommended === level.strict
    ? level.recommended
    : `${level.recommended}, ${level.strict} in the profile strict`;

const fixes = (rule: Rule): string => (rule.fixes === "none" ? "no automatic fix" : `${rule.fixes} fix`);

/** Line breaks inside a paragraph are the source's own; lists and code keep theirs. */
const paragraphs = (markdown: string): readonly string[] =>
  markdown
    .trim()
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.replace(/\s*\n\s*/g, " "));

const optionText = ({ name, type, default: fallback, summary }: RuleOption): string =>
  `${name} (${type}, ${JSON.stringify(fallback)} by default): ${summary}`;
