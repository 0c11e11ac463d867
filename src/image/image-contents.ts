import { accountFaults } from "./account-faults.ts";
import type { FilePermission, ImageContents, Leftover, SetuidFile } from "./image.ts";
import { type ImageFiles, layOver } from "./image-files.ts";
import type { ListedEntry } from "./layer-listing.ts";
import type { LayerContents } from "./layer-scan.ts";
import { isKnownTool, isPackageManager, isProgram, isShell, type LeftoverMatch, leftoverOf } from "./leftover-kinds.ts";
import { developmentFolders, isInstalledList, packageFolder } from "./npm-tree.ts";

/** What the files of an image tell, once its layers lie over each other. */
export const imageContents = (layers: readonly LayerContents[]): ImageContents => {
  const files = layOver(layers.map(({ listing }) => listing));
  const development = seenDevelopmentFolders(layers, files);
  const leftovers = new Map<string, MutableLeftover>();
  const setuidFiles: SetuidFile[] = [];
  const setuidSince = new Map<string, number>();
  const tools: string[] = [];
  const worldWritable: FilePermission[] = [];
  const shells: string[] = [];
  const packageManagers: string[] = [];

  const look = (entry: ListedEntry, layer: number, index: number): void => {
    if (entry.kind === "whiteout" || entry.kind === "opaque") return;
    const isSpecial = isSetuid(entry) || isWorldWritable(entry);
    if (isSetuid(entry) && !setuidSince.has(entry.path)) setuidSince.set(entry.path, layer);
    const isBinary = isProgram(entry.path);
    const isManager = isBinary && isPackageManager(entry.path) && !BUSYBOX.test(entry.linkPath);
    const isTool = isBinary && (isManager || isShell(entry.path) || isKnownTool(entry.path));
    const isWeighty = entry.kind === "file" && entry.size > 0;
    const leftover = isWeighty ? (leftoverOf(entry.path) ?? developmentFile(entry.path, development)) : undefined;
    if (!isSpecial && !isTool && leftover === undefined) return;
    if (!files.isSeen(layer, index)) return;
    const permission = { path: entry.path, layer, mode: entry.mode, uid: entry.uid };
    if (isSetuid(entry)) setuidFiles.push({ ...permission, since: setuidSince.get(entry.path) ?? layer });
    if (isWorldWritable(entry) && worldWritable.length < MOST_WRITABLE) worldWritable.push(permission);
    if (isTool && isShell(entry.path)) shells.push(entry.path);
    if (isManager) packageManagers.push(entry.path);
    if (isTool && isKnownTool(entry.path)) tools.push(entry.path);
    if (leftover === undefined) return;
    const key = `${leftover.kind} ${leftover.of} ${layer}`;
    const sum = leftovers.get(key) ?? { ...leftover, layer, bytes: 0, files: 0 };
    leftovers.set(key, sum);
    sum.folder = commonFolder(sum.folder, leftover.folder);
    sum.bytes += entry.size;
    sum.files++;
  };

  for (const [layer, { listing }] of layers.entries()) {
    let index = 0;
    for (const entry of listing.entries()) look(entry, layer, index++);
  }
  return {
    largestFiles: layers.map(({ largestFiles }) => largestFiles),
    fileCounts: layers.map(({ fileCount }) => fileCount),
    waste: files.waste,
    leftovers: [...leftovers.values()].sort((a, b) => b.bytes - a.bytes || a.layer - b.layer),
    setuidFiles,
    worldWritable,
    shells: [...new Set(shells)].sort(),
    packageManagers: [...new Set(packageManagers)].sort(),
    tools: [...new Set(tools)].sort(),
    secretFiles: layers.flatMap(({ credentials }, layer) =>
      credentials.map(({ path, what, entry }) => ({ path, layer, what, isSeen: files.isSeen(layer, entry) })),
    ),
    accountFaults: accountFaults(
      layers.map(({ keptFiles }) => ({
        passwd: keptFiles.get("etc/passwd")?.bytes,
        shadow: keptFiles.get("etc/shadow")?.bytes,
      })),
    ),
  };
};

const seenDevelopmentFolders = (layers: readonly LayerContents[], files: ImageFiles): ReadonlySet<string> =>
  new Set(
    layers.flatMap(({ keptFiles }, layer) =>
      [...keptFiles].flatMap(([path, { bytes, entry }]) =>
        isInstalledList(path) && files.isSeen(layer, entry) ? developmentFolders(path, bytes) : [],
      ),
    ),
  );

const developmentFile = (path: string, folders: ReadonlySet<string>): LeftoverMatch | undefined => {
  const folder = folders.size > 0 ? packageFolder(path) : undefined;
  if (folder === undefined || !folders.has(folder)) return undefined;
  return { kind: "development dependencies", of: "npm", folder };
};

type MutableLeftover = { -readonly [Key in keyof Leftover]: Leftover[Key] };

/** Where somebody opened a whole tree to everybody, the first ones tell it. */
export const MOST_WRITABLE = 1000;

/** It answers to `dpkg` and `rpm`, which installs nothing worth the name. */
const BUSYBOX = /(?:^|\/)busybox$/;

const isSetuid = (entry: ListedEntry): boolean => entry.kind === "file" && (entry.mode & 0o6000) !== 0;

/** Everybody may write to `/tmp`, and the sticky bit keeps them from each other's files. */
const isWorldWritable = (entry: ListedEntry): boolean =>
  (entry.kind === "file" && (entry.mode & 0o002) !== 0) ||
  (entry.kind === "directory" && (entry.mode & 0o1002) === 0o002);

const commonFolder = (a: string, b: string): string => {
  if (a === b) return a;
  const left = a.split("/");
  const right = b.split("/");
  let shared = 0;
  while (shared < left.length && left[shared] === right[shared]) shared++;
  return left.slice(0, shared).join("/");
};
