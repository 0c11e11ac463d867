import { matchesWildcards } from "../dockerfile/wildcards.ts";

export { nearest as nearestName } from "../dockerfile/nearest.ts";

/** Whether a pattern (`production`, `api:*`) speaks of one of a target's names; the names of stages have no case. */
export const namesTarget = (pattern: string, names: readonly string[]): boolean => {
  const stage = pattern.lastIndexOf(":") + 1;
  const lower = pattern.slice(0, stage) + pattern.slice(stage).toLowerCase();
  return names.some((name) => matchesWildcards(pattern, name) || matchesWildcards(lower, name));
};

/** How a target may be called beside its id: `production`, `services/api:production`, `api:production`, and as Bake calls it. */
export const targetNames = ({
  path,
  stage,
  bakeNames = [],
}: {
  /** Of the Dockerfile, with `/`. */
  readonly path: string;
  readonly stage: string | undefined;
  readonly bakeNames?: readonly string[] | undefined;
}): readonly string[] => {
  const folder = path.split("/").slice(0, -1);
  const last = folder.at(-1);
  const folders = last === undefined ? [] : [...new Set([folder.join("/"), last])];
  return stage === undefined
    ? [...bakeNames, path, ...folders]
    : [...bakeNames, stage, `${path}:${stage}`, ...folders.map((name) => `${name}:${stage}`)];
};
