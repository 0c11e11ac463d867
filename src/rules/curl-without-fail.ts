import type { CommandForm } from "../dockerfile/model.ts";
import type { ShellCommand } from "../dockerfile/script.ts";
import { mayHaveOption } from "./knowledge/command-options.ts";
import { downloadsIn } from "./knowledge/download-use.ts";
import { type Download, isLocalHost, printableUrl, readUrl, receiversOf } from "./knowledge/downloads.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { insertAfter } from "./knowledge/script-edits.ts";
import { isVerified } from "./knowledge/verification.ts";
import { defineRule, type Fix, type Problem } from "./rule.ts";

export default defineRule({
  id: "curl-without-fail",
  summary: "Let curl fail on http errors",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `curl without \`--fail\` succeeds when the server answers 404 or 500 and saves the error page under the name of the file: the build goes on and fails later in a place that does not say why, or does not fail at all. In a HEALTHCHECK it means that a service which answers every request with an error is always healthy.

\`curl -f\` (in a cluster: \`-fsSL\`) exits with 22 on such answers; \`--fail-with-body\` does so and keeps the body.`,
  aliases: [],
  silent: [
    "`-f` in any cluster, `--fail-with-body`, or a variable among the arguments that may hold it.",
    "A .curlrc is written before.",
    "A RUN asks a server that it started itself (localhost).",
    "The answer is thrown away or its status is read (`-I`, `-o /dev/null`, `-w`).",
    "An error page is noticed: a checksum follows, or tar, gpg or jq read it.",
  ],
  fixes: "unsafe",
  sources: ["https://curl.se/docs/manpage.html#-f"],
  needs: { instructions: ["HEALTHCHECK"], commands: ["curl"] },
  examples: [
    {
      bad: "RUN ⟦curl⟧ -sSLo /tool https://example.org/tool\n",
      fixed: "RUN curl --fail -sSLo /tool https://example.org/tool\n",
      message: "`curl` takes an error page for `https://example.org/tool`: `--fail` is missing",
    },
    {
      title: "exec form",
      bad: 'HEALTHCHECK CMD [⟦"curl"⟧, "http://localhost/"]\n',
      fixed: 'HEALTHCHECK CMD ["curl", "--fail", "http://localhost/"]\n',
    },
    {
      title: "always healthy",
      bad: "HEALTHCHECK CMD ⟦curl⟧ http://localhost:8080/health || exit 1\n",
      fixed: "HEALTHCHECK CMD curl --fail http://localhost:8080/health || exit 1\n",
    },
    {
      title: "in a substitution and in a pipe",
      bad: `RUN VERSION="$(⟦curl⟧ -sL https://example.org/latest)" && \\
    ⟦curl⟧ -L https://example.org/$VERSION.sh | sh
`,
      fixed: `RUN VERSION="$(curl --fail -sL https://example.org/latest)" && \\
    curl --fail -L https://example.org/$VERSION.sh | sh
`,
    },
    { good: "RUN curl -fsSLo /tool https://example.org/tool && curl --fail-with-body -O https://example.org/b\n" },
    { title: "may be given", good: "RUN curl $CURL_OPTIONS -o /tool https://example.org/tool\n" },
    {
      title: "noticed anyway",
      good: `RUN curl -sLo a.zip https://example.org/a.zip && echo "$SHA256  a.zip" | sha256sum -c -
RUN curl -sL https://example.org/b.tgz | tar xz
RUN echo fail > ~/.curlrc && curl -sLO https://example.org/c
`,
    },
    {
      title: "a server of the build",
      good: "RUN start-server && until curl -s http://localhost:9200; do sleep 1; done\n",
    },
    {
      title: "a probe",
      good: "HEALTHCHECK CMD test \"$(curl -s -o /dev/null -w '%{http_code}' http://localhost/)\" = 200\n",
    },
  ],
  check: function* (file) {
    for (const { run, scripts } of runsIn(file, "every stage"))
      for (const { commands } of scripts) yield* judge(run, commands);
    for (const instruction of file.dockerfile.instructions) {
      if (instruction.keyword !== "HEALTHCHECK" || instruction.command === undefined) continue;
      const script = file.script(instruction.command, instruction);
      if (script !== undefined) yield* judge({ keyword: "HEALTHCHECK", command: instruction.command }, script.commands);
    }
  },
});

const judge = function* (
  instruction: { readonly keyword: "RUN" | "HEALTHCHECK"; readonly command: CommandForm },
  commands: readonly ShellCommand[],
): Iterable<Problem> {
  const downloads = downloadsIn(commands);
  for (const download of downloads) {
    const { command, urls } = download;
    const word = command.nameWord;
    if (command.name !== "curl" || word === undefined || mayFail(download)) continue;
    if (instruction.keyword === "RUN" && urls.some(({ value }) => isLocalHost(readUrl(value)?.host ?? ""))) continue;
    if (notices(download, commands, downloads)) continue;
    const url = urls[0] === undefined ? "the file" : `\`${printableUrl(urls[0].value)}\``;
    const fix: Fix = {
      title: "Add --fail to curl",
      safety: "unsafe",
      edits: [insertAfter(instruction, word, "--fail")],
    };
    yield {
      at: word.span,
      message: `\`curl\` takes an error page for ${url}: \`--fail\` is missing`,
      fix,
    };
  }
};

const mayFail = ({ options, output, urls }: Download): boolean => {
  const isSure = options.unknown.every((word) => urls.includes(word) && /^"?\$/.test(word.value));
  return (
    output.kind === "nowhere" ||
    mayHaveOption(
      isSure ? { ...options, unknown: [] } : options,
      "-f",
      "--fail",
      "--fail-with-body",
      "--fail-early",
      "-w",
      "--write-out",
      "-K",
      "--config",
    )
  );
};

const notices = (download: Download, commands: readonly ShellCommand[], downloads: readonly Download[]): boolean => {
  if (
    receiversOf(download.command, commands).some(({ name }) =>
      /^(tar|bsdtar|gpg\d?|jq|apt-key|unzip|gunzip|zcat|xz|unxz|bunzip2|zstd)$/.test(name),
    )
  )
    return true;
  const configures = commands.some(
    ({ index, redirects }) =>
      index < download.command.index && redirects.some(({ target }) => target?.value.endsWith("curlrc") === true),
  );
  const around = download.command.parent === undefined ? undefined : commands[download.command.parent];
  const isCompared = around !== undefined && receiversOf(around, commands).some(({ name }) => /sum$/.test(name));
  return configures || isCompared || isVerified(download, commands, downloads);
};
