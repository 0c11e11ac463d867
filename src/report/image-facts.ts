import type { FileBytes, FilePermission, Image } from "../image/image.ts";
import { MOST_WRITABLE } from "../image/image-contents.ts";
import { wasteBytes } from "./limits.ts";
import { formatBytes } from "./numbers.ts";
import { count } from "./words.ts";

/** Files that a summary names. */
const mostFiles = 5;
/** Entries of a list in the JSON. */
const mostListed = 100;

/** What is to know of an image besides its sizes, in a few words each; nothing where its files are not known. */
export const imageFacts = (image: Image): readonly string[] => {
  const { config, contents } = image;
  if (contents === undefined) return [];
  const { shells, packageManagers, setuidFiles, worldWritable } = contents;
  const waste = wasteBytes(image);
  return [
    `runs as ${config.user === "" ? "root" : config.user}`,
    config.hasHealthcheck ? "has a HEALTHCHECK" : "no HEALTHCHECK",
    shells.length === 0 ? "no shell" : `shell ${names(shells)}`,
    packageManagers.length === 0 ? "no package manager" : `package manager ${names(packageManagers)}`,
    setuidFiles.length === 0
      ? "no setuid program"
      : `${setuidFiles.length} setuid ${setuidFiles.length === 1 ? "program" : "programs"}`,
    ...(worldWritable.length === 0 ? [] : [writablePaths(worldWritable.length)]),
    waste === 0 ? "no waste" : `${formatBytes(waste)} wasted`,
  ];
};

const writablePaths = (amount: number): string =>
  `${amount < MOST_WRITABLE ? "" : "at least "}${count(amount, "world-writable path")}`;

export interface PlacedFile extends FileBytes {
  /** The lowest is 0. */
  readonly layer: number;
  /** One-based; undefined for the base and where the engine does not tell. */
  readonly line: number | undefined;
}

/** The heaviest files of all layers, heaviest first. */
export const largestFiles = ({ contents, layers }: Image, most = mostFiles): readonly PlacedFile[] =>
  (contents?.largestFiles ?? [])
    .flatMap((files, layer) => files.map((file) => ({ ...file, layer, line: layers[layer]?.lines?.start })))
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, most);

/** For programs; layers are positions in the list `layers`, the lowest is 0. */
export const contentsJson = (image: Image) => {
  const { config, contents } = image;
  if (contents === undefined) return undefined;
  return {
    user: config.user,
    healthcheck: config.hasHealthcheck,
    shells: contents.shells,
    packageManagers: contents.packageManagers,
    setuidFiles: contents.setuidFiles.slice(0, mostListed).map(permissionJson),
    worldWritable: contents.worldWritable.slice(0, mostListed).map(permissionJson),
    files: contents.fileCounts.reduce((sum, files) => sum + files, 0),
    largestFiles: largestFiles(image, 10).map(({ path, bytes, layer }) => ({ path, bytes, layer })),
    wasteBytes: wasteBytes(image),
    waste: contents.waste
      .slice(0, mostListed)
      .map(({ largest, ...waste }) => ({ ...waste, largest: largest.slice(0, 3) })),
    leftovers: contents.leftovers.slice(0, mostListed),
  };
};

const permissionJson = ({ path, layer, mode, uid }: FilePermission): FilePermission => ({ path, layer, mode, uid });

const names = (paths: readonly string[]): string => {
  const all = [...new Set(paths.map((path) => path.slice(path.lastIndexOf("/") + 1)))];
  return all.length > 3 ? `${all.slice(0, 2).join(", ")}, …` : all.join(", ");
};
