import type { Dockerfile, Span } from "../dockerfile/model.ts";
import { firstBehind } from "../dockerfile/position.ts";

/** Whose way of writing an ignore is. */
export type IgnoreFormat = "own" | "hadolint" | "shellcheck" | "tally" | "buildkit" | "trivy" | "checkov" | "kics";

/** One id that a comment or directive silences. */
export interface Ignore {
  /** A rule's id, a peer's id in its usual spelling, or `all`. */
  readonly id: string;
  readonly idSpan: Span;
  readonly comment: Span;
  /** Where findings are silenced. */
  readonly covers: Span;
  readonly reach: "file" | "stage" | "next";
  /** Above the first stage, where a peer's comment also speaks of what a later stage lacks. */
  readonly isOnTop: boolean;
  readonly reason: string | undefined;
  /** Whether the format has a place for a reason. */
  readonly takesReason: boolean;
  readonly format: IgnoreFormat;
}

/** An ignore that hid nothing. */
export interface UnusedIgnore extends Ignore {
  /** The rule that holds the id; undefined when there is none of this name. */
  readonly rule: string | undefined;
  /** A name that is near, for one that no rule has. */
  readonly meant: string | undefined;
}

/**
 * Ignores of a file, ours and the peers'. `ignore=` covers the instruction behind it, or the next line when it
 * stands inside a continued instruction; `ignore-file=` covers the file.
 */
export const ignoresOf = (dockerfile: Dockerfile): readonly Ignore[] => [
  ...dockerfile.directives.flatMap((directive) =>
    directive.name === "check"
      ? ignoresIn(dockerfile, directive.span, {
          ...skips(directive.value),
          at: directive.valueSpan.start,
          reach: "file",
          format: "buildkit",
        })
      : [],
  ),
  ...dockerfile.comments.flatMap(({ text, span }) => {
    if (!mayIgnore.test(text)) return [];
    const found = formats.flatMap((read) => read(text) ?? [])[0];
    return found === undefined ? [] : ignoresIn(dockerfile, span, { at: span.start, ...found });
  }),
];

/** What a comment says, before it is placed. */
interface Said {
  /** Ids with blanks or commas between, as written. */
  readonly list: string;
  readonly reach: Ignore["reach"];
  readonly format: IgnoreFormat;
  readonly reason?: string | undefined;
  readonly takesReason?: boolean;
}

/** All formats have one of these words, and few comments do. */
const mayIgnore = /ignore|disable|check|skip/;

const formats: readonly ((text: string) => Said | undefined)[] = [
  (text) => {
    const match = /^docker-hygiene\s+ignore(-file)?\s*=\s*([^\s-].*)$/s.exec(text);
    if (!match?.[2]) return undefined;
    const [list = "", ...reason] = match[2].split("--");
    return { list, reach: match[1] ? "file" : "next", format: "own", reason: reason.join("--"), takesReason: true };
  },
  (text) => {
    const match = /^hadolint\s+(global\s+|stage\s+)?ignore\s*=([\w/, \t]+)(?:[#;:-]+(.*))?$/s.exec(text);
    const reach = match?.[1] === undefined ? "next" : match[1].startsWith("g") ? "file" : "stage";
    return match?.[2] ? { list: match[2], reach, format: "hadolint", reason: match[3], takesReason: true } : undefined;
  },
  (text) => {
    const match = /^shellcheck\s+(?:\S+\s+)*?disable\s*=\s*((?:SC\d{4}|all)(?:\s*,\s*(?:SC\d{4}|all))*)/.exec(text);
    return match?.[1] ? { list: match[1], reach: "next", format: "shellcheck" } : undefined;
  },
  (text) => {
    const match = /^tally\s+(global\s+)?ignore\s*=([\w/, \t-]+)(?:;\s*reason\s*=(.*))?$/s.exec(text);
    const reach = match?.[1] ? "file" : "next";
    return match?.[2] ? { list: match[2], reach, format: "tally", reason: match[3], takesReason: true } : undefined;
  },
  (text) => {
    const match = /^check\s*=(.+)$/s.exec(text);
    return match?.[1] ? { ...skips(match[1]), reach: "next", format: "buildkit" } : undefined;
  },
  (text) => {
    const named = [...text.matchAll(/(?:^|\s)(?:trivy|tfsec):ignore:([\w*-]+)/g)];
    const isIgnore = /^(?:trivy|tfsec):ignore:/.test(text);
    return isIgnore ? { list: named.map(([, id]) => id).join(" "), reach: "next", format: "trivy" } : undefined;
  },
  (text) => {
    const match = /^checkov:skip=([\w,]+)(?::(.*))?$/s.exec(text);
    if (!match?.[1]) return undefined;
    return { list: match[1], reach: "file", format: "checkov", reason: match[2], takesReason: true };
  },
  (text) => {
    const match = /^kics-scan\s+(?:(ignore(?:-line|-block)?)$|disable\s*=\s*([\w,-][\w, -]*)$)/.exec(text);
    if (match === null) return undefined;
    const reach = match[2] !== undefined || match[1] === "ignore" ? "file" : "next";
    return { list: match[2] ?? "all", reach, format: "kics" };
  },
];

/** `skip=A,B;error=true`, as BuildKit's check directive has it. */
const skips = (value: string): { readonly list: string } => ({
  list: /(?:^|;)\s*skip\s*=\s*([^;]*)/.exec(value)?.[1] ?? "",
});

const ignoresIn = (
  dockerfile: Dockerfile,
  comment: Span,
  { list, at, reach, format, reason, takesReason }: Said & { readonly at: number },
): readonly Ignore[] => {
  const covers = coverage[reach](dockerfile, comment);
  const isOnTop = comment.start < (dockerfile.stages[0]?.span.start ?? 0);
  let from = at;
  return [...list.matchAll(/[^\s,]+/g)].map(([written]) => {
    const start = dockerfile.text.indexOf(written, from);
    // `all` of a comment without ids stands nowhere in it.
    const isThere = start >= 0 && start + written.length <= comment.end;
    if (isThere) from = start + written.length;
    return {
      id: usual(written),
      idSpan: isThere ? { start, end: start + written.length } : comment,
      comment,
      covers,
      reach,
      isOnTop,
      reason: reason?.trim() || undefined,
      takesReason: takesReason ?? false,
      format,
    };
  });
};

/** AVD-DS-0002, DS002 and DS-0002 are one; of a UUID the first part is enough. */
const usual = (id: string): string =>
  id
    .replace(/^AVD-/i, "")
    .replace(/^DS-?0*(\d{1,4})$/i, (_, digits: string) => `DS-${digits.padStart(4, "0")}`)
    .replace(/^([0-9a-f]{8})-[0-9a-f-]{27}$/i, "$1");

const coverage: Readonly<Record<Said["reach"], (dockerfile: Dockerfile, comment: Span) => Span>> = {
  file: ({ text }) => ({ start: 0, end: text.length + 1 }),
  stage: ({ stages }, comment) => {
    const stage = stages.find(({ span }) => span.end > comment.start);
    return stage === undefined ? { start: comment.end, end: comment.end } : stage.span;
  },
  next: ({ instructions, text }, comment) => {
    const next = firstBehind(instructions, comment.start);
    if (!next) return { start: comment.end, end: comment.end };
    if (next.span.start >= comment.start) return next.span;
    const start = comment.end + 1;
    const lineBreak = text.indexOf("\n", start);
    return { start, end: lineBreak === -1 ? text.length : lineBreak };
  },
};
