import type { Dockerfile, Flag, Instruction, Span } from "../dockerfile/model.ts";
import { lineStarts, positionAt } from "../dockerfile/position.ts";
import { withoutEndSlashes } from "../rules/knowledge/paths.ts";
import { linesOfStep } from "./step-lines.ts";
import type { BuildFailure } from "./target.ts";

/** A failure with what the Dockerfile adds to what the engine told: its lines, and the very words where they can be told. */
export const locateFailure = (failure: BuildFailure, dockerfile: Dockerfile): BuildFailure => {
  if (failure.isElsewhere) return failure;
  const lines = failure.lines ?? (failure.step === undefined ? undefined : linesOfStep(failure.step, dockerfile));
  const instruction = dockerfile.instructions.find(({ startLine }) => startLine === lines?.start);
  const words = instruction && failingWords(instruction, failure.message);
  return { ...failure, lines, ...(words && columnsOf(words, dockerfile.text)) };
};

/** The lines and columns of a span, as a failure has them. */
export const columnsOf = (at: Span, text: string): Required<Pick<BuildFailure, "lines" | "columns">> | undefined => {
  const starts = lineStarts(text);
  const [from, to] = [positionAt(starts, at.start), positionAt(starts, at.end)];
  const isOnOneLine = from.line === to.line && from.column < to.column;
  if (!isOnOneLine) return undefined;
  return { lines: { start: from.line, end: to.line }, columns: { start: from.column, end: to.column } };
};

/** The image that cannot be had, or the source that is not there. */
const failingWords = (instruction: Instruction, message: string): Span | undefined => {
  if (message.startsWith("the image `")) {
    return instruction.keyword === "FROM" ? instruction.image.span : flagOf(instruction, "from")?.valueSpan;
  }
  const path = /^"([^"]+)": not found$/.exec(message)?.[1];
  const hasSources = instruction.keyword === "COPY" || instruction.keyword === "ADD";
  if (path === undefined || !hasSources) return undefined;
  const meant = instruction.sources.filter(({ text }) => absolute(text) === absolute(path));
  return meant.length === 1 ? meant[0]?.span : undefined;
};

const flagOf = ({ flags }: Instruction, name: string): Flag | undefined => flags.find((flag) => flag.name === name);

const absolute = (path: string): string => `/${withoutEndSlashes(path.replace(/^(?:\.?\/)+/, ""))}`;
