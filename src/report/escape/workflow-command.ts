/**
 * A workflow command of GitHub's runner, hostile values and all
 * (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs).
 */
export const workflowCommand = (
  name: string,
  properties: Readonly<Record<string, string | number | undefined>>,
  message: string,
): string => {
  const given = Object.entries(properties)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([key, value]) => `${key}=${property(String(value))}`);
  return `::${name}${given.length === 0 ? "" : ` ${given.join(",")}`}::${data(message)}`;
};

/**
 * Text that the runner reads no command in. It takes `##[` for one anywhere in a line and `::` at its start,
 * on stdout as on stderr, so a character without width is put between.
 */
export const withoutCommands = (text: string): string =>
  text.replace(/##(?=\[)/g, `##${zeroWidthSpace}`).replace(/(^|[\n\r])([^\S\n\r]*)(?=::)/g, `$1$2${zeroWidthSpace}`);

const zeroWidthSpace = "\u200b";

const data = (text: string): string =>
  text
    .replaceAll("%", "%25")
    .replaceAll("\r", "%0D")
    .replaceAll("\n", "%0A")
    .replace(/##(?=\[)/g, `##${zeroWidthSpace}`);

const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
