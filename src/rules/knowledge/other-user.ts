import type { Script, ShellCommand } from "../../dockerfile/script.ts";
import type { AuditedFile } from "../audited-file.ts";
import { findOption, readOptions } from "./command-options.ts";
import { sliceOf } from "./edits.ts";
import { baseName } from "./paths.ts";

/** Whether the command, or the shell that it is given to, runs under sudo. */
export const runsWithSudo = (script: Script, command: ShellCommand): boolean =>
  selfAndParents(script, command).some(({ wrappers }) => wrappers.some(({ value }) => value === "sudo"));

/** Whether it runs as somebody else than root and the USER: `sudo -u app`, `su app -c`, `gosu app`. */
export const runsAsOther = (file: AuditedFile, script: Script, command: ShellCommand): boolean =>
  selfAndParents(script, command).some(
    ({ name, args, wrapperSpan }) =>
      changesToOther([name, ...args.map(({ value }) => value)]) ||
      (wrapperSpan !== undefined && changesToOther(wordsOf(sliceOf(file.text, wrapperSpan)))),
  );

/** Of a command line or of the strings of an exec form, from the program on that changes the user. */
const wordsOf = (text: string): readonly string[] => {
  const words = text.split(/[\s,]+/).map((word) => word.replace(/^["']|["']$/g, ""));
  const at = words.findIndex((word) => changers.has(baseName(word)));
  return at === -1 ? [] : words.slice(at);
};

/** Whether the words of a command start something as somebody else than root: `su - app -c …`, `capsh --user=app`. */
export const changesToOther = ([program = "", ...args]: readonly string[]): boolean => {
  const changer = changers.get(baseName(program));
  if (changer === undefined) return false;
  const words = args.map((value, at) => ({ value, isLiteral: true, span: { start: at, end: at } }));
  const read = readOptions(words, { valued: new Set(changer.valued) });
  const operands = read.operands.filter(({ value }) => value !== "-");
  const option = findOption(read, ...changer.user);
  // Behind the first operand the options are those of the program that is started.
  const isOwn = option !== undefined && option.word.span.start < (operands[0]?.span.start ?? words.length);
  const account = isOwn ? option.value : changer.takesOperand ? operands[0]?.value : undefined;
  return account !== undefined && account !== "" && !/^(root|#?0)(:|$)/.test(account);
};

interface Changer {
  /** The options that name the account. */
  readonly user: readonly string[];
  readonly valued: readonly string[];
  /** Without such an option the first operand names it. */
  readonly takesOperand: boolean;
}

const suOptions = "-c --command -s --shell -g --group -G --supp-group -w --whitelist-environment".split(" ");

const changers: ReadonlyMap<string, Changer> = new Map<string, Changer>([
  ["su", { user: [], valued: suOptions, takesOperand: true }],
  ["runuser", { user: ["-u", "--user"], valued: ["-u", "--user", ...suOptions], takesOperand: true }],
  [
    "sudo",
    {
      user: ["-u", "--user"],
      valued: "-u --user -g --group -h --host -p --prompt -C -D --chdir -R -T -U -r -t".split(" "),
      takesOperand: false,
    },
  ],
  ["doas", { user: ["-u"], valued: ["-u", "-C"], takesOperand: false }],
  ["gosu", { user: [], valued: [], takesOperand: true }],
  ["su-exec", { user: [], valued: [], takesOperand: true }],
  ["capsh", { user: ["--user"], valued: [], takesOperand: false }],
  ["chroot", { user: ["--userspec"], valued: [], takesOperand: false }],
]);

const selfAndParents = (script: Script, command: ShellCommand): readonly ShellCommand[] => {
  const found: ShellCommand[] = [];
  for (let at: ShellCommand | undefined = command; at !== undefined; ) {
    found.push(at);
    at = at.parent === undefined ? undefined : script.commands[at.parent];
  }
  return found;
};
