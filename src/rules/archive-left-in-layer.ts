import type { Script, ShellCommand } from "../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { commandsNamed, lastAbout } from "./knowledge/commands-by-name.ts";
import { isArchiveName } from "./knowledge/copy-sources.ts";
import { downloadsIn } from "./knowledge/download-use.ts";
import { type Download, fileNameOf } from "./knowledge/downloads.ts";
import { once } from "./knowledge/once.ts";
import { isBelow, resolvePath } from "./knowledge/paths.ts";
import { wideRemovals } from "./knowledge/removals.ts";
import { type RunCommands, runsOf } from "./knowledge/run-commands.ts";
import { appendCommand } from "./knowledge/script-edits.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "archive-left-in-layer",
  summary: "Remove downloaded archives in the RUN that fetched them",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  why: `An archive that was unpacked is in the image twice: once packed, once unpacked. A layer keeps what existed at the end of its RUN, so a later \`RUN rm\` hides the file and frees nothing.

Remove it in the RUN that fetched it, or download and unpack in a builder stage and COPY the result.`,
  aliases: [],
  silent: [
    "The archive goes straight into tar, is removed or moved in the same RUN, or is never unpacked (it is the product).",
    "It lies on a cache or tmpfs mount of the RUN.",
    "A removal whose words are not known (`rm -rf $DIR`, `find -delete`, a called script) may concern it.",
  ],
  fixes: "safe",
  sources: ["https://docs.docker.com/build/building/best-practices/"],
  needs: { commands: ["curl", "wget", "aria2c", "axel"] },
  examples: [
    {
      bad: `RUN curl -fLo ⟦/tmp/a.tar.gz⟧ https://example.org/a.tar.gz && tar xzf /tmp/a.tar.gz -C /opt
`,
      fixed: `RUN curl -fLo /tmp/a.tar.gz https://example.org/a.tar.gz && tar xzf /tmp/a.tar.gz -C /opt && rm /tmp/a.tar.gz
`,
      message: "`/tmp/a.tar.gz` stays in the layer after it was unpacked",
    },
    {
      title: "removed too late",
      bad: `RUN set -e; \\
    wget -q ⟦https://example.org/b.zip⟧; \\
    unzip -q b.zip
RUN rm b.zip
`,
      message: "`b.zip` stays in the layer after it was unpacked, and the rm of a later RUN frees nothing",
    },
    {
      title: "in the layout of the RUN",
      bad: `RUN set -ex; \\
    wget -q ⟦https://example.org/c.tgz⟧; \\
    tar xf c.tgz
`,
      fixed: `RUN set -ex; \\
    wget -q https://example.org/c.tgz; \\
    tar xf c.tgz; \\
    rm c.tgz
`,
    },
    {
      title: "a package file",
      bad: "RUN wget -qO ⟦/a.deb⟧ https://example.org/a.deb && dpkg -i /a.deb\n",
      fixed: "RUN wget -qO /a.deb https://example.org/a.deb && dpkg -i /a.deb && rm /a.deb\n",
    },
    {
      title: "read again later: no fix",
      bad: "RUN curl -fLo ⟦/tmp/b.tgz⟧ https://example.org/b.tgz && tar xf /tmp/b.tgz -C /opt\nRUN tar xf /tmp/b.tgz -C /srv\n",
    },
    {
      title: "linked: no fix",
      bad: "RUN curl -fLo ⟦/srv/b.tgz⟧ https://example.org/b.tgz && ln -s /srv/b.tgz /srv/latest && tar xf /srv/b.tgz -C /opt\n",
    },
    { good: "RUN curl -fL https://example.org/a.tar.gz | tar xz -C /opt\n" },
    {
      title: "removed in the same RUN",
      good: `RUN wget -q https://example.org/a.zip && unzip a.zip && rm -f *.zip
RUN mkdir /tmp/b && cd /tmp/b && curl -fO https://example.org/b.tgz && tar xf b.tgz && make install && rm -rf /tmp/b
`,
    },
    {
      title: "on a mount, and the product itself",
      good: `RUN --mount=type=tmpfs,target=/tmp curl -fLo /tmp/a.tgz https://example.org/a.tgz && tar xf /tmp/a.tgz
RUN curl -fLo /srv/www/a.zip https://example.org/a.zip
`,
    },
    {
      title: "in a builder stage",
      good: `FROM debian:bookworm-slim AS build
RUN curl -fO https://example.org/a.tgz && tar xf a.tgz
FROM scratch
COPY --from=build /a /a
`,
    },
  ],
  check: function* (file) {
    for (const stage of file.shippedStages) {
      const runs = runsOf(file, stage);
      for (const [at, run] of runs.entries()) {
        if (!run.isRead) continue;
        for (const script of run.scripts) {
          const { commands } = script;
          const downloads = downloadsIn(commands);
          const isExtensible = downloads.length > 0 && isPlain(script);
          for (const download of downloads) {
            if (download.output.kind !== "files") continue;
            for (const path of download.output.paths) {
              if (!isUnpacked(path, download, commands) || mayBeRemoved(path, download, commands, run, stage)) continue;
              const name = fileNameOf(path);
              const word = download.command.args.find(({ value }) => fileNameOf(value) === name) ?? download.urls[0];
              const later = removalsIn(runs)
                .get(name)
                ?.find((one) => one.at > at)?.command;
              const fix = later === undefined && isExtensible ? fixOf(file, path, run, script) : undefined;
              yield {
                at: word?.span ?? download.command.span,
                message: `\`${path}\` stays in the layer after it was unpacked${later === undefined ? "" : ", and the rm of a later RUN frees nothing"}`,
                ...(later === undefined ? {} : { related: [{ at: later.span, message: "removed too late" }] }),
                ...(fix === undefined ? {} : { fix }),
              };
            }
          }
        }
      }
    }
  },
});

/** Every `rm` by the names of the files, in order, with the position of its RUN. */
const removalsIn = once((runs: readonly RunCommands[]) => {
  const removals = new Map<string, { readonly at: number; readonly command: ShellCommand }[]>();
  for (const [at, { commands }] of runs.entries())
    for (const command of commandsNamed(commands, "rm"))
      for (const name of new Set(command.args.map(({ value }) => fileNameOf(value)))) {
        const same = removals.get(name) ?? [];
        removals.set(name, same);
        same.push({ at, command });
      }
  return removals;
});

const isUnpacked = (path: string, download: Download, commands: readonly ShellCommand[]): boolean => {
  const name = fileNameOf(path);
  const unpacker = unpackerOf(name);
  return unpacker !== undefined && lastAbout(commands, name, unpacker) > download.command.index;
};

const unpackerOf = (name: string): RegExp | undefined => {
  if (/\.(deb|rpm|apk)$/.test(name)) return /^(dpkg|rpm|apt|apt-get|dnf|yum|apk|gdebi|zypper)$/;
  return isArchiveName(name) || /\.(zip|7z)$/i.test(name) ? /^(tar|bsdtar|unzip|7z|7za|busybox)$/ : undefined;
};

const mayBeRemoved = (
  path: string,
  download: Download,
  commands: readonly ShellCommand[],
  { run }: RunCommands,
  stage: StageFacts,
): boolean => {
  const { index } = download.command;
  if (lastAbout(commands, fileNameOf(path), /^(rm|unlink|shred|mv|install|dpkg-deb)$/) > index) return true;
  const moved = commandsNamed(commands, "cd", "pushd").findLast((one) => one.index < index);
  const directory =
    moved === undefined ? stage.workdirAt(run) : moved.args[0]?.isLiteral === true ? moved.args[0].value : undefined;
  const full = path.includes("$") ? undefined : resolvePath(path, directory ?? (moved === undefined ? "/" : undefined));
  if (full !== undefined && run.mounts.some(({ fields }) => isBelow(full, fields.get("target") ?? "//"))) return true;
  return wideRemovals(commands).some(({ after, folder }) => {
    if (after < index) return false;
    return full === undefined || folder === undefined || isBelow(full, resolvePath(folder, directory ?? "/") ?? folder);
  });
};

/** A list in which each command needs the one before. */
const isPlain = (script: Script): boolean => {
  const hasErrexit = script.status === "parsed" && script.options.has("errexit");
  return script.commands.every(
    ({ enclosures, name, followedBy, pipedInto }) =>
      enclosures.length === 0 &&
      pipedInto === undefined &&
      !/^(exec|exit)$/.test(name) &&
      (followedBy === undefined || followedBy === "&&" || (hasErrexit && (followedBy === ";" || followedBy === "\n"))),
  );
};

/** Whether the archive is the target of a link, or named again after it was unpacked. */
const isUsedAgain = (file: AuditedFile, path: string, { run }: RunCommands, { commands }: Script): boolean => {
  const name = fileNameOf(path);
  const unpacked = lastAbout(commands, name, unpackerOf(name) ?? /^$/);
  const isLinked = lastAbout(commands, name, /^(ln|link)$/) >= 0;
  return isLinked || lastAbout(commands, name, /^/) > unpacked || (lastMentions(file).get(name) ?? 0) > run.span.end;
};

/** Where each name of the file stands for the last time. */
const lastMentions = once((file: AuditedFile): ReadonlyMap<string, number> => {
  const mentions = new Map<string, number>();
  for (const { 0: name, index } of file.text.matchAll(/[\w.+-]+/g)) mentions.set(name, index);
  return mentions;
});

const fixOf = (file: AuditedFile, path: string, run: RunCommands, script: Script): Fix | undefined => {
  const isFound = path.startsWith("/") || commandsNamed(script.commands, "cd", "pushd").length === 0;
  if (run.scripts.length !== 1 || !isFound || !/^[\w./+-]+$/.test(path)) return undefined;
  if (isUsedAgain(file, path, run, script)) return undefined;
  const edit = appendCommand(file, run.run, script, `rm ${path}`);
  return edit && { title: `Remove ${path} at the end of the RUN`, safety: "safe", edits: [edit] };
};
