import type { ShellWord } from "../dockerfile/script.ts";
import { hasOption } from "./knowledge/command-options.ts";
import { isLocalHost, readUrl } from "./knowledge/downloads.ts";
import type { PackageCommand } from "./knowledge/package-managers.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "unverified-package-file",
  summary: "Verify packages that are installed straight from a URL",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  aliases: [],
  why: `A package manager verifies what comes from its repositories: the index is signed and holds a checksum of each file.
A package that it gets as a URL comes without either. dnf and yum do not ask for the signature of such files unless
\`localpkg_gpgcheck\` is on, and npm, pip and gem have nothing to compare with. Whoever can change the file on that server
decides what the image runs.

Download it, compare its checksum (\`sha256sum -c\`) or signature (\`rpm -K\`, after \`rpm --import\` of a key that you trust),
and install the file; or name the hash: \`pip install https://…/a.whl#sha256=…\`.`,
  silent: [
    "URLs with a hash (`#sha256=…`, `#sha512-…`), and those that a variable holds",
    "`--setopt=localpkg_gpgcheck=1`, and RUNs that call `rpm -K` or `rpmkeys --checksig`",
    "managers that verify such files too: apk and zypper; disabled-signature-check speaks of their switches",
    "git sources: unpinned-git-source speaks of them; what curl and wget fetch: unverified-download does",
  ],
  fixes: "none",
  sources: [
    "https://dnf.readthedocs.io/en/latest/conf_ref.html#localpkg-gpgcheck-label",
    "https://pip.pypa.io/en/stable/topics/secure-installs/",
  ],
  needs: { commands: ["rpm", "dnf", "yum", "microdnf"], packages: "language" },
  examples: [
    {
      bad: "FROM fedora:44\nRUN dnf install -y ⟦https://example.com/tool-1.2.rpm⟧ git && rpm -Uvh ⟦https://example.com/a.rpm⟧\n",
      message: "`dnf` installs `tool-1.2.rpm` from a URL without a checksum or a signature",
    },
    {
      title: "language packages",
      bad: `FROM python:3.13-slim
RUN pip install --no-cache-dir \\
      ⟦https://example.com/a-1.0-py3-none-any.whl⟧ b==1 'c @ https://example.com/c.zip#sha256=00'
RUN npm install -g ⟦https://example.com/d.tgz⟧
RUN ["gem", "install", ⟦"https://example.com/e.gem"⟧]
`,
    },
    {
      title: "a hash, a check, a variable",
      good: `FROM fedora:44
ARG RPM=https://example.com/a.rpm
RUN pip install https://example.com/a.whl#sha256=e3b0c442 && dnf install -y $RPM
RUN dnf install -y --setopt=localpkg_gpgcheck=1 https://example.com/b.rpm
RUN rpm -K https://example.com/c.rpm && rpm -i https://example.com/c.rpm
RUN rpm --import https://example.com/key.asc && dnf install -y git
`,
    },
    {
      title: "git, and the own machine",
      good: "FROM python:3.13-slim\nRUN pip install git+https://example.com/a.git@v1 http://localhost:8000/a.whl\n",
    },
    { title: "an index", good: "FROM python:3.13-slim\nRUN pip install --index-url https://example.com/simple a==1\n" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      if (isVerifying(run)) continue;
      for (const { name, args } of run.commands)
        if (
          name === "rpm" &&
          args.some(({ value }) => /^(-[a-hj-zA-EG-TV-Z]*[iUF][a-zA-Z]*|--install|--upgrade)$/.test(value))
        )
          yield* filesAmong(name, args);
      for (const called of run.packages)
        if (called.action === "install" && takesAnyFile(called) && !isChecked(called))
          yield* filesAmong(called.command.name, called.operands);
    }
  },
});

const filesAmong = function* (name: string, words: readonly ShellWord[]): Iterable<Problem> {
  for (const word of words) {
    if (!/^https?:\/\//i.test(word.value) || /[$]|#(sha\d+|md5)[-=]|\.git([@#]|$)/.test(word.value)) continue;
    const url = readUrl(word.value);
    if (url === undefined || isLocalHost(url.host)) continue;
    const file =
      word.value
        .replace(/[?#].*/s, "")
        .split("/")
        .at(-1) || word.value;
    yield { at: word.span, message: `\`${name}\` installs \`${file}\` from a URL without a checksum or a signature` };
  }
};

const takesAnyFile = ({ manager }: PackageCommand): boolean =>
  manager.kind === "language" || /^(dnf|yum|microdnf)$/.test(manager.name);

const isChecked = ({ options }: PackageCommand): boolean =>
  hasOption(options, "--require-hashes") ||
  options.options.some(({ value = "" }) => /localpkg_gpgcheck=(1|true|yes)/i.test(value));

const isVerifying = ({ commands }: RunCommands): boolean =>
  commands.some(
    ({ name, args }) =>
      (name === "rpm" && args.some(({ value }) => /^(-K|--checksig)$/.test(value))) ||
      (name === "rpmkeys" && args.some(({ value }) => /^(-K|--checksig)$/.test(value))),
  );
