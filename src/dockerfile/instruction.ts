import { flagProblem, readFlag, readMounts } from "./flags.ts";
import { parseHeredocWord } from "./heredoc-words.ts";
import { sliceJoined } from "./joined-text.ts";
import type { Assignment, CommandForm, Flag, Instruction, Span, SyntaxProblem, Word } from "./model.ts";
import { nearest } from "./nearest.ts";
import { keywords, type Node } from "./node.ts";
import type { Piece } from "./words.ts";

/** Where an instruction stands. */
export interface Placement {
  readonly index: number;
  readonly stageIndex: number | undefined;
  readonly isTrigger: boolean;
}

/** A typed instruction, or why BuildKit refuses it. A trigger that BuildKit refuses only later has no problem here. */
export const readInstruction = (
  node: Node,
  placement: Placement,
): { readonly instruction: Instruction; readonly problem: SyntaxProblem | undefined } => {
  const written = node.keyword.text.toUpperCase();
  const flags = node.flags.map((flag) => readFlag(node.joined, flag));
  const context: Context = { node, placement, flags };
  const outcome = node.problem ? { problem: node.problem } : judge(written, context);
  if ("instruction" in outcome) return { instruction: outcome.instruction, problem: outcome.problem };
  return {
    instruction: { ...common(context, "INVALID"), written },
    problem: outcome.problem,
  };
};

interface Context {
  readonly node: Node;
  readonly placement: Placement;
  readonly flags: readonly Flag[];
}

type Outcome =
  | { readonly instruction: Instruction; readonly problem: SyntaxProblem | undefined }
  | { readonly problem: SyntaxProblem };

const judge = (keyword: string, context: Context): Outcome => {
  const reader = readers[keyword];
  if (!reader) return { problem: unknownKeyword(context) };
  const outcome = reader(context);
  if (!("instruction" in outcome)) return outcome;
  if (keyword === "HEALTHCHECK" && context.node.args[0]?.text.toUpperCase() === "NONE") return outcome;
  const problem = flagProblem(keyword, context.flags);
  if (problem?.kind === "unknown-flag") return { ...outcome, problem };
  return problem ? { problem } : outcome;
};

const unknownKeyword = ({ node }: Context): SyntaxProblem => {
  const written = node.keyword.text;
  const likely = nearest(written, keywords);
  return {
    message: `\`${written}\` is no instruction${likely ? `; did you mean ${likely}?` : ""}`,
    span: spanOf(node, node.keyword),
    reach: "instruction",
    kind: "unknown-keyword",
    ...(likely ? { replacement: written === written.toLowerCase() ? likely.toLowerCase() : likely } : {}),
  };
};

const spanOf = (node: Node, piece: Piece): Span => node.joined.locate(piece.start, piece.end);
const wordOf = (node: Node, piece: Piece): Word => ({ text: piece.text, span: spanOf(node, piece) });

const common = <Keyword extends string>({ node, placement, flags }: Context, keyword: Keyword) => ({
  keyword,
  keywordSpan: spanOf(node, node.keyword),
  span: node.span,
  startLine: node.startLine,
  endLine: node.endLine,
  flags,
  heredocs: node.heredocs,
  ...placement,
});

const refuse = (context: Context, message: string, piece?: Piece): Outcome => ({
  problem: { message, span: spanOf(context.node, piece ?? context.node.keyword), reach: "instruction" },
});
const accept = (instruction: Instruction): Outcome => ({ instruction, problem: undefined });

const commandForm = (node: Node, from = 0): CommandForm => {
  const args = node.args.slice(from);
  const [first] = args;
  const last = args.at(-1);
  const start = node.isJson ? node.rest.start : (first?.start ?? node.rest.end);
  const span = node.joined.locate(
    first && !node.isJson ? first.start : start,
    last && !node.isJson ? last.end : node.rest.end,
  );
  if (node.isJson) return { form: "exec", words: args.map((arg) => wordOf(node, arg)), span };
  return { form: "shell", joined: sliceJoined(node.joined, start, last?.end ?? start), span };
};

const oneWord = (context: Context, keyword: string): Piece | Outcome => {
  const [word, second] = context.node.args;
  if (word && !second) return word;
  return refuse(context, `${keyword} takes exactly one argument`);
};

const readers: Readonly<Record<string, (context: Context) => Outcome>> = {
  FROM: (context) => {
    const { node } = context;
    const [image, as, alias] = node.args;
    const isNamed = node.args.length === 3 && as?.text.toLowerCase() === "as";
    if (!image || (node.args.length !== 1 && !isNamed)) {
      const extra = node.args.length > 1 ? node.args[1] : undefined;
      return refuse(context, "FROM takes an image, or an image, AS and a stage name", extra);
    }
    if (alias && !/^[a-z][a-z0-9-_.]*$/.test(alias.text.toLowerCase())) {
      const message = `\`${alias.text}\` is no stage name: it begins with a letter and holds letters, digits, \`-\`, \`_\` and \`.\``;
      return refuse(context, message, alias);
    }
    return accept({
      ...common(context, "FROM"),
      image: wordOf(node, image),
      as: as && wordOf(node, as),
      alias: alias && wordOf(node, alias),
    });
  },
  ARG: (context) => {
    const { node } = context;
    if (node.args.length === 0) return refuse(context, "ARG needs at least one name");
    const blank = node.args.find((arg) => arg.text.startsWith("="));
    if (blank) return refuse(context, `\`${blank.text}\` has no name in front of its \`=\``, blank);
    return accept({ ...common(context, "ARG"), assignments: node.args.map((arg) => declaration(node, arg)) });
  },
  ENV: (context) => readPairs(context, "ENV"),
  LABEL: (context) => readPairs(context, "LABEL"),
  RUN: (context) => {
    const { mounts, problem } = readMounts(context.flags);
    if (problem) return { problem };
    return accept({ ...common(context, "RUN"), command: commandForm(context.node), mounts });
  },
  CMD: (context) => accept({ ...common(context, "CMD"), command: commandForm(context.node) }),
  ENTRYPOINT: (context) => accept({ ...common(context, "ENTRYPOINT"), command: commandForm(context.node) }),
  HEALTHCHECK: (context) => {
    const [type, command] = context.node.args;
    if (!type) return refuse(context, "HEALTHCHECK needs CMD and a command, or NONE");
    const kind = type.text.toUpperCase();
    if (kind === "NONE") {
      if (command) return refuse(context, "HEALTHCHECK NONE takes no arguments", command);
      return accept({ ...common(context, "HEALTHCHECK"), command: undefined });
    }
    if (kind !== "CMD") return refuse(context, `HEALTHCHECK is followed by CMD or NONE, not \`${type.text}\``, type);
    if (!command) return refuse(context, "HEALTHCHECK CMD has no command", type);
    const invalid = healthFlagProblem(context.flags);
    if (invalid) return { problem: invalid };
    return accept({ ...common(context, "HEALTHCHECK"), command: commandForm(context.node, 1) });
  },
  SHELL: (context) => {
    const { node } = context;
    if (node.args.length === 0) return refuse(context, "SHELL needs at least one word");
    if (!node.isJson) return refuse(context, 'SHELL takes a JSON array: SHELL ["/bin/bash", "-c"]', node.args[0]);
    return accept({ ...common(context, "SHELL"), words: node.args.map((arg) => wordOf(node, arg)) });
  },
  COPY: (context) => readCopy(context, "COPY"),
  ADD: (context) => readCopy(context, "ADD"),
  USER: (context) => {
    const word = oneWord(context, "USER");
    return "text" in word ? accept({ ...common(context, "USER"), user: wordOf(context.node, word) }) : word;
  },
  WORKDIR: (context) => {
    const word = oneWord(context, "WORKDIR");
    return "text" in word ? accept({ ...common(context, "WORKDIR"), path: wordOf(context.node, word) }) : word;
  },
  STOPSIGNAL: (context) => {
    const word = oneWord(context, "STOPSIGNAL");
    return "text" in word ? accept({ ...common(context, "STOPSIGNAL"), signal: wordOf(context.node, word) }) : word;
  },
  MAINTAINER: (context) => {
    const word = oneWord(context, "MAINTAINER");
    return "text" in word ? accept({ ...common(context, "MAINTAINER"), author: wordOf(context.node, word) }) : word;
  },
  EXPOSE: (context) => {
    const { node } = context;
    if (node.args.length === 0) return refuse(context, "EXPOSE needs at least one port");
    return accept({ ...common(context, "EXPOSE"), ports: node.args.map((arg) => wordOf(node, arg)) });
  },
  VOLUME: (context) => {
    const { node } = context;
    if (node.args.length === 0) return refuse(context, "VOLUME needs at least one path");
    const blank = node.args.find((arg) => arg.text.trim() === "");
    if (blank) return refuse(context, "VOLUME holds an empty path", blank);
    return accept({ ...common(context, "VOLUME"), paths: node.args.map((arg) => wordOf(node, arg)) });
  },
  ONBUILD: (context) => {
    const { node, placement } = context;
    const { child } = node;
    if (!child) return refuse(context, "ONBUILD needs an instruction");
    const written = child.keyword.text.toUpperCase();
    if (written === "ONBUILD" || written === "FROM" || written === "MAINTAINER") {
      const message = `ONBUILD cannot trigger ${written === "ONBUILD" ? "another ONBUILD" : written}`;
      return { problem: { message, span: spanOf(node, child.keyword), reach: "instruction", kind: "trigger" } };
    }
    const inner: Node = { ...child, heredocs: node.heredocs, startLine: node.startLine, endLine: node.endLine };
    const { instruction } = readInstruction(inner, { ...placement, isTrigger: true });
    return accept({ ...common(context, "ONBUILD"), trigger: instruction });
  },
};

const declaration = (node: Node, arg: Piece): Assignment => {
  const sign = arg.text.indexOf("=");
  if (sign === -1) return { key: wordOf(node, arg), value: undefined, span: spanOf(node, arg) };
  const key: Piece = { text: arg.text.slice(0, sign), start: arg.start, end: arg.start + sign };
  const value: Piece = { text: arg.text.slice(sign + 1), start: arg.start + sign + 1, end: arg.end };
  return { key: wordOf(node, key), value: wordOf(node, value), span: spanOf(node, arg) };
};

const readPairs = (context: Context, keyword: "ENV" | "LABEL"): Outcome => {
  const { node } = context;
  if (node.args.length === 0) return refuse(context, `${keyword} needs at least one \`name=value\``);
  const assignments: Assignment[] = [];
  for (let at = 0; at < node.args.length; at += 3) {
    const [key, value, sign] = node.args.slice(at, at + 3);
    if (!key || !value || !sign) break;
    if (key.text === "") return refuse(context, `\`=${value.text}\` has no name in front of its \`=\``, value);
    assignments.push({
      key: wordOf(node, key),
      value: wordOf(node, value),
      span: node.joined.locate(key.start, value.end),
    });
  }
  const isLegacy = node.args[2]?.text !== "=";
  return accept(
    keyword === "ENV"
      ? { ...common(context, "ENV"), assignments, isLegacy }
      : { ...common(context, "LABEL"), assignments, isLegacy },
  );
};

const readCopy = (context: Context, keyword: "COPY" | "ADD"): Outcome => {
  const { node } = context;
  const destination = node.args.at(-1);
  if (!destination || node.args.length < 2) {
    return refuse(context, `${keyword} needs a source and a destination`, destination);
  }
  if (parseHeredocWord(destination.text)) return refuse(context, `${keyword} cannot write to a heredoc`, destination);
  const rest = {
    form: node.isJson ? ("exec" as const) : ("shell" as const),
    sources: node.args.slice(0, -1).flatMap((arg) => (parseHeredocWord(arg.text) ? [] : [wordOf(node, arg)])),
    destination: wordOf(node, destination),
  };
  return accept(keyword === "COPY" ? { ...common(context, "COPY"), ...rest } : { ...common(context, "ADD"), ...rest });
};

const duration = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

const healthFlagProblem = (flags: readonly Flag[]): SyntaxProblem | undefined => {
  for (const flag of flags) {
    const { name, value } = flag;
    if (!value) continue;
    const span = flag.valueSpan ?? flag.span;
    if (name === "retries" && !/^\+?\d+$/.test(value)) {
      return { message: `\`--retries\` is a whole number, not \`${value}\``, span, reach: "instruction" };
    }
    if (["interval", "timeout", "start-period", "start-interval"].includes(name) && !duration.test(value)) {
      return { message: `\`--${name}\` is a duration such as 30s or 5m, not \`${value}\``, span, reach: "instruction" };
    }
  }
  return undefined;
};
