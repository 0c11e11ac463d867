import type { Example, Level, Rule } from "../src/rules/rule.ts";
import { importedMarkdown } from "./imported-markdown.ts";

/** docs/rules.md: every rule with its reasons, examples, options, aliases and sources, from the rules themselves. */
export const rulesMarkdown = (rules: readonly Rule[]): string =>
  [
    "# Rules",
    "",
    "<!-- Generated from the rules by `npm run docs`. -->",
    "",
    `${rules.length} rules. The levels are those of the profiles \`recommended\` and \`strict\`; the profile \`all\` shows as`,
    "notes what `strict` leaves off. [What is no rule](policy.md) says what is left out and why;",
    "[what ShellCheck and BuildKit find](#imported-checks) stands at the end.",
    "",
    "| rule | recommended | strict | fix | about |",
    "|---|---|---|---|---|",
    ...rules.map(
      ({ id, summary, level, fixes }) =>
        `| [${id}](#${id}) | ${level.recommended} | ${level.strict} | ${fixes === "none" ? "" : fixes} | ${cell(summary)} |`,
    ),
    "",
    ...rules.flatMap(section),
    ...importedMarkdown(),
  ].join("\n");

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

const section = (rule: Rule): readonly string[] => [
  `## ${rule.id}`,
  "",
  `**${cell(rule.summary)}.**`,
  "",
  `${levels(rule.level.recommended, rule.level.strict)} · judges ${scopes[rule.scope]} · ${fixWords[rule.fixes]}`,
  "",
  rule.why.trim(),
  "",
  ...examples(rule.examples),
  ...list("Says nothing when", rule.silent ?? []),
  ...options(rule),
  ...(rule.aliases.length > 0 ? [`Aliases: ${rule.aliases.map((alias) => `\`${alias}\``).join(", ")}`, ""] : []),
  ...(rule.sources && rule.sources.length > 0
    ? [`Sources: ${rule.sources.map((url) => `<${url}>`).join(", ")}`, ""]
    : []),
];

const levels = (recommended: Level, strict: Level): string =>
  recommended === strict ? `${recommended}` : `${recommended}, ${strict} in \`strict\``;

const scopes: Readonly<Record<Rule["scope"], string>> = {
  "every stage": "every stage",
  "shipped stages": "stages that ship",
  "whole file": "the file",
  context: "the build context",
  "built image": "the built image",
};

const fixWords: Readonly<Record<Rule["fixes"], string>> = {
  none: "no fix",
  safe: "`fix`",
  unsafe: "`fix --unsafe`",
};

/** The first bad example with its fix, and the first good one; the rest are tests. */
const examples = (all: readonly Example[]): readonly string[] => {
  const bad =
    all.find((example) => "bad" in example && example.fixed !== undefined) ?? all.find((example) => "bad" in example);
  const good = all.find((example) => "good" in example);
  return [
    ...(bad && "bad" in bad ? ["Reported:", "", ...fence(bad.bad.replace(/[⟦⟧]/g, ""))] : []),
    ...(bad && "bad" in bad && bad.fixed !== undefined ? ["Fixed:", "", ...fence(bad.fixed)] : []),
    ...(good && "good" in good ? [`Accepted${good.title ? ` (${good.title})` : ""}:`, "", ...fence(good.good)] : []),
  ];
};

const fence = (text: string): readonly string[] => {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const marks = "`".repeat(longest + 1);
  return [`${marks}dockerfile`, text.replace(/\r/g, "").replace(/\n$/, ""), marks, ""];
};

const list = (title: string, items: readonly string[]): readonly string[] =>
  items.length === 0 ? [] : [`${title}:`, "", ...items.map((item) => `- ${item}`), ""];

const options = ({ options: own }: Rule): readonly string[] =>
  !own || own.length === 0
    ? []
    : [
        "| option | type | default | meaning |",
        "|---|---|---|---|",
        ...own.map(
          ({ name, type, default: value, summary }) =>
            `| \`${name}\` | ${type} | \`${JSON.stringify(value)}\` | ${cell(summary)} |`,
        ),
        "",
      ];
