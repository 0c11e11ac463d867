import { dirname, relative, resolve } from "node:path";
import { repositoryOf } from "./adapters/git.ts";
import type { Occasion, WatchedRun } from "./adapters/github-event.ts";
import type { PageOptions } from "./report/page-options.ts";

/** Where a file of the checkout is found on the forge. */
export interface RepositoryLinks {
  /** A path as the user knows it, relative to the root of its repository; undefined outside of any. */
  readonly repositoryPath: (path: string) => string | undefined;
  /** Address of a line at the commit that people see. */
  readonly link: (path: string, line: number) => string | undefined;
}

/** The repository need not be the workspace: checkouts into a folder are common. */
export const repositoryLinks = (occasion: Occasion | undefined, cwd: string): RepositoryLinks => {
  const roots = new Map<string, string | undefined>();
  const rootOf = (folder: string): string | undefined => {
    if (!roots.has(folder)) roots.set(folder, repositoryOf(folder));
    return roots.get(folder);
  };
  const repositoryPath = (path: string): string | undefined => {
    const absolute = resolve(cwd, path);
    const inside = relative(rootOf(dirname(absolute)) ?? cwd, absolute).replaceAll("\\", "/");
    return inside === "" || inside.startsWith("../") || inside.startsWith("/") ? undefined : inside;
  };
  return {
    repositoryPath,
    link: (path, line) => {
      const inside = repositoryPath(path);
      if (occasion === undefined || inside === undefined) return undefined;
      const { serverUrl, owner, repository, headSha } = occasion;
      const file = inside.split("/").map(encodeURIComponent).join("/");
      return `${serverUrl}/${owner}/${repository}/blob/${headSha}/${file}#L${line}`;
    },
  };
};

/** Address of a line of a file that somebody else named. */
export const linkTo =
  (
    { serverUrl, owner, repository }: Pick<Occasion, "serverUrl" | "owner" | "repository">,
    { headSha }: Pick<WatchedRun, "headSha">,
  ): NonNullable<PageOptions["link"]> =>
  (path, line) => {
    const parts = path.split("/");
    if (path.startsWith("/") || parts.some((part) => part === "" || part === "." || part === "..")) return undefined;
    // Half of a surrogate pair has no form in an address.
    if (!path.isWellFormed()) return undefined;
    return `${serverUrl}/${owner}/${repository}/blob/${headSha}/${parts.map(encodeURIComponent).join("/")}#L${line}`;
  };
