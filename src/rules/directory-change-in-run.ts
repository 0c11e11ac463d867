import type { ShellCommand } from "../dockerfile/script.ts";
import type { AuditedFile } from "./audited-file.ts";
import { aboveComments } from "./knowledge/edits.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { lineBreakOf } from "./knowledge/script-edits.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "directory-change-in-run",
  summary: "Use WORKDIR instead of a leading cd",
  level: { recommended: "off", strict: "note" },
  scope: "every stage",
  why: `A RUN that begins with \`cd\` hides where it works in its text. \`WORKDIR\` names the directory for all instructions that
follow, makes it if need be, and shows in the history of the image.`,
  aliases: ["DL3003", "DS-0013", "f4a6bcd3"],
  silent: [
    "`cd` later than as the first command, in a subshell, to a variable, to a path made in the same RUN, or back.",
    "A RUN of more than three commands.",
  ],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/build/building/best-practices/#workdir"],
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nWORKDIR /app\nRUN ⟦cd /src⟧ && make\nCOPY a .\n",
      fixed: "FROM debian:bookworm-slim\nWORKDIR /app\nWORKDIR /src\nRUN make\nWORKDIR /app\nCOPY a .\n",
      message: "`cd /src` hides the directory in the script: WORKDIR names it",
    },
    {
      title: "WORKDIR follows",
      bad: "FROM debian:12\nRUN ⟦cd web⟧ \\\n && npm ci \\\n && npm run build\nWORKDIR /app\n",
      fixed: "FROM debian:12\nWORKDIR web\nRUN npm ci \\\n && npm run build\nWORKDIR /app\n",
    },
    { title: "where the former directory is not known", bad: "FROM debian:12\nRUN ⟦cd /src⟧ && make\nRUN make\n" },
    { good: "FROM debian:12\nWORKDIR /src\nRUN make\n" },
    { title: "later, or in a subshell", good: "FROM debian:12\nRUN make && cd /src && make\nRUN (cd /src && make)\n" },
    { title: "to a variable, or back", good: "FROM debian:12\nRUN cd $SRC && make\nRUN cd /a && make && cd -\n" },
    { title: "a long RUN", good: "FROM debian:12\nRUN cd /src && ./configure && make && make install\n" },
    { title: "a path made in the RUN", good: "FROM debian:12\nRUN cd /src && mkdir -p /src/a && make\n" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      const change = leadingChange(run);
      const path = change?.args[0]?.value;
      if (change === undefined || path === undefined) continue;
      const message = `\`cd ${path}\` hides the directory in the script: WORKDIR names it`;
      const fix = toWorkdir(file, run, change, path);
      yield fix === undefined ? { at: change.span, message } : { at: change.span, message, fix };
    }
  },
});

const most = 3;

const leadingChange = (run: RunCommands): ShellCommand | undefined => {
  const [change, next] = run.commands;
  if (change === undefined || next === undefined || !run.isRead || run.scripts.length !== 1) return undefined;
  if (change.name !== "cd" || change.args.length !== 1 || change.enclosures.length > 0) return undefined;
  if (change.followedBy !== "&&" || next.enclosures.length > 0 || run.run.heredocs.length > 0) return undefined;
  if (run.commands.length > most || run.run.command.form === "exec") return undefined;
  const [target] = change.args;
  if (target === undefined || !target.isLiteral || /^[-~]|\s/.test(target.value)) return undefined;
  const isBackOrMade = run.commands
    .slice(1)
    .some(
      ({ name, args }) =>
        name === "cd" || (/^(mkdir|rm)$/.test(name) && args.some((word) => word.value.startsWith(target.value))),
    );
  return isBackOrMade ? undefined : change;
};

/** WORKDIR before the RUN, and the former directory behind it unless another WORKDIR follows at once. */
const toWorkdir = (file: AuditedFile, run: RunCommands, change: ShellCommand, path: string): Fix | undefined => {
  const next = file.dockerfile.instructions[run.run.index + 1];
  const follows =
    next === undefined || next.keyword === "FROM" || (next.keyword === "WORKDIR" && next.path.text.startsWith("/"));
  const former = run.stage.workdirAt(run.run);
  const command = run.commands[1];
  if ((!follows && former === undefined) || command === undefined || next === undefined) return undefined;
  const start = aboveComments(file.text, run.run.span.start);
  const lineBreak = lineBreakOf(file);
  const restored = follows
    ? []
    : [{ span: { start: run.run.span.end, end: run.run.span.end }, text: `${lineBreak}WORKDIR ${former}` }];
  const to = Math.min(command.span.start, command.wrapperSpan?.start ?? command.span.start);
  return {
    title: "Write WORKDIR in place of cd",
    safety: "unsafe",
    edits: [
      { span: { start, end: start }, text: `WORKDIR ${path}${lineBreak}` },
      { span: { start: change.span.start, end: to }, text: "" },
      ...restored,
    ],
  };
};
