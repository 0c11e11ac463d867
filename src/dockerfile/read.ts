import { readInstruction } from "./instruction.ts";
import { readLines } from "./logical-lines.ts";
import type { Dockerfile, FromInstruction, Instruction, Span, Stage, SyntaxProblem } from "./model.ts";
import { noTextProblem } from "./no-text.ts";
import { type Node, readNode } from "./node.ts";

/**
 * Reads a Dockerfile as BuildKit does, in time linear in its length. `text` is the decoded file, a byte order
 * mark included. Never throws because of the text.
 */
export const readDockerfile = (path: string, text: string): Dockerfile => readWithNodes(path, text).dockerfile;

/** With the parser's own view, for the comparison with BuildKit's parser. */
export const readWithNodes = (
  path: string,
  text: string,
): { readonly dockerfile: Dockerfile; readonly nodes: readonly Node[] } => {
  const reader = readLines(text);
  const nodes: Node[] = [];
  const instructions: Instruction[] = [];
  const problems: SyntaxProblem[] = [];
  const blankContinuations: Span[] = [];
  let stageCount = 0;
  for (let read = readNode(reader, text); read; read = readNode(reader, text)) {
    const { node, line } = read;
    nodes.push(node);
    for (const blank of line.blankContinuations) blankContinuations.push(blank);
    const isFrom = node.keyword.text.toUpperCase() === "FROM";
    const stageIndex = isFrom ? stageCount : stageCount > 0 ? stageCount - 1 : undefined;
    const { instruction, problem } = readInstruction(node, {
      index: instructions.length,
      stageIndex,
      isTrigger: false,
    });
    if (instruction.keyword === "FROM") stageCount++;
    if (problem) problems.push(problem);
    else if (stageCount === 0 && instruction.keyword !== "ARG") problems.push(beforeFrom(instruction));
    instructions.push(instruction);
  }
  for (const problem of reader.problems) problems.push(problem);
  if (instructions.length === 0 && problems.length === 0) {
    const lastLine = text.replace(/\n$/, "").lastIndexOf("\n") + 1;
    problems.push({
      message: "The file holds no instruction",
      span: { start: lastLine, end: lastLine },
      reach: "file",
    });
  }
  const whole = { path, text, escape: reader.escape() };
  const noText = problems.length > 0 ? noTextProblem(text) : undefined;
  if (noText !== undefined) return { dockerfile: { ...whole, ...nothing, problems: [noText] }, nodes };
  const dockerfile: Dockerfile = {
    ...whole,
    directives: reader.directives,
    comments: reader.comments,
    instructions,
    stages: stagesOf(instructions),
    problems: problems.sort((a, b) => a.span.start - b.span.start),
    blankContinuations,
  };
  return { dockerfile, nodes };
};

const nothing = { directives: [], comments: [], instructions: [], stages: [], blankContinuations: [] };

const beforeFrom = (instruction: Instruction): SyntaxProblem => ({
  message: `${instruction.keyword} stands before the first FROM`,
  span: instruction.keywordSpan,
  reach: "instruction",
  kind: "before-from",
});

const stagesOf = (instructions: readonly Instruction[]): readonly Stage[] => {
  const stages: { from: FromInstruction; instructions: Instruction[] }[] = [];
  for (const instruction of instructions) {
    if (instruction.keyword === "FROM") stages.push({ from: instruction, instructions: [instruction] });
    else stages.at(-1)?.instructions.push(instruction);
  }
  return stages.map(({ from, instructions: own }, index) => ({
    index,
    name: from.alias?.text.toLowerCase(),
    from,
    span: { start: from.span.start, end: own.at(-1)?.span.end ?? from.span.end },
    instructions: own,
  }));
};
