import type { JoinedText, Span } from "./model.ts";

/** Where a piece of joined text begins, in the joined text and in the file. */
export interface Piece {
  readonly at: number;
  readonly source: number;
  /** For a piece of one character that is written with more (`\"`): how many the file has; 1 when left out. */
  readonly width?: number;
}

/** Text put together from pieces of a file; each piece runs to the next one's `at`. */
export const joinText = (text: string, pieces: readonly Piece[]): JoinedText => ({
  text,
  locate: (start, end) => locate(pieces, start, end),
});

/** A part of a joined text as a joined text of its own. */
export const sliceJoined = (joined: JoinedText, start: number, end: number): JoinedText => ({
  text: joined.text.slice(start, end),
  locate: (from, to) => joined.locate(start + from, start + to),
});

/** The text without the backslashes in front of these characters; an escaped line break goes with its backslash. */
export const withoutEscapes = (joined: JoinedText, escaped: string): JoinedText => {
  const pieces: Piece[] = [{ at: 0, source: 0 }];
  const parts: string[] = [];
  let [length, from] = [0, 0];
  const take = (end: number): void => {
    parts.push(joined.text.slice(from, end));
    length += end - from;
  };
  for (let at = joined.text.indexOf("\\"); at >= 0; at = joined.text.indexOf("\\", at)) {
    const character = joined.text.charAt(at + 1);
    if (character === "" || !escaped.includes(character)) {
      at += 1;
      continue;
    }
    take(at);
    if (character !== "\n") {
      pieces.push({ at: length, source: at, width: 2 });
      parts.push(character);
      length += 1;
    }
    at += 2;
    from = at;
    pieces.push({ at: length, source: from });
  }
  if (parts.length === 0) return joined;
  take(joined.text.length);
  const inner = joinText(parts.join(""), pieces);
  const locate = (start: number, end: number): Span => {
    const span = inner.locate(start, end);
    return joined.locate(span.start, span.end);
  };
  return { text: inner.text, locate };
};

/** Several joined texts behind each other, with literal text between them. */
export const concatJoined = (parts: readonly JoinedText[], separator: string): JoinedText => {
  const starts: number[] = [];
  let length = 0;
  for (const part of parts) {
    starts.push(length);
    length += part.text.length + separator.length;
  }
  const partAt = (offset: number): number => {
    let index = parts.length - 1;
    while (index > 0 && (starts[index] ?? 0) > offset) index--;
    return index;
  };
  const at = (offset: number): Span => {
    const index = partAt(offset);
    const part = parts[index];
    if (!part) return { start: 0, end: 0 };
    const inside = Math.min(offset - (starts[index] ?? 0), part.text.length);
    return part.locate(inside, Math.min(inside + 1, part.text.length));
  };
  return {
    text: parts.map((part) => part.text).join(separator),
    locate: (start, end) => {
      if (parts.length === 0) return { start: 0, end: 0 };
      const from = at(start).start;
      return { start: from, end: end > start ? Math.max(from, at(end - 1).end) : from };
    },
  };
};

const locate = (pieces: readonly Piece[], start: number, end: number): Span => {
  const from = sourceOf(pieces, start);
  if (end <= start) return { start: from, end: from };
  const last = pieceAt(pieces, end - 1);
  return { start: from, end: sourceOf(pieces, end - 1) + (last?.width ?? 1) };
};

const sourceOf = (pieces: readonly Piece[], offset: number): number => {
  const piece = pieceAt(pieces, offset);
  return piece ? piece.source + offset - piece.at : 0;
};

const pieceAt = (pieces: readonly Piece[], offset: number): Piece | undefined => {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pieces[middle] as Piece).at <= offset) low = middle;
    else high = middle - 1;
  }
  return pieces[low];
};
