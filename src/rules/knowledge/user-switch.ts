import type { Instruction } from "../../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "../audited-file.ts";
import type { Edit, Fix } from "../rule.ts";
import { aboveComments } from "./edits.ts";
import { lineBreakOf } from "./script-edits.ts";

/** Adds `USER` where no step needs root any more: above what starts the program, or at the end of the stage. */
export const switchUser = (file: AuditedFile, stage: StageFacts, user: string): Fix => ({
  title: `Add \`USER ${user}\``,
  safety: "unsafe",
  edits: [insertion(file, stage, `USER ${user}`)],
});

const insertion = (file: AuditedFile, { instructions, stage }: StageFacts, line: string): Edit => {
  const lineBreak = lineBreakOf(file);
  const last = instructions.findLastIndex(needsRoot);
  const next = instructions.find(
    ({ keyword, isTrigger }, index) => index > last && (keyword === "CMD" || keyword === "ENTRYPOINT") && !isTrigger,
  );
  if (next === undefined) return { span: { start: stage.span.end, end: stage.span.end }, text: lineBreak + line };
  const start = aboveComments(file.text, next.span.start);
  return { span: { start, end: start }, text: line + lineBreak };
};

/** What is written or run as the USER in effect, and what makes the directories it is run in. */
const needsRoot = ({ keyword }: Instruction): boolean => /^(RUN|COPY|ADD|WORKDIR)$/.test(keyword);
