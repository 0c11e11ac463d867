import type { Span } from "../dockerfile/model.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "shell-syntax-error",
  summary: "Write RUN scripts that the shell can parse",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `The shell refuses the script before it runs any of it, so that the step fails: a quote that is never closed, an \`if\`
without \`fi\`, \`&& &&\` where a line was deleted.

As long as that stands, rules that look for something missing say nothing about this RUN.`,
  aliases: [],
  silent: ["PowerShell, cmd and shells that are not known.", "Heredocs with the shebang of another interpreter."],
  fixes: "none",
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN apt-get update && ⟦&&⟧ apt-get install -y git\n",
      message: "The shell cannot read this script: expected command after `&&`",
    },
    {
      title: "an if without its end",
      bad: "FROM alpine:3.20\nRUN if [ -f /a ]; then \\\n      make; \\\n    ⟦done⟧\n",
    },
    { title: "in a heredoc", bad: "FROM alpine:3.20\nRUN <<END\nmake\n⟦)⟧\nEND\n" },
    { good: "FROM debian:12\nRUN if [ -f /a ]; then make; fi\n" },
    {
      title: "another shell",
      good: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command"]\nRUN if ($true) { Write-Host )\n',
    },
    {
      title: "another interpreter",
      good: "FROM python:3.12-slim\nRUN <<END\n#!/usr/bin/env python3\nif True: print('a'\nEND\n",
    },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      for (const script of run.scripts) {
        if (script.status !== "syntax-error" || script.error === undefined) continue;
        const { message, span } = script.error;
        const shown = message.replace(/\.$/, "").replace(/'([^'`]+)'/g, "`$1`");
        yield { at: tokenAt(file.text, span, script.span), message: `The shell cannot read this script: ${shown}` };
      }
    }
  },
});

/** The word or operator that the position is in or in front of. */
const tokenAt = (text: string, { start, end }: Span, within: Span): Span => {
  const behind = text.slice(start, within.end);
  const [, space = "", token = ""] = /^([\s\\`]*)([&|;<>()]+|[\w./-]+|)/.exec(behind) ?? [];
  const from = start + space.length;
  return token === "" ? { start, end } : { start: from, end: from + token.length };
};
