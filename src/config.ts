import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { isFolder } from "./adapters/is-folder.ts";
import { isThere } from "./adapters/is-there.ts";
import { readRegularFile } from "./adapters/regular-file.ts";
import { pathBelow, shownPath, systemReason } from "./adapters/shown-path.ts";
import type { ConfigLayer, ConfigPlace } from "./config/read-config.ts";
import type { Refuse } from "./config/yaml-tree.ts";
import { UserError } from "./errors.ts";
import { withoutEndSlashes } from "./rules/knowledge/paths.ts";
import type { Rule } from "./rules/rule.ts";
import { type Config, emptyConfig } from "./settings.ts";

/** The configurations of one run. */
export interface Configs {
  /** Of the first path that was asked for: what holds for the run as a whole. */
  readonly root: Config;
  /** Of one Dockerfile (absolute): the nearest file at or above it. */
  readonly of: (dockerfile: string) => Promise<Config>;
}

const ownNames = [
  ".docker-hygiene.yml",
  ".docker-hygiene.yaml",
  ".github/docker-hygiene.yml",
  ".github/docker-hygiene.yaml",
];
const hadolintNames = [".hadolint.yaml", ".hadolint.yml"];

/**
 * Looks configurations up: the nearest of ours at or above a Dockerfile, up to the root of its repository; else the
 * nearest of hadolint's. A file that is asked for by name holds for all. Errors name file, line and column.
 */
export const openConfigs = async (request: {
  readonly cwd: string;
  readonly config: string | undefined;
  readonly paths: readonly string[];
  /** Loaded only when there is a configuration. */
  readonly rules: () => Promise<readonly Rule[]>;
}): Promise<Configs> => {
  const { cwd, config, paths } = request;
  const read = new Map<string, Promise<Config>>();
  const load = (file: string): Promise<Config> => {
    const loading = read.get(file) ?? loadConfig(cwd, file, request.rules);
    read.set(file, loading);
    return loading;
  };
  if (config !== undefined) {
    const named = await load(resolve(cwd, config));
    return { root: named, of: async () => named };
  }
  const lookUp = finder(cwd);
  const at = async (folder: string): Promise<Config> => {
    const file = lookUp(folder);
    return file === undefined ? emptyConfig(cwd) : load(file);
  };
  const first = resolve(cwd, paths[0] ?? ".");
  const root = await at(isFolder(first) ? first : dirname(first));
  return { root, of: (dockerfile) => at(dirname(dockerfile)) };
};

/** Remembers what it found for each folder, so that a thousand Dockerfiles cost no more than their folders. */
const finder = (cwd: string): ((folder: string) => string | undefined) => {
  const own = new Map<string, string | undefined>();
  const hadolint = new Map<string, string | undefined>();
  const find = (
    folder: string,
    names: readonly string[],
    known: Map<string, string | undefined>,
  ): string | undefined => {
    if (known.has(folder)) return known.get(folder);
    const here = names.map((name) => join(folder, name)).find(isThere);
    const isTop = dirname(folder) === folder || existsSync(join(folder, ".git")) || folder === outermost(cwd, folder);
    const found = here ?? (isTop ? undefined : find(dirname(folder), names, known));
    known.set(folder, found);
    return found;
  };
  return (folder) => find(folder, ownNames, own) ?? find(folder, hadolintNames, hadolint);
};

/** Outside any repository the current directory is the top of what lies below it. */
const outermost = (cwd: string, folder: string): string | undefined =>
  folder === cwd && !isInRepository(cwd) ? cwd : undefined;

const isInRepository = (folder: string): boolean =>
  existsSync(join(folder, ".git")) || (dirname(folder) !== folder && isInRepository(dirname(folder)));

const loadConfig = async (cwd: string, file: string, loadRules: () => Promise<readonly Rule[]>): Promise<Config> => {
  const { config, checks } = await loadFile(cwd, file, loadRules, {
    from: [],
    refuse: (reason) => {
      throw new UserError(`the configuration \`${shownPath(cwd, file)}\` cannot be read: ${reason}`);
    },
  });
  for (const check of checks) check(config);
  return config;
};

interface LoadedFile {
  readonly config: Config;
  /** What can be judged only when all files are laid over each other; each throws what it finds. */
  readonly checks: readonly ((whole: Config) => void)[];
}

const loadFile = async (
  cwd: string,
  file: string,
  loadRules: () => Promise<readonly Rule[]>,
  asked: {
    /** The files on the way to this one. */
    readonly from: readonly string[];
    /** Says why the file cannot be read, where it is asked for. */
    readonly refuse: (reason: string) => never;
  },
): Promise<LoadedFile> => {
  const shown = shownPath(cwd, file);
  const text = readText(file, asked.refuse);
  const { readConfig, layOver, refuseUnknownHouseRule } = await import(
    /* webpackMode: "eager" */ "./config/read-config.ts"
  );
  const rules = await loadRules();
  const place = placeOf(cwd, file);
  const refuse: Refuse = (at, message) => {
    throw new UserError(`${place.shown(at)}: ${message}`);
  };
  const layer: ConfigLayer = isHadolint(file)
    ? (await import(/* webpackMode: "eager" */ "./config/hadolint.ts")).readHadolintConfig(text, shown, rules, refuse)
    : await readConfig(text, place, rules, refuse);
  const says = { ...layer.says, ...discoveryGlobs(layer, cwd, place) };
  const checks = layer.setHouseRules.map((id) => (whole: Config) => refuseUnknownHouseRule(whole, id, refuse));
  let base = emptyConfig(place.folder);
  for (const { text: path, at } of layer.extends) {
    const extended = resolve(dirname(file), path);
    const from = [...asked.from, file];
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) refuse(at, `\`extends\` takes a file, not the address ${path}`);
    if (from.includes(extended)) refuse(at, `\`extends\` goes in a circle through ${shownPath(cwd, extended)}`);
    if (!/\.ya?ml$/.test(path)) refuse(at, `\`extends\` names ${path}, which is no .yml file`);
    const below = await loadFile(cwd, extended, loadRules, {
      from,
      refuse: (reason) => refuse(at, `\`extends\` names ${path}, which cannot be read: ${reason}`),
    });
    checks.push(...below.checks);
    base = layOver(base, { says: given(below.config) });
  }
  return { config: { ...layOver(base, { says }), path: shown, folder: place.folder }, checks };
};

/** What a whole configuration says, as a layer: texts that it leaves open stay open. */
const given = ({
  profile,
  failureThreshold,
  files,
  exclude,
  bake,
  requireReason,
  ...rest
}: Config): ConfigLayer["says"] => ({
  ...rest,
  ...(profile === undefined ? {} : { profile }),
  ...(failureThreshold === undefined ? {} : { failureThreshold }),
  ...(files.length === 0 ? {} : { files }),
  ...(exclude.length === 0 ? {} : { exclude }),
  ...(bake.length === 0 ? {} : { bake }),
  ...(requireReason ? { requireReason } : {}),
});

/** Globs with a slash start at the configuration's folder, wherever the command runs. */
const discoveryGlobs = ({ says }: ConfigLayer, cwd: string, place: ConfigPlace): ConfigLayer["says"] => {
  const moved = (globs: readonly string[]): readonly string[] =>
    globs.map((glob) => {
      if (place.folder === cwd.replaceAll("\\", "/") || !withoutEndSlashes(glob).includes("/")) return glob;
      const takesBack = glob.startsWith("!");
      const plain = (takesBack ? glob.slice(1) : glob).replace(/^\.?\//, "");
      return `${takesBack ? "!" : ""}${place.folder.replace(/[*?[\]{}()!+@]/g, "\\$&")}/${plain}`;
    });
  return {
    ...(says.files === undefined ? {} : { files: moved(says.files) }),
    ...(says.exclude === undefined ? {} : { exclude: moved(says.exclude) }),
  };
};

const placeOf = (cwd: string, file: string): ConfigPlace => {
  const own = dirname(file);
  const folder = basename(own) === ".github" && /^docker-hygiene\.ya?ml$/.test(basename(file)) ? dirname(own) : own;
  const withSlashes = (path: string): string => path.replaceAll("\\", "/");
  return {
    folder: withSlashes(folder),
    shown: ({ line, column }) => `${shownPath(cwd, file)}:${line}:${column}`,
    resolve: (path) => (isAbsolute(path) ? path : resolve(folder, path)),
    below: (absolute) =>
      pathBelow(folder, resolve(cwd, absolute)) ?? pathBelow(realpathSync(folder), resolve(cwd, absolute)),
  };
};

const isHadolint = (file: string): boolean =>
  hadolintNames.includes(basename(file)) || /^hadolint\.ya?ml$/.test(basename(file));

const mostBytes = 1024 * 1024;

const readText = (file: string, refuse: (reason: string) => never): string => {
  try {
    return readRegularFile(file, mostBytes).toString("utf8");
  } catch (error) {
    const isLink = (error as NodeJS.ErrnoException).code === "ENOENT" && isThere(file);
    return refuse(isLink ? "the symbolic link leads nowhere" : systemReason(error));
  }
};
