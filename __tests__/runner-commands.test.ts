import { describe, expect, test } from "@jest/globals";
import { type Annotation, workflowCommands } from "../src/report/annotations.ts";
import { withoutCommands } from "../src/report/escape/workflow-command.ts";
import { newStepOutput } from "./github/runner-commands.ts";

const outputOf = (...lines: readonly string[]) => {
  const output = newStepOutput([]);
  for (const line of lines) output.line(line);
  return output;
};

describe("the step runner reads output as GitHub's runner does", () => {
  test("two syntaxes, one of them anywhere in a line", () => {
    const { issues } = outputOf(
      "  ::warning file=a,line=3,endLine=3,col=1,endColumn=2::one%0Atwo %25",
      "text ::error::no command",
      "#12 0.3 ##[error file=b;line=4]a%5D%3B",
      "::unknown::x",
    );
    expect(issues).toEqual([
      {
        type: "warning",
        message: "one\ntwo %",
        properties: { file: "a", line: "3", endLine: "3", col: "1", endColumn: "2" },
      },
      { type: "error", message: "a];", properties: { file: "b", line: "4" } },
    ]);
  });

  test("none while commands are stopped, until the token", () => {
    const { issues, log } = outputOf(
      "::stop-commands::secret-token",
      "::error::a",
      "x ##[error]b",
      "::Secret-Token::",
      "::error::c",
    );
    expect(issues.map(({ message }) => message)).toEqual(["c"]);
    expect(log).toEqual(["::stop-commands::***", "::error::a", "x ##[error]b", "::Secret-Token::", "##[error]c"]);
  });

  test("masks hide a value and each of its lines, in what follows", () => {
    expect(outputOf("before abc", "::add-mask::abc%0A  def  ", "abc", "x def").log).toEqual([
      "before abc",
      "***",
      "x ***",
    ]);
  });

  test("ten issues of a kind, 4,096 characters each", () => {
    const { issues } = outputOf(...Array.from({ length: 12 }, () => `::error::${"x".repeat(5000)}`), "::notice::n");
    expect(issues.map(({ type }) => type)).toEqual([...Array.from({ length: 10 }, () => "error"), "notice"]);
    expect(issues[0]?.message).toHaveLength(4096);
  });

  test("columns of several lines are dropped", () => {
    const { issues } = outputOf("::error file=a,line=1,endLine=2,col=3,endColumn=4::x", "::error file=a,col=3::x");
    expect(issues.map(({ properties }) => properties)).toEqual([{ file: "a", line: "1", endLine: "2" }, { file: "a" }]);
  });
});

const pieces = [
  "::",
  "##[",
  "]",
  "error",
  "add-mask",
  "stop-commands",
  "set-output name=report",
  " file=x;line=1",
  "%0A",
  "%250A",
  "\n",
  "\r",
  "\r\n",
  "\u2028",
  "\u0085",
  "\v",
  " ",
  "\t",
  ",",
  ":",
  ";",
  "%",
  "e",
  "\u200b",
  "\ufeff",
  "\u001b[1A",
  "endgroup",
];

const randomText = (random: () => number): string =>
  Array.from({ length: Math.floor(random() * 14) }, () => pieces[Math.floor(random() * pieces.length)] ?? "").join("");

const randomFrom = (seed: number) => {
  let state = seed >>> 0;
  return (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

/** As .NET reads lines: at \n, \r\n and a lone \r. */
const asLines = (text: string): readonly string[] => text.split(/\r\n|\n|\r/);

describe("hostile text", () => {
  const seed = Number(process.env.SEED ?? Date.now());

  test(`makes no command of its own in a workflow command, seed ${seed}`, () => {
    const random = randomFrom(seed);
    for (let round = 0; round < 2000; round += 1) {
      const annotation: Annotation = {
        path: `a${randomText(random)}`,
        start_line: 3,
        end_line: 3,
        annotation_level: "warning",
        title: randomText(random),
        message: `m${randomText(random)}`,
      };
      const { commands } = workflowCommands([annotation]);
      const output = outputOf(...commands.flatMap(asLines));
      expect({
        round,
        effects: output.effects,
        masks: output.masks,
        issues: output.issues.length,
        log: output.log.length,
      }).toEqual({
        round,
        effects: [],
        masks: [],
        issues: 1,
        log: 1,
      });
      expect(output.issues[0]?.properties).toMatchObject({
        file: annotation.path
          .replaceAll("\v", "␋")
          .replaceAll("\u001b", "␛")
          .replaceAll("\u0085", "<U+0085>")
          .replaceAll("##[", "##\u200b["),
        line: "3",
      });
    }
  });

  test("shows the control characters of a path, which a terminal would obey", () => {
    const annotation: Annotation = {
      path: "\u001b]8;;http://evil\u0007x\u009b31m/Dockerfile",
      start_line: 1,
      end_line: 1,
      annotation_level: "warning",
      title: "t",
      message: "m",
    };
    expect(workflowCommands([annotation]).commands).toEqual([
      "::warning file=␛]8;;http%3A//evil␇x<U+009B>31m/Dockerfile,line=1,endLine=1,title=t::m",
    ]);
  });

  test(`makes no command in a log, seed ${seed}`, () => {
    const random = randomFrom(seed);
    for (let round = 0; round < 2000; round += 1) {
      const text = `${randomText(random)}${randomText(random)}`;
      const output = outputOf(...asLines(withoutCommands(text)));
      expect({ round, text, effects: output.effects, masks: output.masks, issues: output.issues }).toEqual({
        round,
        text,
        effects: [],
        masks: [],
        issues: [],
      });
    }
  });
});
