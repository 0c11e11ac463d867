import type { AddInstruction } from "../dockerfile/model.ts";
import type { ShellCommand, ShellWord } from "../dockerfile/script.ts";
import type { AuditedFile } from "./audited-file.ts";
import { downloadsIn, interpreterOf, laterRunOf } from "./knowledge/download-use.ts";
import { isPrivateHost, printableUrl, readUrl } from "./knowledge/downloads.ts";
import { knownValue, type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { overHttps } from "./knowledge/text-edits.ts";
import { isVerified } from "./knowledge/verification.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "clear-text-download",
  summary: "Download over https",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `What comes over http or ftp can be read and replaced by anybody on the way, and the build cannot tell. That goes for release archives, for signing keys (a replaced key makes every later signature check worthless) and for package indexes of pip and npm.

Nearly every server answers to https as well. Where one does not, compare the file with a known checksum in the same RUN.`,
  aliases: ["d5b3c9a1"],
  silent: [
    "The file is verified by checksum or signature in the same RUN, or by ADD --checksum.",
    "Mirrors of apt, apk, dnf and the like, whose packages are signed.",
    "The host is localhost, a private address or a name of an internal network, or a variable.",
    "A script that is run, which `clear-text-script-execution` reports.",
  ],
  fixes: "unsafe",
  sources: ["https://cwe.mitre.org/data/definitions/319.html"],
  examples: [
    {
      bad: "RUN wget -q ⟦http://example.org/tool.tar.gz⟧ && tar xf tool.tar.gz\n",
      fixed: "RUN wget -q https://example.org/tool.tar.gz && tar xf tool.tar.gz\n",
      message: "`wget` fetches `http://example.org/tool.tar.gz` in clear text",
    },
    {
      title: "by a variable",
      bad: "ENV URL=http://example.org/tool.tar.gz\nRUN wget -q ⟦$URL⟧\n",
      fixed: "ENV URL=http://example.org/tool.tar.gz\nRUN wget -q $URL\n",
      message: "`wget` fetches `http://example.org/tool.tar.gz` in clear text",
    },
    {
      title: "ADD and git",
      bad: "ADD ⟦http://example.org/a.jar⟧ /a.jar\nRUN git clone ⟦http://example.org/a.git⟧ /src\n",
      fixed: "ADD https://example.org/a.jar /a.jar\nRUN git clone https://example.org/a.git /src\n",
    },
    {
      title: "package indexes and ftp",
      bad: `RUN pip install --index-url ⟦http://pypi.example.org/simple⟧ app && \\
    curl -fO ⟦ftp://ftp.example.org/a.zip⟧
`,
      fixed: `RUN pip install --index-url https://pypi.example.org/simple app && \\
    curl -fO ftp://ftp.example.org/a.zip
`,
    },
    {
      title: "verified",
      good: `RUN wget http://example.org/a.zip && echo "$SHA256  a.zip" | sha256sum -c -
ADD --checksum=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef http://example.org/b /b
`,
    },
    {
      title: "inside the own network",
      good: "RUN curl -f http://localhost:8080/ready && curl -fO http://nexus.internal/a.zip\n",
    },
    {
      title: "signed packages, and URLs that are data",
      good: `LABEL url="http://example.org"
RUN echo "deb http://deb.example.org/debian bookworm main" > /etc/apt/sources.list && apt-get update
`,
    },
  ],
  check: function* (file) {
    if (!/(http|ftp):\/\//i.test(file.text)) return;
    for (const stage of file.stages)
      for (const add of stage.instructions) if (add.keyword === "ADD") yield* added(file, add);
    for (const run of runsIn(file, "every stage"))
      for (const { commands } of run.scripts) {
        const downloads = downloadsIn(commands);
        for (const download of downloads) {
          const isRun = interpreterOf(download, commands) ?? laterRunOf(download, commands);
          if (isRun !== undefined || download.output.kind === "nowhere" || isVerified(download, commands, downloads))
            continue;
          for (const url of download.urls) yield* judge(file, asKnown(file, run, url), download.command.name);
        }
        for (const command of commands) for (const url of otherUrls(command)) yield* judge(file, url, command.name);
      }
  },
});

/** A variable on its own is shown as its value; beside other text the file's own words are clearer. */
const asKnown = (file: AuditedFile, run: RunCommands, url: ShellWord): JudgedUrl => {
  const value = knownValue(file, run, url) ?? url.value;
  return { value, span: url.span, shown: /^\$(\w+|\{\w+\})$/.test(url.value) ? value : url.value };
};

interface JudgedUrl extends Pick<ShellWord, "value" | "span"> {
  readonly shown?: string;
}

const added = function* (file: AuditedFile, add: AddInstruction): Iterable<Problem> {
  if (add.flags.some(({ name }) => name === "checksum")) return;
  for (const source of add.sources)
    yield* judge(file, { value: file.expand(source, add).value ?? source.text, span: source.span }, "ADD");
};

const judge = function* (file: AuditedFile, url: JudgedUrl, who: string): Iterable<Problem> {
  const read = readUrl(url.value);
  if (read === undefined || !/^(http|ftp)$/.test(read.scheme)) return;
  if (isPrivateHost(read.host) || read.host.startsWith("$")) return;
  const edit = overHttps(file.text, url.span);
  yield {
    at: url.span,
    message: `\`${who}\` fetches \`${printableUrl(url.shown ?? url.value)}\` in clear text`,
    ...(edit === undefined ? {} : { fix: { title: "Write https in place of http", safety: "unsafe", edits: [edit] } }),
  };
};

/** Sources of git, and package indexes that are not signed. */
const otherUrls = ({ name, args }: ShellCommand): readonly ShellWord[] => {
  if (name === "git" && args.some(({ value }) => /^(clone|fetch|pull|submodule)$/.test(value)))
    return args.filter(({ value }) => value.startsWith("http://"));
  if (!/^(pip[\d.]*|uv|npm|pnpm|yarn|gem)$/.test(name)) return [];
  return args.filter(({ value }, at) => {
    const option = args[at - 1]?.value ?? "";
    return (
      value.startsWith("http://") &&
      /^(-i|--(default-|extra-)?index(-url)?|--registry|--source|-s|-f|--find-links)$/.test(option)
    );
  });
};
