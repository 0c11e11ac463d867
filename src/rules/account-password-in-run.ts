import type { ShellCommand } from "../dockerfile/script.ts";
import { findOption, hasOption, readOptions } from "./knowledge/command-options.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "account-password-in-run",
  summary: "Set no account passwords in the build",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  aliases: ["CKV2_DOCKER_17"],
  why: `A password that the build sets is in the file, in the history of the image and in its \`/etc/shadow\`, the same for
everyone who pulls it. Containers need no passwords: reach them with \`docker exec\`, lock the account (\`passwd -l\`,
\`usermod -p '*'\`), or mount keys at run time. Where one must be set, take it from a secret mount.`,
  silent: [
    "a RUN with a secret mount",
    "a value drawn at random, which nobody is told: it only opens the account for keys",
    "locked accounts: `passwd -l`, `usermod -p '*'`, `chpasswd -e` with `*` or `!`",
  ],
  fixes: "none",
  needs: { commands: ["chpasswd", "useradd", "usermod", "passwd"] },
  examples: [
    {
      bad: 'FROM debian:12\nRUN echo "root:secret" | ⟦chpasswd⟧',
      message: "`chpasswd` sets the password of `root`, the same in every container",
    },
    { bad: "FROM debian:12\nRUN useradd ⟦-p⟧ '$6$abc' app && usermod ⟦--password=x1⟧ root" },
    { bad: "FROM debian:12\nRUN ⟦chpasswd⟧ <<EOF\napp:pw\nEOF" },
    { bad: "FROM debian:12\nRUN ⟦passwd⟧ -d root", message: "`passwd -d` lets everybody log in without a password" },
    { bad: 'FROM fedora:44\nARG PW\nRUN echo "$PW" | ⟦passwd⟧ --stdin app' },
    { title: "Typed twice", bad: "FROM alpine:3.22\nRUN printf 'pw\\npw\\n' | ⟦passwd⟧ app" },
    { good: "FROM debian:12\nRUN --mount=type=secret,id=pw chpasswd < /run/secrets/pw" },
    {
      good: "FROM debian:12\nRUN passwd -l root && echo x | passwd -q -l app && usermod -p '*' app && useradd --password '!' b",
    },
    { good: "FROM debian:12\nRUN echo 'root:*' | chpasswd -e" },
    {
      title: "A random password that nobody knows",
      good: 'FROM debian:12\nRUN useradd --password "$(head -c32 /dev/urandom | base64)" git && echo "app:$(openssl rand -base64 24)" | chpasswd',
    },
    { good: "FROM debian:12\nRUN adduser --disabled-password --gecos '' app && chown app /etc/passwd" },
  ],
  check: function* (file) {
    for (const { run, commands } of runsIn(file, "every stage")) {
      if (run.mounts.some(({ type }) => type === "secret")) continue;
      for (const command of commands) {
        const found = problemOf(command, commands);
        if (found !== undefined) yield found;
      }
    }
  },
});

const problemOf = (command: ShellCommand, commands: readonly ShellCommand[]) => {
  const at = command.nameWord?.span ?? command.span;
  switch (command.name) {
    case "chpasswd": {
      const input = inputOf(command, commands);
      if (input !== undefined && isRandom(input)) return undefined;
      if (input !== undefined && /^\s*["']?[^:\s]+:[*!]/.test(input)) return undefined;
      const account = /^\s*["']?([\w.-]+):/.exec(input ?? "")?.[1];
      const whose = account === undefined ? "a password" : `the password of \`${account}\``;
      return { at, message: `\`chpasswd\` sets ${whose}, the same in every container` };
    }
    case "useradd":
    case "usermod": {
      const option = findOption(readOptions(command.args, account), "-p", "--password");
      if (option?.value === undefined || /^[*!x]+$/.test(option.value) || isRandom(option.value)) return undefined;
      return { at: option.word.span, message: `${command.name} sets a password, the same in every container` };
    }
    case "passwd": {
      const read = readOptions(command.args);
      if (hasOption(read, "-d", "--delete"))
        return { at, message: "`passwd -d` lets everybody log in without a password" };
      if (read.options.some(({ name }) => name !== "--stdin" && name !== "-q" && name !== "--quiet")) return undefined;
      const isFed =
        command.pipedFrom !== undefined || command.redirects.some(({ operator }) => operator.startsWith("<"));
      return isFed ? { at, message: "`passwd` sets a password, the same in every container" } : undefined;
    }
    default:
      return undefined;
  }
};

const isRandom = (value: string): boolean =>
  /^[^$`]*[$`].*(\/dev\/u?random|\bopenssl rand\b|\bpwgen\b|\buuidgen\b)/s.test(value);

const inputOf = (command: ShellCommand, commands: readonly ShellCommand[]): string | undefined => {
  const body = command.redirects.find(({ operator }) => operator.startsWith("<<"));
  if (body !== undefined) return body.body ?? body.target?.value;
  const source = commands.find(({ index }) => index === command.pipedFrom);
  if (source === undefined || !/^(echo|printf)$/.test(source.name)) return undefined;
  return source.args.find(({ value }) => value.includes(":"))?.value;
};

const account = {
  valued: new Set(
    "-b -c --comment -d --home -e -f -g --gid -G --groups -k -K -l --login -p --password -R -P -s --shell -u --uid -Z".split(
      " ",
    ),
  ),
};
