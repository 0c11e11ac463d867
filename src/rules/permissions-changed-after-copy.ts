import type { ShellCommand } from "../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { type CopiedPath, copiedPaths, resolvePath } from "./knowledge/paths.ts";
import { type PermissionChange, readPermissionChange } from "./knowledge/permission-changes.ts";
import { type RunCommands, runsOf } from "./knowledge/run-commands.ts";
import { deleteCommandOrRun } from "./knowledge/script-edits.ts";
import { insertFlag } from "./knowledge/text-edits.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "permissions-changed-after-copy",
  summary: "Set mode and owner on COPY, not in a later RUN",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  why: `A layer holds whole files: \`RUN chown -R app /app\` after \`COPY . /app\` writes every file a second time, and the image is larger by all of them although not a byte of content has changed.

\`COPY --chown=app:app . /app\` and \`COPY --chmod=755 entrypoint.sh /\` set owner and mode in the layer that brings the files.`,
  aliases: [],
  silent: [
    "The path is not exactly what a COPY or ADD of the stage creates. There is no fix where a RUN in between may have made files below it.",
    "The mode depends on the file (`X`), or is a variable.",
    "The file is known and smaller than 64 KiB, so that a second copy costs next to nothing.",
    "Builder stages, and Windows.",
  ],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/reference/dockerfile/#copy---chown---chmod"],
  examples: [
    {
      bad: `COPY . /app
RUN chown -R 1000:1000 ⟦/app⟧
CMD ["/app/run"]
`,
      fixed: `COPY --chown=1000:1000 . /app
CMD ["/app/run"]
`,
      message: "`chown` writes `/app` a second time, which `COPY --chown` would not",
    },
    {
      title: "in a continued RUN, relative to WORKDIR",
      bad: `WORKDIR /srv
COPY --link tool.bin ./bin/
RUN set -e && \\
    chmod 0755 ⟦bin/tool.bin⟧ && \\
    ln -s /srv/bin/tool.bin /usr/local/bin/tool
`,
      fixed: `WORKDIR /srv
COPY --chmod=0755 --link tool.bin ./bin/
RUN set -e && \\
    ln -s /srv/bin/tool.bin /usr/local/bin/tool
`,
    },
    {
      title: "a mode that the engine does not know as a number",
      bad: `ADD entrypoint.sh /
RUN chmod +x ⟦/entrypoint.sh⟧ /usr/local/bin/other
`,
    },
    {
      title: "more files by then: reported without a fix",
      bad: "COPY . /app\nRUN make -C /app\nRUN chown -R 1000 ⟦/app⟧\n",
    },
    { title: "an owner by a variable", bad: "ARG OWNER=1000\nCOPY . /app\nRUN chown -R $OWNER ⟦/app⟧\n" },
    { good: "COPY --chown=1000:1000 --chmod=755 . /app\n" },
    {
      title: "not what COPY created",
      good: `COPY app /usr/local/bin/app
RUN mkdir -p /data && chown 1000 /data && chmod 755 /usr/local/bin
`,
    },
    {
      title: "in a builder stage",
      good: `FROM debian:bookworm-slim AS build
COPY tool.sh /tool.sh
RUN chmod +x /tool.sh
FROM scratch
COPY --from=build /out /
`,
    },
    {
      title: "a small file",
      files: { "entrypoint.sh": "#!/bin/sh\nexec app\n" },
      good: "COPY entrypoint.sh /\nRUN chmod +x /entrypoint.sh\n",
    },
  ],
  check: function* (file) {
    if (!/ch(mod|own|grp)/.test(file.text)) return;
    for (const stage of file.shippedStages) {
      if (stage.isWindows) continue;
      const copied = copiedPaths(file, stage);
      if (copied.length === 0) continue;
      const byPath = Map.groupBy(copied, ({ path }) => path);
      const runs = runsOf(file, stage);
      for (const run of runs)
        for (const command of run.commands) {
          const change = readPermissionChange(command);
          if (change === undefined) continue;
          for (const word of change.paths) {
            const path = word.isLiteral ? resolvePath(word.value, directoryOf(stage, run, command)) : undefined;
            const copy = byPath.get(path ?? "")?.findLast((one) => one.copy.index < run.run.index);
            if (path === undefined || copy === undefined || isSmall(file, copy, change)) continue;
            const fix = change.paths.length === 1 ? fixOf(file, stage, copy, change, run) : undefined;
            yield {
              at: word.span,
              message: `\`${command.name}\` writes \`${word.value}\` a second time, which \`${copy.copy.keyword} --${change.flag}\` would not`,
              related: [{ at: copy.copy.destination.span, message: `${copy.copy.keyword} wrote it here` }],
              ...(fix === undefined ? {} : { fix }),
            };
          }
        }
    }
  },
});

/** Undefined after a `cd`, which the script may have left again. */
const directoryOf = (stage: StageFacts, run: RunCommands, command: ShellCommand): string | undefined =>
  run.commands.some(({ name, span }) => name === "cd" && span.start < command.span.start)
    ? undefined
    : stage.workdirAt(run.run);

/** Recursion may reach more than the context shows, so that only single files are known to be small. */
const isSmall = (file: AuditedFile, { source, copy }: CopiedPath, { isRecursive }: PermissionChange): boolean => {
  if (isRecursive || source === undefined || copy.flags.some(({ name }) => name === "from")) return false;
  const content = file.context?.read(source.replace(/^(\.?\/)+/, ""));
  return content !== undefined && content.length < 65_536;
};

/** Only a number is a mode to every version of the engine; an owner must exist when COPY runs. */
const fixOf = (
  file: AuditedFile,
  stage: StageFacts,
  copied: CopiedPath,
  change: PermissionChange,
  run: RunCommands,
): Fix | undefined => {
  const { copy } = copied;
  const { value } = change.value;
  if (!change.value.isLiteral || copy.flags.some(({ name }) => name === change.flag)) return undefined;
  if (copy.sources.length + copy.heredocs.length !== 1 || change.command.name === "chgrp") return undefined;
  if (change.flag === "chmod" && !/^[0-7]{3,4}$/.test(value)) return undefined;
  if (change.isRecursive ? mayMakeFiles(file, stage, copy.index, run.run.index, change) : !copied.isFile)
    return undefined;
  if (change.flag === "chown" && !/^\d+(:\d*)?$/.test(value) && makesAccount(file, stage, copy.index)) return undefined;
  if (change.command.redirects.length > 0 || change.command.wrappers.length > 0) return undefined;
  const removal = deleteCommandOrRun(file, run, change.command);
  if (removal === undefined) return undefined;
  return {
    title: `Write --${change.flag}=${value} on ${copy.keyword} in place of ${change.command.name}`,
    safety: "unsafe",
    edits: [insertFlag(copy, `--${change.flag}=${value}`), removal],
  };
};

/** Files that came to the directory between COPY and the change need the change as well. */
const mayMakeFiles = (
  file: AuditedFile,
  stage: StageFacts,
  from: number,
  to: number,
  { command }: PermissionChange,
): boolean =>
  runsOf(file, stage).some(({ run, commands }) =>
    commands.some(
      ({ name, index }) =>
        run.index > from &&
        (run.index < to || (run.index === to && index < command.index)) &&
        !/^(set|user(add|mod)|add(user|group)|groupadd|chmod|chown|chgrp)$/.test(name),
    ),
  );

const makesAccount = (file: AuditedFile, stage: StageFacts, after: number): boolean =>
  runsOf(file, stage).some(
    ({ run, commands }) =>
      run.index > after && commands.some(({ name }) => /^(user|group)add$|^add(user|group)$/.test(name)),
  );
