import { fedScript } from "../dockerfile/command-script.ts";
import type { CommandForm, Instruction, JoinedText, Span } from "../dockerfile/model.ts";
import type { Script, ShellCommand } from "../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "../rules/audited-file.ts";
import { shOf } from "../rules/knowledge/base-images.ts";
import type { AuditProblem } from "./audit.ts";
import { type LevelOptions, type ShellLevel, shellLevel, shellRule } from "./imported-checks.ts";

/** The dialects that ShellCheck knows. */
export type CheckedDialect = "sh" | "bash" | "dash" | "ksh";

/** A script as ShellCheck gets it. */
export interface ScriptToCheck {
  readonly dialect: CheckedDialect;
  readonly text: string;
}

/** One comment of ShellCheck. Lines and columns are one-based, columns count code points, the end is exclusive. */
export interface ScriptComment {
  readonly code: number;
  readonly level: ShellLevel;
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** A script of a Dockerfile with the way back from what ShellCheck says of it. */
export interface ShellQuestion extends ScriptToCheck {
  readonly original: JoinedText;
  /** Zero-based line of the text that is ours; undefined when none was added. */
  readonly ownLine: number | undefined;
}

/** The scripts of a file that ShellCheck can judge. */
export const shellQuestions = (file: AuditedFile): readonly ShellQuestion[] =>
  file.stages.flatMap((stage) => {
    const lastShell = stage.instructions.findLast(({ keyword }) => keyword === "SHELL")?.index ?? -1;
    return stage.instructions.flatMap((written) => {
      const instruction = written.keyword === "ONBUILD" ? written.trigger : written;
      // A trigger runs in another image, which has the shell that this one ends with.
      if (instruction.isTrigger && lastShell > written.index) return [];
      return scriptsOf(instruction, file).flatMap((script) => {
        const dialect = dialectOf(script, stage);
        if (dialect === undefined || script.text.includes("\0") || script.text.trim() === "") return [];
        return [question(script, dialect, declaredNames(script, stage, instruction))];
      });
    });
  });

/** What ShellCheck said of a script, as problems of the file. */
export const shellProblems = (
  asked: ShellQuestion,
  comments: readonly ScriptComment[],
  options: LevelOptions,
): readonly AuditProblem[] => {
  // Our own parser could read the script: where ShellCheck could not, nothing else that it says can be relied upon.
  const isUnread = comments.some(({ code }) => code === 1072 || code === 1073);
  const starts = lineOffsets(asked.original.text);
  const seen = new Set<number>();
  return comments.flatMap((comment) => {
    const { code, level, message } = comment;
    const severity = shellLevel(code, level, options);
    if (severity === "off" || (isUnread && options.settings.get(shellRule(code))?.level === undefined)) return [];
    if (once.has(code) && seen.has(code)) return [];
    seen.add(code);
    const at = placeOf(asked, comment, starts);
    return at === undefined ? [] : [{ rule: shellRule(code), severity, at, message: oneSentence(message) }];
  });
};

/** What is wrong with a whole script and told of each line: carriage returns. */
const once: ReadonlySet<number> = new Set([1017]);

const scriptsOf = (instruction: Instruction, file: AuditedFile): readonly Script[] => {
  const command = commandOf(instruction);
  const script = command && file.script(command, instruction);
  if (command === undefined || script === undefined || !isShellText(command, script)) return [];
  return [script, ...fedScripts(script, instruction, file.text)];
};

/** The texts of `bash <<'END'` and `cat <<END | sh`, which the outer script takes for mere text. */
const fedScripts = (script: Script, { heredocs }: Instruction, fileText: string): readonly Script[] => {
  if (script.status !== "parsed" || heredocs.length === 0) return [];
  const left = [...heredocs];
  return script.commands.flatMap((command) =>
    command.redirects.flatMap(({ operator, body }) => {
      if (!/^<<-?$/.test(operator) || body === undefined) return [];
      const heredoc = left.shift();
      // A here-document inside of another one: the order is not that of the file.
      if (heredoc === undefined || fileText.slice(heredoc.contentSpan.start, heredoc.contentSpan.end) !== body) {
        left.length = 0;
        return [];
      }
      const shell = readerOf(command, script.commands);
      const fed = shell && fedScript(heredoc, shell, fileText);
      return fed ? [fed] : [];
    }),
  );
};

/** The shell that executes what the command reads; undefined when it is given a script, or is none. */
const readerOf = (command: ShellCommand, commands: readonly ShellCommand[]): string | undefined => {
  const isCat = command.name === "cat" && command.args.length === 0;
  const reader = isCat && command.pipedInto !== undefined ? commands[command.pipedInto] : command;
  if (reader === undefined || !/^(sh|bash|dash|ash|ksh)$/.test(reader.name)) return undefined;
  const words = reader.args.map(({ value }) => value);
  const isOption = (word: string, at: number): boolean =>
    /^-(?!-?c$)[a-bd-zA-Z-]+$/.test(word) || /^-\w*o$/.test(words[at - 1] ?? "") || word === "-";
  return words.every(isOption) ? reader.name : undefined;
};

const commandOf = (instruction: Instruction): CommandForm | undefined => {
  switch (instruction.keyword) {
    case "RUN":
    case "CMD":
    case "ENTRYPOINT":
    case "HEALTHCHECK":
      return instruction.command;
    default:
      return undefined;
  }
};

/** In exec form only the text behind `sh -c` is a script. */
const isShellText = (command: CommandForm, { text }: Script): boolean =>
  command.form === "shell" || command.words.some((word, index) => index > 1 && word.text === text);

const dialectOf = (script: Script, { rootBase }: StageFacts): CheckedDialect | undefined => {
  if (script.status !== "parsed") return undefined;
  switch (script.dialect) {
    case "ash":
      return "dash";
    case "zsh":
      return undefined;
    case "sh": {
      const sh = rootBase.kind === "image" && rootBase.reference !== undefined ? shOf(rootBase.reference) : undefined;
      return sh === "ash" ? "dash" : (sh ?? "sh");
    }
    default:
      return script.dialect;
  }
};

/** What ARG and ENV put into the environment, of the names that a script holds. */
const declaredNames = ({ text }: Script, stage: StageFacts, at: Instruction): readonly string[] =>
  [...new Set(text.match(/[A-Za-z_]\w*/g))].filter((name) => stage.variableAt(name, at) !== undefined);

/**
 * The names are exported on a line of their own: that is what they are to the script, and no other line moves. It
 * stands behind the shebang and the comments on top, whose directives hold for the whole script.
 */
const question = (script: Script, dialect: CheckedDialect, names: readonly string[]): ShellQuestion => {
  const original = { text: script.text, locate: script.locate };
  if (names.length === 0) return { dialect, text: script.text, original, ownLine: undefined };
  const [top = ""] = /^(?:[ \t]*(?:#.*)?\n)*/.exec(script.text) ?? [];
  const text = `${top}export ${names.join(" ")}\n${script.text.slice(top.length)}`;
  return { dialect, text, original, ownLine: top.split("\n").length - 1 };
};

const placeOf = (asked: ShellQuestion, comment: ScriptComment, starts: readonly number[]): Span | undefined => {
  const { text, locate } = asked.original;
  const line = originalLine(comment.line - 1, asked.ownLine);
  const endLine = originalLine(comment.endLine - 1, asked.ownLine);
  if (line === undefined || line >= starts.length) return undefined;
  const start = offsetAt(text, starts, line, comment.column);
  const end = Math.max(start, endLine === undefined ? start : offsetAt(text, starts, endLine, comment.endColumn));
  if (end > start) return locate(start, end);
  // A place between two characters: the one behind it, or the last one of the script.
  const from = Math.min(start, Math.max(0, text.length - 1));
  return locate(from, Math.min(from + 1, text.length));
};

const originalLine = (line: number, ownLine: number | undefined): number | undefined => {
  if (ownLine === undefined || line < ownLine) return line;
  return line === ownLine ? undefined : line - 1;
};

const lineOffsets = (text: string): readonly number[] => {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
};

const offsetAt = (text: string, starts: readonly number[], line: number, column: number): number => {
  const from = starts[line] ?? text.length;
  const end = starts[line + 1] === undefined ? text.length : (starts[line + 1] as number) - 1;
  let at = from;
  for (let left = column - 1; left > 0 && at < end; left--) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
};

const oneSentence = (message: string): string =>
  message
    .replace(/\s+/g, " ")
    .trim()
    .replace(/ ?(?<!\.)\.$/, "");
