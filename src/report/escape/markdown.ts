import { manyLines, oneLine } from "./plain.ts";

/**
 * Words that GitHub shows as they are: no emphasis, link, image, mention, reference, formula, HTML or table cell
 * comes out of them. Mentions and references are found in the finished page, so entities alone don't stop them.
 */
export const markdownText = (text: string): string =>
  inertWords(oneLine(text).trim()).replace(/^(?=[-+=#:]|\d+[.)])/, gap);

/** A message in which backticks mark code, as messages of rules do. */
export const markdownProse = (message: string): string => {
  const parts = oneLine(message)
    .trim()
    .split(/(`[^`]+`)/)
    .filter((part) => part !== "");
  return parts
    .map((part, index) => {
      if (/^`[^`]+`$/.test(part)) return codeSpan(part.slice(1, -1));
      return index === 0 ? `${markdownText(part)}${/ $/.test(part) ? " " : ""}` : inertWords(part);
    })
    .join("");
};

/** Code in a line; also in a table, where a backtick span can hold no bare `|`. Never holds a raw HTML comment. */
export const codeSpan = (text: string): string => {
  const code = oneLine(text).trim();
  if (code === "") return "";
  if (code.includes("|") || code.includes("<!--")) return `<code>${markdownText(code)}</code>`;
  const marks = "`".repeat(longestRun(code) + 1);
  const pad = code.startsWith("`") || code.endsWith("`") ? " " : "";
  return `${marks}${pad}${code}${pad}${marks}`;
};

/** A block of code, fenced by more backticks than it holds in a row. */
export const codeFence = (text: string, language = ""): string => {
  const code = manyLines(text);
  const marks = "`".repeat(Math.max(3, longestRun(code) + 1));
  return `${marks}${language}\n${code}\n${marks}`;
};

/** `label` is markdown already. */
export const markdownLink = (label: string, url: string | undefined): string =>
  url === undefined ? label : `[${label}](${url.replace(/[\s<>()|\\`"'*_~[\]]/g, percent)})`;

const gap = "&#8203;";

const inertWords = (text: string): string =>
  text
    .replace(/[\\`*~[\]<>&|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/\$/g, "<span>$</span>")
    .replace(/@/g, `@${gap}`)
    .replace(/(?<!&)#(?=\w)/g, `#${gap}`)
    .replace(/(gh)-(?=\d)/gi, `$1${gap}-`)
    .replace(/:(?=\/\/)/g, `:${gap}`)
    .replace(/(www)\./gi, `$1${gap}.`);

const percent = (character: string): string =>
  [...new TextEncoder().encode(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");

const longestRun = (text: string): number =>
  (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);
