export { nearest as nearestName } from "../dockerfile/nearest.ts";

/** A name as a glob: `*` is any text, `/` included, `?` any one character. */
export const hasWildcard = (pattern: string): boolean => /[*?]/.test(pattern);

export const matchesName = (pattern: string, name: string): boolean => {
  if (!hasWildcard(pattern)) return pattern === name;
  const [wanted, given] = [[...pattern], [...name]];
  // Of several `*` only the last one has to be tried again: what stands before it has been found.
  let [at, star, tried] = [0, -1, 0];
  for (let place = 0; place < given.length; ) {
    if (wanted[at] === "*") {
      star = at;
      tried = place;
      at += 1;
    } else if (wanted[at] === "?" || wanted[at] === given[place]) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      at = star + 1;
      tried += 1;
      place = tried;
    } else return false;
  }
  return wanted.slice(at).every((character) => character === "*");
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
