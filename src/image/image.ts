/** Measured on one platform of one built target. Sizes are bytes. */
export interface Image {
  /** Digest of the manifest. */
  readonly digest: string;
  /** What the archive or layout that holds it calls it; absent when it does not. */
  readonly names?: readonly string[];
  /** `linux/amd64` */
  readonly platform: string;
  /** From the base to the top. */
  readonly layers: readonly Layer[];
  readonly config: ImageConfig;
  /** True when compressed sizes are estimates, because the engine's store keeps none. */
  readonly isPullEstimated: boolean;
  /** What its files tell; absent when only sizes are known. */
  readonly contents?: ImageContents;
  /** Absent when no secrets were given to look for. */
  readonly leaks?: LeakSearch;
}

/** Layers are named by their position, the lowest first. Paths have no `/` in front. */
export interface ImageContents {
  /** The heaviest files of each layer, heaviest first; one list per layer. */
  readonly largestFiles: readonly (readonly FileBytes[])[];
  /** Regular files per layer; hard links to one file count once. */
  readonly fileCounts: readonly number[];
  /** Bytes that lie in layers and that nobody sees in the image, heaviest first. */
  readonly waste: readonly Waste[];
  /** What is seen in the image and serves its building rather than its running, heaviest first. */
  readonly leftovers: readonly Leftover[];
  /** Files that run with their owner's or group's rights. */
  readonly setuidFiles: readonly SetuidFile[];
  /** Files, and folders without the sticky bit, that everybody may change. */
  readonly worldWritable: readonly FilePermission[];
  readonly shells: readonly string[];
  readonly packageManagers: readonly string[];
  /** Programs that download, probe or compile: `usr/bin/curl`, `usr/bin/gcc`. */
  readonly tools: readonly string[];
  /** Files that hold a credential, also those that a later layer hides. */
  readonly secretFiles: readonly SecretFile[];
  readonly accountFaults: readonly AccountFault[];
}

export interface SetuidFile extends FilePermission {
  /** The lowest layer that has it so: an upgrade writes the programs of the base again. */
  readonly since: number;
}

export interface SecretFile {
  readonly path: string;
  readonly layer: number;
  /** With its article: `an SSH key`. */
  readonly what: string;
  /** False when a later layer hides it, which takes nothing out of the image. */
  readonly isSeen: boolean;
}

export interface AccountFault {
  readonly account: string;
  readonly fault: "no password" | "shared id";
  /** The layer that brought it. */
  readonly layer: number;
  /** Of a shared id: its number and the account that had it first. */
  readonly uid?: number;
  readonly with?: string;
}

export interface FileBytes {
  readonly path: string;
  readonly bytes: number;
}

export interface FilePermission {
  readonly path: string;
  readonly layer: number;
  /** `0o4755`: permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
}

/**
 * All that one layer took away from one other. `duplicated`: a later layer holds the same contents again, as
 * after a `chown` or `chmod`; the later line is to blame. `rewritten`: it holds other contents. `deleted`: it
 * only hides them.
 */
export interface Waste {
  readonly kind: "duplicated" | "rewritten" | "deleted";
  /** The layer in which the unseen bytes lie. */
  readonly layer: number;
  /** The later layer that hides them. */
  readonly hiddenBy: number;
  readonly bytes: number;
  readonly files: number;
  /** The heaviest files, or deleted folders as a whole, heaviest first. */
  readonly largest: readonly FileBytes[];
}

export type LeftoverKind =
  | "package lists"
  | "package cache"
  | "documentation"
  | "locales"
  | "version control"
  | "development dependencies";

export interface Leftover {
  readonly kind: LeftoverKind;
  /** Who left it: `apt`, `apk`, `npm`, `git`, …; empty for documentation and locales. */
  readonly of: string;
  readonly layer: number;
  /** The folder that all of it lies in. */
  readonly folder: string;
  readonly bytes: number;
  readonly files: number;
}

/** What the search for secret values covered and found. Never holds a value. */
export interface LeakSearch {
  readonly leaks: readonly Leak[];
  /** Secrets that were searched for. */
  readonly secrets: number;
  /** Ways of writing them that were searched for. */
  readonly forms: number;
  /** Bytes searched, once uncompressed. */
  readonly bytes: number;
  /** Secrets that were not searched for, as they would be found by chance. */
  readonly unsearched: readonly { readonly id: string; readonly reason: string }[];
  /** What could not be searched, one sentence each: a broken archive inside a layer, one too deeply packed. */
  readonly gaps: readonly string[];
}

export interface Leak {
  readonly secretId: string;
  /** `as it is`, `line 2`, `base64`, … */
  readonly form: string;
  readonly where: LeakPlace;
  /** Of the Dockerfile, where the engine tells. */
  readonly lines: { readonly start: number; readonly end: number } | undefined;
}

export type LeakPlace =
  | {
      readonly in: "layer";
      readonly layer: number;
      /** Secret values in the path itself are replaced by `***`. */
      readonly path: string;
      readonly part: "contents" | "name or attributes" | "packed contents";
    }
  | { readonly in: "history"; readonly layer: number | undefined }
  | { readonly in: "config" | "manifest" | "attestation" };

export interface Layer {
  readonly digest: string;
  /** Compressed: what a pull transfers. */
  readonly pullBytes: number;
  /** Sum of the sizes of its regular files. */
  readonly diskBytes: number;
  /** Lines of the Dockerfile, one-based; undefined for base layers and where the engine does not tell. */
  readonly lines: { readonly start: number; readonly end: number } | undefined;
  /** The instruction as written, shortened to one line; for base layers the base's name. */
  readonly instruction: string | undefined;
  readonly isBase: boolean;
}

export interface ImageConfig {
  readonly user: string;
  readonly hasHealthcheck: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly exposedPorts: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

export const pullBytes = (image: Image): number => image.layers.reduce((sum, layer) => sum + layer.pullBytes, 0);
export const diskBytes = (image: Image): number => image.layers.reduce((sum, layer) => sum + layer.diskBytes, 0);
