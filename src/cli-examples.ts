import { textWidth } from "./report/escape/terminal.ts";
import type { Paint } from "./report/paint.ts";
import type { Example } from "./rules/rule.ts";

export interface ExampleStyle {
  readonly paint: Paint;
  /** Columns; a longer line goes without carets, because the terminal breaks it. */
  readonly width: number;
}

export interface ShownExample {
  readonly title: string;
  readonly lines: readonly string[];
}

/** How many examples a terminal shows of each kind; the documentation has all. */
const most = { bad: 3, good: 2 } as const;

/** Examples for a terminal: carets under what is reported, and the fix as a diff. */
export const shownExamples = (
  examples: readonly Example[],
  { paint, width }: ExampleStyle,
): { readonly shown: readonly ShownExample[]; readonly left: number } => {
  const bad = examples.flatMap((example) => ("bad" in example ? [example] : []));
  const good = examples.flatMap((example) => ("good" in example ? [example] : []));
  const style = { paint, width };
  const shown = [
    ...bad.slice(0, most.bad).map((example) => ({
      title: titled("Bad", example),
      lines: [
        ...besides(example, paint),
        ...(example.fixed === undefined
          ? markedLines(example.bad).flatMap((line) => marked(line, "", style))
          : changed(example.bad, example.fixed, style)),
      ],
    })),
    ...good.slice(0, most.good).map((example) => ({
      title: titled("Good", example),
      lines: [...besides(example, paint), ...linesOf(example.good)],
    })),
  ];
  return { shown, left: examples.length - shown.length };
};

const titled = (kind: string, { title }: Example): string => (title === undefined ? kind : `${kind}: ${title}`);

/** Files of the build context, which the finding hangs on. */
const besides = ({ files }: Example, paint: Paint): readonly string[] =>
  files === undefined ? [] : [paint("dim", `# beside it: ${Object.keys(files).join(", ")}`)];

const linesOf = (text: string): readonly string[] => text.replace(/\n+$/, "").replaceAll("\t", "    ").split("\n");

/** A source line with the marks under it; empty when nothing of it is meant. */
interface MarkedLine {
  readonly text: string;
  readonly marks: string;
}

/** Carets stand under the words between ⟦ and ⟧, and where nothing is between them. */
const markedLines = (text: string): readonly MarkedLine[] => {
  let isInside = false;
  return linesOf(text).map((line) => {
    const marks = line.split(/(⟦⟧|[⟦⟧])/).map((part) => {
      if (part === "⟦⟧") return "^";
      if (part === "⟦" || part === "⟧") isInside = part === "⟦";
      if (part === "⟦" || part === "⟧") return "";
      const words = part.trim();
      const before = " ".repeat(textWidth(part.slice(0, part.length - part.trimStart().length)));
      return `${before}${(isInside ? "^" : " ").repeat(textWidth(words))}`.padEnd(textWidth(part));
    });
    return { text: line.replace(/[⟦⟧]/g, ""), marks: marks.join("").trimEnd() };
  });
};

const marked = ({ text, marks }: MarkedLine, prefix: string, { paint, width }: ExampleStyle): readonly string[] => [
  prefix === "- " ? paint("red", `- ${text}`) : `${prefix}${text}`,
  ...(marks === "" || textWidth(text) + prefix.length > width
    ? []
    : [`${" ".repeat(prefix.length)}${paint("yellow", marks)}`]),
];

/** What the fix changes, line by line. */
const changed = (bad: string, fixed: string, style: ExampleStyle): readonly string[] => {
  const before = markedLines(bad);
  const after = linesOf(fixed);
  const same = commonLines(
    before.map(({ text }) => text),
    after,
  );
  let [left, right] = [0, 0];
  return [...same, [before.length, after.length] as const].flatMap(([nextLeft, nextRight]) => {
    const removed = before.slice(left, nextLeft).flatMap((line) => marked(line, "- ", style));
    const added = after.slice(right, nextRight).map((line) => style.paint("green", `+ ${line}`));
    const kept = before[nextLeft];
    [left, right] = [nextLeft + 1, nextRight + 1];
    return [...removed, ...added, ...(kept === undefined ? [] : marked(kept, "  ", style))];
  });
};

/** Pairs of equal lines, in order, as many as there can be. */
const commonLines = (left: readonly string[], right: readonly string[]): readonly (readonly [number, number])[] => {
  const lengths: number[][] = Array.from({ length: left.length + 1 }, () =>
    new Array<number>(right.length + 1).fill(0),
  );
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      (lengths[i] as number[])[j] = left[i] === right[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    if (left[i] === right[j]) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return pairs;
};
