import type { Comment, Dockerfile, Span } from "../dockerfile/model.ts";

/** One id that a comment or directive silences. */
export interface Ignore {
  /** As written: a rule's id, a peer's id, or `all`. */
  readonly id: string;
  readonly idSpan: Span;
  readonly comment: Span;
  /** Where findings are silenced. */
  readonly covers: Span;
  readonly reason: string | undefined;
  /** Whether the format has a place for a reason. */
  readonly takesReason: boolean;
  /** Written in our own format. */
  readonly isOwn: boolean;
}

/**
 * Ignores of a file, ours and the peers'. `ignore=` covers the instruction behind it, or the next line when it
 * stands inside a continued instruction; `ignore-file=` covers the file.
 */
export const ignoresOf = (dockerfile: Dockerfile): readonly Ignore[] => [
  ...dockerfile.directives.flatMap((directive) =>
    directive.name === "check"
      ? skips(dockerfile, directive.value, directive.valueSpan.start, directive.span, whole(dockerfile))
      : [],
  ),
  ...dockerfile.comments.flatMap((comment) => readComment(dockerfile, comment)),
];

const whole = (dockerfile: Dockerfile): Span => ({ start: 0, end: dockerfile.text.length + 1 });

const readComment = (dockerfile: Dockerfile, comment: Comment): readonly Ignore[] => {
  const { text, span } = comment;
  const at = (part: string): number => dockerfile.text.indexOf(part, span.start);
  const own = /^docker-hygiene\s+ignore(-file)?\s*=\s*([^\s-][^\n]*?)\s*(?:--\s*(.*))?$/.exec(text);
  if (own?.[2]) {
    const covers = own[1] ? whole(dockerfile) : following(dockerfile, span);
    return ids(own[2], at(own[2])).map((id) => ({
      ...id,
      comment: span,
      covers,
      reason: own[3] || undefined,
      takesReason: true,
      isOwn: true,
    }));
  }
  const peer = (list: string, covers: Span, reason: string | undefined, takesReason = true): readonly Ignore[] =>
    ids(list, at(list)).map((id) => ({ ...id, comment: span, covers, reason, takesReason, isOwn: false }));
  const hadolint = /^hadolint\s+(global\s+)?ignore\s*=\s*([\w, \t]+?)\s*(?:[#;:-]+\s*(.*))?$/.exec(text);
  if (hadolint?.[2]) {
    return peer(hadolint[2], hadolint[1] ? whole(dockerfile) : following(dockerfile, span), hadolint[3]);
  }
  const check = /^check\s*=\s*(.+)$/.exec(text);
  if (check?.[1]) return skips(dockerfile, check[1], at(check[1]), span, following(dockerfile, span));
  const trivy = /^(?:trivy|tfsec):ignore:([\w-]+)/.exec(text);
  if (trivy?.[1]) return peer(trivy[1], following(dockerfile, span), undefined, false);
  const checkov = /^checkov:skip=([\w]+)(?::\s*(.*))?$/.exec(text);
  if (checkov?.[1]) return peer(checkov[1], whole(dockerfile), checkov[2]);
  const kics = /^kics-scan\s+disable\s*=\s*([\w, -]+)$/.exec(text);
  return kics?.[1] ? peer(kics[1], whole(dockerfile), undefined, false) : [];
};

/** `skip=A,B;error=true`, as BuildKit's check directive has it. */
const skips = (
  dockerfile: Dockerfile,
  value: string,
  start: number,
  comment: Span,
  covers: Span,
): readonly Ignore[] => {
  const list = /(?:^|;)\s*skip\s*=\s*([^;]*)/.exec(value)?.[1];
  if (!list) return [];
  const at = dockerfile.text.indexOf(list, start);
  return ids(list, at).map((id) => ({ ...id, comment, covers, reason: undefined, takesReason: false, isOwn: false }));
};

const ids = (list: string, start: number): readonly Pick<Ignore, "id" | "idSpan">[] =>
  [...list.matchAll(/[^\s,]+/g)].map((match) => ({
    id: match[0].replace(/^AVD-/, "").replace(/^(DS)-?0*(\d{4})$/, "$1-$2"),
    idSpan: { start: start + match.index, end: start + match.index + match[0].length },
  }));

/** The instruction behind a comment, or the next line of the one that the comment stands in. */
const following = (dockerfile: Dockerfile, comment: Span): Span => {
  const next = dockerfile.instructions.find(({ span }) => span.end > comment.start);
  if (!next) return { start: comment.end, end: comment.end };
  if (next.span.start >= comment.start) return next.span;
  const start = comment.end + 1;
  const lineBreak = dockerfile.text.indexOf("\n", start);
  return { start, end: lineBreak === -1 ? dockerfile.text.length : lineBreak };
};
