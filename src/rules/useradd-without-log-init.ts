import { createdUser } from "./knowledge/accounts.ts";
import { mayHaveOption } from "./knowledge/command-options.ts";
import { knownValue, runsIn } from "./knowledge/run-commands.ts";
import { insertAfter } from "./knowledge/script-edits.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "useradd-without-log-init",
  summary: "Pass --no-log-init to useradd with a large uid",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  aliases: ["DL3046", "44fbf45c"],
  why: `useradd writes a record at the uid's place into \`/var/log/lastlog\` and \`faillog\`. With a large uid these are sparse
files of many gigabytes; layers keep no holes, so that the image grows by their full length or the build runs out of disk.`,
  silent: ["uids below 100000, or not known", "adduser of busybox, which writes no such files"],
  fixes: "safe",
  sources: ["https://docs.docker.com/build/building/best-practices/#user"],
  needs: { commands: ["useradd"] },
  examples: [
    {
      bad: "FROM debian:12\nRUN useradd -u ⟦1000660000⟧ app",
      fixed: "FROM debian:12\nRUN useradd -l -u 1000660000 app",
      message: "`useradd` with the uid 1000660000 writes a sparse file that fills the layer",
    },
    {
      bad: "FROM debian:12\nARG UID=200000\nRUN useradd -m --uid ⟦$UID⟧ app",
      fixed: "FROM debian:12\nARG UID=200000\nRUN useradd -l -m --uid $UID app",
    },
    {
      bad: "FROM debian:12\nRUN groupadd x && /usr/sbin/useradd ⟦--uid=300000⟧ -g x app",
      fixed: "FROM debian:12\nRUN groupadd x && /usr/sbin/useradd -l --uid=300000 -g x app",
    },
    {
      title: "Exec form",
      bad: 'FROM debian:12\nRUN ["useradd", "-u", ⟦"1000660000"⟧, "app"]\n',
      fixed: 'FROM debian:12\nRUN ["useradd", "-l", "-u", "1000660000", "app"]\n',
    },
    { good: "FROM debian:12\nRUN useradd -l -u 1000660000 app && useradd -ml -u 1000660001 b" },
    { good: "FROM debian:12\nRUN useradd -u 10001 app" },
    { good: "FROM alpine:3.22\nARG UID\nRUN adduser -D -u 1000660000 app; useradd -u $UID b" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      for (const command of run.commands) {
        const user = command.name === "useradd" ? createdUser(command) : undefined;
        if (user?.uid === undefined || mayHaveOption(user.options, "-l", "--no-log-init")) continue;
        const uid = knownValue(file, run, user.uid);
        const word = command.nameWord;
        if (uid === undefined || word === undefined || !/^\d+$/.test(uid) || Number(uid) < 100_000) continue;
        yield {
          at: user.uid.span,
          message: `\`useradd\` with the uid ${uid} writes a sparse file that fills the layer`,
          fix: { title: "Add `-l`", safety: "safe", edits: [insertAfter(run.run, word, "-l")] },
        };
      }
    }
  },
});
