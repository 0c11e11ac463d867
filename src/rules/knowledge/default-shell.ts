import type { Script, ShellCommand } from "../../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "../audited-file.ts";
import type { Edit } from "../rule.ts";
import { familyOf, hasDashWithoutPipefail, shOf } from "./base-images.ts";
import { aboveComments } from "./edits.ts";
import { firstRunWhere, type RunCommands } from "./run-commands.ts";
import { lineBreakOf } from "./script-edits.ts";

export interface PosixShell {
  readonly name: "dash" | "ash";
  /** False only where the release of the base is known to be too old for it. */
  readonly mayKnowPipefail: boolean;
}

/** The shell where dash or ash certainly runs the script; undefined for bash and where it is not known. */
export const posixShellOf = (file: AuditedFile, run: RunCommands, script: Script): PosixShell | undefined => {
  if (script.status !== "parsed" || run.run.command.form === "exec") return undefined;
  const { rootBase } = run.stage;
  const reference = rootBase.kind === "image" ? rootBase.reference : undefined;
  const mayKnowPipefail = reference === undefined || !hasDashWithoutPipefail(reference);
  if (script.dialect === "dash" || script.dialect === "ash") return { name: script.dialect, mayKnowPipefail };
  if (script.dialect !== "sh" || reference === undefined || isRelinked(file, run)) return undefined;
  const name = shOf(reference);
  return name === undefined || name === "bash" ? undefined : { name, mayKnowPipefail };
};

/** The words of a SHELL with this option, for a base that is known to hold the shell. */
export const shellWithOptions = (stage: StageFacts, ...options: readonly string[]): readonly string[] | undefined => {
  const { rootBase } = stage;
  const family =
    rootBase.kind === "image" && rootBase.reference !== undefined ? familyOf(rootBase.reference) : undefined;
  if (family === "debian" || family === "ubuntu" || family === "rhel" || family === "suse" || family === "arch") {
    return ["/bin/bash", ...options, "-c"];
  }
  return family === "alpine" && options.length > 0 ? ["/bin/ash", ...options, "-c"] : undefined;
};

/** Puts SHELL before the RUN, where no other shell had been chosen for it. */
export const insertShell = (file: AuditedFile, run: RunCommands, words: readonly string[]): Edit => {
  const start = aboveComments(file.text, run.run.span.start);
  const text = `SHELL [${words.map((word) => `"${word}"`).join(", ")}]${lineBreakOf(file)}`;
  return { span: { start, end: start }, text };
};

/** Whether an earlier RUN of the lineage may have made /bin/sh another shell. */
const isRelinked = (file: AuditedFile, run: RunCommands): boolean => firstRelink(run.stage, file) <= run.run.index;

const relinks = ({ name, args }: ShellCommand): boolean =>
  (/^(ln|mv|cp|rm)$/.test(name) && args.some((word) => /^(\/usr)?\/bin\/sh$/.test(word.value))) ||
  (/^(dpkg-reconfigure|debconf-set-selections)$/.test(name) && args.some((word) => word.value === "dash")) ||
  (name === "update-alternatives" && args.some((word) => word.value === "/bin/sh" || word.value === "sh"));

const firstRelink = firstRunWhere(relinks);
