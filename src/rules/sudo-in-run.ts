import type { ShellCommand, ShellWord } from "../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { defaultUserOf } from "./knowledge/base-images.ts";
import { sliceOf } from "./knowledge/edits.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { withoutWords } from "./knowledge/word-deletion.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "sudo-in-run",
  summary: "Run commands as the user they need instead of sudo",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  aliases: ["DL3004", "DS-0010", "CKV2_DOCKER_1", "DKL-DI-0001", "8ada6e80"],
  why: `A build step runs as root unless USER says otherwise, so that \`sudo\` does nothing there, or shows that USER stands
too early. And to work, it must be installed: then it stays in the image, a setuid program with a rule that lets the
unprivileged user become root again. Move the step above USER, or switch to root and back.`,
  silent: [
    "a base that has a user of its own, or of which nobody here knows the user, without USER in the file",
    "`sudo -u` with another user than root",
    "sudo as an argument, as when it is installed or configured",
  ],
  fixes: "safe",
  needs: { commands: ["sudo"] },
  examples: [
    {
      bad: "FROM debian:12\nRUN ⟦sudo⟧ apt-get update && \\\n    ⟦sudo⟧ apt-get install -y curl",
      fixed: "FROM debian:12\nRUN apt-get update && \\\n    apt-get install -y curl",
      message: "`sudo` does nothing here, because the step runs as root anyway",
    },
    {
      bad: "FROM debian:12\nUSER app\nRUN ⟦sudo⟧ chown app /data",
      fixed: "FROM debian:12\nUSER app\nRUN sudo chown app /data",
      message: "`sudo` makes `app` root again",
    },
    {
      bad: "FROM debian:12\nARG USER_ID\nUSER $USER_ID\nRUN <<EOF\nset -e\n⟦sudo⟧ -E make install\nEOF",
      fixed: "FROM debian:12\nARG USER_ID\nUSER $USER_ID\nRUN <<EOF\nset -e\nsudo -E make install\nEOF",
      message: "`sudo` does nothing as root, and makes any other user root again",
    },
    {
      title: "A base with a user of its own",
      good: "FROM acme/base:1\nRUN sudo npm install -g pnpm@10.1.0\nFROM cimg/base:2025.10\nRUN sudo ln -s /a /b",
    },
    {
      title: "Exec form",
      bad: 'FROM debian:12\nRUN [⟦"sudo"⟧, "make", "install"]\n',
      fixed: 'FROM debian:12\nRUN ["make", "install"]\n',
    },
    { good: "FROM debian:12\nRUN apt-get install -y sudo && echo 'app ALL=(ALL) ALL' > /etc/sudoers.d/app" },
    { good: "FROM debian:12\nRUN sudo -u postgres initdb" },
    { good: "FROM debian:12\nRUN echo sudo make me a sandwich" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      for (const command of run.commands) {
        const sudo = command.wrappers.find(({ value }) => /(^|\/)sudo$/.test(value));
        if (sudo === undefined || isOtherUser(file, command)) continue;
        const isRoot = runsAsRoot(run.stage, run);
        if (isRoot !== true && run.stage.userAt(run.run) === undefined) continue;
        const isPlain = command.wrappers.length === 1 && command.wrapperSpan?.end === sudo.span.end;
        yield {
          at: sudo.span,
          message: messageFor(run, isRoot),
          ...(isRoot === true && isPlain ? deletion(file, run, sudo) : {}),
        };
      }
    }
  },
});

const deletion = (file: AuditedFile, { run }: RunCommands, sudo: ShellWord): Pick<Problem, "fix"> => {
  const edits = withoutWords(file, run, sudo.span);
  return edits === undefined ? {} : { fix: { title: "Delete `sudo`", safety: "safe", edits } };
};

const messageFor = ({ stage, run }: RunCommands, isRoot: boolean | undefined): string => {
  if (isRoot === true) return "`sudo` does nothing here, because the step runs as root anyway";
  const user = stage.userAt(run);
  return user === undefined || isRoot === undefined
    ? "`sudo` does nothing as root, and makes any other user root again"
    : `\`sudo\` makes \`${user}\` root again`;
};

/** Undefined when nobody can tell. */
const runsAsRoot = (stage: StageFacts, { run }: RunCommands): boolean | undefined => {
  const user = stage.userAt(run);
  if (user !== undefined) return user.includes("$") ? undefined : /^(root|0+)(:|$)/.test(user);
  const { rootBase } = stage;
  const usual =
    rootBase.kind === "image" && rootBase.reference !== undefined ? defaultUserOf(rootBase.reference) : undefined;
  return usual === undefined ? undefined : usual === "root";
};

const isOtherUser = (file: AuditedFile, { wrapperSpan }: ShellCommand): boolean => {
  const text = wrapperSpan === undefined ? "" : sliceOf(file.text, wrapperSpan);
  const user = /sudo\b(?:(?!sudo\b).)*?\s(?:-[^\Wu]*u\s*|--user[=\s]\s*)["']?([^\s"']+)/s.exec(text)?.[1];
  return user !== undefined && user !== "root" && user !== "#0" && user !== "0";
};
