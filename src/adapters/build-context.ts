import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseDockerignore } from "../discover/dockerignore.ts";
import type { PathMatcher } from "../discover/path-patterns.ts";
import { byCodeUnit } from "../discover/paths.ts";
import type { BuildContext } from "../rules/audited-file.ts";
import { isFolderIgnored, listFilesNow, repositoryOf } from "./git.ts";
import { isFolder } from "./is-folder.ts";
import { pathBelow, shownPath } from "./shown-path.ts";
import { walk } from "./walk.ts";

/** Files beyond this number are not listed. */
const mostFiles = 100_000;
const mostTextBytes = 1024 * 1024;

/**
 * Gives the build context of a Dockerfile; undefined when it is not a folder of this machine. Nothing is read before
 * somebody asks, and each repository is listed once.
 */
export const createBuildContexts = (
  cwd: string,
): ((folder: string, dockerfile: string) => BuildContext | undefined) => {
  const repositories = new Map<string, readonly string[] | undefined>();
  const listings = new Map<string, Listing>();
  return (folder, dockerfile) => {
    if (/^[a-z][a-z0-9+.-]*:\/\/|^git@|^-$/i.test(folder)) return undefined;
    const root = resolve(cwd, folder);
    if (!isFolder(root)) return undefined;
    const listing = (): Listing => {
      const known = listings.get(root) ?? list(root, repositories);
      listings.set(root, known);
      return known;
    };
    const realRoot = once(() => realpathSync.native(root));
    const ignoreFile = once(() => readIgnoreFile(cwd, root, resolve(cwd, dockerfile)));
    const matcher = once<PathMatcher>(() => {
      const file = ignoreFile();
      return file === undefined ? () => false : parseDockerignore(file.text);
    });
    return Object.assign(new FolderListing(listing, ignoreFile), {
      path: shownPath(cwd, root),
      read: (path: string) => readTextInside(root, realRoot, path),
      isIgnored: (path: string) => matcher()(path),
    });
  };
};

/** A class: what the getters of a literal see, V8 would keep until its next full collection. */
class FolderListing {
  private readonly listing: () => Listing;
  private readonly ignored: () => BuildContext["ignoreFile"];

  constructor(listing: () => Listing, ignored: () => BuildContext["ignoreFile"]) {
    this.listing = listing;
    this.ignored = ignored;
  }

  get files(): readonly string[] {
    return this.listing().files;
  }

  get isTruncated(): boolean {
    return this.listing().isTruncated;
  }

  get isGitAware(): boolean {
    return this.listing().isGitAware;
  }

  get ignoreFile(): BuildContext["ignoreFile"] {
    return this.ignored();
  }
}

interface Listing {
  readonly files: readonly string[];
  readonly isTruncated: boolean;
  readonly isGitAware: boolean;
}

const list = (root: string, repositories: Map<string, readonly string[] | undefined>): Listing => {
  const repository = repositoryOf(root);
  if (repository !== undefined) {
    if (!repositories.has(repository)) repositories.set(repository, listRepository(repository));
    const prefix = pathBelow(repository, root);
    const files = repositories.get(repository);
    const below = files === undefined || prefix === undefined ? undefined : filesBelow(files, prefix);
    if (below !== undefined && (below.length > 0 || !isFolderIgnored(root)))
      return { files: below.slice(0, mostFiles), isTruncated: below.length > mostFiles, isGitAware: true };
  }
  const { files, isTruncated } = walk(root, { skips: () => false, entersRepositories: true, most: mostFiles });
  return { files: [...files].sort(byCodeUnit), isTruncated, isGitAware: false };
};

/** Sorted, with the files of repositories inside; undefined when git does not answer. */
const listRepository = (repository: string): readonly string[] | undefined => {
  const listing = listFilesNow(repository);
  if (listing.status !== "listed") return undefined;
  const hasSubmodules = listing.files.includes(".gitmodules");
  const files = listing.files.flatMap((path) => {
    // git lists a submodule as one entry.
    const isSubmodule = hasSubmodules && existsSync(join(repository, path, ".git"));
    return isSubmodule ? inside(repository, path) : [path];
  });
  return [...files, ...listing.repositories.flatMap((path) => inside(repository, path))].sort(byCodeUnit);
};

const inside = (repository: string, path: string): readonly string[] =>
  (listRepository(join(repository, path)) ?? []).map((below) => `${path}/${below}`);

const filesBelow = (sorted: readonly string[], prefix: string): readonly string[] => {
  if (prefix === ".") return sorted;
  const start = firstAtLeast(sorted, `${prefix}/`);
  const end = firstAtLeast(sorted, `${prefix}0`); // "0" follows "/"
  return sorted.slice(start, end).map((path) => path.slice(prefix.length + 1));
};

const firstAtLeast = (sorted: readonly string[], wanted: string): number => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** The one beside the Dockerfile wins over the one of the context's root, as in the engine. */
const readIgnoreFile = (
  cwd: string,
  root: string,
  dockerfile: string,
): { readonly path: string; readonly text: string } | undefined => {
  for (const path of [`${dockerfile}.dockerignore`, join(root, ".dockerignore")]) {
    const text = readText(path);
    if (text !== undefined) return { path: shownPath(cwd, path), text };
  }
  return undefined;
};

const readTextInside = (root: string, realRoot: () => string, path: string): string | undefined => {
  try {
    const named = join(root, path);
    // Most of what is asked for is not there, and an exception costs more than the question.
    if (statSync(named, { throwIfNoEntry: false }) === undefined) return undefined;
    const absolute = realpathSync.native(named);
    return pathBelow(realRoot(), absolute) === undefined ? undefined : readText(absolute);
  } catch {
    return undefined;
  }
};

const readText = (absolute: string): string | undefined => {
  try {
    const file = statSync(absolute, { throwIfNoEntry: false });
    if (!file?.isFile() || file.size > mostTextBytes) return undefined;
    const bytes = readFileSync(absolute);
    return bytes.includes(0) ? undefined : bytes.toString("utf8");
  } catch {
    return undefined;
  }
};

const once = <Value>(make: () => Value): (() => Value) => {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};
