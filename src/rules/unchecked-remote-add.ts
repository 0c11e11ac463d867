import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { isGitSource } from "./knowledge/copy-sources.ts";
import { fileNameOf, isVerificationFile, printableUrl, readUrl } from "./knowledge/downloads.ts";
import { once } from "./knowledge/once.ts";
import { runsOf } from "./knowledge/run-commands.ts";
import { findVerifications } from "./knowledge/verification.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "unchecked-remote-add",
  summary: "Give ADD of a URL a --checksum",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `ADD of a URL puts into the image whatever the server sends on the day of the build. With \`--checksum=sha256:…\` BuildKit compares the file and stops the build when it is another one, and it needs no request at all while the file is in the cache.

Take the checksum that the publisher prints beside the download, or compute it once from a file that you have tested: \`curl -fsSL URL | sha256sum\`.`,
  aliases: ["4b410d24"],
  silent: [
    "Git sources, which are pinned by commit, and sources whose URL is a variable without a known value.",
    "A later RUN of the stage, or of a stage that copies from it, verifies the file by checksum or signature.",
    "Signatures, checksums and keys themselves.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/dockerfile/#add---checksum"],
  needs: { instructions: ["ADD"] },
  examples: [
    {
      bad: "ADD ⟦https://example.org/tool-1.2.tar.gz⟧ /tmp/\n",
      message: "ADD takes `https://example.org/tool-1.2.tar.gz` without a `--checksum`",
    },
    {
      title: "one of several",
      bad: `ADD --chmod=755 \\
    ⟦https://example.org/a⟧ \\
    b \\
    /usr/local/bin/
`,
    },
    {
      title: "a variable with a known value",
      bad: `ARG URL=http://example.org/rootfs.img
ADD ⟦\${URL}⟧ /a
ADD [⟦"$URL"⟧, "/b"]
`,
    },
    {
      good: "ADD --checksum=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef https://example.org/tool /usr/local/bin/\n",
    },
    {
      title: "git",
      good: "ADD https://example.org/team/project.git#v1.2 /src\nADD git@example.org:team/project.git /src2\n",
    },
    {
      title: "verified by a later RUN",
      good: `ADD https://example.org/tool /tmp/
RUN echo "$SHA256 /tmp/tool" | sha256sum -c
`,
    },
    {
      title: "verified by PowerShell",
      good: `FROM mcr.microsoft.com/windows/servercore:ltsc2022
ADD https://example.org/tool.exe /tool.exe
RUN powershell if ((Get-FileHash /tool.exe).Hash -ne $Env:SHA256) { throw }
`,
    },
    { title: "unknown variable", good: "ARG TOOL_URL\nADD $TOOL_URL /tmp/tool\n" },
  ],
  check: function* (file) {
    for (const stage of file.stages)
      for (const add of stage.instructions) {
        if (add.keyword !== "ADD" || add.flags.some((flag) => flag.name === "checksum")) continue;
        for (const source of add.sources) {
          const url = file.expand(source, add).value ?? source.text;
          const read = readUrl(url);
          if (read === undefined || !/^https?$/.test(read.scheme) || isGitSource(url)) continue;
          if (isVerificationFile(url) || isVerifiedAfter(file, stage, add.index, url, add.destination.text)) continue;
          yield { at: source.span, message: `ADD takes \`${printableUrl(url)}\` without a \`--checksum\`` };
        }
      }
  },
});

const isVerifiedAfter = (file: AuditedFile, stage: StageFacts, index: number, url: string, target: string): boolean => {
  if (isHashedOnWindows(file, stage, index)) return true;
  const { ofAnything, ofName } = lastVerifications(stage, file);
  const names = [fileNameOf(url), fileNameOf(target)].filter((name) => name !== "");
  return Math.max(ofAnything, ...names.map((name) => ofName.get(name) ?? -1)) > index;
};

/** The index of the last RUN, in the stage or one that takes from it, that verifies a file of a name, or any file. */
const lastVerifications = once((stage: StageFacts, file: AuditedFile) => {
  let ofAnything = -1;
  const ofName = new Map<string, number>();
  const dependents = file.stages.filter((other) => other.dependencies.includes(stage));
  for (const { run, scripts } of [stage, ...dependents].flatMap((one) => runsOf(file, one)))
    for (const { names } of scripts.flatMap((script) => findVerifications(script.commands))) {
      if (names === undefined) ofAnything = Math.max(ofAnything, run.index);
      for (const name of names ?? []) ofName.set(name, Math.max(run.index, ofName.get(name) ?? -1));
    }
  return { ofAnything, ofName };
});

/** PowerShell and cmd are not parsed; their words for a checksum are enough to keep silent. */
const isHashedOnWindows = ({ text }: AuditedFile, { instructions, isWindows }: StageFacts, index: number): boolean =>
  isWindows &&
  instructions.some(
    ({ keyword, span, index: at }) =>
      keyword === "RUN" &&
      at > index &&
      /get-filehash|certutil\b(?:(?!certutil\b).)*-hashfile/is.test(text.slice(span.start, span.end)),
  );
