import type { BuildResult } from "../build/target.ts";
import type { Span } from "../dockerfile/model.ts";
import type { Image } from "../image/image.ts";
import type { Edit, Severity } from "../rules/rule.ts";

/** One-based, in UTF-16 code units; the end is exclusive, as editors show it. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** A problem that a rule (or an imported engine) found, with all that a reader needs. */
export interface Finding {
  /** `root-user`, `buildkit/StageNameCasing`, `shellcheck/SC2086`. */
  readonly rule: string;
  readonly severity: Severity;
  /** As the user knows it, with `/`. */
  readonly path: string;
  readonly span: Span;
  readonly place: Place;
  readonly message: string;
  readonly related: readonly { readonly place: Place; readonly message: string }[];
  readonly fix:
    | { readonly title: string; readonly safety: "safe" | "unsafe"; readonly edits: readonly Edit[] }
    | undefined;
  /** What it costs, measured in the built image. */
  readonly bytes?: number;
  /** True when only the built image shows it. */
  readonly isMeasured?: boolean;
  /** Same for the same words in the same file, wherever they move: rule, path and normalised text of the place. */
  readonly fingerprint: string;
  /** False: it was there before the change that is looked at; undefined: nobody compared. */
  readonly isNew?: boolean;
}

/** A file that was looked at. `text` serves excerpts and is never part of the JSON. */
export interface ReportedFile {
  readonly path: string;
  readonly text: string;
  /** Why the file could not be read or judged at all. */
  readonly error: string | undefined;
  /** Findings that a comment or the configuration silenced. */
  readonly ignored: number;
}

/** What is compared with the base branch and with the budget, one row per target and platform. */
export interface SizeRow {
  readonly id: string;
  readonly dockerfile: string;
  readonly stage: string | undefined;
  readonly platform: string;
  readonly change: "new" | "changed" | "same" | "removed" | "unknown";
  readonly pullBytes: number | undefined;
  readonly diskBytes: number | undefined;
  /** True when the engine's store keeps no compressed layers, so that the pull size is estimated. */
  readonly isPullEstimated: boolean;
  readonly before: SizeBefore | undefined;
  readonly budget: Budget | undefined;
  /** What is limited besides the size; those that cannot be judged are left out. */
  readonly limits?: readonly Limit[] | undefined;
  /** What changed most, largest change first; where nothing changed or was known before, what weighs most. */
  readonly lines: readonly LineSize[];
}

export interface SizeBefore {
  readonly pullBytes: number;
  readonly diskBytes: number;
  /** What differs in how the two were measured, so that a small change may mean nothing. */
  readonly measuredBy?: "another engine" | "another method";
}

/** What one line of the Dockerfile, or the base image, adds to the image: bytes on disk, or their change. */
export interface LineSize {
  /** `removed`: a line of the baseline that is no longer there. */
  readonly from: "line" | "base" | "removed";
  /** One-based; undefined for the base, for what was removed, and where the engine does not tell. */
  readonly line: number | undefined;
  /** The instruction as written, on one line; the name of the base image. */
  readonly instruction: string;
  readonly bytes: number;
}

export interface Budget {
  readonly maxBytes: number;
  readonly of: "pull" | "disk";
  /** Bytes over the budget, 0 when within; undefined when the image was not measured. */
  readonly over: number | undefined;
  /** Of a broken one: the line that grew most, or weighs most where none did, in what the budget measures. */
  readonly line?: LineSize | undefined;
}

/** `pull` and `disk`: a second budget, broken too, beside the one that the row shows. All but `layers` are bytes. */
export interface Limit {
  readonly of: "layers" | "waste" | "increase" | "pull" | "disk";
  readonly most: number;
  readonly actual: number;
  readonly isBroken: boolean;
  /** The line to look at. */
  readonly line: LineSize | undefined;
}

export interface TargetReport {
  readonly build: BuildResult;
  /** One per platform; empty when the target was not built or could not be measured. */
  readonly images: readonly Image[];
  /** Why a built target could not be measured. */
  readonly measureError: string | undefined;
}

export interface Verdict {
  readonly status: "pass" | "fail";
  /** Worst first: "1 target did not build", "2 errors". */
  readonly reasons: readonly string[];
}

/** What was searched for the values of secrets; never a value. */
export interface SecretSearch {
  readonly values: number;
  /** The values as they are and encoded: base64, URL, hex, … */
  readonly forms: number;
  readonly bytes: number;
  readonly images: number;
  readonly found: readonly { readonly id: string; readonly target: string; readonly place: string }[];
  /** What could not be searched, one sentence each. */
  readonly gaps?: readonly string[] | undefined;
  /** Secrets that would be found by chance. */
  readonly unsearched?: readonly { readonly id: string; readonly reason: string }[] | undefined;
}

/** Everything that any output shows. */
export interface Report {
  readonly version: string;
  readonly files: readonly ReportedFile[];
  readonly findings: readonly Finding[];
  /** Findings that the baseline lets pass; undefined without one. */
  readonly known?: readonly Finding[] | undefined;
  /** Findings of the audit that the built images refute; absent without any. */
  readonly withdrawn?: readonly { readonly finding: Finding; readonly reason: string }[];
  /** Undefined when building was not asked for. */
  readonly targets: readonly TargetReport[] | undefined;
  readonly sizes: readonly SizeRow[];
  /** "main", "sizes.json"; undefined for a first measurement. */
  readonly baseline: string | undefined;
  /** Its commit and how it was had, behind its name: "at 1a2b3c4, from the check run of that commit". */
  readonly baselineFrom?: string | undefined;
  /** `docker 28.5.2, buildx 0.29.1, builder default (containerd store)`; undefined when none answered. */
  readonly engine: string | undefined;
  /** Undefined when no secret was given or nothing was built. */
  readonly secrets?: SecretSearch;
  /** What the reader should know and need not act on: left out templates, no engine, … */
  readonly notes: readonly string[];
  /** What only a verbose report says: engines that were not there. */
  readonly remarks?: readonly string[];
  readonly verdict: Verdict;
  /** Milliseconds per part of the run, in order. */
  readonly timings: readonly { readonly part: string; readonly milliseconds: number }[];
}
