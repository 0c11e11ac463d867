import { createTwoFilesPatch, FILE_HEADERS_ONLY, formatPatch } from "diff";

/** A unified patch for `git apply` or `patch -p1` where the path starts, byte for byte; empty when nothing changes. */
export const unifiedPatch = (path: string, before: string, after: string): string => {
  if (before === after) return "";
  const patch = patchOf([`a/${path}`, `b/${path}`], before, after);
  // Where a name with a blank ends, `patch` knows by the tab that diff puts behind it.
  return path.includes(" ") ? patch.replace(/^(---.*)\n(.*)\n/, "$1\t\n$2\t\n") : patch;
};

const patchOf = ([oldFileName, newFileName]: readonly [string, string], before: string, after: string): string => {
  const patch = createTwoFilesPatch(oldFileName, newFileName, before, after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
    maxEditLength: mostChanges,
  });
  if (patch !== undefined) return patch;
  const [removed, added] = [linesOf(before), linesOf(after)];
  const hunk = {
    oldStart: 1,
    oldLines: removed.length,
    newStart: 1,
    newLines: added.length,
    lines: [...marked("-", removed), ...marked("+", added)],
  };
  const whole = { oldFileName, newFileName, oldHeader: undefined, newHeader: undefined, hunks: [hunk] };
  return formatPatch(whole, FILE_HEADERS_ONLY);
};

/** Of lines; the least difference takes time in proportion to their square, and beyond it all lines are exchanged. */
const mostChanges = 4000;

const linesOf = (text: string): readonly string[] => text.split(/(?<=\n)/).filter((line) => line !== "");

const marked = (sign: string, lines: readonly string[]): readonly string[] =>
  lines.flatMap((line) =>
    line.endsWith("\n") ? [`${sign}${line.slice(0, -1)}`] : [`${sign}${line}`, "\\ No newline at end of file"],
  );
