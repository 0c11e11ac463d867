import { nearest } from "../dockerfile/nearest.ts";
import type { AuditedFile } from "./audited-file.ts";
import { type StageReference, stageReferences } from "./knowledge/stage-references.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "unknown-stage-reference",
  summary: "Refer to an existing stage or a tagged image in --from",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  aliases: ["DL3022"],
  why: `A name in \`--from\` that is no stage is taken for an image: a misspelt \`--from=buidler\` asks Docker Hub for
\`library/buidler:latest\`, and fails, or gets what a stranger has put there. If an image is meant, write its tag, or give it
a stage of its own (\`FROM composer:2 AS composer\`), which is also where update bots look.`,
  silent: [
    "names of build contexts that bake, Compose or the configuration give, or that a bake or Compose file in the context mentions",
    "anything with `/`, `:` or `@`, which can only be an image; latest-base-tag judges those",
    "variables, and `from=` of a cache mount",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/dockerfile/#copy---from"],
  examples: [
    {
      bad: "FROM golang:1.27 AS builder\nFROM scratch\nCOPY --from=⟦buidler⟧ /app /app",
      message: "`buidler` is no stage of this file, so that an image of that name is pulled (is `builder` meant?)",
    },
    { bad: "FROM debian:12\nCOPY --from=⟦3⟧ /a /a", message: "There is no stage 3: the file has one, numbered from 0" },
    { bad: "FROM debian:12\nRUN --mount=type=bind,from=⟦tools⟧,target=/t true" },
    { good: "FROM debian:12 AS build\nFROM scratch\nCOPY --from=BUILD /a /a\nCOPY --from=0 /b /b" },
    { good: "FROM debian:12\nCOPY --from=composer:2 /usr/bin/composer /bin/" },
    {
      title: "a context that bake gives",
      files: { "docker-bake.hcl": 'target "app" { contexts = { tools = "docker-image://acme/tools:1" } }\n' },
      good: "FROM debian:12\nCOPY --from=tools /a /a",
    },
    { good: "FROM debian:12\nRUN --mount=type=cache,from=seed,target=/c true" },
  ],
  check: function* (file) {
    for (const reference of stageReferences(file)) {
      if (reference.by === "FROM" || reference.target !== undefined || isSomethingElse(file, reference)) continue;
      yield { at: reference.at, message: messageFor(file, reference) };
    }
  },
});

const isSomethingElse = (file: AuditedFile, { text, mount }: StageReference): boolean =>
  mount?.type === "cache" ||
  /[/:@${<]/.test(text) ||
  /^scratch$/i.test(text) ||
  file.namedContexts.has(text.toLowerCase()) ||
  (!/^\d+$/.test(text) && isGivenBeside(file, text));

/** Bake and Compose files are not evaluated in an audit; a key of that name is enough to keep silent. */
const isGivenBeside = ({ context }: AuditedFile, name: string): boolean => {
  // A pattern of twenty thousand characters is refused.
  if (name.length > 1000) return false;
  const key = new RegExp(`(^|[\\s"'{,])${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}["']?\\s*[=:]`);
  return buildFiles.some((path) => {
    const text = context?.read(path);
    return text !== undefined && /contexts/.test(text) && key.test(text);
  });
};

const buildFiles = [
  "docker-bake.hcl",
  "docker-bake.json",
  "compose.yaml",
  "compose.yml",
  "docker-compose.yml",
  "docker-compose.yaml",
];

const messageFor = (file: AuditedFile, { text, number }: StageReference): string => {
  const count = file.stages.length;
  if (number !== undefined)
    return `There is no stage ${text}: the file has ${count === 1 ? "one" : count}, numbered from 0`;
  const near = nearest(text, [...new Set(file.stages.flatMap(({ name }) => name ?? []))]);
  const hint = near === undefined ? "" : ` (is \`${near}\` meant?)`;
  return `\`${text}\` is no stage of this file, so that an image of that name is pulled${hint}`;
};
