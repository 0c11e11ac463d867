import { count } from "./words.ts";

/** Cells are markdown already and hold no line break. */
export const markdownTable = (
  head: readonly string[],
  sides: readonly ("left" | "right")[],
  rows: readonly (readonly string[])[],
): readonly string[] => [
  `| ${head.join(" | ")} |`,
  `|${sides.map((side) => (side === "right" ? "--:" : "---")).join("|")}|`,
  ...rows.map((row) => `| ${row.join(" | ")} |`),
];

export const details = (summary: string, content: readonly string[]): readonly string[] =>
  content.length === 0 ? [] : [`<details><summary>${summary}</summary>`, "", ...content, "", "</details>", ""];

/** Says how much a page leaves out. */
export const more = (number: number, noun: string): readonly string[] =>
  number > 0 ? ["", `… and ${count(number, noun)} more`] : [];

export const emphasised = (text: string, isStrong: boolean): string => (isStrong && text !== "" ? `**${text}**` : text);

/** A number and its unit stay on one line, however narrow a table gets. */
export const unbroken = (text: string): string => text.replace(/ (?=(?:[kMGTP]?B|%|m?s|min|h)(?![\w/]))/g, "\u00a0");
