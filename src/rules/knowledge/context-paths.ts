import type { BuildContext } from "../audited-file.ts";

const known = new WeakMap<readonly string[], ReadonlySet<string>>();

/** Whether a file or folder of that path is in the context; each list of files is indexed once. */
export const holdsPath = ({ files }: Pick<BuildContext, "files">, path: string): boolean => {
  const paths = known.get(files) ?? indexOf(files);
  known.set(files, paths);
  return paths.has(path);
};

const indexOf = (files: readonly string[]): ReadonlySet<string> => {
  const paths = new Set<string>(files);
  for (const file of files) {
    for (let at = file.lastIndexOf("/"); at > 0; at = file.lastIndexOf("/", at - 1)) {
      const folder = file.slice(0, at);
      if (paths.has(folder)) break;
      paths.add(folder);
    }
  }
  return paths;
};
