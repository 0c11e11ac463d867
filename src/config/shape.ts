/** What a value of the configuration file may be. The source of validation, of the JSON Schema and of the docs. */
export type Shape =
  | { readonly kind: "text"; readonly hint?: string }
  | { readonly kind: "boolean" }
  | { readonly kind: "choice"; readonly values: readonly string[] }
  /** A number of bytes with a unit: `20MB`, `1.5 GiB`. */
  | { readonly kind: "size" }
  /** A whole number from 1 on. */
  | { readonly kind: "count" }
  /** Bytes, percent, or both: `5MB`, `10%`, `5MB or 10%`. */
  | { readonly kind: "increase" }
  /** A list, or one text alone. */
  | { readonly kind: "texts" }
  | { readonly kind: "pattern" }
  /** The keyword of an instruction, whatever the case. */
  | { readonly kind: "keyword" }
  /** The id of a house rule, with or without `custom/`. */
  | { readonly kind: "rule-id" }
  | { readonly kind: "pairs" }
  | { readonly kind: "rules" }
  | { readonly kind: "list"; readonly of: ObjectShape };

export interface ObjectShape {
  readonly kind: "object";
  readonly fields: readonly Field[];
  /** At least one of these keys must be there. */
  readonly oneOf?: readonly string[];
}

export interface Field {
  readonly key: string;
  readonly shape: Shape;
  /** One sentence, in markdown. */
  readonly summary: string;
  readonly required?: boolean;
  readonly default?: string;
}

export const levels = ["error", "warning", "note", "off"] as const;

const rulesField: Field = {
  key: "rules",
  shape: { kind: "rules" },
  summary:
    "Rules by id or by an alias such as `DL3008`: a level (`error`, `warning`, `note`, `off`), or `level` and the rule's options.",
};

const limitFields = (whose: string, end = ""): readonly Field[] => [
  {
    key: "max-layers",
    shape: { kind: "count" },
    summary: `The most layers ${whose}, those of the base image included${end}.`,
  },
  {
    key: "max-waste",
    shape: { kind: "size" },
    summary: `The most bytes in layers ${whose} that nobody sees, because a later layer deletes or writes them again${end}.`,
  },
  {
    key: "max-increase",
    shape: { kind: "increase" },
    summary: `The most growth since the baseline ${whose}: bytes, percent or both, of which the larger counts${end}.`,
  },
];

/** What an entry of `forbid` or `require` looks for. */
export const customSubjects = ["instruction", "command", "image", "label"];

const customFields: readonly Field[] = [
  {
    key: "id",
    shape: { kind: "rule-id" },
    summary:
      "Name of the rule in reports; `custom/` is put in front. Without one it is made of what the entry looks for: `forbid-wget`, and `forbid-wget-2` for the next of that name.",
  },
  { key: "instruction", shape: { kind: "keyword" }, summary: "Keyword of the instruction: `ADD`." },
  {
    key: "command",
    shape: { kind: "text" },
    summary: "Name of a command that RUN executes, with words that must follow: `wget`, `pip install`.",
  },
  { key: "image", shape: { kind: "text" }, summary: "Name of an image, `*` for any text: `docker.io/*`." },
  { key: "label", shape: { kind: "text" }, summary: "Key of a label: `org.opencontainers.image.source`." },
  {
    key: "pattern",
    shape: { kind: "pattern" },
    summary: "Regular expression (RE2) that the arguments, the image reference or the label's value must match.",
  },
  { key: "message", shape: { kind: "text" }, summary: "What the reader is told.", required: true },
  {
    key: "level",
    shape: { kind: "choice", values: ["error", "warning", "note"] },
    summary: "Severity of a finding.",
    default: "warning",
  },
];

export const configShape: ObjectShape = {
  kind: "object",
  fields: [
    {
      key: "extends",
      shape: { kind: "texts" },
      summary: "Configuration files to start from, relative to this one; what stands here wins.",
    },
    {
      key: "profile",
      shape: { kind: "choice", values: ["recommended", "strict", "all"] },
      summary: "Which rules speak, and how loud.",
      default: "recommended",
    },
    {
      key: "failure-threshold",
      shape: { kind: "choice", values: ["error", "warning", "note", "none"] },
      summary: "The lowest level of a finding that fails the run.",
      default: "error",
    },
    {
      key: "shellcheck",
      shape: { kind: "choice", values: ["auto", "true", "false"] },
      summary: "Let ShellCheck judge the scripts: where it is on the PATH, always (it must be there), or never.",
      default: "auto",
    },
    {
      key: "buildkit-checks",
      shape: { kind: "choice", values: ["auto", "true", "false"] },
      summary:
        "Ask BuildKit for its own checks: where an engine is there for the builds, always (an `audit` asks it too), or never.",
      default: "auto",
    },
    {
      key: "files",
      shape: { kind: "texts" },
      summary: "Globs that take the place of the usual names; one without a slash speaks of a file name in any folder.",
    },
    { key: "exclude", shape: { kind: "texts" }, summary: "Globs of files and folders to leave out." },
    {
      key: "bake",
      shape: { kind: "texts" },
      summary:
        "Bake and Compose files (`docker-bake.hcl`, `compose.yaml`) that say what is built; a Dockerfile that they name is built as they say, and only so. Overrides are named too: later files win.",
    },
    rulesField,
    {
      key: "overrides",
      summary: "Other rule settings for some Dockerfiles; a later entry wins over an earlier one.",
      shape: {
        kind: "list",
        of: {
          kind: "object",
          fields: [
            { key: "files", shape: { kind: "texts" }, summary: "Globs of Dockerfiles.", required: true },
            { ...rulesField, required: true },
          ],
        },
      },
    },
    {
      key: "dockerfiles",
      summary: "How Dockerfiles are built, where it is not the usual way; the first entry that matches holds.",
      shape: {
        kind: "list",
        of: {
          kind: "object",
          fields: [
            { key: "file", shape: { kind: "text" }, summary: "Path or glob of the Dockerfile.", required: true },
            {
              key: "context",
              shape: { kind: "text" },
              summary: "Folder of the build context, relative to the configuration's folder, or a URL.",
            },
            { key: "targets", shape: { kind: "texts" }, summary: "Stages to build." },
            { key: "build-args", shape: { kind: "pairs" }, summary: "Build arguments by name." },
            {
              key: "build-contexts",
              shape: { kind: "pairs" },
              summary: "Named build contexts: a folder, `docker-image://…` or a URL by name.",
            },
          ],
        },
      },
    },
    {
      key: "max-size",
      shape: { kind: "size" },
      summary: "The most that any target may take on disk; `budgets` go before it.",
    },
    ...limitFields("of any target", "; `budgets` go before it"),
    {
      key: "budgets",
      summary: "The most that a target may weigh; the first entry that matches holds, each limit for itself.",
      shape: {
        kind: "list",
        of: {
          kind: "object",
          fields: [
            {
              key: "target",
              shape: { kind: "text" },
              summary:
                "A stage, `path/Dockerfile:stage`, any other name that `targets` takes, or a glob: `*` stands for any text.",
              required: true,
            },
            { key: "max-size", shape: { kind: "size" }, summary: "Such as `20MB` or `1.5 GiB`." },
            ...limitFields("of the target"),
            {
              key: "of",
              shape: { kind: "choice", values: ["disk", "pull"] },
              summary: "What size and increase are about: the size on disk, or what a pull transfers.",
              default: "disk",
            },
          ],
          oneOf: ["max-size", "max-layers", "max-waste", "max-increase"],
        },
      },
    },
    {
      key: "baseline-findings",
      shape: { kind: "text" },
      summary:
        "File of findings that do not count, because they are known; `docker-hygiene audit --write-baseline FILE` writes it.",
    },
    {
      key: "require-reason",
      shape: { kind: "boolean" },
      summary:
        "Report ignore comments that give no reason, as in `# docker-hygiene ignore=root-user -- the reason`, also those of other linters whose format has a place for one.",
      default: "false",
    },
    {
      key: "allowed-registries",
      shape: { kind: "texts" },
      summary: "Registries that base images may come from: the option `registries` of `untrusted-base-registry`.",
    },
    {
      key: "required-labels",
      shape: { kind: "texts" },
      summary: "Labels that every image must carry: the option `labels` of `missing-label`.",
    },
    {
      key: "forbid",
      summary: "House rules: what no Dockerfile may hold. All parts that are given must match.",
      shape: { kind: "list", of: { kind: "object", fields: customFields, oneOf: customSubjects } },
    },
    {
      key: "require",
      summary: "House rules: what every Dockerfile must hold.",
      shape: { kind: "list", of: { kind: "object", fields: customFields, oneOf: customSubjects } },
    },
  ],
};
