import type { Dockerfile, Span } from "../dockerfile/model.ts";
import { lineStarts, positionAt } from "../dockerfile/position.ts";
import type { Finding, Place } from "../report/report.ts";
import type { AuditProblem } from "./audit.ts";

/** The problems of one file as findings, with places that people read and fingerprints that survive a move. */
export const findingsOf = (
  dockerfile: Pick<Dockerfile, "text" | "path">,
  problems: readonly AuditProblem[],
): readonly Finding[] => {
  if (problems.length === 0) return [];
  const { text, path } = dockerfile;
  const starts = lineStarts(text);
  const seen = new Map<string, number>();
  // A rule may find many problems on one long line, whose hash is theirs in common.
  const hashes = new Map<string, string>();
  return problems.map(({ rule, severity, at, message, related, fix }) => {
    const place = placeOf(starts, at);
    const where = `${rule} ${place.line} ${place.endLine}`;
    const hash = hashes.get(where) ?? contentHash(`${rule}\0${path}\0${wordsAt(text, starts, place)}`);
    hashes.set(where, hash);
    const count = seen.get(hash) ?? 0;
    seen.set(hash, count + 1);
    return {
      rule,
      severity,
      path,
      span: at,
      place,
      message,
      related: (related ?? []).map((other) => ({ place: placeOf(starts, other.at), message: other.message })),
      fix,
      fingerprint: `${hash}:${count}`,
    };
  });
};

const placeOf = (starts: readonly number[], { start, end }: Span): Place => {
  const from = positionAt(starts, start);
  const to = positionAt(starts, Math.max(start, end));
  return { line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
};

/** The lines of a place without white space, so that neither moving nor indenting them makes a new finding. */
export const wordsAt = (text: string, starts: readonly number[], { line, endLine }: Place): string =>
  text.slice(starts[line - 1], starts[endLine] ?? text.length).replace(/\s+/g, "");

/** FNV-1a over UTF-16 units in two 32-bit halves: names a finding, protects nothing. */
export const contentHash = (text: string): string => {
  const { imul } = Math;
  let low = 0x811c9dc5;
  let high = 0x9dc5811c;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    low = imul(low ^ code, 0x01000193);
    high = imul(high ^ (code + at), 0x01000193);
  }
  return [high, low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
};
