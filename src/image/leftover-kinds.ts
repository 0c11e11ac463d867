import type { LeftoverKind } from "./image.ts";

export interface LeftoverClass {
  readonly kind: LeftoverKind;
  /** `apt`, `npm`, `git`, …; empty when nobody in particular left it. */
  readonly of: string;
}

export interface LeftoverMatch extends LeftoverClass {
  /** The folder that all files of the class lie in. */
  readonly folder: string;
}

/** What a file of an image serves, when it serves its building rather than its running. */
export const leftoverOf = (path: string): LeftoverMatch | undefined => {
  if (!LIKELY.test(path)) return undefined;
  for (const { pattern, kind, of } of CLASSES) {
    const match = pattern.exec(path);
    if (match !== null) return { kind, of, folder: match[0].replace(/\/$/, "") };
  }
  return undefined;
};

/** Tried first, as most files are none of these. */
const LIKELY =
  /cache|apt\/lists\/|\.npm\/|\.git\/|^usr\/(?:local\/)?share\/[dmil]|\/pkgs?\/|registry\/|\.m2\/|\.nuget\/|store\//;

const CLASSES: readonly (LeftoverClass & { readonly pattern: RegExp })[] = [
  { kind: "package lists", of: "apt", pattern: /^var\/lib\/apt\/lists\// },
  { kind: "package cache", of: "apt", pattern: /^var\/cache\/apt\// },
  { kind: "package lists", of: "apk", pattern: /^(?:var\/cache\/apk|etc\/apk\/cache)\/(?=APKINDEX)/ },
  { kind: "package cache", of: "apk", pattern: /^(?:var\/cache\/apk|etc\/apk\/cache)\// },
  { kind: "package cache", of: "dnf", pattern: /^var\/cache\/(?:dnf|libdnf5)\// },
  { kind: "package cache", of: "yum", pattern: /^var\/cache\/yum\// },
  { kind: "package cache", of: "zypper", pattern: /^var\/cache\/zypp\// },
  { kind: "package cache", of: "pacman", pattern: /^var\/cache\/pacman\/pkg\// },
  { kind: "package cache", of: "pip", pattern: /^(?:.*\/)?\.cache\/pip\// },
  { kind: "package cache", of: "uv", pattern: /^(?:.*\/)?\.cache\/uv\// },
  { kind: "package cache", of: "poetry", pattern: /^(?:.*\/)?\.cache\/pypoetry\// },
  { kind: "package cache", of: "conda", pattern: /^(?:.*\/)?(?:ana|mini|micro)?(?:conda|mamba|forge)3?\/pkgs\// },
  { kind: "package cache", of: "npm", pattern: /^(?:.*\/)?\.npm\// },
  { kind: "package cache", of: "yarn", pattern: /^(?:.*\/)?(?:\.cache\/yarn|\.yarn\/berry\/cache)\// },
  { kind: "package cache", of: "pnpm", pattern: /^(?:.*\/)?(?:\.pnpm-store|\.local\/share\/pnpm\/store)\// },
  {
    kind: "package cache",
    of: "gem",
    pattern: /^(?:.*\/)?(?:gems\/[\d.]+|ruby\/[\d.]+|bundle|\.bundle)\/cache\/(?=[^/]*\.gem$)/,
  },
  { kind: "package cache", of: "go", pattern: /^(?:.*\/)?(?:\.cache\/go-build|go\/pkg\/mod)\// },
  { kind: "package cache", of: "cargo", pattern: /^(?:.*\/)?\.?cargo\/registry\// },
  { kind: "package cache", of: "composer", pattern: /^(?:.*\/)?(?:\.cache\/composer|\.composer\/cache)\// },
  { kind: "package cache", of: "maven", pattern: /^(?:.*\/)?\.m2\/repository\// },
  { kind: "package cache", of: "gradle", pattern: /^(?:.*\/)?\.gradle\/caches\// },
  { kind: "package cache", of: "nuget", pattern: /^(?:.*\/)?\.nuget\/packages\// },
  { kind: "version control", of: "git", pattern: /^(?:.*?\/)?\.git\// },
  { kind: "documentation", of: "", pattern: /^usr\/(?:local\/)?share\/(?:doc|man|info)\// },
  { kind: "locales", of: "", pattern: /^usr\/(?:local\/)?share\/(?:locale|i18n)\// },
];

/** Whether a path may be one of the programs below: most are left after one look. */
export const isProgram = (path: string): boolean => PROGRAMS.test(path);

const PROGRAMS = /^(?:usr\/)?(?:local\/)?s?bin\/[^/]+$/;
const SHELLS = /^(?:usr\/)?(?:local\/)?bin\/(?:sh|bash|dash|ash|zsh|ksh|fish|busybox|pwsh)$/;
const PACKAGE_MANAGERS =
  /^(?:usr\/)?(?:local\/)?s?bin\/(?:apt|apt-get|dpkg|apk|dnf|dnf5|microdnf|yum|rpm|zypper|pacman|pip|pip3|npm|yarn|pnpm|gem|opkg)$/;

const TOOLS =
  /^(?:usr\/)?(?:local\/)?s?bin\/(?:curl|wget|nc|netcat|gcc|g\+\+|cc|c\+\+|clang|make|cmake|ld|cargo|rustc|go|javac|git)$/;

/** Programs whose presence findings speak of. */
export const isKnownTool = (path: string): boolean => TOOLS.test(path);

export const isShell = (path: string): boolean => SHELLS.test(path);
export const isPackageManager = (path: string): boolean => PACKAGE_MANAGERS.test(path);
