import type { AuditedFile } from "./audited-file.ts";
import { imageUses } from "./knowledge/image-uses.ts";
import { once } from "./knowledge/once.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "invalid-image-reference",
  summary: "Write image references that the engine can parse",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  aliases: [],
  why: `A reference is \`[registry[:port]/]name[:tag][@digest]\`: the name in lower case, the tag of at most 128 letters,
digits, dots, dashes and underscores, the digest \`sha256:\` and 64 hexadecimal digits. With anything else the build stops
before its first step.`,
  silent: [
    "references with a variable whose value is not known",
    "`scratch`, stages and build contexts that are given by name",
    "placeholders of a template, as `{{ base }}`, `%%BASE%%` or a bare `BASEIMAGE`, unless an argument has that name",
    "an argument whose default is empty: the build is to give it",
  ],
  fixes: "none",
  sources: ["https://pkg.go.dev/github.com/distribution/reference"],
  examples: [
    {
      bad: "FROM ⟦Debian:12⟧",
      message: "`Debian:12` is no image reference: the name must be in lower case",
    },
    { bad: "FROM ⟦debian:⟧", message: "`debian:` is no image reference: the tag is empty" },
    {
      bad: "FROM ⟦https://ghcr.io/acme/app:1⟧",
      message: "`https://ghcr.io/acme/app:1` is no image reference: it has no scheme such as `https://`",
    },
    {
      title: "The default of an argument",
      bad: "ARG TAG=1+2\nFROM ⟦acme/app:$TAG⟧",
      message: "`acme/app:1+2` is no image reference: `1+2` is no tag",
    },
    { bad: "FROM debian:12\nCOPY --from=⟦acme/App:1⟧ /a /a" },
    {
      bad: "FROM ⟦debian@sha256:abc⟧",
      message: "`debian@sha256:abc` is no image reference: `sha256:abc` is no digest",
    },
    { good: "FROM localhost:5000/acme/app_x:1.2-3" },
    { good: "FROM debian AS Base\nFROM BASE" },
    { good: "ARG NAME\nFROM $NAME" },
    { good: "FROM scratch" },
    { title: "A template", good: "FROM {{base}}" },
    { title: "Filled in by a script", good: "FROM BASEIMAGE\nCOPY --from=%%TOOLS_IMAGE%% /a /a" },
    { title: "A forgotten dollar", bad: "ARG BASE_IMAGE=debian:12\nFROM ⟦BASE_IMAGE⟧" },
    { title: "The build gives the tag", good: "ARG TAG=\nFROM acme/app:$TAG" },
  ],
  check: function* (file) {
    for (const { at, text, reference, origins } of imageUses(file)) {
      if (reference !== undefined || isPlaceholder(file, text)) continue;
      if (origins.some(({ start, end }) => /^(""|'')?$/.test(file.text.slice(start, end)))) continue;
      yield { at, message: `\`${text}\` is no image reference: ${reasonOf(text)}` };
    }
  },
});

/** What is filled in before the file is a Dockerfile. */
const isPlaceholder = (file: AuditedFile, text: string): boolean => {
  if (/\{\{|<%|%%\w+%%/.test(text)) return true;
  return /^[A-Z][A-Z0-9_]+$/.test(text) && !declaredNames(file).has(text);
};

const declaredNames = once(
  ({ dockerfile }: AuditedFile): ReadonlySet<string> =>
    new Set(
      dockerfile.instructions.flatMap((one) =>
        one.keyword === "ARG" ? one.assignments.map(({ key }) => key.text) : [],
      ),
    ),
);

const reasonOf = (text: string): string => {
  if (text.trim() === "") return "it is empty";
  const scheme = /^[a-z]+:\/\//i.exec(text)?.[0];
  if (scheme !== undefined) return `it has no scheme such as \`${scheme}\``;
  const [name = "", digest] = text.split("@");
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) return `\`${digest}\` is no digest`;
  const last = name.slice(name.lastIndexOf("/") + 1);
  const colon = last.indexOf(":");
  const tag = colon < 0 ? undefined : last.slice(colon + 1);
  if (tag === "") return "the tag is empty";
  if (tag !== undefined && tag.length > 128) return "the tag is longer than 128 characters";
  if (tag !== undefined && !/^\w[\w.-]*$/.test(tag)) return `\`${tag}\` is no tag`;
  const repository = colon < 0 ? name : name.slice(0, name.length - last.length + colon);
  if (/[A-Z]/.test(repository)) return "the name must be in lower case";
  if (/^[a-f0-9]{64}$/.test(text)) return "64 hexadecimal digits may be an image id";
  return "a name has letters, digits and single separators between";
};
