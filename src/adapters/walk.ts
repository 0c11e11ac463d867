import { type Dirent, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { byCodeUnit } from "../discover/paths.ts";

export interface Walk {
  /** Files and symbolic links, relative to the folder, with `/`; those of shallow folders first. */
  readonly files: readonly string[];
  /** Folders that hold `.git`, when they are not to be entered. */
  readonly repositories: readonly string[];
  /** Folders that could not be read. */
  readonly unreadable: readonly string[];
  /** There are more than `most` files. */
  readonly isTruncated: boolean;
}

/** Walks a folder without following symbolic links, so that it ends and stays inside. */
export const walk = (
  folder: string,
  options: {
    readonly skips: (name: string) => boolean;
    readonly entersRepositories: boolean;
    readonly most: number;
  },
): Walk => {
  const files: string[] = [];
  const repositories: string[] = [];
  const unreadable: string[] = [];
  const folders = [""];
  for (const at of folders) {
    if (at !== "" && !options.entersRepositories && existsSync(join(folder, at, ".git"))) {
      repositories.push(at);
      continue;
    }
    const entries = read(join(folder, at));
    if (entries === undefined) unreadable.push(at);
    for (const entry of entries ?? []) {
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      if (!entry.isDirectory()) files.push(path);
      else if (!options.skips(entry.name)) folders.push(path);
    }
    if (files.length > options.most)
      return { files: files.slice(0, options.most), repositories, unreadable, isTruncated: true };
  }
  return { files, repositories, unreadable, isTruncated: false };
};

const read = (folder: string): readonly Dirent[] | undefined => {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((left, right) => byCodeUnit(left.name, right.name));
  } catch {
    return undefined;
  }
};
