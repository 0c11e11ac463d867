import type { AuditedFile, StageFacts } from "../audited-file.ts";
import { withoutEndSlashes } from "./paths.ts";

/** Texts of what runs in the container; undefined when not all of them can be read. */
export const runtimeTexts = (file: AuditedFile, stage: StageFacts): readonly string[] | undefined => {
  const texts: string[] = [];
  for (const instruction of stage.lineage.flatMap((ancestor) => ancestor.instructions)) {
    if (
      instruction.keyword === "CMD" ||
      instruction.keyword === "ENTRYPOINT" ||
      instruction.keyword === "HEALTHCHECK"
    ) {
      texts.push(file.text.slice(instruction.span.start, instruction.span.end));
    }
    if (instruction.keyword !== "COPY" && instruction.keyword !== "ADD") continue;
    if (instruction.flags.some((flag) => flag.name === "from")) return undefined;
    texts.push(...instruction.heredocs.map((heredoc) => heredoc.content));
    for (const { text } of instruction.sources) {
      const paths = filesOf(file, text);
      if (paths === undefined) return undefined;
      texts.push(...paths.map((path) => file.context?.read(path) ?? ""));
    }
  }
  return texts;
};

const mostFiles = 200;

const filesOf = (file: AuditedFile, source: string): readonly string[] | undefined => {
  if (file.context === undefined || /[$*?[]|:\/\//.test(source)) return undefined;
  const path = withoutEndSlashes(source.replace(/^(\.?\/)+/, ""));
  const isAll = path === "" || path === ".";
  const found = file.context.files.filter((known) => isAll || known === path || known.startsWith(`${path}/`));
  const isReadable = found.every(
    (known) => !/\.(sh|bash|py|js|rb|pl)$/.test(known) || file.context?.read(known) !== undefined,
  );
  return found.length > mostFiles || !isReadable ? undefined : found;
};
