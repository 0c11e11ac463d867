import type { AddInstruction, CommandForm, CopyInstruction, Instruction } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import { baseName } from "./knowledge/start-command.ts";
import { looksLikeArray } from "./malformed-exec-form.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "shell-in-scratch-stage",
  summary: "Use no shell where the stage has none",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  aliases: [],
  why: `\`RUN\`, \`CMD\` and \`ENTRYPOINT\` without brackets are given to \`/bin/sh\`, and \`FROM scratch\` has no such file: the
build, or the container, ends with “exec: /bin/sh: no such file or directory”. Write the exec form (\`CMD ["/app"]\`), and
do in an earlier stage what needs a shell.`,
  silent: [
    "stages into which something was copied or added that may bring a shell: to `/`, to `/bin`, to a place that is not known",
    "the exec form, also one that malformed-exec-form reports, a SHELL instruction, and any other base",
  ],
  fixes: "none",
  examples: [
    {
      bad: "FROM scratch\nCOPY app /app\n⟦CMD⟧ /app --serve",
      message: "CMD in shell form needs `/bin/sh`, which this stage does not have",
    },
    { bad: "FROM scratch AS base\n⟦RUN⟧ mkdir /data\nFROM base\n⟦ENTRYPOINT⟧ run" },
    {
      bad: 'FROM debian:12 AS build\nFROM scratch\nCOPY --from=build /out/app /usr/bin/app\nHEALTHCHECK CMD ["app"]\n⟦RUN⟧ chmod +x /usr/bin/app',
    },
    { title: "A file of the context", files: { server: "binary" }, bad: "FROM scratch\nCOPY server /\n⟦CMD⟧ /server" },
    { good: 'FROM scratch\nCOPY app /app\nCMD ["/app"]' },
    { good: "FROM scratch\nADD rootfs.tar.xz /\nRUN true\nCMD bash" },
    { good: "FROM debian:12 AS a\nFROM scratch\nCOPY --from=a /bin/busybox /bin/sh\nRUN echo hi" },
    { good: "FROM scratch\nCOPY --from=build / /\nCMD app" },
    { good: 'FROM scratch\nSHELL ["/app", "-c"]\nCOPY app /app\nRUN x' },
  ],
  check: function* (file) {
    for (const stage of file.stages) {
      if (stage.rootBase.kind !== "scratch" || stage.isWindows) continue;
      const before = stage.lineage.slice(1).flatMap(({ instructions }) => instructions);
      if (before.some((instruction) => maySupplyShell(file, instruction))) continue;
      for (const instruction of stage.instructions) {
        if (maySupplyShell(file, instruction)) break;
        const command = commandOf(instruction);
        if (command?.form !== "shell" || looksLikeArray(command.joined.text.trim())) continue;
        if (instruction.heredocs.some(({ content }) => content.startsWith("#!"))) continue;
        yield {
          at: instruction.keywordSpan,
          message: `${instruction.keyword} in shell form needs \`/bin/sh\`, which this stage does not have`,
          related: [{ at: (stage.lineage.at(-1) ?? stage).stage.from.image.span, message: "the empty base" }],
        };
      }
    }
  },
});

const commandOf = (instruction: Instruction): CommandForm | undefined =>
  "command" in instruction ? instruction.command : undefined;

/** After a RUN in exec form nobody knows what there is. */
const maySupplyShell = (file: AuditedFile, instruction: Instruction): boolean => {
  switch (instruction.keyword) {
    case "SHELL":
    case "INVALID":
      return true;
    case "RUN":
      return instruction.command.form === "exec" || instruction.mounts.length > 0;
    case "COPY":
    case "ADD":
      return bringsShell(file, instruction);
    default:
      return false;
  }
};

const bringsShell = (file: AuditedFile, instruction: CopyInstruction | AddInstruction): boolean => {
  const destination = instruction.destination.text;
  if (/[$\\]/.test(destination)) return true;
  const path = `/${destination}`.replace(/\/+(\.?\/+)*/g, "/");
  if (/^\/(usr\/?)?(bin(\/?|\/(sh|busybox))|lib\/?)?\.?$/.test(path) && !isFileIntoRoot(file, instruction, path))
    return true;
  return (
    instruction.keyword === "ADD" &&
    instruction.sources.some(({ text }) => /\.(tar|tgz|tbz2?|txz)(\.\w+)?$|[*?$]/.test(text)) &&
    path === "/"
  );
};

/** A plain file of the context whose name is no shell's. */
const isFileIntoRoot = (
  file: AuditedFile,
  { sources, flags }: CopyInstruction | AddInstruction,
  path: string,
): boolean =>
  path === "/" &&
  !flags.some(({ name }) => name === "from") &&
  sources.every(({ text }) => {
    const name = text.replace(/^\.?\//, "");
    const isFile = file.context?.files.includes(name) === true;
    return isFile && !/^(sh|bash|busybox|bin)$|\.(tar|tgz|tbz2?|txz)(\.\w+)?$/.test(baseName(name));
  });
