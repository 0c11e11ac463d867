import type { ShellCommand } from "../dockerfile/script.ts";
import { readShell } from "../dockerfile/shell.ts";
import { baseName, startOf, startScripts } from "./knowledge/start-command.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "entrypoint-without-exec",
  summary: "End entrypoint scripts with exec so that signals arrive",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  aliases: [],
  why: `A script that ends with \`"$@"\` stays in front of the program as process 1. \`docker stop\` sends its signal to the
script, the shell waits for its child and passes nothing on, and after ten seconds both are killed: open requests are
lost, and databases recover at the next start. \`exec "$@"\` puts the program in the script's place.`,
  silent: [
    "scripts that cannot be read in the build context, or are no shell scripts",
    "an init in front (tini, dumb-init), a trap, or an `exec` anywhere in the script",
    "scripts whose last command is in a branch or a loop, a pipe, `wait`, or neither the arguments nor a known server",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/best-practices/#entrypoint"],
  needs: { instructions: ["ENTRYPOINT", "CMD"] },
  examples: [
    {
      files: { "docker-entrypoint.sh": '#!/bin/sh\nset -e\nmkdir -p /data\n"$@"\n' },
      bad: 'FROM debian:12\nCOPY docker-entrypoint.sh /usr/local/bin/\nENTRYPOINT [⟦"docker-entrypoint.sh"⟧]\nCMD ["serve"]',
      message: '`docker-entrypoint.sh` starts `"$@"` without exec, so that signals do not reach it',
    },
    {
      files: { "bin/start": "#!/bin/bash\nmigrate\nnode server.js\n" },
      bad: 'FROM node:22\nCOPY bin/start /start\nCMD [⟦"/start"⟧]',
      message: "`start` starts `node server.js` without exec, so that signals do not reach it",
    },
    {
      bad: 'FROM debian:12\nCOPY --chmod=755 <<"EOF" /run.sh\n#!/bin/sh\ngunicorn "$@"\nEOF\nENTRYPOINT [⟦"/run.sh"⟧]',
    },
    {
      files: { "e.sh": '#!/bin/sh\nif [ "$1" = x ]; then\n  exec x\nfi\nexec "$@"\n' },
      good: 'FROM debian:12\nCOPY e.sh /\nENTRYPOINT ["/e.sh"]',
    },
    { files: { "e.sh": '#!/bin/sh\n"$@"\n' }, good: 'FROM debian:12\nCOPY e.sh /\nENTRYPOINT ["tini", "--", "/e.sh"]' },
    {
      files: { "e.sh": "#!/bin/sh\ntrap 'kill $p' TERM\nserve & p=$!\nwait $p\n" },
      good: 'FROM debian:12\nCOPY e.sh /\nENTRYPOINT ["/e.sh"]',
    },
    { title: "It cannot be read", good: 'FROM debian:12\nENTRYPOINT ["/e.sh"]' },
  ],
  check: function* (file) {
    const reported = new Set<number>();
    for (const stage of file.shippedStages) {
      const start = startOf(file, stage);
      if (start === undefined || stage.isWindows) continue;
      const { command } = start.instruction;
      const first = command.form === "exec" ? command.words[0] : undefined;
      const at = first?.span ?? command.span;
      if (
        reported.has(at.start) ||
        /^(tini|tini-static|dumb-init|catatonit|docker-init|s6-.*)$/.test(baseName(first?.text ?? ""))
      )
        continue;
      const last = startScripts(file, stage, start)
        ?.map(({ text }) => lastWithoutExec(text))
        .find((found) => found !== undefined);
      if (last === undefined) continue;
      reported.add(at.start);
      yield {
        at,
        message: `\`${baseName(start.words[0] ?? "")}\` starts \`${last}\` without exec, so that signals do not reach it`,
      };
    }
  },
});

const lastWithoutExec = (text: string): string | undefined => {
  if (!/^#!.*\b(sh|bash|dash|ash)\b/.test(text)) return undefined;
  const { commands, error } = readShell({ text, locate: (start, end) => ({ start, end }) });
  const last = commands.findLast(({ parent, name }) => parent === undefined && name !== "");
  if (error !== undefined || last === undefined || last.enclosures.length > 0) return undefined;
  const isAlone = last.pipedFrom === undefined && last.pipedInto === undefined && last.followedBy !== "&";
  if (
    !isAlone ||
    commands.some(
      ({ name, wrappers }) => /^(trap|wait|exec)$/.test(name) || wrappers.some(({ value }) => value === "exec"),
    )
  ) {
    return undefined;
  }
  if (last.wrapperSpan !== undefined || !handsOver(last)) return undefined;
  const shown = text.slice(last.span.start, last.span.end).replace(/\s+/g, " ");
  return shown.length > 40 ? `${shown.slice(0, 39)}…` : shown;
};

const handsOver = ({ nameWord, name, args }: ShellCommand): boolean => {
  const isArguments = /^\$(@|\*|\{@\}|\{\*\})$/;
  if (nameWord !== undefined && isArguments.test(nameWord.value)) return true;
  return servers.test(name) && !args.some(({ value }) => /^(--version|-v|-V|migrate|collectstatic)$/.test(value));
};

const servers =
  /^(node|java|gunicorn|uvicorn|hypercorn|daphne|uwsgi|nginx|apache2-foreground|php-fpm|puma|unicorn|dotnet|caddy|redis-server|postgres|mysqld|mongod)$/;
