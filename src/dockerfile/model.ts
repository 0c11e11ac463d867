/** A half-open range of UTF-16 offsets into one file's text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * A Dockerfile as BuildKit reads it. Reading never throws: what BuildKit would refuse is listed in
 * `problems`, and the instructions that could be read are kept.
 */
export interface Dockerfile {
  /** As the user knows it: relative to the current directory where it lies below, always with `/`. */
  readonly path: string;
  readonly text: string;
  /** The character that continues a line: `\` unless the escape directive says `` ` ``. */
  readonly escape: "\\" | "`";
  readonly directives: readonly Directive[];
  readonly comments: readonly Comment[];
  /** In file order, those before the first FROM included. */
  readonly instructions: readonly Instruction[];
  readonly stages: readonly Stage[];
  /** What BuildKit refuses. */
  readonly problems: readonly SyntaxProblem[];
  /** Spans of blank lines inside a continued instruction, which BuildKit warns about. */
  readonly blankContinuations: readonly Span[];
}

export interface Directive {
  readonly name: "syntax" | "escape" | "check";
  readonly value: string;
  readonly span: Span;
  readonly valueSpan: Span;
}

/** A comment line, from its `#` to the end of the line; parser directives are not comments. */
export interface Comment {
  readonly span: Span;
  /** Without the `#` and the white space around. */
  readonly text: string;
}

/** Something that BuildKit refuses, at the words it refuses. */
export interface SyntaxProblem {
  readonly message: string;
  readonly span: Span;
  /** `file`: nothing behind it could be read. `instruction`: the others stand. */
  readonly reach: "file" | "instruction";
  /** The text that would be accepted in place of `span`, when there is exactly one likely. */
  readonly replacement?: string;
  /** What another rule than the one about syntax speaks of, or what a newer syntax version may accept. */
  readonly kind?: "unknown-keyword" | "unknown-flag" | "trigger" | "before-from";
}

export interface Stage {
  readonly index: number;
  /** Lower-cased, as BuildKit compares it. */
  readonly name: string | undefined;
  readonly from: FromInstruction;
  /** From FROM to the end of the stage's last instruction. */
  readonly span: Span;
  /** FROM included. */
  readonly instructions: readonly Instruction[];
}

/** A word of an instruction. */
export interface Word {
  /** As written, line continuations removed, quotes and variables kept. */
  readonly text: string;
  readonly span: Span;
}

export interface Flag {
  /** Lower-case, without dashes: `from`, `mount`, `chown`. */
  readonly name: string;
  /** Quotes and escapes removed, variables kept; undefined when the flag has no `=`. */
  readonly value: string | undefined;
  /** From the first dash to the end of the value. */
  readonly span: Span;
  readonly nameSpan: Span;
  readonly valueSpan: Span | undefined;
}

/** `--mount=type=secret,id=x,target=/y`, read as CSV. */
export interface Mount {
  readonly type: "bind" | "cache" | "tmpfs" | "secret" | "ssh" | string;
  /** `source`, `target`, `id`, `from`, … under their long names, `""` for a bare key. */
  readonly fields: ReadonlyMap<string, string>;
  readonly flag: Flag;
}

export interface Heredoc {
  readonly name: string;
  /** False when the delimiter is quoted, so that variables stay as they are. */
  readonly expand: boolean;
  /** `<<-`: leading tabs are dropped. */
  readonly chomp: boolean;
  readonly descriptor: number;
  /** As BuildKit gives it: tabs dropped when `chomp`. */
  readonly content: string;
  /** The body as written, without the line of the delimiter. */
  readonly contentSpan: Span;
  /** `<<EOF`, as written. */
  readonly span: Span;
}

export interface Assignment {
  readonly key: Word;
  /** Undefined for `ARG name`. */
  readonly value: Word | undefined;
  readonly span: Span;
}

/** Text joined over line continuations, with the way back to the file. */
export interface JoinedText {
  readonly text: string;
  /** The span in the file of `text.slice(start, end)`. */
  readonly locate: (start: number, end: number) => Span;
}

export interface ExecForm {
  readonly form: "exec";
  /** `text` is the string after JSON decoding, `span` includes the quotes. */
  readonly words: readonly Word[];
  readonly span: Span;
}

export interface ShellForm {
  readonly form: "shell";
  /** Without flags, the lines of heredocs left out. */
  readonly joined: JoinedText;
  readonly span: Span;
}

export type CommandForm = ExecForm | ShellForm;

interface Common<Keyword extends string> {
  /** Upper-case. */
  readonly keyword: Keyword;
  readonly keywordSpan: Span;
  /** From the keyword to the end of its last line, heredocs included, without the line break. */
  readonly span: Span;
  /** One-based, as BuildKit counts them. */
  readonly startLine: number;
  readonly endLine: number;
  readonly flags: readonly Flag[];
  readonly heredocs: readonly Heredoc[];
  /** Position in `Dockerfile.instructions`; a trigger has that of its ONBUILD. */
  readonly index: number;
  /** Undefined before the first FROM. */
  readonly stageIndex: number | undefined;
  /** True for the instruction inside an ONBUILD. */
  readonly isTrigger: boolean;
}

export interface FromInstruction extends Common<"FROM"> {
  readonly image: Word;
  readonly alias: Word | undefined;
  /** The word AS as written. */
  readonly as: Word | undefined;
}
export interface ArgInstruction extends Common<"ARG"> {
  readonly assignments: readonly Assignment[];
}
export interface EnvInstruction extends Common<"ENV"> {
  readonly assignments: readonly Assignment[];
  /** `ENV key value` */
  readonly isLegacy: boolean;
}
export interface LabelInstruction extends Common<"LABEL"> {
  readonly assignments: readonly Assignment[];
  readonly isLegacy: boolean;
}
export interface RunInstruction extends Common<"RUN"> {
  readonly command: CommandForm;
  readonly mounts: readonly Mount[];
}
export interface CmdInstruction extends Common<"CMD"> {
  readonly command: CommandForm;
}
export interface EntrypointInstruction extends Common<"ENTRYPOINT"> {
  readonly command: CommandForm;
}
export interface HealthcheckInstruction extends Common<"HEALTHCHECK"> {
  /** Undefined for NONE. */
  readonly command: CommandForm | undefined;
}
export interface ShellInstruction extends Common<"SHELL"> {
  readonly words: readonly Word[];
}
export interface CopyInstruction extends Common<"COPY"> {
  readonly form: "exec" | "shell";
  /** Heredoc sources are in `heredocs`, not here. */
  readonly sources: readonly Word[];
  readonly destination: Word;
}
export interface AddInstruction extends Common<"ADD"> {
  readonly form: "exec" | "shell";
  readonly sources: readonly Word[];
  readonly destination: Word;
}
export interface UserInstruction extends Common<"USER"> {
  readonly user: Word;
}
export interface WorkdirInstruction extends Common<"WORKDIR"> {
  readonly path: Word;
}
export interface ExposeInstruction extends Common<"EXPOSE"> {
  readonly ports: readonly Word[];
}
export interface VolumeInstruction extends Common<"VOLUME"> {
  readonly paths: readonly Word[];
}
export interface StopsignalInstruction extends Common<"STOPSIGNAL"> {
  readonly signal: Word;
}
export interface MaintainerInstruction extends Common<"MAINTAINER"> {
  readonly author: Word;
}
export interface OnbuildInstruction extends Common<"ONBUILD"> {
  readonly trigger: Instruction;
}
/** What BuildKit refuses: an unknown keyword, missing arguments, an unknown flag; the problem says which. */
export interface InvalidInstruction extends Common<"INVALID"> {
  /** The keyword as written, upper-cased. */
  readonly written: string;
}

export type Instruction =
  | FromInstruction
  | ArgInstruction
  | EnvInstruction
  | LabelInstruction
  | RunInstruction
  | CmdInstruction
  | EntrypointInstruction
  | HealthcheckInstruction
  | ShellInstruction
  | CopyInstruction
  | AddInstruction
  | UserInstruction
  | WorkdirInstruction
  | ExposeInstruction
  | VolumeInstruction
  | StopsignalInstruction
  | MaintainerInstruction
  | OnbuildInstruction
  | InvalidInstruction;

export type Keyword = Instruction["keyword"];
