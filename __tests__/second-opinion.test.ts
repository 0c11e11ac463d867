import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { DockerfileParser, type Instruction } from "dockerfile-ast";
import { decodeText } from "../src/dockerfile/decode.ts";
import type { Node } from "../src/dockerfile/node.ts";
import { readWithNodes } from "../src/dockerfile/read.ts";

// What dockerfile-ast reads otherwise than BuildKit, fixture by fixture. docs/decisions/0001-own-front-end.md says
// why. UPDATE=1 writes the list anew.

const folder = "__tests__/fixtures/conformance";
const listFile = "__tests__/fixtures/second-opinion.txt";

interface Golden {
  readonly file: string;
  readonly err?: string;
  readonly ierr?: string;
  readonly nodes?: readonly {
    cmd: string;
    start: number;
    end: number;
    args?: string[];
    flags?: string[];
    json?: boolean;
    heredocs?: { Name: string }[];
  }[];
}

/** The facts that both parsers give, in the words of one of them. */
interface Reading {
  readonly instructions: readonly string[];
  readonly flags: readonly string[];
  readonly json: readonly string[];
  readonly heredocs: readonly string[];
  /** What the shell of a RUN gets, where neither flags nor heredocs stand in the way. */
  readonly run: readonly string[];
}

const golden = readFileSync(`${folder}/golden.jsonl`, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Golden);

test("dockerfile-ast differs from BuildKit where the list says, and ours nowhere", () => {
  const lines = golden.flatMap(differences);
  const list = `${lines.join("\n")}\n`;
  if (process.env.UPDATE) writeFileSync(listFile, list);
  expect(list).toBe(readFileSync(listFile, "utf8"));
});

const differences = (expected: Golden): readonly string[] => {
  const text = decodeText(readFileSync(`${folder}/edge/${expected.file}`));
  const ours = ourReading(readWithNodes(expected.file, text));
  const theirs = theirReading(text);
  if (expected.err !== undefined || expected.ierr !== undefined) {
    const isRefused = readWithNodes(expected.file, text).dockerfile.problems.length > 0;
    return [`${expected.file}: refused — dockerfile-ast reports no errors; right: ${isRefused ? "ours" : "neither"}`];
  }
  const truth = goldenReading(expected);
  return (Object.keys(truth) as (keyof Reading)[]).flatMap((aspect) => {
    const [told, ourTold, theirTold] = [truth, ours, theirs].map((reading) =>
      JSON.stringify(reading?.[aspect] ?? "crash"),
    );
    if (ourTold === theirTold) return [];
    const right = ourTold === told ? "ours" : theirTold === told ? "dockerfile-ast" : "neither";
    return [`${expected.file}: ${aspect} — ours ${ourTold}, dockerfile-ast ${theirTold}; right: ${right}`];
  });
};

const goldenReading = ({ nodes = [] }: Golden): Reading => ({
  instructions: nodes.map(({ cmd, start, end }) => `${cmd.toUpperCase()} ${start}-${end}`),
  flags: nodes.flatMap(({ flags = [] }) => flags),
  json: nodes.flatMap(({ cmd, json, args = [] }) => (json ? [`${cmd.toUpperCase()} ${stringsOf(cmd, args)}`] : [])),
  heredocs: nodes.flatMap(({ heredocs = [] }) => heredocs.map(({ Name }) => Name)),
  run: nodes.flatMap(({ cmd, json, flags, heredocs, args = [] }) =>
    cmd.toUpperCase() === "RUN" && !json && !flags && !heredocs ? args : [],
  ),
});

const ourReading = ({ nodes }: { readonly nodes: readonly Node[] }): Reading => ({
  instructions: nodes.map(({ keyword, startLine, endLine }) => `${keyword.text.toUpperCase()} ${startLine}-${endLine}`),
  flags: nodes.flatMap(({ flags }) => flags.map(({ text }) => text)),
  json: nodes.flatMap(({ keyword, isJson, args }) =>
    isJson
      ? [
          `${keyword.text.toUpperCase()} ${stringsOf(
            keyword.text,
            args.map(({ text }) => text),
          )}`,
        ]
      : [],
  ),
  heredocs: nodes.flatMap(({ heredocs }) => heredocs.map(({ name }) => name)),
  run: nodes.flatMap(({ keyword, isJson, flags, heredocs, args }) =>
    keyword.text.toUpperCase() === "RUN" && !isJson && flags.length === 0 && heredocs.length === 0
      ? args.map(({ text }) => text)
      : [],
  ),
});

/** HEALTHCHECK's CMD is an argument for BuildKit and none for dockerfile-ast. */
const stringsOf = (keyword: string, args: readonly string[]): string =>
  JSON.stringify(keyword.toUpperCase() === "HEALTHCHECK" ? args.slice(1) : args);

/** Undefined when it crashes. */
const theirReading = (text: string): Reading | undefined => {
  try {
    const instructions = DockerfileParser.parse(text).getInstructions();
    return {
      instructions: instructions.map((instruction) => {
        const { start, end } = instruction.getRange();
        return `${instruction.getKeyword()} ${start.line + 1}-${end.line + 1}`;
      }),
      flags: instructions.flatMap((instruction) =>
        "getFlags" in instruction
          ? (instruction.getFlags as () => { toString(): string }[]).call(instruction).map((flag) => flag.toString())
          : [],
      ),
      json: instructions.flatMap(theirJson),
      heredocs: instructions.flatMap((instruction) => theirHeredocs(instruction).map((heredoc) => heredoc.getName())),
      run: instructions.flatMap(theirRun),
    };
  } catch {
    return undefined;
  }
};

const theirJson = (instruction: Instruction): readonly string[] => {
  if (!("getJSONStrings" in instruction)) return [];
  const json = instruction as unknown as {
    getOpeningBracket(): unknown;
    getClosingBracket(): unknown;
    getJSONStrings(): { getJSONValue(): string }[];
  };
  if (!json.getOpeningBracket() || !json.getClosingBracket()) return [];
  const strings = json.getJSONStrings().map((word) => word.getJSONValue());
  return [`${instruction.getKeyword()} ${JSON.stringify(strings)}`];
};

/** Not public for every instruction, though each has them. */
const theirHeredocs = (instruction: Instruction): readonly { getName(): string }[] =>
  (instruction as unknown as { getHeredocs(): { getName(): string }[] }).getHeredocs();

const theirRun = (instruction: Instruction): readonly string[] => {
  if (instruction.getKeyword() !== "RUN" || theirJson(instruction).length > 0) return [];
  const run = instruction as unknown as { getFlags(): unknown[]; getHeredocs(): unknown[] };
  if (run.getFlags().length > 0 || run.getHeredocs().length > 0) return [];
  return [instruction.getArgumentsContent() ?? ""];
};
