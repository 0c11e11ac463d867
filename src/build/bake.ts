import { cleanPath } from "../discover/paths.ts";
import { UserError } from "../errors.ts";
import { joinFields } from "./records.ts";
import type { Secret, SshForward } from "./target.ts";

/** What `docker buildx bake` tells of Bake and Compose files. */
export interface BakeDefinition {
  /** Absolute; relative paths start here. */
  readonly folder: string;
  /** The files, as the user knows them. */
  readonly shown: string;
  /** As `--print` writes them, by name. */
  readonly targets: ReadonlyMap<string, unknown>;
  /** Names of targets by name of the group. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** What could not be read, one sentence each. */
  readonly notes: readonly string[];
}

/** One target of a Bake file, or one service of a Compose file. All paths are absolute. */
export interface BakeTarget {
  /** Of the targets that are the same build, and of the groups that hold them. */
  readonly names: readonly string[];
  /** The name that `bake` knows it by. */
  readonly name: string;
  /** Built when nothing is selected: in the group, or the target, `default`, where there is one. */
  readonly isDefault: boolean;
  /** Undefined: it stands in the Bake file itself, or in a remote context. */
  readonly dockerfile: string | undefined;
  readonly context: string;
  readonly stage: string | undefined;
  readonly platforms: readonly string[];
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly buildContexts: ReadonlyMap<string, string>;
  /** Build contexts that are other targets, by the context's name. */
  readonly linked: ReadonlyMap<string, BakeTarget>;
  readonly secrets: readonly Secret[];
  readonly ssh: readonly SshForward[];
  readonly cacheFrom: readonly string[];
  readonly network: string | undefined;
  readonly noCache: boolean;
  readonly pull: boolean;
  /** What only `bake` itself understands, as `--print` writes it. */
  readonly others: Readonly<Record<string, unknown>>;
}

/** The targets, those that are the same build merged. Throws a UserError when targets refer to each other in a circle. */
export const bakeTargets = (definition: BakeDefinition): readonly BakeTarget[] => {
  const chosen = definition.groups.get("default") ?? (definition.targets.has("default") ? ["default"] : undefined);
  const merged = new Map<string, BakeTarget>();
  for (const name of definition.targets.keys()) {
    const target = readTarget(name, definition, []);
    const key = JSON.stringify([{ ...target, name: "", names: [], isDefault: false }], mapsAsLists);
    const same = merged.get(key);
    const groups = [...definition.groups]
      .filter(([group, members]) => group !== "default" && members.includes(name))
      .map(([group]) => group);
    const names = [...new Set([...(same?.names ?? []), name, ...groups])];
    const isDefault = same?.isDefault || chosen === undefined || chosen.includes(name);
    merged.set(key, { ...(same ?? target), names, isDefault });
  }
  return [...merged.values()];
};

const mapsAsLists = (_key: string, value: unknown): unknown => (value instanceof Map ? [...value] : value);

/** What is built here without their own words, and what serves the pushing of images. */
const unused: ReadonlySet<string> = new Set(["output", "cache-to", "tags", "attest", "call", "description"]);

const readTarget = (name: string, definition: BakeDefinition, from: readonly string[]): BakeTarget => {
  if (from.includes(name)) throw new UserError(`${definition.shown}: the target \`${name}\` builds on itself`);
  const { folder } = definition;
  const {
    context: writtenContext,
    contexts,
    dockerfile,
    args,
    target,
    platforms,
    ...rest
  } = asObject(definition.targets.get(name));
  const { secret, ssh, network, pull, "cache-from": cacheFrom, "no-cache": noCache, ...others } = rest;
  const context = contextPath(asText(writtenContext) ?? ".", folder);
  const pairs = textPairs(contexts);
  const isLocal = context.startsWith("/") && others["dockerfile-inline"] === undefined;
  return {
    names: [name],
    name,
    isDefault: true,
    dockerfile: isLocal ? absolute(asText(dockerfile) ?? "Dockerfile", context) : undefined,
    context,
    stage: asText(target),
    platforms: asTexts(platforms),
    buildArgs: new Map(textPairs(args)),
    buildContexts: new Map(
      pairs
        .filter(([, value]) => !value.startsWith("target:"))
        .map(([key, value]) => [key, contextPath(value, folder)] as const),
    ),
    linked: new Map(
      pairs
        .filter(([, value]) => value.startsWith("target:"))
        .map(([key, value]) => [key, readTarget(value.slice("target:".length), definition, [...from, name])] as const),
    ),
    secrets: asList(secret).map((entry) => readSecret(entry, folder)),
    ssh: asList(ssh).map((entry) => ({
      id: asText(asObject(entry).id) ?? "default",
      paths: asTexts(asObject(entry).paths).map((path) => absolute(path, folder)),
    })),
    cacheFrom: asList(cacheFrom).map((entry) => readCache(entry, folder)),
    network: asText(network),
    noCache: noCache === true,
    pull: pull === true,
    others: Object.fromEntries(
      Object.entries({ ...others, ...(isLocal || dockerfile === undefined ? {} : { dockerfile }) }).filter(
        ([key]) => !unused.has(key),
      ),
    ),
  };
};

const readSecret = (json: unknown, folder: string): Secret => {
  const { id, src, source, env } = asObject(json);
  const path = asText(src) ?? asText(source);
  const name = asText(id) ?? "";
  if (asText(env) !== undefined) return { id: name, from: "env", name: asText(env) ?? "" };
  return path === undefined
    ? { id: name, from: "env", name }
    : { id: name, from: "file", path: absolute(path, folder) };
};

const readCache = (json: unknown, folder: string): string => {
  if (typeof json === "string") return json;
  const { type, ...fields } = asObject(json);
  const isLocal = type === "local";
  return joinFields([
    `type=${asText(type) ?? "registry"}`,
    ...textPairs(fields).map(([key, value]) => `${key}=${isLocal && key === "src" ? absolute(value, folder) : value}`),
  ]);
};

const absolute = (path: string, folder: string): string => cleanPath(path.startsWith("/") ? path : `${folder}/${path}`);

const contextPath = (context: string, folder: string): string => {
  const path = context.replace(/^cwd:\/\//, "");
  return /^[a-z][a-z0-9+.-]*:\/\/|^git@|^github\.com\/|^target:|^-$/i.test(path) ? path : absolute(path, folder);
};

const asText = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const asTexts = (value: unknown): readonly string[] => asList(value).filter((item) => typeof item === "string");

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

const textPairs = (value: unknown): readonly (readonly [string, string])[] =>
  Object.entries(asObject(value)).flatMap(([key, text]) => (typeof text === "string" ? [[key, text] as const] : []));
