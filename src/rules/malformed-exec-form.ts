import type { CommandForm, Instruction, Span } from "../dockerfile/model.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "malformed-exec-form",
  summary: "Write the exec form as valid JSON",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  aliases: [],
  why: `The engine takes an array only if it is valid JSON: double quotes, commas between, none behind the last. Anything
else is silently read as a shell command, so that \`CMD ['node', 'server.js']\` starts a shell that looks for a program
named \`[node,\` and the container ends at once.`,
  silent: [
    "a test of the shell, as in `RUN [ -f /x ] && …` or `[[ … ]]`",
    "brackets without any quote, or with text behind the closing one",
  ],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/dockerfile/#exec-form"],
  examples: [
    {
      bad: "FROM node:22\nCMD ⟦['node', 'server.js']⟧",
      fixed: 'FROM node:22\nCMD ["node", "server.js"]',
      message: "CMD is no valid JSON and is read as a shell command: it takes double quotes",
    },
    {
      bad: 'FROM debian:12\nENTRYPOINT ⟦["app", "--verbose",]⟧',
      fixed: 'FROM debian:12\nENTRYPOINT ["app", "--verbose"]',
      message: "ENTRYPOINT is no valid JSON and is read as a shell command: a comma stands behind the last word",
    },
    {
      bad: 'FROM debian:12\nRUN ⟦["apt-get" "update"]⟧',
      message: "RUN is no valid JSON and is read as a shell command",
    },
    {
      bad: "FROM debian:12\nHEALTHCHECK CMD ⟦['curl', '-f', 'localhost']⟧",
      fixed: 'FROM debian:12\nHEALTHCHECK CMD ["curl", "-f", "localhost"]',
    },
    {
      bad: 'FROM debian:12\nCMD ⟦["app", "--verbose"⟧',
      message: "CMD is no valid JSON and is read as a shell command: the closing bracket is missing",
    },
    { good: 'FROM node:22\nCMD ["node", "server.js"]' },
    { good: 'FROM debian:12\nRUN [ -f "/etc/x" ] && [ "$A" = "b" ]' },
    { good: 'FROM debian:12\nRUN [[ "$A" == "b" ]]' },
    { good: "FROM debian:12\nRUN [ 'a' = 'a' ] || exit 1" },
  ],
  check: function* (file) {
    for (const instruction of file.dockerfile.instructions) {
      const command = commandOf(instruction);
      if (command?.form !== "shell" || instruction.isTrigger) continue;
      const text = command.joined.text.trim();
      if (!looksLikeArray(text)) continue;
      const words = repair(text);
      const reason = reasonOf(text);
      yield {
        at: trimmed(file.text, command.span),
        message: `${instruction.keyword} is no valid JSON and is read as a shell command${reason === undefined ? "" : `: ${reason}`}`,
        ...(words === undefined ? {} : { fix: rewrite(file.text, command.span, words) }),
      };
    }
  },
});

/** Whether someone meant an array; a test begins with `[` and a blank, and has no comma and words without quotes. */
export const looksLikeArray = (text: string): boolean => {
  if (!text.includes("]")) return /^\[\s*["'][^"']*["']/.test(text) && !/\s[!=]?=\s/.test(text);
  if (!/^\[.*\]$/s.test(text) || text.startsWith("[[")) return false;
  const inside = text.slice(1, -1).trim();
  if (!/^["'“]/.test(inside) || !/["'”],?$/.test(inside)) return false;
  return !/\s(=|==|!=|-\w+|\\?[<>]|=~)\s+(["']|$)/.test(inside.replace(/,\s*/g, ",")) || inside.includes(",");
};

const reasonOf = (text: string): string | undefined => {
  if (!text.includes("]")) return "the closing bracket is missing";
  if (text.startsWith("['") || /,\s*'/.test(text)) return "it takes double quotes";
  return /,\s*\]$/.test(text) ? "a comma stands behind the last word" : undefined;
};

const commandOf = (instruction: Instruction): CommandForm | undefined =>
  "command" in instruction ? instruction.command : undefined;

/** The words of an array with single quotes or a comma too many; undefined when that is not all that is wrong. */
const repair = (text: string): readonly string[] | undefined => {
  if (text.includes("\\")) return undefined;
  const word = /\s*(?:"([^"]*)"|'([^']*)')\s*(,|\]$)/y;
  const words: string[] = [];
  let at = 1;
  while (at < text.length) {
    word.lastIndex = at;
    const found = word.exec(text);
    if (found === null) return /^\s*\]$/.test(text.slice(at)) && words.length > 0 ? words : undefined;
    words.push(found[1] ?? found[2] ?? "");
    at = word.lastIndex;
  }
  return words.length > 0 ? words : undefined;
};

const trimmed = (text: string, span: Span): Span => {
  const inside = text.slice(span.start, span.end);
  const start = span.start + (inside.length - inside.trimStart().length);
  return { start, end: span.end - (inside.length - inside.trimEnd().length) };
};

const rewrite = (text: string, span: Span, words: readonly string[]): Fix => ({
  title: "Write a JSON array",
  safety: "safe",
  edits: [{ span: trimmed(text, span), text: `[${words.map((word) => JSON.stringify(word)).join(", ")}]` }],
});
