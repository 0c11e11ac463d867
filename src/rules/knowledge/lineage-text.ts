import type { AuditedFile, StageFacts } from "../audited-file.ts";

/**
 * Whether an instruction of the stage, or of a stage it is built FROM, mentions something: an apt.conf that is
 * written, a snapshot repository. Copied files count by name, and by what they hold where the context shows it.
 */
export const isMentioned = (file: AuditedFile, stage: StageFacts, wanted: RegExp, fileNames?: RegExp): boolean =>
  stage.lineage.some((ancestor) => wanted.test(textOf(file, ancestor))) ||
  (fileNames !== undefined && isCopied(file, stage, fileNames));

const textOf = (file: AuditedFile, stage: StageFacts): string =>
  file.text.slice(stage.stage.span.start, stage.stage.span.end).replace(/^[ \t]*#.*$/gm, "");

const isCopied = (file: AuditedFile, stage: StageFacts, fileNames: RegExp): boolean =>
  stage.lineage
    .flatMap((ancestor) => ancestor.instructions)
    .some((instruction) => {
      if (instruction.keyword !== "COPY" && instruction.keyword !== "ADD") return false;
      const words = [...instruction.sources, instruction.destination].map((word) => word.text);
      if (words.some((word) => fileNames.test(word))) return true;
      return /^\/(etc\/?)?$/.test(instruction.destination.text) && hasFile(file, fileNames);
    });

const hasFile = (file: AuditedFile, fileNames: RegExp): boolean =>
  file.context === undefined || file.context.files.some((path) => fileNames.test(path));
