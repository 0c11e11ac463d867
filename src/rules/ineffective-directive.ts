import type { Comment } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import { isOneEditAway } from "./knowledge/one-edit.ts";
import { defineRule, type Fix, type Problem } from "./rule.ts";

export default defineRule({
  id: "ineffective-directive",
  summary: "Place parser directives at the very top, once and spelled right",
  level: { recommended: "warning", strict: "warning" },
  scope: "whole file",
  why: `\`# syntax=\`, \`# escape=\` and \`# check=\` are read only at the very top: the first blank line, other comment or
instruction ends them. Further down, or misspelt, they are comments, and the file is built as if they were not there,
with the engine's own syntax version for instance.`,
  aliases: [],
  silent: [
    "Comments that only look alike, such as `# syntax: see below` or a value that no directive has.",
    "Other keys.",
    "A second or an invalid escape directive, which BuildKit refuses.",
  ],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/reference/dockerfile/#parser-directives"],
  examples: [
    {
      bad: "# The base of all services\n⟦# syntax=docker/dockerfile:1⟧\nFROM alpine:3.20\n",
      fixed: "# syntax=docker/dockerfile:1\n# The base of all services\nFROM alpine:3.20\n",
      message: "`# syntax=docker/dockerfile:1` is only a comment here: directives stand above everything else",
    },
    {
      title: "behind a blank line and behind FROM",
      bad: "\n⟦# check=error=true⟧\nFROM alpine:3.20\n⟦#escape=`⟧\nRUN a \\\n  b\n",
      fixed: "# check=error=true\n\nFROM alpine:3.20\n#escape=`\nRUN a \\\n  b\n",
    },
    {
      title: "misspelt",
      bad: "⟦# sytax=docker/dockerfile:1⟧\nFROM alpine:3.20\n",
      fixed: "# syntax=docker/dockerfile:1\nFROM alpine:3.20\n",
      message: "`sytax` is no directive; did you mean `syntax`?",
    },
    { good: "# syntax=docker/dockerfile:1\n# check=skip=JSONArgsRecommended\n# a comment\nFROM alpine:3.20\n" },
    {
      title: "prose",
      good: "# The base\n# syntax: the new one, escape = no idea\n# check=this out\nFROM alpine:3.20\n",
    },
    { title: "other keys", good: "# vim: set ft=dockerfile\n# version=1\n# syntex\nFROM alpine:3.20\n# contents=a\n" },
  ],
  check: function* (file) {
    const firstInstruction = file.dockerfile.instructions[0]?.span.start ?? Number.POSITIVE_INFINITY;
    for (const comment of file.dockerfile.comments) {
      const [, key, value] = /^([a-zA-Z]+)\s*=\s*(\S.*)$/.exec(comment.text) ?? [];
      if (key === undefined || value === undefined) continue;
      const name = key.toLowerCase();
      if (values.get(name)?.test(value) === true) yield misplaced(file, comment, name);
      else if (comment.span.start < firstInstruction) yield* misspelt(file, comment, key, value);
    }
  },
});

/** What the value of each directive looks like; anything else is prose. */
const values: ReadonlyMap<string, RegExp> = new Map([
  ["syntax", /^[\w.-]+(:\d+)?(\/[\w.-]+)+(:[\w.-]+)?(@sha256:[0-9a-f]+)?$/],
  ["escape", /^[\\`]$/],
  ["check", /^(skip|error|experimental)=\S+$/],
]);

const misplaced = (file: AuditedFile, comment: Comment, name: string): Problem => {
  const at = comment.span;
  const written = name === "escape" ? "# escape=" : file.text.slice(at.start, at.end);
  const message = `\`${written}\` is only a comment here: directives stand above everything else`;
  const fix = name === "escape" || hasDirective(file, name) ? undefined : moveUp(file, comment);
  return fix === undefined ? { at, message } : { at, message, fix };
};

const hasDirective = (file: AuditedFile, name: string): boolean =>
  file.dockerfile.directives.some((directive) => directive.name === name);

/** Behind the directives that are read, else at the top. */
const moveUp = (file: AuditedFile, comment: Comment): Fix | undefined => {
  const { text } = file;
  if (text.startsWith("#!") || file.dockerfile.comments.some((other) => other !== comment && isLike(other, comment)))
    return undefined;
  const lineStart = text.lastIndexOf("\n", comment.span.start - 1) + 1;
  const lineBreak = text.indexOf("\n", comment.span.end);
  if (lineBreak < 0 || text.slice(lineStart, comment.span.start).trim() !== "") return undefined;
  const last = file.dockerfile.directives.at(-1);
  const top = last === undefined ? (text.startsWith("\uFEFF") ? 1 : 0) : text.indexOf("\n", last.span.end) + 1;
  const line = text.slice(comment.span.start, lineBreak + 1);
  return {
    title: "Move the directive to the top",
    safety: "unsafe",
    edits: [
      { span: { start: top, end: top }, text: line },
      { span: { start: lineStart, end: lineBreak + 1 }, text: "" },
    ],
  };
};

const isLike = (a: Comment, b: Comment): boolean => a.text.split("=")[0] === b.text.split("=")[0];

const misspelt = function* (file: AuditedFile, comment: Comment, key: string, value: string): Iterable<Problem> {
  const meant = [...values.keys()].filter((name) => isOneEditAway(key, name));
  const [name] = meant;
  if (name === undefined || meant.length > 1 || values.get(name)?.test(value) !== true) return;
  const at = comment.span;
  const message = `\`${key}\` is no directive; did you mean \`${name}\`?`;
  const start = file.text.indexOf(key, at.start);
  const isRead = file.text.slice(file.dockerfile.directives.at(-1)?.span.end ?? 0, at.start).trim() === "";
  const isAtTop = isRead && !/\n[ \t]*\r?\n/.test(`\n${file.text.slice(0, at.start)}`) && !hasDirective(file, name);
  if (!isAtTop || name === "escape") yield { at, message };
  else {
    const edits = [{ span: { start, end: start + key.length }, text: name }];
    yield { at, message, fix: { title: `Write ${name}`, safety: "unsafe", edits } };
  }
};
