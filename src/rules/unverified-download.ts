import type { ShellCommand } from "../dockerfile/script.ts";
import type { StageFacts } from "./audited-file.ts";
import { commandsAbout } from "./knowledge/commands-by-name.ts";
import { downloadsIn, isExemptFromVerification, isInterpreter, useOf } from "./knowledge/download-use.ts";
import { type Download, fileNameOf, printableUrl } from "./knowledge/downloads.ts";
import { once } from "./knowledge/once.ts";
import { type RunCommands, runsOf } from "./knowledge/run-commands.ts";
import { findVerifications, isVerified, keptNames } from "./knowledge/verification.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "unverified-download",
  summary: "Verify what curl and wget fetch by checksum or signature",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `TLS proves which server answered, not that the file is the one you tested: a replaced release, a hijacked bucket or a truncated transfer goes into the image unseen, and the same Dockerfile gives another image tomorrow.

Keep the expected checksum in the Dockerfile and compare it before the file is used: \`echo "$SHA256  tool.tar.gz" | sha256sum -c -\`, or verify the publisher's signature with \`gpg --verify\` or \`cosign verify-blob\`. \`ADD --checksum=sha256:… URL\` does both in one instruction. A download that goes straight into \`tar\` cannot be verified: write it to a file first.`,
  aliases: [],
  silent: [
    "A checksum or signature is verified in the same RUN, in a later RUN of the stage, or in a stage that copies from it.",
    "A script of the context gets the file, or runs after the download in the same RUN: it may verify what the Dockerfile does not show.",
    "The answer is only read (`| jq`, `$(…)`) or thrown away.",
    "The file is the text of a licence.",
    "The file is a key, a signature, a checksum or a repository list that a package manager or gpg takes.",
    "The host is the build itself (localhost), or the script could not be parsed.",
    "The answer goes straight into an interpreter, which `remote-script-piped-to-shell` reports.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/dockerfile/#add---checksum", "https://slsa.dev/spec/v1.0/threats"],
  needs: { commands: ["curl", "wget", "aria2c", "axel"] },
  examples: [
    {
      bad: `FROM debian:bookworm-slim
RUN set -eux; \\
    # the tool
    ⟦curl⟧ -fsSLo /tmp/tool.tar.gz https://example.org/tool-1.2.tar.gz; \\
    tar -xzf /tmp/tool.tar.gz -C /usr/local; \\
    rm /tmp/tool.tar.gz
`,
      message: "Nothing verifies `https://example.org/tool-1.2.tar.gz` by checksum or signature",
    },
    { title: "straight into tar", bad: "RUN ⟦wget⟧ -qO- https://example.org/a.tgz | tar xz -C /opt\n" },
    {
      title: "only one of two is verified",
      bad: `RUN curl -fsSLO https://example.org/a.zip && ⟦curl⟧ -fsSLO https://example.org/b.zip && echo "$A_SHA256  a.zip" | sha256sum -c -
`,
    },
    {
      title: "a script that ran before, and a check of something else later",
      bad: `COPY prepare.sh /
RUN /prepare.sh && ⟦curl⟧ -fL https://example.org/a.tgz | tar xz
RUN sha256sum -c /etc/sums
`,
    },
    {
      title: "deep in a heredoc",
      bad: `RUN <<EOF
set -e
if [ "$(uname -m)" = x86_64 ]; then
  ⟦wget⟧ --quiet "https://example.org/\${VERSION}/tool" -O /usr/local/bin/tool
fi
EOF
`,
    },
    {
      title: "checksum only printed",
      bad: "RUN ⟦curl⟧ -fLo tool https://example.org/tool && sha256sum tool\n",
    },
    {
      good: `ARG TOOL_SHA256
RUN curl -fsSLo tool.tar.gz "https://example.org/tool.tar.gz" \\
 && echo "$TOOL_SHA256  tool.tar.gz" | sha256sum -c - \\
 && tar -xzf tool.tar.gz
`,
    },
    {
      title: "signature",
      good: "RUN wget https://example.org/tini https://example.org/tini.asc && gpg --batch --verify tini.asc tini\n",
    },
    {
      title: "verified in a later RUN",
      good: `RUN curl -fsSLo /tmp/tool https://example.org/tool
RUN echo "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef /tmp/tool" | sha256sum --check
`,
    },
    { title: "only read", good: "RUN curl -fsS https://example.org/versions.json | jq -r .latest > /version\n" },
    {
      title: "verified later, beside the download of the key",
      good: "RUN curl -O https://example.org/a.apk\nRUN curl https://example.org/key.asc | gpg --import - && gpg --verify a.sig a.apk\n",
    },
    {
      title: "the text of a licence",
      good: "RUN curl -f -o /licenses/LICENSE.tool https://example.org/tool/1.2/LICENSE\n",
    },
    {
      title: "keys and repository lists",
      good: `RUN curl -fsSL https://example.org/key | gpg --dearmor -o /usr/share/keyrings/example.gpg \\
 && wget -qO /etc/apt/sources.list.d/example.list https://example.org/example.list
`,
    },
    {
      title: "a script of the context gets the file",
      good: `COPY verify.sh /usr/local/bin/
RUN curl -fLo /tmp/tool https://example.org/tool && verify.sh /tmp/tool
`,
    },
  ],
  check: function* (file) {
    for (const stage of file.stages) {
      const runs = runsOf(file, stage);
      if (!runs.some(({ scripts }) => scripts.some(({ commands }) => downloadsIn(commands).length > 0))) continue;
      const copied = copiedNames(stage);
      const later = noVerification();
      for (const dependent of file.stages)
        if (dependent.dependencies.includes(stage)) for (const run of runsOf(file, dependent)) addRun(later, run);
      // From the last RUN to the first, so that what comes later is known.
      const found = runs.toReversed().map((run) => {
        addRun(later, run);
        return [...unverifiedIn(run, later, copied)];
      });
      yield* found.reverse().flat();
    }
  },
});

interface LaterVerification {
  readonly names: Set<string>;
  /** A script without a download of its own verifies something that it does not name. */
  isTotal: boolean;
}

const noVerification = (): LaterVerification => ({ names: new Set(), isTotal: false });

const addRun = (later: LaterVerification, { scripts }: RunCommands): void => {
  for (const { commands } of scripts) {
    const hasDownloads = downloadsIn(commands).length > 0;
    for (const { names } of findVerifications(commands)) {
      // What it does not name may be what it downloads itself.
      if (names === undefined && !hasDownloads) later.isTotal = true;
      for (const name of names ?? []) later.names.add(name);
    }
  }
};

/** What went straight into tar is beyond any later check. */
const isVerifiedLater = (download: Download, { names, isTotal }: LaterVerification): boolean =>
  download.output.kind === "files" && (isTotal || keptNames(download).some((name) => names.has(name)));

const unverifiedIn = function* (
  run: RunCommands,
  later: LaterVerification,
  copied: ReadonlySet<string>,
): Iterable<Problem> {
  if (!run.isRead) return;
  for (const { commands } of run.scripts) {
    const downloads = downloadsIn(commands);
    if (downloads.length === 0) continue;
    const lastScript =
      copied.size === 0 ? -1 : (commands.findLast((command) => copied.has(scriptOf(command)))?.index ?? -1);
    for (const download of downloads) {
      if (isLegalText(download)) continue;
      if (useOf(download, commands) !== "kept" || isExemptFromVerification(download, commands)) continue;
      if (isVerified(download, commands, downloads) || isHandedToScript(download, commands)) continue;
      if (download.command.index < lastScript || isVerifiedLater(download, later)) continue;
      const at = download.command.nameWord?.span ?? download.command.span;
      yield { at, message: `Nothing verifies ${describe(download)} by checksum or signature` };
    }
  }
};

/** Nothing runs or reads what a licence says. */
const isLegalText = ({ urls }: Download): boolean =>
  urls.length > 0 &&
  urls.every(({ value }) => /\/(licen[cs]es?|copying|notice|copyright)(\.(txt|md|html))?$/i.test(value));

const describe = ({ urls, command }: Download): string =>
  urls.length === 0
    ? `what \`${command.name}\` fetches`
    : `\`${printableUrl(urls[0]?.value ?? "")}\`${urls.length > 1 ? ` and ${urls.length - 1} more` : ""}`;

/** Names of files that COPY and ADD bring in one by one. */
const copiedNames = ({ lineage }: StageFacts): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const { instructions } of lineage)
    for (const one of instructions)
      if (one.keyword === "COPY" || one.keyword === "ADD")
        for (const { text } of one.sources) names.add(fileNameOf(text));
  return names;
};

/** The file that a command runs: `verify.sh`, `./verify.sh`, `sh verify.sh`. */
const scriptOf = ({ name, args }: ShellCommand): string =>
  isInterpreter(name) ? fileNameOf(args.find((arg) => !arg.value.startsWith("-"))?.value ?? "") : name;

const isHandedToScript = (download: Download, commands: readonly ShellCommand[]): boolean => {
  const kept = keptNames(download);
  const known = handedOver(commands);
  const key = kept.join("\0");
  const found =
    known.get(key) ??
    kept.some((own) =>
      commandsAbout(commands, own).some((command) => {
        const { name, nameWord } = command;
        if (kept.includes(scriptOf(command))) return false;
        return isInterpreter(name) || nameWord?.value.startsWith("./") === true || /\.(sh|bash|py|pl)$/.test(name);
      }),
    );
  known.set(key, found);
  return found;
};

/** By the names that a download keeps, because a script may fetch the same file a thousand times. */
const handedOver = once((_commands: readonly ShellCommand[]) => new Map<string, boolean>());
