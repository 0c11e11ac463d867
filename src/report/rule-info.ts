import type { Severity } from "../rules/rule.ts";

/** What an output tells about a rule beside its findings. */
export interface RuleInfo {
  readonly id: string;
  readonly summary: string;
  /** Plain markdown. */
  readonly why: string;
  /** The level it reports at by default. */
  readonly severity: Severity;
  readonly helpUri: string | undefined;
}
