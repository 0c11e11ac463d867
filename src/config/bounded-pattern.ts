import type { Pattern } from "../settings.ts";
import { type Instruction, programOf } from "./pattern-program.ts";

/**
 * Reads a regular expression of JavaScript with the flag `u`. A text says why it is refused,
 * as the end of a sentence: it is none, or it uses
 * what no matcher can bound (backreferences) or few need (lookbehind, modifiers).
 *
 * JavaScript's own engine tries all ways to match, which for `(a+)+$` doubles with each character: a repository could
 * hang its audit. Here no place in the pattern is tried twice at one place of the text. Where a repeated part may match
 * nothing, a match may end earlier than in JavaScript; where it begins is the same.
 */
export const readPattern = (source: string): Pattern | string => {
  try {
    new RegExp(source, "u");
  } catch (error) {
    return `is not a regular expression: ${(error as Error).message}`;
  }
  const program = programOf(source);
  return typeof program === "string" ? program : { source, search: (text: string) => search(program, text) };
};

/** Longer texts are searched up to here: no instruction that a person wrote is as long. */
const longestText = 100_000;
/** Steps of one search. Only a lookahead at each of very many places needs more; it then finds nothing. */
const mostSteps = 1_000_000;

interface Run {
  readonly program: readonly Instruction[];
  readonly text: string;
  steps: number;
  /** What has failed in each lookahead, by its place. */
  readonly looks: Map<number, Seen>;
}

const search = (program: readonly Instruction[], whole: string) => {
  const run: Run = { program, text: whole.slice(0, longestText), steps: 0, looks: new Map() };
  const seen = bits(program.length * (run.text.length + 1));
  for (let start = 0; start <= run.text.length; start += stepAt(run.text, start)) {
    const end = matchFrom(run, 0, start, seen);
    if (end !== undefined) return { start, end };
  }
  return undefined;
};

/**
 * Where the match ends that begins at a place of program and text. What is in `seen` has failed before, from
 * wherever it was reached.
 */
const matchFrom = (run: Run, first: number, start: number, seen: Seen): number | undefined => {
  const { program } = run;
  const width = run.text.length + 1;
  const stack: number[] = [first, start];
  while (stack.length > 0 && run.steps < mostSteps) {
    let at = stack.pop() as number;
    let place = stack.pop() as number;
    for (;;) {
      const state = place * width + at;
      if (seen.has(state)) break;
      seen.add(state);
      run.steps += 1;
      const instruction = program[place] as Instruction;
      if (instruction.kind === "match") return at;
      if (instruction.kind === "split") {
        stack.push(instruction.second, at);
        place = instruction.first;
      } else if (instruction.kind === "jump") place = instruction.to;
      else {
        const length = lengthAt(run, instruction, place, at);
        if (length < 0) break;
        at += length;
        place = instruction.kind === "look" ? instruction.to : place + 1;
      }
    }
  }
  return undefined;
};

/** How much of the text an instruction takes; below zero where it does not match. */
const lengthAt = (run: Run, instruction: Instruction, place: number, at: number): number => {
  const { text } = run;
  switch (instruction.kind) {
    case "text":
      return text.startsWith(instruction.text, at) ? instruction.text.length : -1;
    case "class":
      if (at >= text.length) return -1;
      instruction.pattern.lastIndex = at;
      return instruction.pattern.test(text) ? instruction.pattern.lastIndex - at : -1;
    case "start":
      return at === 0 ? 0 : -1;
    case "end":
      return at === text.length ? 0 : -1;
    case "boundary":
      return (isWord(text[at - 1]) !== isWord(text[at])) === instruction.isWanted ? 0 : -1;
    case "match":
    case "split":
    case "jump":
      return 0;
    case "look":
      return isAhead(run, place, at) === instruction.isWanted ? 0 : -1;
  }
};

const isAhead = (run: Run, place: number, at: number): boolean => {
  const seen = run.looks.get(place) ?? new Set<number>();
  const isMatch = matchFrom(run, place + 1, at, seen) !== undefined;
  // The way of a match has not failed.
  run.looks.set(place, isMatch ? new Set<number>() : seen);
  return isMatch;
};

interface Seen {
  readonly has: (state: number) => boolean;
  readonly add: (state: number) => unknown;
}

const bits = (size: number): Seen => {
  const bytes = new Uint8Array((size >> 3) + 1);
  return {
    has: (state) => ((bytes[state >> 3] as number) & (1 << (state & 7))) !== 0,
    add: (state) => {
      bytes[state >> 3] = (bytes[state >> 3] as number) | (1 << (state & 7));
    },
  };
};

const isWord = (character: string | undefined): boolean => character !== undefined && /\w/.test(character);

const stepAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
