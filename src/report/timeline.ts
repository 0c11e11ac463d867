import type { BuildStep } from "../build/target.ts";
import { oneLine } from "./escape/plain.ts";
import type { Report } from "./report.ts";
import { targetName } from "./words.ts";

export interface TimedStep extends BuildStep {
  readonly target: string;
  readonly isFailed: boolean;
}

/** Steps that took time, slowest first. */
export const slowSteps = (report: Report): readonly TimedStep[] =>
  timedSteps(report).toSorted((a, b) => b.milliseconds - a.milliseconds);

/**
 * A mermaid diagram of the builds, every target from its own start; undefined when there is nothing to draw.
 * GitHub draws none of more than 50,000 characters, so the shortest steps are left out of a longer one.
 */
export const ganttDiagram = (report: Report, maxCharacters = 50_000): string | undefined => {
  const slowest = slowSteps(report);
  if (slowest.length === 0) return undefined;
  let shown = slowest.length;
  let diagram = gantt(slowest);
  while (diagram.length >= maxCharacters && shown > 1) {
    shown = Math.floor(shown / 2);
    diagram = gantt(slowest.slice(0, shown));
  }
  return diagram.length < maxCharacters ? diagram : undefined;
};

const timedSteps = (report: Report): readonly TimedStep[] =>
  (report.targets ?? []).flatMap(({ build }) =>
    build.steps
      .filter(({ isCached, milliseconds }) => !isCached && milliseconds >= shortest)
      .map((step) => ({
        ...step,
        target: build.target.id,
        isFailed: build.status === "failed" && step.name === build.failure.step,
      })),
  );

/** Milliseconds; below it a bar cannot be seen. */
const shortest = 50;

const gantt = (steps: readonly TimedStep[]): string => {
  const targets = [...new Set(steps.map(({ target }) => target))];
  const sections = targets.flatMap((target) => [
    `  section ${label(targetName(target))}`,
    ...steps
      .filter((step) => step.target === target)
      .toSorted((a, b) => a.started - b.started)
      .map(({ line, name, started, milliseconds, isFailed }) => {
        const start = Math.round(started);
        const end = Math.round(started + milliseconds);
        // A task that began like a keyword would be read as one, hence the place in front.
        const place = line === undefined ? "step" : `line ${line}`;
        return `    ${place} ${label(name)} :${isFailed ? "crit, " : ""}${start}, ${end}`;
      }),
  ]);
  return ["gantt", "  dateFormat x", "  axisFormat %M:%S", ...sections].join("\n");
};

/** Mermaid has no escape for what ends a name. */
const label = (text: string): string =>
  oneLine(text)
    .replace(/[^\p{L}\p{N} ._/=+-]+/gu, " ")
    .replace(/ +/g, " ")
    .trim()
    .slice(0, 60) || "unnamed";
