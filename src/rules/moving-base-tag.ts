import { familiarName, type ImageReference } from "../dockerfile/image-reference.ts";
import { imageUses, tagSpan } from "./knowledge/image-uses.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "moving-base-tag",
  summary: "Choose a base tag that stays on one release line",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  aliases: [],
  why: `Tags such as \`edge\`, \`nightly\`, \`unstable\` or \`main\` follow development: what they name changes daily, without
promise that yesterday's build still works, and often without security support. They are \`latest\` under another name.
So is a tag that only names a variant: \`golang:alpine\` is whatever Go is newest. \`python:3\`, \`golang:1\` and \`php:8\` span
releases that break programs, as do \`node:lts\` and \`debian:stable\`: one day they are the next one.

Choose a release line: a version (\`alpine:3.22\`), a code name (\`debian:bookworm-slim\`), or pin the digest when the moving
line is wanted on purpose.`,
  silent: [
    "code names and versions, also major ones where they are release lines: `node:22`, `redis:7`, `debian:12`",
    "tags with a date, and references with a digest",
    "`dev`, `devel`, `testing` and the like beside a version: they name a variant, as `12.8.1-devel-ubuntu24.04` does",
    "`stable` and `lts`, when the option `stable` is false",
  ],
  fixes: "none",
  options: [{ name: "stable", summary: "Report `stable` and `lts` too", type: "boolean", default: true }],
  examples: [
    {
      bad: "FROM alpine:⟦edge⟧",
      message: "The tag `edge` follows development and stays on no release line",
    },
    { bad: "FROM rust:⟦nightly-alpine3.22⟧ AS build\nFROM debian:⟦sid-slim⟧" },
    { bad: "FROM ghcr.io/acme/app:⟦main⟧\nCOPY --from=acme/tool:⟦canary⟧ /t /t" },
    {
      title: "A variant is no version",
      bad: "FROM golang:⟦alpine⟧ AS build\nFROM acme/php:⟦latest-fpm⟧",
      message: "The tag `alpine` names a variant but no version, so that it moves as `latest` does",
    },
    {
      title: "A line that becomes the next one",
      bad: "FROM debian:⟦stable-slim⟧\nRUN --mount=from=node:⟦lts⟧,target=/n true",
      message: "The tag `lts` moves to the next release line when there is one",
    },
    {
      title: "A major version that is no release line",
      bad: "FROM python:⟦3-slim⟧ AS build\nFROM golang:⟦1-alpine⟧\nFROM docker.io/library/php:⟦8⟧\n",
      message: "The tag `3-slim` spans several release lines of python",
    },
    {
      options: { stable: false },
      good: "FROM debian:stable\nFROM python:3.13\nFROM node:22\nFROM acme/python:3\nFROM php:8-fpm@sha256:0000000000000000000000000000000000000000000000000000000000000000\n",
    },
    { good: "FROM debian:bookworm-slim" },
    { good: "FROM nvidia/cuda:12.8.1-devel-ubuntu24.04" },
    { good: "FROM debian:unstable-20250113-slim\nFROM debian:stable-20250113" },
    { good: `FROM alpine:edge@sha256:${"0123456789abcdef".repeat(4)}` },
    { title: "A product's name, not a line", good: "FROM acme/edge:1.2\nFROM acme/app:edgecase-1" },
  ],
  check: function* (file, options) {
    for (const use of imageUses(file)) {
      const { reference } = use;
      if (reference?.tag === undefined || reference.digest !== undefined) continue;
      const found = faultOf(reference, options.stable !== false);
      if (found === undefined) continue;
      yield {
        at: tagSpan(file, use) ?? use.at,
        message: `The tag \`${reference.tag}\` ${found}`,
        related: use.origins.map((at) => ({ at, message: "the default is set here" })),
      };
    }
  },
});

const faultOf = (reference: ImageReference, withStable: boolean): string | undefined => {
  const { tag = "" } = reference;
  const name = familiarName(reference);
  if (/^\d+(-[a-z]|$)/.test(tag) && minorLines.has(name)) return `spans several release lines of ${name}`;
  if (tag !== "latest" && tag.split("-").every((part, at) => variants.has(part) || (at === 0 && part === "latest")))
    return "names a variant but no version, so that it moves as `latest` does";
  const word = movingWord(tag, withStable);
  if (word === undefined) return undefined;
  return steady.has(word)
    ? "moves to the next release line when there is one"
    : "follows development and stays on no release line";
};

const movingWord = (tag: string, withStable: boolean): string | undefined => {
  const parts = tag.toLowerCase().split(/[-_.]/);
  if (parts.some((part) => /^\d{6,}$|^[0-9a-f]{7,40}$/.test(part)) || /\d{4}-\d{2}-\d{2}/.test(tag)) return undefined;
  const hasVersion = /^v?\d/.test(tag) || parts.some((part) => /^v?\d+$/.test(part));
  return parts.find(
    (part) => moving.has(part) || (withStable && steady.has(part)) || (!hasVersion && mayBeVariant.has(part)),
  );
};

const moving: ReadonlySet<string> = new Set(["edge", "rolling", "nightly", "unstable", "sid", "master", "canary"]);
/** Words that name a variant when a version stands beside them. */
const mayBeVariant: ReadonlySet<string> = new Set(["testing", "beta", "main", "dev", "devel"]);
const variants: ReadonlySet<string> = new Set([
  "alpine",
  "slim",
  "fpm",
  "apache",
  "cli",
  "zts",
  "jre",
  "jdk",
  "release",
]);
const steady: ReadonlySet<string> = new Set(["stable", "lts", "current"]);
/** Official images whose release lines are minor versions. */
const minorLines: ReadonlySet<string> = new Set(
  "alpine python pypy golang ruby php perl elixir haskell julia nginx httpd haproxy traefik kong rabbitmq vault consul".split(
    " ",
  ),
);
