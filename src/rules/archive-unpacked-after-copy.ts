import type { AddInstruction, CopyInstruction, Span, Word } from "../dockerfile/model.ts";
import type { ShellCommand } from "../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { findOption, readOptions } from "./knowledge/command-options.ts";
import { commandsNamed } from "./knowledge/commands-by-name.ts";
import { fileNameOf } from "./knowledge/downloads.ts";
import { once } from "./knowledge/once.ts";
import { resolvePath } from "./knowledge/paths.ts";
import { type RunCommands, runsOf } from "./knowledge/run-commands.ts";
import { deleteCommandOrRun } from "./knowledge/script-edits.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "archive-unpacked-after-copy",
  summary: "Keep no archive in a layer that a later RUN unpacks",
  level: { recommended: "note", strict: "note" },
  scope: "shipped stages",
  why: `COPY puts the archive into a layer, where it stays although the next RUN unpacks and perhaps removes it: the image carries the content twice.

\`ADD rootfs.tar.xz /\` unpacks the archive in the layer that brings it, owner and mode kept, and leaves no archive behind. A bind mount (\`RUN --mount=type=bind,source=a.tgz,target=/a.tgz tar …\`) does the same where tar needs options. ADD does not unpack what it fetches from a URL: fetch it in a stage of its own, or unpack it with \`ADD --unpack\`.`,
  aliases: ["DL3010"],
  silent: [
    "Formats that ADD does not unpack (zip, 7z).",
    "tar changes what it unpacks (`--strip-components`, `--transform`, `--exclude`, members by name).",
    "The source comes from another stage, or the archive is used by other commands as well.",
  ],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/reference/dockerfile/#adding-local-tar-archives"],
  needs: { instructions: ["COPY", "ADD"] },
  examples: [
    {
      bad: `COPY ⟦rootfs.tar.xz⟧ /tmp/
RUN tar -xJf /tmp/rootfs.tar.xz -C /opt
USER 1000
`,
      fixed: `ADD rootfs.tar.xz /opt/
USER 1000
`,
      message: "COPY keeps `rootfs.tar.xz` in the layer, which a later RUN unpacks",
    },
    {
      title: "in a list",
      bad: `WORKDIR /srv
COPY --chown=1000 ⟦app.tgz⟧ ./
RUN tar xf app.tgz && ./configure
`,
      fixed: `WORKDIR /srv
ADD --chown=1000 app.tgz /srv/
RUN ./configure
`,
    },
    {
      title: "removed afterwards: reported without a fix",
      bad: "COPY ⟦a/b.tar⟧ /b.tar\nRUN tar -C /x -xf /b.tar && rm /b.tar\n",
    },
    {
      title: "fetched by ADD",
      bad: "ADD ⟦https://example.org/tool-1.2.tar.gz⟧ /\nRUN tar xzf /tool-1.2.tar.gz && rm /tool-1.2.tar.gz\n",
      message: "ADD keeps `https://example.org/tool-1.2.tar.gz` in the layer, which a later RUN unpacks",
    },
    { good: "ADD --unpack=true https://example.org/tool-1.2.tar.gz /\nRUN tar cf tool-1.2.tar.gz /a\n" },
    { good: "ADD rootfs.tar.xz /\n" },
    {
      title: "what ADD cannot do",
      good: "COPY a.zip b.tgz /tmp/\nRUN unzip /tmp/a.zip && tar xf /tmp/b.tgz --strip-components=1 -C /opt\n",
    },
    {
      title: "from another stage",
      good: "FROM debian:bookworm-slim AS b\nFROM debian:bookworm-slim\nCOPY --from=b /a.tgz /\nRUN tar xf /a.tgz\n",
    },
    { title: "not unpacked", good: "COPY a.tgz /srv/\nRUN tar tf /srv/a.tgz\n" },
  ],
  check: function* (file) {
    for (const stage of file.shippedStages)
      for (const copy of stage.instructions) {
        if (copy.keyword !== "COPY" && copy.keyword !== "ADD") continue;
        if (copy.flags.some(({ name }) => name === "from" || name === "unpack")) continue;
        for (const source of copy.sources) {
          if (copy.keyword === "ADD" && !/^https?:\/\//i.test(source.text)) continue;
          if (!/\.(tar|tgz|tbz2?|txz|tzst|tar\.\w+)$/i.test(source.text.replace(/["']$/, ""))) continue;
          const unpacked = unpackedBy(file, stage, copy, source);
          if (unpacked === undefined) continue;
          const fix = copy.keyword === "COPY" ? fixOf(file, copy, unpacked) : undefined;
          yield {
            at: source.span,
            message: `${copy.keyword} keeps \`${source.text}\` in the layer, which a later RUN unpacks`,
            related: [{ at: unpacked.command.span, message: "unpacked here" }],
            ...(fix === undefined ? {} : { fix }),
          };
        }
      }
  },
});

interface Unpacked {
  readonly command: ShellCommand;
  readonly run: RunCommands;
  /** Absolute; undefined when it is not known. */
  readonly directory: string | undefined;
  readonly isOnlyUse: () => boolean;
}

const unpackedBy = (
  file: AuditedFile,
  stage: StageFacts,
  copy: CopyInstruction | AddInstruction,
  source: Word,
): Unpacked | undefined => {
  const written = file.expand(copy.destination, copy).value ?? copy.destination.text;
  const name = /(^|\/)\.{0,2}$/.test(written) ? fileNameOf(source.text) : fileNameOf(written);
  const isUse = ({ args }: ShellCommand): boolean => args.some(({ value }) => value.includes(name));
  const found = tarsIn(stage, file).find(({ run, command }) => run.run.index > copy.index && isUse(command));
  if (found === undefined) return undefined;
  const read = readTar(found.command, name);
  if (read === undefined) return undefined;
  const moved = found.run.commands.some((one) => one.name === "cd" && one.span.start < found.command.span.start);
  const workdir = moved ? undefined : (stage.workdirAt(found.run.run) ?? "/");
  const isOnlyUse = (): boolean => {
    const later = runsOf(file, stage).filter(({ run }) => run.index > copy.index);
    return later.every(({ commands }) => commands.every((one) => one === found.command || !isUse(one)));
  };
  return { ...found, directory: resolvePath(read.directory ?? ".", workdir), isOnlyUse };
};

const tarsIn = once((stage: StageFacts, file: AuditedFile) =>
  runsOf(file, stage).flatMap((run) =>
    commandsNamed(run.commands, "tar", "bsdtar").map((command) => ({ run, command })),
  ),
);

/** Undefined when tar does not unpack the whole archive as it is. */
const readTar = (command: ShellCommand, name: string): { readonly directory: string | undefined } | undefined => {
  const args = command.args.map((word, at) =>
    at === 0 && /^[a-zA-Z]+$/.test(word.value) ? { ...word, value: `-${word.value}` } : word,
  );
  const read = readOptions(args, { valued: new Set(["-f", "--file", "-C", "--directory"]) });
  const extracts = read.options.some(({ name: option }) => /^(-x|--extract|--get)$/.test(option));
  const isPlain = read.options.every(({ name: option }) =>
    /^(-[xfvzjJpaC]|--(extract|get|file|verbose|gzip|bzip2|xz|zstd|auto-compress|directory|preserve-permissions|no-same-owner|same-owner))$/.test(
      option,
    ),
  );
  const members = read.operands.filter(({ value }) => fileNameOf(value) !== name);
  if (!extracts || !isPlain || members.length > 0 || read.unknown.length > 0) return undefined;
  return { directory: findOption(read, "-C", "--directory")?.value };
};

const fixOf = (
  file: AuditedFile,
  copy: CopyInstruction,
  { command, run, directory, isOnlyUse }: Unpacked,
): Fix | undefined => {
  if (copy.sources.length !== 1 || copy.form !== "shell" || !isOnlyUse()) return undefined;
  if (directory === undefined || !/^[\w./-]+$/.test(directory)) return undefined;
  const removal = deleteCommandOrRun(file, run, command);
  if (removal === undefined) return undefined;
  const replaced = (span: Span, text: string) => ({ span, text });
  return {
    title: "Write ADD in place of COPY and tar",
    safety: "unsafe",
    edits: [
      replaced(
        copy.keywordSpan,
        file.text.slice(copy.keywordSpan.start, copy.keywordSpan.end) === "copy" ? "add" : "ADD",
      ),
      replaced(copy.destination.span, directory === "/" ? "/" : `${directory}/`),
      removal,
    ],
  };
};
