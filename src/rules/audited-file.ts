import type { ImageReference } from "../dockerfile/image-reference.ts";
import type { CommandForm, Dockerfile, Instruction, RunInstruction, Span, Stage, Word } from "../dockerfile/model.ts";
import type { Script } from "../dockerfile/script.ts";
import type { Ignore, UnusedIgnore } from "./ignore-comment.ts";

/** What a rule is given: one Dockerfile with everything that is known about it, computed once. */
export interface AuditedFile {
  readonly dockerfile: Dockerfile;
  readonly text: string;
  readonly stages: readonly StageFacts[];
  /** Stages that end up in an image of some target: the targets and what they are built FROM. */
  readonly shippedStages: readonly StageFacts[];
  /** The stages that are targets: leaves, the last stage, and those that the configuration names. */
  readonly targetStages: readonly StageFacts[];
  /** Undefined when the files of the build context are not known. */
  readonly context: BuildContext | undefined;
  /** Names of build contexts given outside the file (bake, Compose, `build-contexts`), lower-case. */
  readonly namedContexts: ReadonlySet<string>;
  /** Ids that the workflow supplies; undefined when nothing is going to be built. */
  readonly supplied: { readonly secrets: ReadonlySet<string>; readonly ssh: ReadonlySet<string> } | undefined;
  /** A syntax front end other than docker/dockerfile: flags and instructions may differ. */
  readonly hasForeignSyntax: boolean;
  /** True when BuildKit would refuse the file, so that findings about absence are withheld. */
  readonly isBroken: boolean;
  readonly ignores: readonly Ignore[];
  /** Ignores that hid nothing, once all other rules have run; empty before. */
  readonly unusedIgnores: readonly UnusedIgnore[];
  /** The value of a word with ARG and ENV resolved at that instruction. */
  readonly expand: (word: Word | string, at: Instruction) => Expansion;
  /** The script of a RUN, shell-form CMD, ENTRYPOINT or HEALTHCHECK; exec form `["sh", "-c", "…"]` included; parsed once. */
  readonly script: (command: CommandForm, at: Instruction) => Script | undefined;
  /** All scripts that RUN instructions of a stage execute: the command line and the heredocs fed to a shell. */
  readonly runScripts: (stage: StageFacts) => readonly RunScript[];
}

export interface RunScript {
  readonly run: RunInstruction;
  readonly script: Script;
}

/** `value` is undefined when a variable in it has no known value. */
export interface Expansion {
  readonly value: string | undefined;
  /** Names whose value is not known. */
  readonly unknown: readonly string[];
}

export type Base =
  | { readonly kind: "scratch" }
  | { readonly kind: "stage"; readonly stage: StageFacts }
  /** `reference` is undefined when the name cannot be parsed. */
  | { readonly kind: "image"; readonly text: string; readonly reference: ImageReference | undefined }
  | { readonly kind: "named-context"; readonly name: string }
  /** A variable without a known value. */
  | { readonly kind: "unknown"; readonly text: string };

export interface StageFacts {
  readonly stage: Stage;
  readonly index: number;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
  readonly base: Base;
  /** This stage, the stage it is built FROM, and so on; the last one has a base that is no stage. */
  readonly lineage: readonly StageFacts[];
  /** The base of the last stage of the lineage. */
  readonly rootBase: Base;
  readonly isShipped: boolean;
  readonly isTarget: boolean;
  readonly isWindows: boolean;
  /** Stages that this one is built FROM, copies from or mounts from. */
  readonly dependencies: readonly StageFacts[];
  /** The USER in effect at the end, of this stage or an earlier one of the lineage; undefined when none sets it. */
  readonly user:
    | { readonly word: Word; readonly instruction: Instruction; readonly value: string | undefined }
    | undefined;
  /** The last of its kind in the lineage (nearest stage first). */
  readonly entrypoint: Instruction | undefined;
  readonly cmd: Instruction | undefined;
  readonly healthcheck: Instruction | undefined;
  /** Names that ENV sets anywhere in the lineage, with the value at the end. */
  readonly environment: ReadonlyMap<string, string | undefined>;
  /** Shell in effect at an instruction: the words of SHELL, or the default. */
  readonly shellAt: (at: Instruction) => readonly string[];
  /** USER in effect at an instruction: undefined when no USER was set before it in the lineage. */
  readonly userAt: (at: Instruction) => string | undefined;
  /** WORKDIR in effect: undefined when none was set or it is not known. */
  readonly workdirAt: (at: Instruction) => string | undefined;
  /** Value of an ENV or ARG at an instruction: undefined when unset, `{value: undefined}` when set to something unknown. */
  readonly variableAt: (
    name: string,
    at: Instruction,
  ) => { readonly value: string | undefined; readonly source: "arg" | "env" } | undefined;
}

/** Files that a build sends or could send, seen from the context's root. Paths have `/` and no leading `./`. */
export interface BuildContext {
  /** As the user knows it. */
  readonly path: string;
  readonly files: readonly string[];
  /** `files` is cut off: a path that is not in it may exist. */
  readonly isTruncated?: boolean;
  /** Undefined when it is not there, too large or not text. */
  readonly read: (path: string) => string | undefined;
  /** The ignore file that the engine reads for this Dockerfile: path and text. */
  readonly ignoreFile: { readonly path: string; readonly text: string } | undefined;
  /** Whether the ignore file keeps a path out. */
  readonly isIgnored: (path: string) => boolean;
  /** Paths that git ignores are not in `files`. */
  readonly isGitAware: boolean;
}

export type { Span };
