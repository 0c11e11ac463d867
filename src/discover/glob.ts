import picomatch from "picomatch";
import { selfAndFolders } from "./paths.ts";

/**
 * Compiles a list of globs. A glob without a slash speaks of a base name at any depth; `**`, `*`, `?`, `{a,b}` and
 * `[a-z]` mean what they mean in a shell, dot files included. `!glob` takes back what the globs before it chose.
 */
export const compileGlobs = (globs: readonly string[]): ((path: string) => boolean) => {
  const steps = globs.map((glob) => {
    const takesBack = glob.startsWith("!");
    return { takesBack, matches: compileGlob(takesBack ? glob.slice(1) : glob) };
  });
  return (path) => steps.reduce((chosen, step) => (step.matches(path) ? !step.takesBack : chosen), false);
};

/** Like {@link compileGlobs}, but a glob that matches a folder covers everything below it. */
export const compileFolderGlobs = (globs: readonly string[]): ((path: string) => boolean) => {
  const matches = compileGlobs(globs);
  return (path) => selfAndFolders(path).some(matches);
};

const compileGlob = (glob: string): ((path: string) => boolean) => {
  const pattern = glob.replace(/^\.\//, "").replace(/([^/])\/+$/, "$1");
  const isMatch = picomatch(pattern, { dot: true, nonegate: true });
  if (pattern.includes("/")) return (path) => isMatch(path);
  return (path) => isMatch(path.slice(path.lastIndexOf("/") + 1));
};
