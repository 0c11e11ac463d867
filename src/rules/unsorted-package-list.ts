import type { ShellWord } from "../dockerfile/script.ts";
import type { AuditedFile } from "./audited-file.ts";
import { isSimulated, type PackageCommand } from "./knowledge/package-managers.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "unsorted-package-list",
  summary: "Sort long package lists, one per line",
  level: { recommended: "off", strict: "note" },
  scope: "every stage",
  why: `In a sorted list with one package per line, duplicates show, two branches that add packages rarely conflict, and a
review sees what was added. The order has no effect on the install.`,
  aliases: [],
  silent: [
    "Fewer than four packages, or several on one line.",
    "Comments, options or variables between the packages.",
    "Groups that a line without a package divides.",
  ],
  fixes: "safe",
  sources: ["https://docs.docker.com/build/building/best-practices/#sort-multi-line-arguments"],
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y \\\n    curl \\\n    ⟦bzip2⟧ \\\n    git=1:2.* \\\n    'cvs' \\\n    && rm -rf /var/lib/apt/lists/*\n",
      fixed:
        "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y \\\n    bzip2 \\\n    curl \\\n    'cvs' \\\n    git=1:2.* \\\n    && rm -rf /var/lib/apt/lists/*\n",
      message: "`bzip2` stands behind `curl`: this package list is not sorted",
    },
    {
      title: "apk",
      bad: "FROM alpine:3.20\nRUN apk add --no-cache \\\n\tgit \\\n\tzip \\\n\t⟦make⟧ \\\n\ttar\n",
      fixed: "FROM alpine:3.20\nRUN apk add --no-cache \\\n\tgit \\\n\tmake \\\n\ttar \\\n\tzip\n",
    },
    { title: "dnf", bad: "FROM almalinux:9\nRUN dnf -y install \\\n  b \\\n  ⟦a⟧ \\\n  d \\\n  c\n" },
    { good: "FROM debian:12\nRUN apt-get install -y \\\n  a \\\n  b \\\n  c \\\n  d\n" },
    {
      title: "short, or on one line",
      good: "FROM debian:12\nRUN apt-get install -y \\\n  b \\\n  a \\\n  c && apt-get install -y d c b a\n",
    },
    {
      title: "other lists",
      good: "FROM python:3.14\nRUN pip install \\\n  d \\\n  c \\\n  b \\\n  a\nRUN apt-get remove -y \\\n  d \\\n  c \\\n  b \\\n  a\n",
    },
    {
      title: "comments between",
      good: "FROM debian:12\nRUN apt-get install -y \\\n  d \\\n  # for b\n  c \\\n  b \\\n  a\n",
    },
    {
      title: "either order of punctuation",
      good: "FROM debian:12\nRUN apt-get install -y \\\n  libc6-dev \\\n  libc-ares2 \\\n  libd \\\n  libe\n",
    },
    { title: "variables between", good: "FROM debian:12\nRUN apt-get install -y \\\n  d \\\n  c \\\n  $B \\\n  a\n" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      if (run.run.command.form === "exec") continue;
      for (const called of run.packages) {
        const problem = unsorted(file, called);
        if (problem !== undefined) yield problem;
      }
    }
  },
});

const unsorted = (file: AuditedFile, called: PackageCommand): Problem | undefined => {
  const { operands, manager, action } = called;
  if (manager.kind !== "system" || action !== "install" || called.hasUnknown || isSimulated(called)) return undefined;
  if (
    operands.length < 4 ||
    operands.some((word) => /[$`]/.test(word.value) && !word.isLiteral) ||
    !isOnePerLine(file, operands)
  )
    return undefined;
  const names = operands.map(({ value }) => value);
  if (orders.some((order) => names.every((name, at) => at === 0 || order(names[at - 1] ?? "", name) <= 0)))
    return undefined;
  const at = names.findIndex((name, index) => index > 0 && byText(names[index - 1] ?? "", name) > 0);
  const [before, word] = [operands[at - 1], operands[at]];
  if (before === undefined || word === undefined) return undefined;
  const sorted = [...operands].sort((a, b) => byText(a.value, b.value));
  const edits = operands.flatMap((operand, index) => {
    const text = sliceOf(file, sorted[index] ?? operand);
    return text === sliceOf(file, operand) ? [] : [{ span: operand.span, text }];
  });
  return {
    at: word.span,
    message: `\`${word.value}\` stands behind \`${before.value}\`: this package list is not sorted`,
    fix: { title: "Sort the packages", safety: "safe", edits },
  };
};

/** Between two packages there is nothing but one line's end. */
const isOnePerLine = (file: AuditedFile, operands: readonly ShellWord[]): boolean =>
  operands.every((word, at) => {
    const before = operands[at - 1];
    if (before === undefined) return true;
    return /^[ \t]*(?:[\\`][ \t]*)?\r?\n[ \t]*$/.test(file.text.slice(before.span.end, word.span.start));
  });

const sliceOf = (file: AuditedFile, word: ShellWord): string => file.text.slice(word.span.start, word.span.end);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const nameOf = (text: string): string => text.toLowerCase().replace(/[=<>~].*/s, "");

const byText = (a: string, b: string): number => compare(nameOf(a), nameOf(b)) || compare(a, b);

/** `sort` in a locale passes over punctuation. */
const byLetters = (a: string, b: string): number =>
  compare(nameOf(a).replace(/[^a-z0-9]/g, ""), nameOf(b).replace(/[^a-z0-9]/g, ""));

const orders = [byText, byLetters, compare];
