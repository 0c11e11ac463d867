import { joinText, type Piece, sliceJoined, withoutEscapes } from "./joined-text.ts";
import type { JoinedText } from "./model.ts";
import type { Redirect, ShellAssignment, ShellWord } from "./script.ts";
import { forEachChild, type Shell } from "./shell-parser.ts";

/**
 * The script between backticks, whose text the parser gives without the escapes. Undefined where the way back is not
 * found: what is said of a word there would stand anywhere.
 */
export const backticked = (
  text: string,
  source: JoinedText,
  { pos, end }: { readonly pos: number; readonly end: number },
): JoinedText | undefined => {
  const raw = sliceJoined(source, pos + 1, end - 1);
  return ["$`\\", '$`\\"'].map((escaped) => withoutEscapes(raw, escaped)).find((inner) => inner.text === text);
};

export const holdsSubstitution = (node: Shell.SyntaxNode): boolean => {
  if (node.type === "CommandExpansion" || node.type === "ProcessSubstitution") return true;
  let found = false;
  forEachChild(node, (child) => {
    found ||= holdsSubstitution(child);
  });
  return found;
};

export const shellWord = (word: Shell.CommandArgument, source: JoinedText): ShellWord => {
  const span = source.locate(word.pos, word.end);
  if (word.type === "Word") return { value: word.value, isLiteral: isLiteral(word), span };
  const { value } = word;
  if (value.type === "ArrayValue") return { value: word.text, isLiteral: false, span };
  return { value: `${word.name}${word.append ? "+" : ""}=${value.value}`, isLiteral: isLiteral(value), span };
};

const isLiteral = (word: Shell.Word): boolean => word.parts?.every(isLiteralPart) ?? true;

const isLiteralPart = (part: Shell.WordPart): boolean => {
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
    case "AnsiCQuoted":
      return true;
    case "DoubleQuoted":
    case "LocaleString":
      return part.parts.every(isLiteralPart);
    default:
      return false;
  }
};

export const assignment = (node: Shell.Assignment, source: JoinedText): ShellAssignment => ({
  name: node.name,
  value: node.value.type === "Word" ? shellWord(node.value, source) : undefined,
  span: source.locate(node.pos, node.end),
});

/** `A=1` behind `env` or `sudo`. */
export const wrappedAssignment = (word: ShellWord | undefined): readonly ShellAssignment[] => {
  const sign = word?.value.indexOf("=") ?? -1;
  if (!word || sign === -1) return [];
  return [{ name: word.value.slice(0, sign), value: { ...word, value: word.value.slice(sign + 1) }, span: word.span }];
};

export const redirection = (node: Shell.Redirection, source: JoinedText): Redirect => {
  const descriptor = node.descriptor?.type === "FileDescriptor" ? node.descriptor.value : undefined;
  const span = source.locate(node.pos, node.end);
  if (node.type !== "HereDoc") {
    return { operator: node.operator, descriptor, target: node.target && shellWord(node.target, source), span };
  }
  return { operator: node.operator, descriptor, target: undefined, span, body: node.body.text };
};

/** As the command reads it, when the shell has nothing to put in. */
export const heredocBody = ({ body, delimiter }: Shell.HereDoc, source: JoinedText): JoinedText => {
  const written = sliceJoined(source, body.pos, body.end);
  return delimiter?.quoted ? written : withoutEscapes(written, heredocEscapes);
};

/** What a backslash quotes in a here-document. */
export const heredocEscapes = "$`\\\n";

/** A word's text with its quotes taken off, variables kept, and the way back to the file. */
export const unquoted = (word: Shell.Word, source: JoinedText): JoinedText => {
  const raw = source.text.slice(word.pos, word.end);
  const parts: string[] = [];
  const pieces: Piece[] = [];
  let quote = "";
  let length = 0;
  for (let at = 0; at < raw.length; at++) {
    const character = raw.charAt(at);
    if (quote === "" ? character === "'" || character === '"' : character === quote) {
      quote = quote === "" ? character : "";
      continue;
    }
    const isEscape = character === "\\" && (quote === "" || (quote === '"' && '$`"\\\n'.includes(raw.charAt(at + 1))));
    const width = isEscape && at + 1 < raw.length ? 2 : 1;
    pieces.push({ at: length, source: at, width });
    at += width - 1;
    parts.push(raw.charAt(at));
    length++;
  }
  const inner = joinText(parts.join(""), pieces);
  return {
    text: inner.text,
    locate: (start, end) => {
      const span = inner.locate(start, end);
      return source.locate(word.pos + span.start, word.pos + span.end);
    },
  };
};
