import { type HeredocStart, heredocStarts } from "./heredoc-words.ts";
import type { LineReader, LogicalLine } from "./logical-lines.ts";
import type { Heredoc, JoinedText, Span, SyntaxProblem } from "./model.ts";
import { type Piece, piece, readJsonArray, splitBlanks, splitLine, splitQuoted } from "./words.ts";

/** An instruction as BuildKit's parser sees it, before its arguments are judged. */
export interface Node {
  /** As written. */
  readonly keyword: Piece;
  readonly flags: readonly Piece[];
  readonly args: readonly Piece[];
  /** What follows keyword and flags. */
  readonly rest: Piece;
  readonly isJson: boolean;
  /** The instruction inside ONBUILD. */
  readonly child: Node | undefined;
  readonly heredocs: readonly Heredoc[];
  readonly joined: JoinedText;
  /** The lines of the instruction itself, without heredocs. */
  readonly startLine: number;
  readonly endLine: number;
  readonly span: Span;
  /** What the parser refuses; offsets are spans of the file. */
  readonly problem: SyntaxProblem | undefined;
}

/** Reads the next instruction with its heredocs; undefined at the end of the file. */
export const readNode = (
  reader: LineReader,
  text: string,
): { readonly node: Node; readonly line: LogicalLine } | undefined => {
  const line = reader.next();
  if (!line) return undefined;
  const parsed = parseNode(line.joined, reader.escape(), 0, line.joined.text.length);
  const { heredocs, problem, end } = takesHeredocs(parsed)
    ? readHeredocs(reader, text, line)
    : { heredocs: [], problem: undefined, end: line.span.end };
  const node: Node = {
    ...parsed,
    heredocs,
    startLine: line.startLine,
    endLine: reader.lineNumber(),
    span: { start: line.span.start, end },
    problem: parsed.problem ?? problem,
  };
  return { node, line };
};

type ParsedNode = Omit<Node, "heredocs" | "startLine" | "endLine" | "span">;

/** Of ONBUILD in ONBUILD, which BuildKit refuses as soon as it has read all of it. */
const deepest = 10;

const parseNode = (joined: JoinedText, escapeCharacter: string, from: number, to: number, depth = 0): ParsedNode => {
  const { keyword, flags, rest } = splitLine(joined.text, escapeCharacter, from, to);
  const shape = argumentShape[keyword.text.toUpperCase()] ?? "ignored";
  const base = { keyword, flags, rest, joined, isJson: false, child: undefined, problem: undefined };
  const json = shape === "command" || shape === "list" ? readJsonArray(rest) : { kind: "none" as const };
  if (json.kind === "not-strings") {
    const at = joined.locate(rest.start, rest.end);
    return { ...base, args: [], problem: notStrings(at) };
  }
  if (json.kind === "array") return { ...base, args: json.words, isJson: true };
  switch (shape) {
    case "command":
    case "text":
      return { ...base, args: rest.text === "" ? [] : [rest] };
    case "list":
    case "words":
      return { ...base, args: splitBlanks(rest) };
    case "declarations":
      return { ...base, args: splitQuoted(rest, escapeCharacter) };
    case "pairs":
      return { ...base, ...readPairs(joined, keyword.text.toUpperCase(), rest, escapeCharacter) };
    case "health":
      return { ...base, ...readHealth(joined, rest) };
    case "instruction": {
      if (rest.text === "" || depth === deepest) return { ...base, args: [] };
      const child = parseNode(joined, escapeCharacter, rest.start, rest.end, depth + 1);
      const inner: Node = {
        ...child,
        heredocs: [],
        startLine: 0,
        endLine: 0,
        span: joined.locate(rest.start, rest.end),
      };
      return { ...base, args: [], child: inner, problem: child.problem };
    }
    case "ignored":
      return { ...base, args: [] };
  }
};

type Shape = "command" | "list" | "text" | "words" | "declarations" | "pairs" | "health" | "instruction" | "ignored";

const argumentShape: Readonly<Record<string, Shape>> = {
  ADD: "list",
  ARG: "declarations",
  CMD: "command",
  COPY: "list",
  ENTRYPOINT: "command",
  ENV: "pairs",
  EXPOSE: "words",
  FROM: "words",
  HEALTHCHECK: "health",
  LABEL: "pairs",
  MAINTAINER: "text",
  ONBUILD: "instruction",
  RUN: "command",
  SHELL: "command",
  STOPSIGNAL: "text",
  USER: "text",
  VOLUME: "list",
  WORKDIR: "text",
};

export const keywords: readonly string[] = Object.keys(argumentShape);

/** Words in threes, as BuildKit has them: key, value, `=` or nothing for the form with a blank. */
const readPairs = (
  joined: JoinedText,
  keyword: string,
  rest: Piece,
  escapeCharacter: string,
): Pick<Node, "args" | "problem"> => {
  const words = splitQuoted(rest, escapeCharacter);
  const first = words[0];
  if (!first) return { args: [], problem: undefined };
  if (!first.text.includes("=")) {
    const blank = /[\t\v\f\r ]+/.exec(rest.text);
    if (!blank) {
      const message = `\`${keyword} ${rest.text}\` gives no value: write \`${keyword} ${rest.text}=value\``;
      return { args: [], problem: { message, span: joined.locate(rest.start, rest.end), reach: "instruction" } };
    }
    const keyEnd = rest.start + blank.index;
    const valueStart = keyEnd + blank[0].length;
    const line = joined.text;
    return {
      args: [
        piece(line, rest.start, keyEnd),
        piece(line, valueStart, rest.end),
        { text: "", start: rest.end, end: rest.end },
      ],
      problem: undefined,
    };
  }
  const args: Piece[] = [];
  for (const word of words) {
    const sign = word.text.indexOf("=");
    if (sign === -1) {
      const message = `\`${word.text}\` has no \`=\`: every word of ${keyword} is \`name=value\`, so quote a value with blanks`;
      return { args: [], problem: { message, span: joined.locate(word.start, word.end), reach: "instruction" } };
    }
    args.push({ text: word.text.slice(0, sign), start: word.start, end: word.start + sign });
    args.push({ text: word.text.slice(sign + 1), start: word.start + sign + 1, end: word.end });
    args.push({ text: "=", start: word.start + sign, end: word.start + sign + 1 });
  }
  return { args, problem: undefined };
};

const readHealth = (joined: JoinedText, rest: Piece): Pick<Node, "args" | "isJson" | "problem"> => {
  const type = /^[\t-\r \u0085\u00a0]*[^\t-\r \u0085\u00a0]+/.exec(rest.text)?.[0];
  if (!type) return { args: [], isJson: false, problem: undefined };
  const typePiece = piece(joined.text, rest.start, rest.start + type.length);
  const blank = /^[\t-\r \u0085\u00a0]*/.exec(rest.text.slice(type.length))?.[0].length ?? 0;
  const command = piece(joined.text, typePiece.end + blank, rest.end);
  if (command.text === "") return { args: [typePiece], isJson: false, problem: undefined };
  const json = readJsonArray(command);
  if (json.kind === "not-strings") {
    return { args: [typePiece], isJson: false, problem: notStrings(joined.locate(command.start, command.end)) };
  }
  return json.kind === "array"
    ? { args: [typePiece, ...json.words], isJson: true, problem: undefined }
    : { args: [typePiece, command], isJson: false, problem: undefined };
};

const notStrings = (span: Span): SyntaxProblem => ({
  message: "The JSON array holds something other than strings: quote every element",
  span,
  reach: "instruction",
});

const takesHeredocs = (node: ParsedNode): boolean => {
  const owner = node.keyword.text.toUpperCase() === "ONBUILD" ? node.child : node;
  return !!owner && !owner.isJson && heredocOwners.has(owner.keyword.text.toUpperCase());
};

const heredocOwners: ReadonlySet<string> = new Set(["ADD", "COPY", "RUN"]);

const readHeredocs = (
  reader: LineReader,
  text: string,
  line: LogicalLine,
): { readonly heredocs: readonly Heredoc[]; readonly problem: SyntaxProblem | undefined; readonly end: number } => {
  const heredocs: Heredoc[] = [];
  let end = line.span.end;
  for (const start of heredocStarts(line.joined.text)) {
    const { body, isTerminated } = readBody(reader, text, start, end);
    const span = line.joined.locate(start.start, start.end);
    if (!isTerminated) {
      const message = `The heredoc \`${start.name}\` never ends: no line is just \`${start.name}\``;
      return { heredocs, problem: { message, span, reach: "file" }, end: text.length };
    }
    const { name, expand, chomp, descriptor } = start;
    heredocs.push({
      name,
      expand,
      chomp,
      descriptor,
      content: text.slice(body.start, body.end),
      contentSpan: body,
      span,
    });
    end = body.terminatorEnd;
  }
  return { heredocs, problem: undefined, end };
};

const readBody = (
  reader: LineReader,
  text: string,
  heredoc: HeredocStart,
  from: number,
): { readonly body: Span & { readonly terminatorEnd: number }; readonly isTerminated: boolean } => {
  let start: number | undefined;
  for (let raw = reader.rawLine(); raw; raw = reader.rawLine()) {
    start ??= raw.start;
    let lineStart = raw.start;
    if (heredoc.chomp) while (text.charAt(lineStart) === "\t") lineStart++;
    if (raw.textEnd - lineStart === heredoc.name.length && text.startsWith(heredoc.name, lineStart)) {
      return { body: { start, end: raw.start, terminatorEnd: raw.textEnd }, isTerminated: true };
    }
  }
  return { body: { start: start ?? from, end: text.length, terminatorEnd: text.length }, isTerminated: false };
};
