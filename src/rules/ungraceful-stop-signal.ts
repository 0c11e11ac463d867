import { defineRule } from "./rule.ts";

export default defineRule({
  id: "ungraceful-stop-signal",
  summary: "Stop containers with a signal that processes can handle",
  level: { recommended: "warning", strict: "warning" },
  scope: "shipped stages",
  aliases: [],
  why: `No process can handle SIGKILL or SIGSTOP. With the first, every \`docker stop\` and every rolling update kills the
service in the middle of its requests and writes; with the second it is frozen and then killed. Name the signal on which
the program ends cleanly: SIGTERM is the default, nginx and php-fpm want SIGQUIT, PostgreSQL SIGINT.`,
  silent: ["any other signal, by name or number, real-time ones included", "variables, and Windows images"],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/reference/dockerfile/#stopsignal"],
  needs: { instructions: ["STOPSIGNAL"] },
  examples: [
    {
      bad: "FROM debian:12\nSTOPSIGNAL ⟦SIGKILL⟧",
      fixed: "FROM debian:12\nSTOPSIGNAL SIGTERM",
      message: "No process can handle `SIGKILL`",
    },
    {
      bad: "FROM debian:12\nSTOPSIGNAL ⟦9⟧",
      fixed: "FROM debian:12\nSTOPSIGNAL SIGTERM",
      message: "No process can handle `9` (SIGKILL)",
    },
    {
      bad: "FROM debian:12 AS base\nSTOPSIGNAL ⟦stop⟧\nFROM base",
      fixed: "FROM debian:12 AS base\nSTOPSIGNAL SIGTERM\nFROM base",
    },
    { good: "FROM debian:12\nSTOPSIGNAL SIGQUIT" },
    { good: "FROM debian:12\nSTOPSIGNAL SIGRTMIN+3" },
    { good: "FROM debian:12\nARG SIGNAL=SIGKILL\nSTOPSIGNAL $SIGNAL" },
  ],
  check: function* (file) {
    for (const stage of file.shippedStages) {
      for (const instruction of stage.instructions) {
        if (instruction.keyword !== "STOPSIGNAL" || stage.isWindows) continue;
        const { text, span } = instruction.signal;
        const name = unhandled.get(text.toUpperCase().replace(/^SIG/, ""));
        if (name === undefined) continue;
        yield {
          at: span,
          message: `No process can handle \`${text}\`${/^\d+$/.test(text) ? ` (${name})` : ""}`,
          fix: { title: "Write SIGTERM", safety: "unsafe", edits: [{ span, text: "SIGTERM" }] },
        };
      }
    }
  },
});

/** 19 is SIGSTOP on all platforms that images are built for but MIPS. */
const unhandled: ReadonlyMap<string, string> = new Map([
  ["KILL", "SIGKILL"],
  ["9", "SIGKILL"],
  ["STOP", "SIGSTOP"],
  ["19", "SIGSTOP"],
]);
