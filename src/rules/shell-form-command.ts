import type { CmdInstruction, EntrypointInstruction, ShellForm } from "../dockerfile/model.ts";
import type { ShellWord } from "../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { sliceOf } from "./knowledge/edits.ts";
import { scriptsOf } from "./knowledge/start-command.ts";
import { looksLikeArray } from "./malformed-exec-form.ts";
import { defineRule, type Edit, type Fix } from "./rule.ts";

export default defineRule({
  id: "shell-form-command",
  summary: "Write CMD and ENTRYPOINT as a JSON array",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  aliases: ["DL3025", "JSONArgsRecommended", "34945ae8", "b86987e1"],
  why: `\`CMD node server.js\` starts \`/bin/sh -c "node server.js"\`. Where the shell stays in between it gets the signal of
\`docker stop\` and does not pass it on: the program is killed after ten seconds instead of ending cleanly. And the image
needs a shell that it may not have.

Write \`CMD ["node", "server.js"]\`. If the shell is wanted, for a variable or a pipe, begin with \`exec\`, or say so with
\`["sh", "-c", "…"]\` or SHELL.`,
  silent: [
    "a command that begins with `exec`",
    "a SHELL instruction in the chain of stages: the shell is chosen on purpose",
    "a CMD or ENTRYPOINT that a later one of the same stage overrides",
    "Windows images and HEALTHCHECK",
    "text in brackets that is no valid JSON, of which malformed-exec-form speaks",
  ],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/build-checks/json-args-recommended/"],
  needs: { instructions: ["CMD", "ENTRYPOINT"] },
  examples: [
    {
      bad: "FROM node:22\nCMD ⟦node server.js⟧",
      fixed: 'FROM node:22\nCMD ["node", "server.js"]',
      message: "CMD in shell form starts `node` through a shell",
    },
    {
      title: "Quotes are read as the shell reads them",
      bad: "FROM debian:12\nENTRYPOINT ⟦/bin/app --name 'two words'⟧",
      fixed: 'FROM debian:12\nENTRYPOINT ["/bin/app", "--name", "two words"]',
    },
    {
      title: "Each word on its line",
      bad: "FROM debian:12\nCMD ⟦/bin/app \\\n  # the port\n  --port 80 \\\n  'two words'⟧",
      fixed: 'FROM debian:12\nCMD ["/bin/app", \\\n  # the port\n  "--port", "80", \\\n  "two words"]',
    },
    {
      title: "Without a shebang only a shell can run it",
      files: { "run.sh": "node server.js\n" },
      bad: "FROM node:22\nCOPY run.sh .\nCMD ⟦./run.sh⟧",
      fixed: "FROM node:22\nCOPY run.sh .\nCMD ./run.sh",
    },
    {
      title: "A variable needs the shell",
      bad: "FROM debian:12\nCMD ⟦app --port $PORT⟧",
      fixed: "FROM debian:12\nCMD app --port $PORT",
    },
    { bad: "FROM debian:12\nCMD ⟦migrate && serve⟧" },
    { good: 'FROM node:22\nCMD ["node", "server.js"]' },
    { good: "FROM debian:12\nCMD exec app --port $PORT" },
    { good: 'FROM debian:12\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nCMD app | log' },
    { good: 'FROM debian:12 AS build\nCMD make\nFROM scratch\nCOPY --from=build /app /app\nCMD ["/app"]' },
    { title: "The shell is wanted", good: 'FROM debian:12\nCMD ["sh", "-c", "app --port $PORT"]' },
  ],
  check: function* (file) {
    for (const stage of file.shippedStages) {
      if (stage.isWindows) continue;
      for (const instruction of lastOfEach(stage)) {
        const { command } = instruction;
        if (command.form !== "shell" || instruction.isTrigger || setsShell(stage)) continue;
        const text = command.joined.text.trim();
        if (text === "" || /^exec\s/.test(text) || looksLikeArray(text)) continue;
        const fix = asArray(file, stage, instruction, command);
        const program = /^\S+/.exec(text)?.[0] ?? text;
        yield {
          at: command.span,
          message: `${instruction.keyword} in shell form starts \`${program}\` through a shell`,
          ...(fix === undefined ? {} : { fix }),
        };
      }
    }
  },
});

/** Those that a later one of the stage overrides are reported as such. */
const lastOfEach = (stage: StageFacts): readonly (CmdInstruction | EntrypointInstruction)[] =>
  (["CMD", "ENTRYPOINT"] as const).flatMap((keyword) => {
    const last = stage.instructions.findLast((instruction) => instruction.keyword === keyword);
    return last?.keyword === "CMD" || last?.keyword === "ENTRYPOINT" ? [last] : [];
  });

const setsShell = (stage: StageFacts): boolean =>
  stage.lineage.some((facts) => facts.instructions.some((instruction) => instruction.keyword === "SHELL"));

/** Only for one command of plain words: then the shell would start the same program with the same arguments. */
const asArray = (
  file: AuditedFile,
  stage: StageFacts,
  instruction: CmdInstruction | EntrypointInstruction,
  command: ShellForm,
): Fix | undefined => {
  const script = file.script(command, instruction);
  const only = script?.status === "parsed" && script.commands.length === 1 ? script.commands[0] : undefined;
  if (only?.nameWord === undefined || only.wrappers.length > 0 || only.wrapperSpan !== undefined) return undefined;
  if (only.redirects.length > 0 || only.assignments.length > 0 || only.enclosures.length > 0) return undefined;
  if (only.followedBy !== undefined || builtins.has(only.nameWord.value)) return undefined;
  // A shell runs a script without a shebang; the kernel refuses it.
  if (scriptsOf(file, stage, only.nameWord.value)?.every(({ text }) => text.startsWith("#!")) !== true)
    return undefined;
  const words = [only.nameWord, ...only.args];
  const isPlain = words.every((word) => word.isLiteral && !/^~|[{}*?[\]]/.test(word.value));
  // An operator or an escape would be lost.
  const rest = command.joined.text.trim();
  if (!isPlain || /[#;&|<>`$!]|\\/.test(rest)) return undefined;
  const isOneLine = sliceOf(file.text, command.span).trim() === rest;
  const edits = isOneLine ? [{ span: command.span, text: `[${words.map(quoted).join(", ")}]` }] : inPlace(file, words);
  return edits && { title: `Write ${instruction.keyword} as a JSON array`, safety: "safe", edits };
};

const quoted = ({ value }: ShellWord): string => JSON.stringify(value);

/** Each word where it stands, on its line, so that comments stay; undefined where the lines divide a word. */
const inPlace = (file: AuditedFile, words: readonly ShellWord[]): readonly Edit[] | undefined => {
  if (words.some(({ span }) => sliceOf(file.text, span).includes("\n"))) return undefined;
  return words.map((word, index) => ({
    span: word.span,
    text: `${index === 0 ? "[" : ""}${quoted(word)}${index === words.length - 1 ? "]" : ","}`,
  }));
};

const builtins = new Set(
  (
    "cd . : source export set unset eval trap ulimit umask alias read wait times shift return exit break continue command " +
    "builtin hash type let local declare typeset getopts jobs bg fg shopt history if while for case until [ [[ { ("
  ).split(" "),
);
