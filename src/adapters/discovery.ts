import { accessSync, constants, existsSync, lstatSync, realpathSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { foreignFolders, nameOf } from "../discover/dockerfile-names.ts";
import { byCodeUnit, selfAndFolders } from "../discover/paths.ts";
import { isSourceText, isTemplateText } from "../discover/template-text.ts";
import { UserError } from "../errors.ts";
import type { Discovery, FoundFile } from "../ports.ts";
import { isFolderIgnored, listFiles, repositoryOf } from "./git.ts";
import { isThere } from "./is-there.ts";
import { readRegularFile } from "./regular-file.ts";
import { pathBelow, shownPath, systemReason } from "./shown-path.ts";
import { walk } from "./walk.ts";

export interface DiscoveryRequest {
  /** Files and folders; none: the current directory. */
  readonly paths: readonly string[];
  /** Globs that take the place of the usual names. */
  readonly files: readonly string[];
  readonly exclude: readonly string[];
}

/**
 * Finds every Dockerfile below the given files and folders. A file that is named itself is always taken; a missing
 * one is a UserError. Whatever else is in the way becomes a note.
 */
export const discover = async (cwd: string, request: DiscoveryRequest): Promise<Discovery> => {
  const { named, folders } = sortOut(cwd, request.paths);
  const rules = await selectionOf(request);
  const notes = new Set<string>();
  const templates = new Set<string>();
  const found: FoundFile[] = named.map((absolute) => ({ path: shownPath(cwd, absolute), absolute }));
  for (const { folder, paths } of await listAll(cwd, folders, rules, notes)) {
    for (const path of paths) {
      const absolute = join(folder, path);
      const shown = shownPath(cwd, absolute);
      for (const parent of rules.dockerfileFolders(path))
        notes.add(`${shownPath(cwd, join(folder, parent))} is a folder, so it is not read as a Dockerfile`);
      const choice = rules.choose(path, shown, absolute);
      if (choice === "template") templates.add(shown);
      if (choice !== "dockerfile") continue;
      const obstacle = obstacleOf(folder, absolute);
      const held = obstacle === undefined && request.files.length === 0 ? heldIn(absolute) : "dockerfile";
      if (held === "source") continue;
      if (held === "template") templates.add(shown);
      else if (obstacle === undefined) found.push({ path: shown, absolute });
      else if (obstacle !== "gone") notes.add(`${shown} is left out: ${obstacle}`);
    }
  }
  return {
    files: uniqueFiles(found),
    notes: [...notes, ...templateNote([...templates].sort(byCodeUnit))],
  };
};

interface Selection {
  readonly choose: (path: string, shown: string, absolute: string) => "dockerfile" | "template" | "other";
  /** Folders on the way to a file that are named like a Dockerfile. */
  readonly dockerfileFolders: (path: string) => readonly string[];
  readonly isForeign: (name: string) => boolean;
  /** What git is asked for; empty: everything. */
  readonly pathspecs: readonly string[];
}

const selectionOf = async ({ files, exclude }: DiscoveryRequest): Promise<Selection> => {
  const globs =
    files.length + exclude.length > 0 ? await import(/* webpackMode: "eager" */ "../discover/glob.ts") : undefined;
  const isWanted = files.length > 0 ? globs?.compileGlobs(files) : undefined;
  const isExcluded = exclude.length > 0 ? globs?.compileFolderGlobs(exclude) : undefined;
  // A glob that names such a folder wants what is in it.
  const isForeign = (name: string): boolean =>
    foreignFolders.has(name) && (name === ".git" || !files.some((glob) => glob.split("/").includes(name)));
  const isInForeign = (path: string): boolean => path.split("/").slice(0, -1).some(isForeign);
  return {
    isForeign,
    pathspecs: isWanted === undefined ? [":(icase)*dockerfile*", ":(icase)*containerfile*", "*/"] : [],
    dockerfileFolders: (path) =>
      isWanted === undefined && !isInForeign(path)
        ? selfAndFolders(path)
            .slice(0, -1)
            .filter((folder) => nameOf(basename(folder)) === "dockerfile")
        : [],
    choose: (path, shown, absolute) => {
      const forms = [path, shown, absolute.replaceAll("\\", "/")];
      if (isInForeign(path) || (isExcluded !== undefined && forms.some(isExcluded))) return "other";
      if (isWanted === undefined) return nameOf(basename(path));
      return forms.some(isWanted) ? "dockerfile" : "other";
    },
  };
};

const sortOut = (
  cwd: string,
  paths: readonly string[],
): { readonly named: readonly string[]; readonly folders: readonly string[] } => {
  const named: string[] = [];
  const folders: string[] = [];
  for (const path of paths.length > 0 ? paths : ["."]) {
    const absolute = resolve(cwd, path);
    try {
      (statSync(absolute).isDirectory() ? folders : named).push(absolute);
    } catch (error) {
      const hint = /[*?{]/.test(path) ? "; a glob belongs in `files`" : "";
      throw new UserError(`\`${path}\` cannot be looked into: ${systemReason(error)}${hint}`);
    }
  }
  return { named, folders: [...new Set(folders)] };
};

interface Listed {
  readonly folder: string;
  readonly paths: readonly string[];
}

/** One question to git per repository, however many of its folders are asked for. */
const listAll = async (
  cwd: string,
  folders: readonly string[],
  selection: Selection,
  notes: Set<string>,
): Promise<readonly Listed[]> => {
  const byRepository = Map.groupBy(folders, (folder) => repositoryOf(folder) ?? folder);
  const listed: Listed[] = [];
  for (const [repository, members] of byRepository) {
    const first = members[0] as string;
    if (members.length === 1) {
      listed.push({ folder: first, paths: await listFolder(cwd, first, selection, notes) });
      continue;
    }
    const all = await listFolder(cwd, repository, selection, notes);
    for (const folder of members) {
      const prefix = pathBelow(repository, folder) ?? ".";
      const below = prefix === "." ? all : all.filter((path) => path.startsWith(`${prefix}/`));
      const paths = prefix === "." ? below : below.map((path) => path.slice(prefix.length + 1));
      // What git does not speak of may be a folder that it ignores, or one outside.
      listed.push({ folder, paths: paths.length > 0 ? paths : await listFolder(cwd, folder, selection, notes) });
    }
  }
  return listed;
};

/** Candidates below a folder, relative to it: git's view inside a repository, a walk elsewhere. */
const listFolder = async (
  cwd: string,
  folder: string,
  selection: Selection,
  notes: Set<string>,
): Promise<readonly string[]> => {
  const inside = async (nested: readonly string[]): Promise<readonly string[]> => {
    const paths: string[] = [];
    for (const path of nested) {
      if (path.split("/").some(selection.isForeign)) continue;
      for (const below of await listFolder(cwd, join(folder, path), selection, notes)) paths.push(`${path}/${below}`);
    }
    return paths;
  };
  const repository = repositoryOf(folder);
  if (repository !== undefined) {
    const listing = await listFiles(folder, selection.pathspecs);
    if (listing.status === "listed") {
      const nested = [...listing.repositories, ...submodules(repository, folder)];
      if (listing.files.length + nested.length > 0 || !isFolderIgnored(folder))
        return [...listing.files, ...(await inside(nested))];
    } else {
      notes.add(`Files that git ignores in ${shownPath(cwd, repository)} are looked at too: ${listing.reason}`);
    }
  }
  const walked = walk(folder, {
    skips: selection.isForeign,
    entersRepositories: repository !== undefined,
    most: 5_000_000,
  });
  for (const path of walked.unreadable)
    notes.add(`${shownPath(cwd, join(folder, path))} is left out: the folder cannot be read`);
  return [...walked.files, ...(await inside(walked.repositories))];
};

/** Checked-out submodules below a folder, relative to it. */
const submodules = (repository: string, folder: string): readonly string[] => {
  const list = readSubmoduleList(join(repository, ".gitmodules"));
  return [...list.matchAll(/^[ \t]*path[ \t]*=(.*)$/gm)].flatMap(([, value = ""]) => {
    const path = value.trim().replace(/^"(.*)"$/, "$1");
    const below = pathBelow(folder, join(repository, path));
    return below === undefined || below === "." || !existsSync(join(repository, path, ".git")) ? [] : [below];
  });
};

/** As much as is read of a Dockerfile. */
const mostBytes = 32 * 1024 * 1024;

const readSubmoduleList = (file: string): string => {
  try {
    return existsSync(file) ? readRegularFile(file, mostBytes).toString("utf8") : "";
  } catch {
    return "";
  }
};

/** Why a candidate cannot be read; `gone` when there is nothing to say about it. */
const obstacleOf = (root: string, absolute: string): string | undefined => {
  try {
    const link = lstatSync(absolute);
    if (link.isSymbolicLink() && pathBelow(realpathSync(root), realpathSync(absolute)) === undefined)
      return "the symbolic link leads out of the folder";
    const file = link.isSymbolicLink() ? statSync(absolute) : link;
    if (file.isDirectory()) return "it is a folder";
    if (!file.isFile()) return "it is not a regular file";
    accessSync(absolute, constants.R_OK);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") return systemReason(error);
    if (isThere(absolute)) return "the symbolic link leads nowhere";
    // A path that is not UTF-8 cannot be opened by its text; taken all the same, the file counts as unread. Any other was
    // listed by git and deleted since.
    return absolute.includes("\ufffd") ? undefined : "gone";
  }
};

const heldIn = (absolute: string): "dockerfile" | "template" | "source" => {
  try {
    const text = readRegularFile(absolute, mostBytes).toString("latin1");
    if (isSourceText(absolute, text)) return "source";
    return isTemplateText(text) ? "template" : "dockerfile";
  } catch {
    return "dockerfile";
  }
};

/** Sorted; one path per real file, a name of its own before a symbolic link to it. */
const uniqueFiles = (files: readonly FoundFile[]): readonly FoundFile[] => {
  const byPath = new Map(files.map((file) => [file.absolute, file]));
  const chosen = new Map<string, FoundFile>();
  for (const file of [...byPath.values()].sort((left, right) => byCodeUnit(left.path, right.path))) {
    const real = realPath(file.absolute);
    if (!chosen.has(real) || real === file.absolute) chosen.set(real, file);
  }
  return [...chosen.values()].sort((left, right) => byCodeUnit(left.path, right.path));
};

const realPath = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

const templateNote = (templates: readonly string[]): readonly string[] => {
  if (templates.length === 0) return [];
  const shown = templates.slice(0, 3).join(", ") + (templates.length > 3 ? ` and ${templates.length - 3} more` : "");
  return [
    templates.length === 1
      ? `${shown} is left out, because it is a template; name it in \`files\` to have it read`
      : `${templates.length} templates are left out: ${shown}; name them in \`files\` to have them read`,
  ];
};
