import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BakeDefinition } from "../build/bake.ts";
import { stripTerminalCodes } from "../build/terminal-codes.ts";
import { UserError } from "../errors.ts";
import { asArray, asObject, asText, at } from "../image/json-reading.ts";
import {
  type Absent,
  likelyIds,
  readAbsent,
  type StandIn,
  type StandInPlace,
  withoutStandIns,
  writeStandIns,
} from "./bake-stand-ins.ts";
import { type ProcessResult, runDocker } from "./buildx-process.ts";
import { shownPath } from "./shown-path.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const patience = 60_000;

/**
 * Reads Bake and Compose files by `docker buildx bake --print`, which builds nothing and runs nothing of theirs.
 * It refuses a target whose secret file or key is absent; such a target is read with something in their place, so that
 * the checks before the build can speak of the mount that lacks it. Throws a UserError for what else is wrong with a
 * file.
 */
export const readBake = async (request: {
  /** Absolute. */
  readonly files: readonly string[];
  /** Absolute: where bake is to run. */
  readonly folder: string;
  readonly environment: Environment;
  readonly temporaryFolder: string | undefined;
}): Promise<BakeDefinition> => {
  const shown = request.files.map((file) => shownPath(process.cwd(), file)).join(", ");
  const own = await mkdtemp(join(request.temporaryFolder ?? tmpdir(), "docker-hygiene-bake-"));
  const place = { file: join(own, "overrides.json"), socket: join(own, "agent") };
  const agent = await standInAgent(request.environment, place.socket);
  const bake = (...argv: readonly string[]): Promise<ProcessResult> =>
    runDocker(["buildx", "bake", ...request.files.flatMap((file) => ["--file", file]), ...argv], {
      environment: agent.environment,
      folder: request.folder,
      timeout: patience,
    });
  try {
    const list = await bake("--list", "type=targets,format=json");
    if (list.code !== 0) throw new UserError(`bake: ${shown} cannot be read: ${explain(list)}`);
    const { names, groups } = readList(list.stdout);
    if (names.length === 0) return { folder: request.folder, shown, targets: new Map(), groups, notes: [] };
    const { targets, notes } = await printTargets(names, {
      bake,
      shown,
      files: request.files,
      place,
    });
    const inOrder = [...targets].sort(([a], [b]) => names.indexOf(a) - names.indexOf(b));
    return { folder: request.folder, shown, targets: new Map(inOrder), groups, notes };
  } finally {
    await agent.close();
    await rm(own, { recursive: true, force: true, maxRetries: 3 });
  }
};

interface Session {
  readonly bake: (...argv: readonly string[]) => Promise<ProcessResult>;
  readonly shown: string;
  readonly files: readonly string[];
  readonly place: StandInPlace;
}

const printTargets = async (
  names: readonly string[],
  session: Session,
): Promise<Pick<BakeDefinition, "targets" | "notes">> => {
  const { bake, shown } = session;
  const together = await bake("--print", ...names);
  if (together.code === 0) return { targets: readPrint(together.stdout), notes: [] };
  const targets = new Map<string, unknown>();
  const notes: string[] = [];
  const standIns: StandIn[] = [];
  // What a target is built on may lack a file too, and comes to be known in its own turn.
  const again: string[] = [];
  for (const name of names) if (!(await printOne(name, session, standIns, targets))) again.push(name);
  for (const name of again) {
    if (await printOne(name, session, standIns, targets)) continue;
    const bare = await bake("--print", "--set", "*.secrets=", "--set", "*.ssh=", name);
    if (bare.code !== 0) throw new UserError(`bake: ${shown} cannot be read: ${explain(bare)}`);
    for (const [key, value] of readPrint(bare.stdout)) if (!targets.has(key) || key === name) targets.set(key, value);
    const alone = await bake("--print", name);
    notes.push(`The target \`${name}\` of ${shown} is taken without its secrets and ssh keys: ${explain(alone)}`);
  }
  return { targets, notes };
};

/** Adds a target with those that it is built on, and stand-ins for what it lacks; false when that does not help. */
const printOne = async (
  name: string,
  session: Session,
  known: StandIn[],
  targets: Map<string, unknown>,
): Promise<boolean> => {
  const standIns = [...known];
  for (let round = 0; round < mostAbsent; round++) {
    const printed = await printWith(standIns, name, session);
    if (typeof printed !== "string") {
      known.splice(0, known.length, ...standIns);
      for (const [key, value] of printed) targets.set(key, withoutStandIns(value, session.place, standIns));
      return true;
    }
    const absent = readAbsent(printed);
    const found = absent && (await standInFor(absent, standIns, name, session));
    if (found === undefined) return false;
    standIns.push(found);
  }
  return false;
};

/** Files of one target that may be absent; each costs calls of bake. */
const mostAbsent = 12;

const standInFor = async (
  absent: Absent,
  standIns: readonly StandIn[],
  target: string,
  session: Session,
): Promise<StandIn | undefined> => {
  const helps = async (tried: StandIn): Promise<boolean> => {
    const printed = await printWith([...standIns, tried], target, session);
    return typeof printed !== "string" || JSON.stringify(readAbsent(printed)) !== JSON.stringify(absent);
  };
  const ids = absent.kind === "ssh" ? [absent.id] : await likelyIds(session.files, absent.path);
  const paths = absent.kind === "ssh" ? absent.paths : [absent.path];
  for (const id of ids) {
    const tried: StandIn = { target, kind: absent.kind, id, paths };
    if (await helps(tried)) return tried;
  }
  return undefined;
};

/** The targets by their names, or why there are none. */
const printWith = async (
  standIns: readonly StandIn[],
  name: string,
  { bake, place }: Session,
): Promise<ReadonlyMap<string, unknown> | string> => {
  await writeStandIns(place, standIns);
  const result = await bake(...(standIns.length === 0 ? [] : ["--file", place.file]), "--print", name);
  return result.code === 0 ? readPrint(result.stdout) : explain(result);
};

const readList = (text: string): { readonly names: readonly string[]; readonly groups: BakeDefinition["groups"] } => {
  const entries = asArray(parse(text)).map((entry) => ({
    name: asText(at(entry, "name")) ?? "",
    members: (asText(at(entry, "description")) ?? "").split(",").map((name) => name.trim()),
    isGroup: at(entry, "group") === true,
  }));
  const groups = new Map(entries.filter(({ isGroup }) => isGroup).map(({ name, members }) => [name, members] as const));
  return {
    names: entries.filter(({ isGroup }) => !isGroup).map(({ name }) => name),
    groups: new Map([...groups.keys()].map((name) => [name, membersOf(name, groups, [])])),
  };
};

/** A group may hold groups. */
const membersOf = (
  name: string,
  groups: ReadonlyMap<string, readonly string[]>,
  from: readonly string[],
): readonly string[] =>
  (groups.get(name) ?? []).flatMap((member) =>
    groups.has(member) && member !== name && !from.includes(member)
      ? membersOf(member, groups, [...from, name])
      : [member],
  );

const readPrint = (text: string): ReadonlyMap<string, unknown> =>
  new Map(Object.entries(asObject(at(parse(text, literally), "target"))));

/** What it prints is a Bake file again, whose texts are templates. */
const literally = (_key: string, value: unknown): unknown =>
  typeof value === "string" ? value.replace(/([$%])\1(?=\{)/g, "$1") : value;

const parse = (text: string, reviver?: Parameters<typeof JSON.parse>[1]): unknown => {
  try {
    return JSON.parse(text, reviver);
  } catch {
    return undefined;
  }
};

/** Bake refuses keys and agents that are absent, although it only prints: a socket that nobody reads will do. */
const standInAgent = async (
  environment: Environment,
  path: string,
): Promise<{ readonly environment: Environment; readonly close: () => Promise<void> }> => {
  const socket = environment.SSH_AUTH_SOCK ?? "";
  const isThere =
    socket !== "" &&
    (await stat(socket).then(
      () => true,
      () => false,
    ));
  const server = createServer((connection) => connection.destroy());
  await new Promise<void>((resolve) => {
    server.once("error", () => resolve());
    server.listen(path, resolve);
  });
  return {
    environment: isThere ? environment : { ...environment, SSH_AUTH_SOCK: path },
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** The last `ERROR:` line, which names file and line where it can. */
const explain = ({ stderr, timedOut }: ProcessResult): string => {
  if (timedOut) return `docker buildx bake gave no answer within ${patience / 1000} seconds`;
  const lines = stripTerminalCodes(stderr).trim().split("\n");
  const error = lines.findLast((line) => line.startsWith("ERROR: ")) ?? lines.at(-1) ?? "";
  return error.replace(/^ERROR: /, "") || "docker gave no reason";
};
