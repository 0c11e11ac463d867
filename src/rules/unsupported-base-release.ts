import { endOfLifeOf } from "./knowledge/end-of-life.ts";
import { imageUses, tagSpan } from "./knowledge/image-uses.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "unsupported-base-release",
  summary: "Build on a base release that still gets fixes",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  aliases: [],
  why: `After the end of support nobody mends what is found in the base: each new flaw stays in every image built on it,
and for distributions the package archive moves away, so that the next \`apt-get update\` fails.

Move to a release that gets fixes. The dates are in a table of the program, so that the same file gives the same findings
on any day; releases whose end came after the program was published are not reported. For Debian the end of long-term
support counts, for Ubuntu that of standard support.`,
  silent: [
    "releases that are not in the table, or ended after the program was published",
    "references with a digest alone, and variables without a default",
  ],
  fixes: "unsafe",
  sources: ["https://endoflife.date"],
  examples: [
    {
      bad: "FROM debian:⟦buster⟧-slim",
      fixed: "FROM debian:trixie-slim",
      message: "`buster` is Debian 10 (buster), which has had no fixes since 2024-06-30",
    },
    { bad: "FROM node:⟦16.20⟧-alpine", fixed: "FROM node:24-alpine" },
    {
      title: "The distribution under a language",
      bad: "FROM python:3.13-⟦buster⟧",
      message: "`buster` is Debian 10, which has had no fixes since 2024-06-30",
      fixed: "FROM python:3.13-buster",
    },
    {
      bad: "ARG V=3.15\nFROM ⟦alpine:$V⟧ AS a\nFROM ubuntu:⟦18.04⟧",
      fixed: "ARG V=3.15\nFROM alpine:$V AS a\nFROM ubuntu:24.04",
    },
    {
      title: "The image has ended, not what is in it",
      bad: "FROM openjdk:⟦8⟧-jre",
      message: "`8` is Java 8 of the image `openjdk`, which has had no fixes since 2022-07-31",
    },
    {
      bad: "FROM mcr.microsoft.com/dotnet/core/sdk:⟦2.1⟧ AS build\nFROM mcr.microsoft.com/dotnet/aspnet:⟦6.0⟧",
      message: "`2.1` is .NET Core 2.1, which has had no fixes since 2021-08-21",
    },
    { title: "Data outlives the release", bad: "FROM postgres:⟦11⟧-alpine", fixed: "FROM postgres:11-alpine" },
    { good: "FROM debian:trixie-slim\nFROM node:24-alpine3.23" },
    { good: "FROM acme/node:16\nFROM alpine:3.23.1" },
    { good: `ARG V\nFROM node:$V\nFROM debian@sha256:${"0123456789abcdef".repeat(4)}` },
  ],
  check: function* (file) {
    for (const use of imageUses(file)) {
      const end = use.reference === undefined ? undefined : endOfLifeOf(use.reference);
      if (end === undefined) continue;
      const tag = tagSpan(file, use);
      const offset = use.reference?.tag?.indexOf(end.written) ?? 0;
      const at =
        tag === undefined ? use.at : { start: tag.start + offset, end: tag.start + offset + end.written.length };
      const fix: Fix | undefined =
        tag === undefined || end.successor === undefined || use.reference?.digest !== undefined
          ? undefined
          : { title: `Build on \`${end.successor}\``, safety: "unsafe", edits: [{ span: at, text: end.successor }] };
      yield {
        at,
        message: `\`${end.written}\` is ${end.release}, which has had no fixes since ${end.ended}`,
        related: use.origins.map((span) => ({ at: span, message: "the default is set here" })),
        ...(fix === undefined ? {} : { fix }),
      };
    }
  },
});
