import type { Span } from "./model.ts";

/** A word of a shell command. */
export interface ShellWord {
  /** Quotes and escapes removed; expansions stay as written (`foo-$V`). */
  readonly value: string;
  /** True when the word holds no expansion, substitution or glob, so that `value` is what the program gets. */
  readonly isLiteral: boolean;
  readonly span: Span;
}

export interface Redirect {
  /** `>`, `>>`, `<`, `<<`, `<<<`, `>&`, `&>`, … */
  readonly operator: string;
  readonly descriptor: number | undefined;
  readonly target: ShellWord | undefined;
  readonly span: Span;
  /** Text of a here-document of the script itself. */
  readonly body?: string;
}

export interface ShellAssignment {
  readonly name: string;
  readonly value: ShellWord | undefined;
  readonly span: Span;
}

/** Where in the script's structure a command stands, outermost first. */
export type Enclosure =
  | "subshell"
  | "group"
  | "condition"
  | "branch"
  | "loop"
  | "function"
  | "substitution"
  | "process-substitution"
  /** The text of `sh -c '…'`, of `xargs`, or of a here-document fed to a shell. */
  | "nested-script";

/**
 * One simple command. Wrappers (`sudo`, `env`, `exec`, `time`, `nice`, `xargs`, `command`, …) are taken off:
 * `sudo -E apt-get update` has the name `apt-get` and `wrappers: ["sudo"]`. A command that only assigns
 * (`a=1`) has an empty name.
 */
export interface ShellCommand {
  /** Position in `Script.commands`, which is source order. */
  readonly index: number;
  /** The last part of the path: `/usr/bin/curl` gives `curl`. */
  readonly name: string;
  readonly nameWord: ShellWord | undefined;
  readonly args: readonly ShellWord[];
  readonly assignments: readonly ShellAssignment[];
  readonly redirects: readonly Redirect[];
  readonly wrappers: readonly ShellWord[];
  /** The words of the wrappers, their options included. */
  readonly wrapperSpan: Span | undefined;
  /** From the first word or assignment to the end of the last word or redirect. */
  readonly span: Span;
  readonly enclosures: readonly Enclosure[];
  /** Index of the command that reads this one's output through a pipe. */
  readonly pipedInto: number | undefined;
  readonly pipedFrom: number | undefined;
  /** What stands between this command (or its pipeline) and the next in the same list. */
  readonly followedBy: "&&" | "||" | ";" | "\n" | "&" | undefined;
  /** The same number for commands of one list: `a && b; c` is one list, `$(d)` another. */
  readonly list: number;
  /** Index of the command whose word holds the substitution or nested script that this one is part of. */
  readonly parent: number | undefined;
}

export type Dialect = "sh" | "bash" | "ash" | "dash" | "ksh" | "zsh";

/** A shell script as the audit sees it: its simple commands in source order. */
export interface ParsedScript {
  readonly status: "parsed";
  readonly dialect: Dialect;
  readonly commands: readonly ShellCommand[];
  /** The text that the shell gets. */
  readonly text: string;
  /** In the file, for an offset range of `text`. */
  readonly locate: (start: number, end: number) => Span;
  readonly span: Span;
  /** `set -e`, `set -o pipefail` in effect from the start (SHELL flags) or set in the script. */
  readonly options: ReadonlySet<"errexit" | "pipefail">;
}

/** Why there are no commands; findings about absence are withheld. */
export interface UnparsedScript {
  readonly status: "powershell" | "cmd" | "unknown-shell" | "other-interpreter" | "syntax-error";
  readonly span: Span;
  readonly text: string;
  readonly locate: (start: number, end: number) => Span;
  /** For `syntax-error`: what and where. */
  readonly error?: { readonly message: string; readonly span: Span };
  /** For `syntax-error`: the commands before it, good for findings about what is there. */
  readonly commands: readonly ShellCommand[];
  readonly dialect?: Dialect;
}

export type Script = ParsedScript | UnparsedScript;
