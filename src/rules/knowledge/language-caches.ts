import type { AuditedFile, StageFacts } from "../audited-file.ts";
import { mentions } from "./lineage-text.ts";
import { once } from "./once.ts";
import type { PackageManagerName } from "./package-managers.ts";
import type { RunCommands } from "./run-commands.ts";

/** What a language's package manager leaves behind when root installs, and what prevents that. */
export interface CacheRow {
  readonly subcommands: RegExp;
  readonly what: string;
  readonly directories: readonly string[];
  /** Options that switch the cache off or move it. */
  readonly off: readonly string[];
  /** Variables that do the same. */
  readonly variables: readonly string[];
  /** Whether a configuration does the same. */
  readonly isSet: (stage: StageFacts, file: AuditedFile) => boolean;
  /** The option to insert; else `cleanUp` is appended. */
  readonly option?: string;
  readonly cleanUp?: string;
  readonly applies?: (file: AuditedFile, run: RunCommands) => boolean;
}

const baseName = (run: RunCommands): string | undefined =>
  run.stage.rootBase.kind === "image" ? run.stage.rootBase.reference?.name : undefined;

/** Yarn 2 and later may keep its cache in the project; corepack and `.yarnrc.yml` tell of it. */
const isClassicYarn = (file: AuditedFile, run: RunCommands): boolean =>
  !isModernProject(file) && !mentionsModernYarn(run.stage, file);

const isModernProject = once(
  (file: AuditedFile): boolean =>
    file.context?.files.some((path) => /(^|\/)\.yarnrc\.yml$/.test(path)) === true ||
    /"packageManager"\s*:\s*"yarn@([2-9]|\d\d)/.test(file.context?.read("package.json") ?? ""),
);

const mentionsModernYarn = mentions(/\.yarnrc\.yml|\.yarn\/|--immutable|yarn set version|yarn@(stable|berry|[2-9])/);

export const cacheRows: Readonly<Partial<Record<PackageManagerName, CacheRow>>> = {
  pip: {
    subcommands: /^install$/,
    what: "its cache (/root/.cache/pip)",
    directories: ["/root/.cache/pip"],
    // pip takes an option by its beginning.
    off: ["--no-cache-dir", "--no-cache", "--cache-dir", "--no-index", "--dry-run"],
    variables: ["PIP_NO_CACHE_DIR", "PIP_CACHE_DIR", "XDG_CACHE_HOME"],
    isSet: mentions(/no-cache-dir\s*=|global\.no-cache-dir|\bno_cache_dir\b/),
    option: "--no-cache-dir",
  },
  uv: {
    subcommands: /^(pip install|pip sync|sync|tool install|add)$/,
    what: "its cache (/root/.cache/uv)",
    directories: ["/root/.cache/uv"],
    off: ["--no-cache", "--no-cache-dir", "-n", "--cache-dir", "--offline"],
    variables: ["UV_NO_CACHE", "UV_CACHE_DIR", "XDG_CACHE_HOME"],
    isSet: mentions(/no-cache\s*=/),
    option: "--no-cache",
  },
  gem: {
    subcommands: /^(install|i)$/,
    what: "documentation",
    directories: ["/usr/local/bundle/doc", "/usr/local/lib/ruby/gems", "/var/lib/gems"],
    off: ["--no-document", "--no-doc", "-N", "--no-rdoc", "--no-ri", "--document"],
    variables: [],
    isSet: mentions(/gem:\s*--no-|gemrc/),
    option: "--no-document",
    // its gemrc says no-document
    applies: (_, run) => baseName(run) !== "ruby" && baseName(run) !== "jruby",
  },
  npm: {
    subcommands: /^(install|i|add|ci|clean-install|install-test|update)$/,
    what: "its cache (/root/.npm)",
    directories: ["/root/.npm"],
    off: ["--cache", "--dry-run", "--package-lock-only"],
    variables: ["npm_config_cache", "NPM_CONFIG_CACHE"],
    isSet: mentions(/npm config set (--global )?cache\b/),
    cleanUp: "npm cache clean --force",
  },
  yarn: {
    subcommands: /^(|install|add|global add)$/,
    what: "its cache (/usr/local/share/.cache/yarn)",
    directories: ["/usr/local/share/.cache/yarn", "/root/.cache/yarn", "/usr/local/share/.cache"],
    off: ["--cache-folder", "--offline", "--immutable"],
    variables: ["YARN_CACHE_FOLDER", "YARN_VERSION_BERRY", "XDG_CACHE_HOME"],
    isSet: mentions(/yarn config set cache/),
    cleanUp: "yarn cache clean",
    applies: isClassicYarn,
  },
  conda: {
    subcommands: /^(install|create|update|env create|env update)$/,
    what: "its packages' archives (/opt/conda/pkgs)",
    directories: ["/opt/conda/pkgs"],
    off: ["--dry-run", "-d"],
    variables: ["CONDA_PKGS_DIRS"],
    isSet: mentions(/pkgs_dirs/),
  },
  composer: {
    subcommands: /^(install|i|require|req|update|create-project|global require)$/,
    what: "its cache (/root/.composer/cache)",
    directories: ["/root/.composer/cache", "/root/.cache/composer", "/tmp/cache"],
    off: ["--no-cache", "--dry-run"],
    variables: ["COMPOSER_CACHE_DIR", "COMPOSER_HOME", "XDG_CACHE_HOME"],
    isSet: mentions(/cache-dir/),
    option: "--no-cache",
  },
};
