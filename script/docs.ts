import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";
import { configSchema, configurationMarkdown } from "../src/config/describe.ts";
import { rules } from "../src/rules/registry.ts";
import { rulesMarkdown } from "./rules-markdown.ts";

// Writes what is generated from the code: docs/rules.md, docs/configuration.md, docs/config.schema.json and the tables
// of the README. Run by `npm run docs`; .ci/run fails when the outcome is not committed.

interface Action {
  readonly inputs: Readonly<Record<string, { description: string; default?: string; required?: boolean }>>;
  readonly outputs: Readonly<Record<string, { description: string }>>;
}

const action = parse(readFileSync("action.yml", "utf8")) as Action;

const cell = (text: string): string =>
  text
    .trim()
    .replace(/\s*\n\s*/g, " ")
    .replaceAll("|", "\\|");

const inputsTable = [
  "| input | default | meaning |",
  "|---|---|---|",
  ...Object.entries(action.inputs).map(([name, { description, default: value }]) => {
    const shown = value === undefined || value === "" ? "" : `\`${cell(value)}\``;
    return `| \`${name}\` | ${shown} | ${cell(description)} |`;
  }),
].join("\n");

const outputsTable = [
  "| output | meaning |",
  "|---|---|",
  ...Object.entries(action.outputs).map(([name, { description }]) => `| \`${name}\` | ${cell(description)} |`),
].join("\n");

const between = (text: string, name: string, content: string): string => {
  const pattern = new RegExp(`(<!-- ${name} -->)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!pattern.test(text)) throw new Error(`README.md has no <!-- ${name} --> … <!-- /${name} -->`);
  return text.replace(pattern, (_all, open: string, close: string) => `${open}\n${content}\n${close}`);
};

writeFileSync("docs/rules.md", rulesMarkdown(rules));
writeFileSync("docs/configuration.md", configurationMarkdown());
writeFileSync("docs/config.schema.json", `${JSON.stringify(configSchema(rules), null, 2)}\n`);
const readme = readFileSync("README.md", "utf8");
writeFileSync("README.md", between(between(readme, "inputs", inputsTable), "outputs", outputsTable));
