import type { ShellCommand, ShellWord } from "../dockerfile/script.ts";
import { findOption, readOptions } from "./knowledge/command-options.ts";
import { findCredentials, isPlaceholder } from "./knowledge/credential-formats.ts";
import { curlSyntax, wgetSyntax } from "./knowledge/downloads.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { defineRule, type Problem } from "./rule.ts";

/** In pieces, so that no scanner of a code host takes an example for a leak. */
const githubToken = ["ghp", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"].join("_");
const npmToken = ["npm", "bC2eF4hJ6kL8nP0rS2uV4xY6aB8dE0gH2jK4"].join("_");
const keyHeader = ["-----BEGIN OPENSSH PRIVATE", "KEY-----"].join(" ");

export default defineRule({
  id: "literal-credential",
  summary: "Write no credential into the file",
  level: { recommended: "error", strict: "error" },
  scope: "whole file",
  why: `Whoever can read the repository, its history or the image can use a credential that stands in the Dockerfile: it is in the layer, in \`docker history\` and in every clone, also after a later commit has deleted it.

Revoke the credential first, then hand its successor to the build by \`RUN --mount=type=secret,id=…\`, which leaves no trace in any layer. The rule knows the token formats of common services, private key blocks, passwords in URLs and passwords given to curl, wget, sshpass and docker login; it never prints what it found.`,
  aliases: [],
  silent: [
    "Placeholders (`example`, `changeme`, `xxxx`, `<token>`), variables and substitutions.",
    "Passwords in URLs of the build itself (localhost), or equal to the user name.",
    "Public keys, fingerprints and checksums.",
    "Passwords given to chpasswd, of which account-password-in-run speaks.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/secrets/"],
  examples: [
    {
      bad: `ENV GITHUB="⟦${githubToken}⟧"\n`,
      message: "The file holds a GitHub token, which everybody who has the file or the image can read",
    },
    {
      title: "deep in a RUN, also in a comment",
      bad: `# was ⟦${npmToken}⟧
RUN set -e; \\
    echo "//registry.example.org/:_authToken=⟦${npmToken}⟧" > ~/.npmrc; \\
    pip install --index-url https://ci:⟦hunter2secret⟧@pypi.example.org/simple app
`,
    },
    {
      title: "private key",
      bad: `COPY <<EOF /root/.ssh/id_ed25519
⟦${keyHeader}⟧
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz
EOF
`,
    },
    {
      title: "passwords given to programs",
      bad: `RUN echo "root:hunter2" | chpasswd && curl -fsSu ⟦ci:hunter2⟧ -o /dev/null https://example.org/
`,
    },
    {
      title: "placeholders",
      good: `ENV TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx DATABASE_URL=postgres://app:changeme@db/app
RUN git clone https://oauth2:\${TOKEN}@example.org/a.git && git clone "https://x:$(cat /run/secrets/t)@example.org/b.git"
`,
    },
    {
      title: "a mounted secret",
      good: `RUN --mount=type=secret,id=pw echo "root:$(cat /run/secrets/pw)" | chpasswd
RUN --mount=type=secret,id=ci,env=CI_AUTH curl -fsSu "$CI_AUTH" https://example.org/
`,
    },
    {
      title: "no key material",
      good: `RUN ! grep -r "BEGIN OPENSSH PRIVATE KEY" /src
ENV GPG_KEYS=A035C8C19219BA821ECEA86B64E628F8D684696D
`,
    },
  ],
  check: function* (file) {
    const found = findCredentials(file.text);
    for (const { what, start, end } of found)
      yield {
        at: { start, end },
        message: `The file holds ${what}, which everybody who has the file or the image can read`,
      };
    for (const { commands } of runsIn(file, "every stage"))
      for (const problem of commands.flatMap(givenPassword))
        if (!found.some(({ start, end }) => start < problem.at.end && problem.at.start < end)) yield problem;
  },
});

const givenPassword = (command: ShellCommand): readonly Problem[] => {
  const words = passwordWords(command).filter(({ word, password }) => word.isLiteral && !isPlaceholder(password));
  return words.map(({ word }) => ({
    at: word.span,
    message: `The file holds a password for \`${command.name}\`, which everybody who has the file or the image can read`,
  }));
};

interface PasswordWord {
  readonly word: ShellWord;
  readonly password: string;
}

const passwordWords = (command: ShellCommand): readonly PasswordWord[] => {
  const afterColon = (word: ShellWord): readonly PasswordWord[] => {
    const password = /^[^:\s]+:(\S+)\s*$/.exec(word.value)?.[1];
    return password === undefined ? [] : [{ word, password }];
  };
  const syntax = passwordOptions.get(command.name);
  if (syntax === undefined) return [];
  if (command.name === "docker" && command.args[0]?.value !== "login") return [];
  const option = findOption(readOptions(command.args, syntax), ...syntax.names);
  if (option?.valueWord === undefined || option.value === undefined) return [];
  if (command.name === "curl") return afterColon(option.valueWord).filter(({ password }) => password !== "");
  return [{ word: option.valueWord, password: option.value }];
};

const passwordOptions: ReadonlyMap<
  string,
  { readonly valued: ReadonlySet<string>; readonly names: readonly string[] }
> = new Map([
  ["curl", { valued: curlSyntax.valued, names: ["-u", "--user"] }],
  ["wget", { valued: wgetSyntax.valued, names: ["--password", "--http-password", "--ftp-password"] }],
  ["sshpass", { valued: new Set(["-p"]), names: ["-p"] }],
  ["docker", { valued: new Set(["-p", "--password", "-u", "--username"]), names: ["-p", "--password"] }],
]);
