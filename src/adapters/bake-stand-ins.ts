import { readFile, writeFile } from "node:fs/promises";
import { asArray, asObject, asText, at } from "../image/json-reading.ts";

/** A secret or key of a target whose file bake cannot read, for which something else stands while bake prints. */
export interface StandIn {
  readonly target: string;
  readonly kind: "secret" | "ssh";
  readonly id: string;
  /** As the Bake file has them. */
  readonly paths: readonly string[];
}

export interface StandInPlace {
  /** Where the Bake file of the stand-ins is written. */
  readonly file: string;
  /** A socket that takes the place of keys. */
  readonly socket: string;
}

/** What bake does not find, as its error tells it: of a key the id too. */
export type Absent =
  | { readonly kind: "secret"; readonly path: string }
  | { readonly kind: "ssh"; readonly id: string; readonly paths: readonly string[] };

/** Undefined: something else is wrong. */
export const readAbsent = (error: string): Absent | undefined => {
  const [, path] = /failed to stat (.+?): (?:stat|lstat|open) /.exec(error) ?? [];
  if (path !== undefined) return { kind: "secret", path };
  const [, id = "", paths = ""] = /failed to convert agent config \{(\S+) \[(.+?)\] \w+\}/.exec(error) ?? [];
  return id === "" ? undefined : { kind: "ssh", id, paths: paths.split(" ") };
};

/** Written behind the others, the file takes the place of the entries of the same id, also of inherited ones. */
export const writeStandIns = async (place: StandInPlace, standIns: readonly StandIn[]): Promise<void> => {
  const entries = standIns.map((standIn, index) => ({ ...standIn, mark: markOf(standIn, index, place) }));
  const target = Object.fromEntries(
    [...Map.groupBy(entries, ({ target: name }) => name)].map(([name, own]) => [
      name,
      {
        secret: own.flatMap(({ kind, id, mark }) => (kind === "secret" ? [{ id, env: mark }] : [])),
        ssh: own.flatMap(({ kind, id, mark }) => (kind === "ssh" ? [{ id, paths: [mark] }] : [])),
      },
    ]),
  );
  await writeFile(place.file, JSON.stringify({ target }), { mode: 0o600 });
};

/** A printed target with its own paths again, also those that it has from another one. */
export const withoutStandIns = (printed: unknown, place: StandInPlace, standIns: readonly StandIn[]): unknown => {
  const byMark = new Map(standIns.map((standIn, index) => [markOf(standIn, index, place), standIn]));
  const own = (entry: unknown): unknown => {
    const mark = asText(at(entry, "env")) ?? asText(asArray(at(entry, "paths"))[0]);
    const standIn = mark === undefined ? undefined : byMark.get(mark);
    if (standIn === undefined) return entry;
    const { kind, id, paths } = standIn;
    return kind === "secret" ? { id, src: paths[0] } : { id, paths };
  };
  const lists = Object.entries(asObject(printed)).map(([key, value]) =>
    (key === "secret" || key === "ssh") && Array.isArray(value) ? [key, value.map(own)] : [key, value],
  );
  return Object.fromEntries(lists);
};

/** Names the stand-in: a variable that is not set, or the socket by a path that no other one has. */
const markOf = ({ kind }: StandIn, index: number, { socket }: StandInPlace): string =>
  kind === "secret" ? `DOCKER_HYGIENE_STAND_IN_${index}` : socket.replace(/(?=[^/]+$)/, "./".repeat(index));

/**
 * Ids that may be that of a secret with this path, the likeliest first: bake names the path alone, and only it can read
 * its files. What is wrong among them is found out by trying.
 */
export const likelyIds = async (files: readonly string[], path: string): Promise<readonly string[]> => {
  const found = new Map<string, number>();
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => "");
    const places = placesOf(path, text);
    for (const { id, index } of writtenIds(text)) {
      const distance = Math.min(...places.map((place) => Math.abs(place - index)), text.length);
      found.set(id, Math.min(found.get(id) ?? Number.POSITIVE_INFINITY, distance));
    }
  }
  const ranked = [...found].sort(([, a], [, b]) => a - b).map(([id]) => id);
  return ranked.slice(0, mostTries);
};

const placesOf = (part: string, text: string): readonly number[] => {
  const places: number[] = [];
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) places.push(at);
  return places;
};

/** Each costs a call of bake. */
const mostTries = 16;

interface WrittenId {
  readonly id: string;
  readonly index: number;
}

/** `id=x` and `id = "x"` of Bake files, and the keys of a Compose file's own secrets. */
const writtenIds = (text: string): readonly WrittenId[] => {
  const ids = [...text.matchAll(/\bid["']?\s*[=:]\s*["']?([\w.-]+)/g)];
  const section = /^secrets:.*(?:\r?\n(?:[ \t].*)?)*/m.exec(text);
  const keys = [...(section?.[0] ?? "").matchAll(/(?<![\w.-])([\w.-]+)["']?\s*:/g)];
  return [
    ...ids.map(({ 1: id = "", index }) => ({ id, index })),
    ...keys.map(({ 1: id = "", index }) => ({ id, index: index + (section?.index ?? 0) })),
  ].filter(({ id }) => !["secrets", "file", "environment", "external", "name"].includes(id));
};
