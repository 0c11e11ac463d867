import type { AuditedFile, StageFacts } from "../audited-file.ts";
import { alongLineage } from "./once.ts";

/**
 * Asks whether an instruction of the stage, or of a stage it is built FROM, mentions something: an apt.conf that is
 * written, a snapshot repository. Copied files count by name, and by what the context holds where a whole root
 * file system is copied. Made once per question.
 */
export const mentions = (wanted: RegExp, fileNames?: RegExp): ((stage: StageFacts, file: AuditedFile) => boolean) =>
  alongLineage<boolean>(
    (stage, below, file) =>
      below === true ||
      wanted.test(textOf(file, stage)) ||
      (fileNames !== undefined && isCopied(file, stage, fileNames)),
  );

const textOf = (file: AuditedFile, stage: StageFacts): string =>
  file.text.slice(stage.stage.span.start, stage.stage.span.end).replace(/^[ \t]*#.*$/gm, "");

const isCopied = (file: AuditedFile, stage: StageFacts, fileNames: RegExp): boolean =>
  stage.instructions.some((instruction) => {
    if (instruction.keyword !== "COPY" && instruction.keyword !== "ADD") return false;
    const words = [...instruction.sources, instruction.destination].map((word) => word.text);
    if (words.some((word) => fileNames.test(word))) return true;
    const isFromContext = !instruction.flags.some((flag) => flag.name === "from");
    return isFromContext && /^\/(etc\/?)?$/.test(instruction.destination.text) && hasFile(file, fileNames);
  });

const hasFile = (file: AuditedFile, fileNames: RegExp): boolean =>
  file.context === undefined || file.context.files.some((path) => fileNames.test(path));
