import { oncePerObject } from "../../once-per-object.ts";
import type { BuildContext } from "../audited-file.ts";

/** Whether a file or folder of that path is in the context; each list of files is indexed once. */
export const holdsPath = ({ files }: Pick<BuildContext, "files">, path: string): boolean => pathsOf(files).has(path);

/** Paths of the files with that name; each list of files is indexed once. */
export const filesNamed = ({ files }: Pick<BuildContext, "files">, name: string): readonly string[] =>
  filesByName(files).get(name) ?? [];

const filesByName = oncePerObject(
  (files: readonly string[]): ReadonlyMap<string, readonly string[]> =>
    Map.groupBy(files, (path) => path.slice(path.lastIndexOf("/") + 1)),
);

const pathsOf = oncePerObject((files: readonly string[]): ReadonlySet<string> => {
  const paths = new Set<string>(files);
  for (const file of files) {
    for (let at = file.lastIndexOf("/"); at > 0; at = file.lastIndexOf("/", at - 1)) {
      const folder = file.slice(0, at);
      if (paths.has(folder)) break;
      paths.add(folder);
    }
  }
  return paths;
});
