import type { RuleInfo } from "./rule-info.ts";

/** What a page can tell beside the report. */
export interface PageOptions {
  /** The page that shows a line of a file. */
  readonly link?: (path: string, line: number) => string | undefined;
  readonly rule?: (id: string) => RuleInfo | undefined;
}

export const noLink: NonNullable<PageOptions["link"]> = () => undefined;
