import type { Span } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import type { Needs } from "./needs.ts";

export type Severity = "error" | "warning" | "note";
export type Level = Severity | "off";

/** A change of the file's text; edits of one fix never overlap. */
export interface Edit {
  readonly span: Span;
  readonly text: string;
}

/** Applies whole or not at all. */
export interface Fix {
  /** What to do, in the imperative: "Write apt-get in place of apt". */
  readonly title: string;
  /** `safe`: the build behaves as before. `unsafe`: offered, never applied without being asked for. */
  readonly safety: "safe" | "unsafe";
  readonly edits: readonly Edit[];
}

export interface Problem {
  /** The very words that are wrong. */
  readonly at: Span;
  /** One sentence without a full stop, in the file's own words: what is wrong. */
  readonly message: string;
  readonly related?: readonly { readonly at: Span; readonly message: string }[];
  readonly fix?: Fix;
}

/**
 * Documentation and test at once. In `bad`, `⟦…⟧` surrounds each span that must be reported and nothing
 * else may be; `fixed` is the text after all fixes (safe and unsafe) are applied. A Dockerfile is completed
 * with `FROM debian:bookworm-slim` in front when it has no FROM.
 */
export type Example = {
  readonly title?: string;
  /** Files of the build context beside the Dockerfile, `.dockerignore` included. */
  readonly files?: Readonly<Record<string, string>>;
  /** Ids that the workflow supplies, as for a build. */
  readonly supplied?: { readonly secrets?: readonly string[]; readonly ssh?: readonly string[] };
  /** Options of the rule as the config gives them. */
  readonly options?: Readonly<Record<string, unknown>>;
} & ({ readonly bad: string; readonly fixed?: string; readonly message?: string } | { readonly good: string });

export interface RuleOption {
  readonly name: string;
  readonly summary: string;
  readonly type: "boolean" | "string" | "string[]" | "number";
  readonly default: boolean | string | number | readonly string[];
}

export type Scope = "every stage" | "shipped stages" | "whole file" | "context" | "built image";

export interface Rule {
  /** A noun phrase that names the fault: `root-user`. */
  readonly id: string;
  /** The wanted state, in the imperative. */
  readonly summary: string;
  readonly level: { readonly recommended: Level; readonly strict: Level };
  readonly scope: Scope;
  /** What goes wrong otherwise and what to do: plain markdown, one or two paragraphs. */
  readonly why: string;
  /** Ids of peers' rules that this rule covers: DL3008, DS-0002, CKV_DOCKER_3, SecretsUsedInArgOrEnv. */
  readonly aliases: readonly string[];
  /** When the rule says nothing although one might expect it to: one sentence each. */
  readonly silent?: readonly string[];
  readonly fixes: "none" | "safe" | "unsafe";
  readonly options?: readonly RuleOption[];
  /** Pages that the rule rests on. */
  readonly sources?: readonly string[];
  /** The check is not run on files that hold none of this, where it would find nothing. */
  readonly needs?: Needs;
  readonly examples: readonly Example[];
  readonly check: (file: AuditedFile, options: Readonly<Record<string, unknown>>) => Iterable<Problem>;
}

export const defineRule = (rule: Rule): Rule => rule;
