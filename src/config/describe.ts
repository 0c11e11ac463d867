import { keywords } from "../dockerfile/node.ts";
import type { Rule, RuleOption } from "../rules/rule.ts";
import { guideLines } from "./guide.ts";
import { configShape, type Field, levels, type ObjectShape, type Shape } from "./shape.ts";

type Schema = Readonly<Record<string, unknown>>;

/** The JSON Schema of the configuration file, which editors complete from. */
export const configSchema = (rules: readonly Rule[]): Schema => ({
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Configuration of docker-hygiene",
  description: "`.docker-hygiene.yml` or `.github/docker-hygiene.yml`",
  ...objectSchema(configShape),
  definitions: {
    level: { enum: levels },
    rules: {
      type: "object",
      properties: Object.fromEntries(
        rules.flatMap((rule) => [rule.id, ...rule.aliases].map((name) => [name, ruleSchema(rule, name)])),
      ),
      patternProperties: {
        "^(shellcheck|buildkit|custom)/[\\w.-]+$": { $ref: "#/definitions/level" },
        "^SC[0-9]{4}$": { $ref: "#/definitions/level" },
      },
      additionalProperties: false,
    },
  },
});

/** `docs/configuration.md`: every key with what it takes. */
export const configurationMarkdown = (): string =>
  [
    "# Configuration",
    "",
    "Everything works without a file. `docker-hygiene init` writes one to start from.",
    "",
    "The nearest `.docker-hygiene.yml` (or `.github/docker-hygiene.yml` of a folder) at or above a Dockerfile, up to the root of the repository, holds for it; a nearer file does not add to a farther one unless it `extends` it. `files`, `exclude`, `profile` and `failure-threshold` are read from the file nearest to the first path that is asked for. A flag or an input wins over the file. When there is none of ours, `.hadolint.yaml` is read: `ignored`, `override`, `failure-threshold`, `no-fail`, `trustedRegistries` and `label-schema`.",
    "",
    "A mistake in the file stops the run with exit code 2 and names line and column. Editors complete the keys from [the schema](config.schema.json):",
    "",
    "```yaml",
    "# yaml-language-server: $schema=https://raw.githubusercontent.com/docker-hygiene/docker-hygiene/main/docs/config.schema.json",
    ...exampleLines,
    "```",
    "",
    "## Keys",
    "",
    ...table(configShape),
    ...configShape.fields.flatMap((field) => {
      const { shape } = field;
      if (shape.kind !== "list") return [];
      return ["", `### Entries of \`${field.key}\``, "", field.summary, "", ...table(shape.of)];
    }),
    "",
    ...guideLines,
    "",
  ].join("\n");

const exampleLines = [
  "profile: recommended",
  "failure-threshold: error",
  "exclude: [examples/broken]",
  "rules:",
  "  missing-label: off",
  "  DL3008: warning # an alias of unpinned-system-package",
  "overrides:",
  "  - files: [tools/**]",
  "    rules: { missing-user: off }",
  "dockerfiles:",
  "  - file: services/api/Dockerfile",
  "    context: .",
  "    targets: [release, debug]",
  "budgets:",
  "  - { target: release, max-size: 20MB }",
  "allowed-registries: [docker.io, ghcr.io]",
  "forbid:",
  "  - { command: wget, message: Use curl with --fail }",
];

const table = ({ fields, oneOf }: ObjectShape): readonly string[] => [
  "| key | value | meaning |",
  "| --- | --- | --- |",
  ...fields.map((field) => `| \`${field.key}\` | ${describe(field.shape)} | ${meaning(field)} |`),
  ...(oneOf === undefined ? [] : ["", `One of ${oneOf.map((key) => `\`${key}\``).join(", ")} must be there.`]),
];

const meaning = ({ summary, required, default: fallback }: Field): string =>
  `${summary}${required ? " Required." : ""}${fallback === undefined ? "" : ` Default: \`${fallback}\`.`}`;

const describe = (shape: Shape): string => {
  switch (shape.kind) {
    case "text":
      return "text";
    case "boolean":
      return "`true` or `false`";
    case "choice":
      return shape.values.map((value) => `\`${value}\``).join(", ");
    case "size":
      return "bytes with a unit: `20MB` (decimal), `20MiB` (binary)";
    case "count":
      return "whole number";
    case "increase":
      return "bytes or percent: `5MB`, `10%`, `5MB or 10%`";
    case "texts":
      return "text or list of texts";
    case "pattern":
      return "regular expression";
    case "keyword":
      return "keyword";
    case "rule-id":
      return "letters, digits, `_`, `.`, `-`";
    case "pairs":
      return "map of names to texts";
    case "rules":
      return "map of rule ids";
    case "list":
      return "list of entries";
  }
};

const objectSchema = ({ fields, oneOf }: ObjectShape): Schema => {
  const required = fields.filter((field) => field.required).map(({ key }) => key);
  return {
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field.key, fieldSchema(field)])),
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    ...(oneOf === undefined ? {} : { anyOf: oneOf.map((key) => ({ required: [key] })) }),
  };
};

const fieldSchema = ({ shape, summary, default: fallback }: Field): Schema => {
  const description = { description: summary };
  if (shape.kind === "rules") return { ...description, $ref: "#/definitions/rules" };
  if (fallback === undefined) return { ...description, ...valueSchema(shape) };
  return { ...description, ...valueSchema(shape), default: shape.kind === "boolean" ? fallback === "true" : fallback };
};

const textSchema: Schema = { type: ["string", "number", "boolean"] };

const valueSchema = (shape: Exclude<Shape, { readonly kind: "rules" }>): Schema => {
  switch (shape.kind) {
    case "text":
      return textSchema;
    case "boolean":
      return { type: "boolean" };
    case "choice":
      // YAML reads `true` as a boolean.
      return { enum: shape.values.flatMap((value) => (isBoolean(value) ? [value === "true", value] : [value])) };
    case "size":
      return {
        anyOf: [
          { type: "integer", minimum: 0 },
          { type: "string", pattern: "^\\s*(\\d+(\\.\\d+)?|\\.\\d+)\\s*([kKmMgGtT][iI]?)?[bB]?\\s*$" },
        ],
      };
    case "count":
      return { type: "integer", minimum: 1 };
    case "increase":
      return { type: ["string", "integer"], minimum: 0, pattern: increasePattern };
    case "texts":
      return { anyOf: [textSchema, { type: "array", items: textSchema }] };
    case "pattern":
      // Without `format: regex`, which is JavaScript's syntax.
      return { type: "string", minLength: 1 };
    case "keyword":
      return { type: "string", pattern: `^(${keywords.map(inAnyCase).join("|")})$` };
    case "rule-id":
      return { ...textSchema, pattern: "^(custom/)?[\\w.-]+$" };
    case "pairs":
      return { type: "object", additionalProperties: { type: ["string", "number", "boolean", "null"] } };
    case "list":
      return { type: "array", items: objectSchema(shape.of) };
  }
};

/** A regular expression of JSON Schema has no flags. */
const inAnyCase = (word: string): string => [...word].map((letter) => `[${letter}${letter.toLowerCase()}]`).join("");

const sizePattern = "(\\d+(\\.\\d+)?|\\.\\d+)\\s*([kKmMgGtT][iI]?)?[bB]?";
const percentPattern = "\\d+(\\.\\d+)?\\s*%";
const increasePattern = `^\\s*(${sizePattern}(\\s+or\\s+${percentPattern})?|${percentPattern}(\\s+or\\s+${sizePattern})?)\\s*$`;

const isBoolean = (value: string): boolean => value === "true" || value === "false";

const ruleSchema = (rule: Rule, name: string): Schema => ({
  description: name === rule.id ? rule.summary : `${rule.id}: ${rule.summary}`,
  anyOf: [
    { $ref: "#/definitions/level" },
    {
      type: "object",
      properties: {
        level: { $ref: "#/definitions/level" },
        ...Object.fromEntries((rule.options ?? []).map((option) => [option.name, optionSchema(option)])),
      },
      additionalProperties: false,
    },
  ],
});

const optionSchema = (option: RuleOption): Schema => ({
  description: option.summary,
  default: option.default,
  ...(option.type === "string[]"
    ? { anyOf: [textSchema, { type: "array", items: textSchema }] }
    : option.type === "string"
      ? textSchema
      : { type: option.type }),
});
