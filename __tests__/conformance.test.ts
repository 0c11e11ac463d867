import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { decodeText } from "../src/dockerfile/decode.ts";
import { keywords, type Node } from "../src/dockerfile/node.ts";
import { lineStarts, positionAt } from "../src/dockerfile/position.ts";
import { readWithNodes } from "../src/dockerfile/read.ts";

const folder = "__tests__/fixtures/conformance";

interface GoldenNode {
  readonly cmd: string;
  readonly start: number;
  readonly end: number;
  readonly orig: string;
  readonly args?: readonly string[];
  readonly flags?: readonly string[];
  readonly json?: boolean;
  readonly heredocs?: readonly unknown[];
  readonly children?: readonly GoldenNode[];
}

interface Golden {
  readonly file: string;
  readonly escape?: string;
  readonly nodes?: readonly GoldenNode[];
  readonly stages?: readonly unknown[];
  readonly err?: string;
  readonly errLine?: number;
  readonly ierr?: string;
  readonly ierrLine?: number;
  readonly parseWarn?: readonly string[];
}

const golden = readFileSync(`${folder}/golden.jsonl`, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Golden);

test("every fixture has BuildKit's reading beside it", () => {
  expect(readdirSync(`${folder}/edge`).sort()).toEqual(golden.map(({ file }) => file).sort());
});

test.each(golden.map((expected) => [expected.file, expected] as const))(
  "%s reads as BuildKit reads it",
  (file, expected) => {
    const text = decodeText(readFileSync(`${folder}/edge/${file}`));
    const { dockerfile, nodes } = readWithNodes(file, text);
    const lines = lineStarts(text);
    if (expected.err !== undefined || expected.ierr !== undefined) {
      const line = expected.errLine ?? expected.ierrLine ?? 1;
      expect(dockerfile.problems.map(({ span }) => positionAt(lines, span.start).line)).toContain(line);
    } else {
      expect(dockerfile.problems).toEqual([]);
    }
    if (expected.err !== undefined) return;
    expect({
      escape: dockerfile.escape,
      nodes: nodes.map((node) => asGolden(node)),
      blankContinuations: dockerfile.blankContinuations.length > 0,
    }).toEqual({
      escape: expected.escape,
      nodes: expected.nodes,
      blankContinuations: expected.parseWarn !== undefined,
    });
    if (!expected.stages) return;
    expect(
      dockerfile.stages.map(({ from, name, instructions }) => ({
        Name: name ?? "",
        Base: from.image.text,
        Platform: from.flags.find((flag) => flag.name === "platform")?.value ?? "",
        Start: from.startLine,
        End: from.endLine,
        Cmds: instructions.length - 1,
      })),
    ).toEqual(expected.stages);
  },
);

test.each([
  [
    "UTF-16",
    Buffer.from("\ufeffFROM debian:12\nRUN make\n", "utf16le"),
    "This is text in UTF-16, which BuildKit cannot read: save it as UTF-8",
  ],
  [
    "a program",
    Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01"), Buffer.alloc(64), Buffer.from("\nGNU\nRUN \0\n\0")]),
    "This is no text in UTF-8: save it as such, or leave the file out with `exclude`",
  ],
])("%s has one problem instead of one on each line", (_, bytes, message) => {
  const { problems, instructions } = readWithNodes("Dockerfile", decodeText(bytes)).dockerfile;
  expect({ problems, instructions }).toEqual({
    problems: [{ message, span: { start: 0, end: 1 }, reach: "file" }],
    instructions: [],
  });
});

test("damaged characters make no file unreadable", () => {
  const text = `# caf\ufffd ${"\0".repeat(4)}${"x".repeat(99)}\nFROM debian:12\nRUM\n`;
  expect(
    readWithNodes("Dockerfile", text).dockerfile.problems.map(({ span }) => text.slice(span.start, span.end)),
  ).toEqual(["RUM"]);
});

const asGolden = (node: Node): GoldenNode => {
  const original = node.joined.text.slice(node.keyword.start);
  return {
    cmd: node.keyword.text,
    start: node.startLine,
    end: node.endLine,
    orig: node.startLine === 0 ? original.trimEnd() : node.joined.text,
    ...(node.args.length > 0 ? { args: node.args.map(({ text }) => text) } : {}),
    // BuildKit gives an instruction that it does not know one empty argument.
    ...(keywords.includes(node.keyword.text.toUpperCase()) ? {} : { args: [""] }),
    ...(node.flags.length > 0 ? { flags: node.flags.map(({ text }) => text) } : {}),
    ...(node.isJson ? { json: true } : {}),
    ...(node.child ? { children: [asGolden(node.child)] } : {}),
    ...(node.heredocs.length > 0
      ? {
          heredocs: node.heredocs.map(({ name, content, expand, chomp, descriptor }) => ({
            Name: name,
            Content: content,
            Expand: expand,
            Chomp: chomp,
            FD: descriptor,
          })),
        }
      : {}),
  };
};
