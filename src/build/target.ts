import type { Span } from "../dockerfile/model.ts";

/** Where a secret's value comes from; never the value. */
export type Secret =
  | { readonly id: string; readonly from: "env"; readonly name: string }
  | { readonly id: string; readonly from: "file"; readonly path: string };

/** What `--ssh` forwards under one id: the agent (no paths), a socket, or key files. */
export interface SshForward {
  readonly id: string;
  readonly paths: readonly string[];
}

/** One image to build: a stage of a Dockerfile for the given platforms. */
export interface Target {
  /** `services/api/Dockerfile:production`; stable across runs. */
  readonly id: string;
  /** As the user knows it. */
  readonly dockerfile: string;
  /** Absolute. */
  readonly dockerfileAbsolute: string;
  /** Absolute folder, or a URL. */
  readonly context: string;
  readonly stageIndex: number;
  /** What `--target` gets; undefined for an unnamed last stage. */
  readonly stage: string | undefined;
  /** The FROM instruction of the stage. */
  readonly span: Span;
  /** Empty: the builder's own platform. */
  readonly platforms: readonly string[];
  readonly buildArgs: ReadonlyMap<string, string | undefined>;
  readonly buildContexts: ReadonlyMap<string, string>;
  readonly secrets: readonly Secret[];
  readonly ssh: readonly SshForward[];
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  readonly network: string | undefined;
  readonly noCache: boolean;
  readonly pull: boolean;
  /** As Bake and Compose files call it, and the groups that hold it. */
  readonly bakeNames?: readonly string[];
  /** Set when only `bake` can build it: it builds on other targets, or says what `build` has no flag for. */
  readonly bake?: BakeLink;
}

/** What a target of a Bake or Compose file says beyond the others. */
export interface BakeLink {
  readonly name: string;
  /** Build contexts that are other targets, by the context's name. */
  readonly linked: ReadonlyMap<string, Target>;
  /** As `bake --print` writes it: `extra-hosts`, `ulimits`, … */
  readonly others: Readonly<Record<string, unknown>>;
  /** The target's own Dockerfile, where it is built on others: what the engine tells is of theirs too, by basenames. */
  readonly text?: string;
}

/** A target of which only the names are known, because it was built elsewhere. */
export const namedTarget = (
  names: Pick<Target, "id" | "dockerfile" | "dockerfileAbsolute" | "stage" | "platforms">,
): Target => ({
  ...names,
  context: "",
  stageIndex: 0,
  span: { start: 0, end: 0 },
  buildArgs: new Map(),
  buildContexts: new Map(),
  secrets: [],
  ssh: [],
  cacheFrom: [],
  cacheTo: [],
  network: undefined,
  noCache: false,
  pull: false,
});

/** One step of a build, for the timeline. */
export interface BuildStep {
  /** As BuildKit names it: `[builder 2/4] RUN make`. */
  readonly name: string;
  /** Milliseconds since the build began. */
  readonly started: number;
  readonly milliseconds: number;
  readonly isCached: boolean;
  /** One-based line of the Dockerfile. */
  readonly line: number | undefined;
}

export interface BuildFailure {
  /** One line, redacted. */
  readonly message: string;
  /** One-based lines of the Dockerfile; undefined when the engine names none. */
  readonly lines: { readonly start: number; readonly end: number } | undefined;
  /** One-based columns of the very words, which `lines` is then the only line of; the end is behind them. */
  readonly columns?: { readonly start: number; readonly end: number };
  /** A Dockerfile of a target that this one is built on is to blame. */
  readonly isElsewhere?: boolean;
  /** Findings of the report say it in full: the message only names their lines. */
  readonly isFinding?: boolean;
  /** The last lines of the failing step's output, redacted. */
  readonly log: readonly string[];
  /** As BuildKit names the failing step. */
  readonly step: string | undefined;
}

export type BuildResult = {
  readonly target: Target;
  readonly milliseconds: number;
  readonly steps: readonly BuildStep[];
} & (
  | { readonly status: "built" }
  | { readonly status: "failed"; readonly failure: BuildFailure }
  | { readonly status: "skipped"; readonly reason: string }
);
