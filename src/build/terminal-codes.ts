// biome-ignore-all lint/suspicious/noControlCharactersInRegex: they are what is removed.

/** Text without escape sequences (colours, titles, links) and without control characters other than tab and line ends. */
export const stripTerminalCodes = (text: string): string => text.replace(sequences, "").replace(controls, "");

const sequences =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\n\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g;
const controls = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
