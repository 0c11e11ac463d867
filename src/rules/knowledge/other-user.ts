import type { Script, ShellCommand } from "../../dockerfile/script.ts";
import type { AuditedFile } from "../audited-file.ts";
import { sliceOf } from "./edits.ts";

/** Whether the command, or the shell that it is given to, runs under sudo. */
export const runsWithSudo = (script: Script, command: ShellCommand): boolean =>
  selfAndParents(script, command).some(({ wrappers }) => wrappers.some(({ value }) => value === "sudo"));

/** Whether it runs as somebody else than root and the USER: `sudo -u app`, `su app -c`, `gosu app`. */
export const runsAsOther = (file: AuditedFile, script: Script, command: ShellCommand): boolean =>
  selfAndParents(script, command).some(({ name, args, wrapperSpan }) => {
    const inner = args.findIndex(({ value }) => /^(-c|--command)$/.test(value));
    const words =
      name === "su" || name === "runuser"
        ? `su ${args
            .slice(0, inner)
            .map(({ value }) => value)
            .join(" ")}`
        : wrapperSpan && sliceOf(file.text, wrapperSpan);
    return words !== undefined && switches.some((pattern) => pattern.test(words));
  });

/** Each as far as the name of the user, which is not root's. */
const switches: readonly RegExp[] = [
  /^su (?:-\S* )*(?!-|root\b)\S/,
  /\b(?:gosu|su-exec)\s+(?!(?:root|0)\b)/,
  /\b(?:sudo|doas|runuser)\s(?:.*\s)?(?:-[A-Za-z]*u|--user)[ =]?(?!["']?(?:root|#?0)\b)/s,
];

const selfAndParents = (script: Script, command: ShellCommand): readonly ShellCommand[] => {
  const found: ShellCommand[] = [];
  for (let at: ShellCommand | undefined = command; at !== undefined; ) {
    found.push(at);
    at = at.parent === undefined ? undefined : script.commands[at.parent];
  }
  return found;
};
