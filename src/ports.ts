import type { CheckAnswer, CheckQuestion } from "./audit/imported-buildkit.ts";
import type { ScriptComment, ScriptToCheck } from "./audit/imported-shell.ts";
import type { BakeDefinition } from "./build/bake.ts";
import type { OutlineAnswer } from "./build/outline.ts";
import type { Supplied } from "./build/preflight.ts";
import type { BuildFailure, BuildResult, Secret, SshForward, Target } from "./build/target.ts";
import type { Image } from "./image/image.ts";
import type { BuildContext } from "./rules/audited-file.ts";

/** A file that discovery names. */
export interface FoundFile {
  /** As the user knows it: relative to the current directory where it lies below, else absolute; always `/`. */
  readonly path: string;
  readonly absolute: string;
}

export interface Discovery {
  readonly files: readonly FoundFile[];
  /** What was passed over and why, one sentence each. */
  readonly notes: readonly string[];
}

/** The file system, as the pipeline needs it. */
export interface Files {
  /** Every Dockerfile below the given files and folders (absolute or relative to the current directory). */
  readonly discover: (request: {
    readonly paths: readonly string[];
    readonly files: readonly string[];
    readonly exclude: readonly string[];
  }) => Promise<Discovery>;
  /** The bytes of a file; rejects with a message that names the reason, not the path. */
  readonly readBytes: (absolute: string) => Promise<Uint8Array>;
  readonly writeText: (path: string, text: string) => Promise<void>;
  /** The root of the git repository that holds a file, else the current directory when the file is below it, else its folder. */
  readonly rootOf: (absolute: string) => string;
  /** The build context of a Dockerfile; undefined when it is not a local folder. */
  readonly context: (folder: string, dockerfile: string) => BuildContext | undefined;
}

/** What the engine tells before anything is built. */
export type Engine =
  | {
      readonly status: "ready";
      readonly description: string;
      readonly canExportOci: boolean;
      readonly builder: string | undefined;
    }
  | { readonly status: "absent"; readonly reason: string };

/** A build as it happens, for live progress. */
export type BuildEvent =
  | { readonly type: "started"; readonly target: Target }
  /** What is run for the target, for a verbose log: one call or more, each with all of its lines. */
  | { readonly type: "command"; readonly target: Target; readonly lines: readonly string[] }
  | { readonly type: "step"; readonly target: Target; readonly name: string }
  | { readonly type: "finished"; readonly result: BuildResult };

export interface Docker {
  readonly engine: () => Promise<Engine>;
  /** What stands behind each secret and ssh id, for `preflight`; reads no more than that. */
  readonly supplies: (secrets: readonly Secret[], ssh: readonly SshForward[]) => Promise<Supplied>;
  /** Why caches of the builds will not be used although nobody else says so, one sentence each. */
  readonly unusedCaches: (caches: readonly string[]) => readonly string[];
  /** Reads Bake and Compose files, as bake does in the folder. Paths are absolute. Rejects with a UserError. */
  readonly readBake: (files: readonly string[], folder: string) => Promise<BakeDefinition>;
  /** Builds all targets, concurrent and capped; one target's failure never stops another. Never rejects because of a build. */
  readonly build: (
    targets: readonly Target[],
    options: {
      readonly maxParallel: number;
      /** Milliseconds that one target may build, and the same again for its export. */
      readonly timeout: number;
      readonly signal: AbortSignal;
      /** False once the Dockerfile is another one than that of the plan. */
      readonly isAsPlanned: (target: Target) => Promise<boolean>;
      /** Adds the place in the Dockerfile to a failure, as far as the engine does not give it. */
      readonly locate?: (target: Target, failure: BuildFailure) => BuildFailure;
      readonly onEvent: (event: BuildEvent) => void;
    },
  ) => Promise<readonly BuiltTarget[]>;
}

/** ShellCheck, as a program beside this one. */
export interface ShellCheck {
  /** The comments on each script; undefined where it took too long. `absent`: the program cannot be used. */
  readonly check: (
    scripts: readonly ScriptToCheck[],
    signal: AbortSignal,
  ) => Promise<
    | { readonly status: "done"; readonly comments: readonly (readonly ScriptComment[] | undefined)[] }
    | { readonly status: "absent"; readonly reason: string }
  >;
}

/** What BuildKit says of files without building them, which needs an engine. */
export interface BuildChecks {
  /** Its own checks. Never rejects because of a file: an answer says why it is not whole. */
  readonly check: (questions: readonly CheckQuestion[], signal: AbortSignal) => Promise<readonly CheckAnswer[]>;
  /** What targets mount. Never rejects because of a file either. */
  readonly outline: (questions: readonly CheckQuestion[], signal: AbortSignal) => Promise<readonly OutlineAnswer[]>;
}

/**
 * Measures a target in the OCI layout folder it was exported to, which other targets share; `metadata` is what the
 * engine wrote about that very export. Rejects with the reason that becomes `measureError`; an error may carry the
 * platforms that could be measured as `measured`.
 */
export type Measure = (layoutDirectory: string, metadata: unknown, target: Target) => Promise<readonly Image[]>;

/** A build with what was measured from its export. */
export interface BuiltTarget {
  readonly build: BuildResult;
  readonly images: readonly Image[];
  readonly measureError: string | undefined;
}
