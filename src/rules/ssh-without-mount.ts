import type { ShellCommand, ShellWord } from "../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { readOptions } from "./knowledge/command-options.ts";
import { isLocalHost } from "./knowledge/downloads.ts";
import { baseName } from "./knowledge/paths.ts";
import { type RunCommands, runsOf } from "./knowledge/run-commands.ts";
import { hasMount } from "./knowledge/secret-mounts.ts";
import { insertFlag } from "./knowledge/text-edits.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "ssh-without-mount",
  summary: "Mount the agent with --mount=type=ssh for SSH sources",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `A source like \`git@github.com:team/app.git\` needs a key. Without an agent the build either fails or works only because a private key was copied into a layer, where it stays.

\`RUN --mount=type=ssh git clone git@…\` forwards the agent of whoever builds (\`docker build --ssh default\`) for this one RUN; no key ever enters the image. For ADD of such a source the engine forwards the agent by itself.`,
  aliases: [],
  silent: [
    "The RUN has an ssh mount, or a secret or bind mount that may bring the key.",
    "git rewrites the host to https (`insteadOf`), or a .gitconfig is copied.",
    "The URL is a variable, the host is localhost, or ssh is only an argument of another program.",
  ],
  fixes: "unsafe",
  sources: [
    "https://docs.docker.com/build/building/secrets/#ssh-mounts",
    "https://docs.docker.com/reference/dockerfile/#run---mounttypessh",
  ],
  examples: [
    {
      bad: "RUN git clone --depth 1 ⟦git@github.com:team/app.git⟧ /src\n",
      fixed: "RUN --mount=type=ssh git clone --depth 1 git@github.com:team/app.git /src\n",
      message: "`git` connects to `github.com` by SSH in a RUN without `--mount=type=ssh`",
    },
    {
      title: "deep in a RUN that has another mount",
      bad: `RUN --mount=type=cache,target=/root/.npm set -e; \\
    cd /app; \\
    npm install ⟦"git+ssh://git@github.com/team/lib.git#v1"⟧
`,
      fixed: `RUN --mount=type=ssh --mount=type=cache,target=/root/.npm set -e; \\
    cd /app; \\
    npm install "git+ssh://git@github.com/team/lib.git#v1"
`,
    },
    {
      title: "ssh, scp and rsync",
      bad: `RUN scp -P 2222 ⟦deploy@files.example.org:/srv/model.bin⟧ /models/
`,
      fixed: `RUN --mount=type=ssh scp -P 2222 deploy@files.example.org:/srv/model.bin /models/
`,
    },
    { good: "RUN --mount=type=ssh git clone git@github.com:team/app.git /src\n" },
    {
      title: "rewritten to https",
      good: `RUN git config --global url."https://github.com/".insteadOf "git@github.com:"
RUN git clone git@github.com:team/app.git /src
`,
    },
    {
      title: "rewritten to SSH: no way around the agent",
      bad: `RUN git config --global url."git@github.com:".insteadOf https://github.com/ && git clone ⟦git@github.com:team/app.git⟧
`,
    },
    {
      title: "a mounted key",
      good: 'RUN --mount=type=secret,id=key GIT_SSH_COMMAND="ssh -i /run/secrets/key" git clone git@github.com:team/app.git\n',
    },
    {
      title: "ADD forwards the agent itself, and ssh as an argument",
      good: `ADD git@github.com:team/app.git /src
RUN apt-get update && apt-get install -y ssh && which ssh && git remote add origin git@github.com:team/app.git
`,
    },
    { title: "unknown URL", good: 'ARG REPOSITORY\nRUN git clone "$REPOSITORY" /src\n' },
  ],
  check: function* (file) {
    if (!/ssh|git@|scp|sftp|rsync|[\w-]@[\w.-]+:/.test(file.text)) return;
    for (const stage of file.stages) {
      if (rewritesUrls(file, stage)) continue;
      for (const { run, commands } of runsOf(file, stage)) {
        if (hasMount(run, "ssh", "secret") || bringsKey({ run })) continue;
        let isFixed = false;
        for (const command of commands) {
          const word = remoteOf(command);
          const host = word === undefined ? "" : hostOf(word.value);
          if (word === undefined || host === "" || isLocalHost(host)) continue;
          yield {
            at: word.span,
            message: `\`${command.name}\` connects to \`${host}\` by SSH in a RUN without \`--mount=type=ssh\``,
            ...(isFixed
              ? {}
              : {
                  fix: {
                    title: "Mount the SSH agent in this RUN",
                    safety: "unsafe",
                    edits: [insertFlag(run, "--mount=type=ssh")],
                  },
                }),
          };
          isFixed = true;
        }
      }
    }
  },
});

const rewritesUrls = (file: AuditedFile, stage: StageFacts): boolean =>
  stage.lineage.some(
    (one) =>
      one.instructions.some(
        (copy) => copy.keyword === "COPY" && copy.sources.some(({ text }) => /(^|\/)\.?gitconfig$/.test(text)),
      ) ||
      runsOf(file, one).some(({ commands }) =>
        commands.some(
          ({ name, args }) =>
            name === "git" && args.some(({ value }) => /^url\.(https?|\$).*\.insteadOf(=|$)/i.test(value)),
        ),
      ),
  );

const bringsKey = ({ run }: Pick<RunCommands, "run">): boolean =>
  run.mounts.some(({ type, fields }) => type === "bind" && /ssh|key/i.test(fields.get("target") ?? ""));

/** The word that names an SSH source or host. */
const remoteOf = (command: ShellCommand): ShellWord | undefined => {
  const { name, args } = command;
  if (name === "git") {
    if (!args.some(({ value }) => /^(clone|fetch|pull|ls-remote|submodule)$/.test(value))) return undefined;
    return args.find(({ value }) => isSshUrl(value));
  }
  if (/^(npm|pnpm|yarn|bun|pip3?|uv|poetry|pipx|cargo|composer)$/.test(name))
    return args.find(({ value }) => isSshUrl(value.replace(/^(\S+\s*@\s*)?git\+/, "")) && /ssh:|^git@/.test(value));
  if (name === "ssh" || name === "sftp") return readOptions(args, sshSyntax).operands[0];
  if (name === "scp" || name === "rsync")
    return readOptions(args, name === "scp" ? sshSyntax : rsyncSyntax).operands.find(({ value }) =>
      /^[\w.-]+(@[\w.-]+)?:(?!\/\/)/.test(value),
    );
  return undefined;
};

const sshSyntax = { valued: new Set("BbcDEeFIiJLlmOoPpQRSWw".split("").map((letter) => `-${letter}`)) };
const rsyncSyntax = { valued: new Set(["-e", "--rsh", "--exclude", "--include", "--filter", "-f", "--password-file"]) };

const isSshUrl = (text: string): boolean =>
  /^(git\+)?ssh:\/\/[^$`]+$/.test(text) || /^[\w.-]+@[\w.-]+:(?!\/\/)[^$`]/.test(text);

const hostOf = (text: string): string => {
  const found =
    /^(?:[^@\s]*@\s*)?(?:git\+)?ssh:\/\/(?:[^@/]*@)?([\w.-]+)/.exec(text) ??
    /^(?:[\w.-]+@)?([\w.-]+)(?=:|$)/.exec(text);
  return baseName(found?.[1] ?? "");
};
