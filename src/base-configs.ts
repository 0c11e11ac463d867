import { isAbsolute, relative, resolve } from "node:path";
import type { Configs } from "./config.ts";
import type { Config, Settings } from "./settings.ts";

/** A checkout of another commit, and the folder whose place it takes. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/**
 * The configurations of this commit for files of another one, so that both are judged by the same rules: a rule that
 * is turned on now must not turn old findings into new ones.
 */
export const movedConfigs = (configs: Configs, move: Move): Configs => ({
  root: movedConfig(configs.root, move),
  of: async (dockerfile) => movedConfig(await configs.of(back(dockerfile, move)), move),
});

/** The settings with all folders in the other checkout; secrets and keys stay where they are. */
export const movedSettings = (settings: Settings, move: Move): Settings => ({
  ...settings,
  paths: settings.paths.map((path) => (isAbsolute(path) ? there(path, move) : path)),
  files: settings.files.map((glob) => movedGlob(glob, move)),
  exclude: settings.exclude.map((glob) => movedGlob(glob, move)),
  bake: { files: settings.bake.files.map((file) => there(file, move)), folder: there(settings.bake.folder, move) },
  buildContexts: movedContexts(settings.buildContexts, move),
  baseline: undefined,
  baselineFindings: undefined,
});

const movedConfig = (config: Config, move: Move): Config => ({
  ...config,
  folder: there(config.folder, move),
  files: config.files.map((glob) => movedGlob(glob, move)),
  exclude: config.exclude.map((glob) => movedGlob(glob, move)),
  bake: config.bake.map((file) => there(file, move)),
  overrides: config.overrides.map(({ matches, rules }) => ({ matches: (path) => matches(back(path, move)), rules })),
  dockerfiles: config.dockerfiles.map((one) => ({
    ...one,
    matches: (path) => one.matches(back(path, move)),
    context: one.context === undefined ? undefined : movedContext(one.context, move),
    buildContexts: movedContexts(one.buildContexts, move),
  })),
  budgets: [],
});

const movedContexts = (contexts: ReadonlyMap<string, string>, move: Move): ReadonlyMap<string, string> =>
  new Map([...contexts].map(([name, value]) => [name, movedContext(value, move)]));

/** A folder, a URL such as `docker-image://alpine`, or `git@host:…`. */
const movedContext = (context: string, move: Move): string =>
  /^([a-z][a-z0-9+.-]*:\/\/|git@)/i.test(context) ? context : there(resolve(context), move);

/** Globs of a configuration in another folder than the current one begin with that folder, its signs escaped. */
const movedGlob = (glob: string, { from, to }: Move): string => {
  const escaped = (path: string): string => path.replaceAll("\\", "/").replace(/[*?[\]{}()!+@]/g, "\\$&");
  const start = `${escaped(from)}/`;
  const [sign, plain] = glob.startsWith("!") ? ["!", glob.slice(1)] : ["", glob];
  return plain.startsWith(start) ? `${sign}${escaped(to)}/${plain.slice(start.length)}` : glob;
};

const there = (path: string, { from, to }: Move): string => moved(path, from, to);

const back = (path: string, { from, to }: Move): string => moved(path, to, from);

const moved = (path: string, from: string, to: string): string => {
  const inside = relative(from, path);
  return inside.startsWith("..") || isAbsolute(inside) ? path : resolve(to, inside);
};
