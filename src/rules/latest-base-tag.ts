import type { Span } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import { type ImageUse, imageUses, tagSpan } from "./knowledge/image-uses.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "latest-base-tag",
  summary: "Name a version in the tag of every external base image",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  aliases: ["DL3006", "DL3007", "DS-0001", "CKV_DOCKER_7", "9efb0b2d", "f45ea400"],
  why: `Without a tag the engine takes \`latest\`, and \`latest\` is whatever its owner pushed last. The same commit then
builds on another base tomorrow, on another machine, or after the cache is gone, and nobody can tell from the file
what was shipped.

Write the release that you tested, as \`debian:bookworm-slim\` or \`node:22.11-alpine\`; a digest next to it makes the
build repeatable to the byte.`,
  silent: [
    "`scratch`, earlier stages, and build contexts that are given by name",
    "a reference with a digest",
    "a variable that has no default in the file; one with a default is judged by it",
    "distroless images that name their release: `gcr.io/distroless/static-debian12` has no other tags",
    "a file in a folder named `testdata` or `fixtures`: the input of a test",
    "a bare word in `--from`, of which unknown-stage-reference speaks",
    "an owner that is an argument (`${OWNER}/base`) without a tag in the text: images of one family, whose build gives both",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/best-practices/#pin-base-image-versions"],
  examples: [
    { bad: "FROM ⟦debian⟧", message: "The base `debian` has no tag, so that the engine takes `latest`" },
    { bad: "FROM node:⟦latest⟧ AS build\nFROM ⟦localhost:5000/app⟧\nCOPY --from=build /out /out" },
    {
      title: "A default is what most builds get",
      bad: "ARG TAG=latest\nFROM ⟦alpine:${TAG}⟧",
      message: "The tag of `alpine:${TAG}` is `latest`, which names no version",
    },
    { bad: "FROM debian:12\nCOPY --from=⟦acme/tool⟧ /tool /bin/\nRUN --mount=from=acme/data:⟦latest⟧,target=/d true" },
    { good: "FROM debian:bookworm-slim" },
    { good: "FROM alpine:3.22 AS base\nFROM BASE AS prod\nFROM scratch\nCOPY --from=prod /a /a" },
    { title: "A digest names one image", good: `FROM debian@sha256:${"0123456789abcdef".repeat(4)}` },
    {
      title: "The release is in the name",
      good: "FROM gcr.io/distroless/static-debian12\nFROM gcr.io/distroless/cc-debian13:latest",
    },
    { bad: "FROM ⟦gcr.io/distroless/static⟧" },
    { title: "The build gives the name", good: "ARG BASE\nFROM ${BASE}" },
    { good: "ARG VERSION=22\nFROM node:${VERSION:-20}-slim" },
    {
      title: "A family of images that is built together",
      good: "ARG OWNER=acme\nARG TAG=latest\nARG NEXT=quay.io/$OWNER/next\nFROM ${OWNER}/base:${TAG}\nFROM $NEXT",
    },
    {
      title: "A registry that names the owner too",
      good: "ARG HUB=registry.acme.org/release\nARG VERSION=latest\nFROM ${HUB}/base:${VERSION}",
    },
    { title: "A mirror is no owner", bad: "ARG MIRROR=docker.io\nFROM ⟦${MIRROR}/alpine⟧" },
  ],
  check: function* (file) {
    if (/(^|\/)(testdata|fixtures?)\//.test(file.dockerfile.path)) return;
    for (const use of imageUses(file)) {
      const { reference } = use;
      if (reference === undefined || reference.digest !== undefined || isOfFamily(file, use)) continue;
      if (distrolessRelease.test(reference.repository)) continue;
      if (reference.tag === "latest") yield latest(file, use);
      else if (reference.tag === undefined) yield untagged(file, use);
    }
    for (const { base, stage } of file.stages) {
      const { text, span } = stage.from.image;
      // The name is not known, but its tag is.
      if (base.kind !== "unknown" || !/:latest$/.test(text)) continue;
      const at = file.text.slice(span.start, span.end) === text ? { start: span.end - 6, end: span.end } : span;
      yield { at, message: `The tag of \`${text}\` is \`latest\`, which names no version` };
    }
  },
});

/** The release is in the name, and there are no tags but `latest`, `nonroot`, `debug` and `debug-nonroot`. */
const distrolessRelease = /(^|\/)distroless\/.*-debian\d+$/;

/** Whether the owner is a variable and no tag is written: who builds the family gives both. */
const isOfFamily = (file: AuditedFile, use: ImageUse): boolean => {
  if (use.isLiteral) return false;
  const text = wholeDefault(file, use) ?? written(file, use);
  const parts = text.split("/");
  const owners = parts.slice(0, -1).filter((part) => part.includes("$"));
  const hasRegistry = /^[^/.:]*[.:][^/]*\//.test(use.text) && parts[0]?.startsWith("$") === true;
  // `${HUB}/base:${VERSION}` with a registry and a path in the first: they are given together.
  const namesPath = use.text.split("/").length > parts.length && /:\$(\w+|\{\w+\})$/.test(parts.at(-1) ?? "");
  return owners.length > (hasRegistry && !namesPath ? 1 : 0) && !/:[^${}:]*$/.test(parts.at(-1) ?? "");
};

/** What stands in the default of an argument that is the whole reference. */
const wholeDefault = (file: AuditedFile, use: ImageUse): string | undefined => {
  const [origin, ...more] = use.origins;
  if (origin === undefined || more.length > 0 || !/^\$(\w+|\{\w+\})$/.test(written(file, use))) return undefined;
  return file.text.slice(origin.start, origin.end).replace(/^(["'])(.*)\1$/, "$2");
};

const latest = (file: AuditedFile, use: ImageUse): Problem => ({
  at: tagSpan(file, use) ?? use.at,
  message: `The tag of \`${written(file, use)}\` is \`latest\`, which names no version`,
  related: use.origins.map(related),
});

const untagged = (file: AuditedFile, use: ImageUse): Problem => {
  const name = written(file, use);
  const what = use.isFrom ? "base" : "image";
  const resolved = use.isLiteral ? "" : ` (\`${use.text}\`)`;
  return {
    at: use.at,
    message: `The ${what} \`${name}\`${resolved} has no tag, so that the engine takes \`latest\``,
    related: use.origins.map(related),
  };
};

const related = (at: Span) => ({ at, message: "the default is set here" });

const written = (file: AuditedFile, use: ImageUse): string => file.text.slice(use.at.start, use.at.end);
