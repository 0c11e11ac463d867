import { UserError } from "../errors.ts";
import { type Origin, readRecords } from "./records.ts";
import type { SshForward } from "./target.ts";

/**
 * `ssh`: `default` (the agent), `id=socket-or-key` or `id=key1,key2`; entries are separated by lines or commas.
 * After `id=path`, a part without `=` is a further key of that id, as buildx reads it.
 */
export const parseSsh = (text: string, origin: Origin): readonly SshForward[] => {
  const forwards = readRecords(text, origin).flatMap((record) => {
    const entries: { readonly id: string; readonly paths: string[] }[] = [];
    for (const part of record.text.split(",").map((word) => word.trim())) {
      if (part === "") continue;
      const equals = part.indexOf("=");
      const last = entries.at(-1);
      if (equals === -1 && last !== undefined && last.paths.length > 0) last.paths.push(part);
      else if (equals === -1) entries.push({ id: part, paths: [] });
      else entries.push({ id: part.slice(0, equals), paths: [part.slice(equals + 1)] });
    }
    if (entries.some(({ id, paths }) => !/^[A-Za-z0-9_.-]+$/.test(id) || paths.includes(""))) {
      throw new UserError(
        `${origin.setting}: line ${record.line} is not \`default\`, \`id=socket\` or \`id=key,key\` (${origin.where}). Give the path of a key, not the key.`,
      );
    }
    return entries;
  });
  const twice = forwards.find(({ id }, index) => forwards.findIndex((other) => other.id === id) < index);
  if (twice !== undefined) throw new UserError(`${origin.setting}: \`${twice.id}\` is given twice (${origin.where}).`);
  return forwards;
};

/** `build-args`: `NAME=value` per line, or `NAME` alone for the value of that environment variable (undefined here). */
export const parseBuildArgs = (text: string, origin: Origin): ReadonlyMap<string, string | undefined> =>
  new Map(
    readRecords(text, origin)
      .map((record) => ({ ...record, text: record.text.trim() }))
      .filter((record) => record.text !== "")
      .map(({ text: entry, line }) => {
        const equals = entry.indexOf("=");
        const name = equals === -1 ? entry : entry.slice(0, equals);
        if (!/^[A-Za-z_][A-Za-z0-9_.:-]*$/.test(name)) {
          throw new UserError(
            `${origin.setting}: line ${line} is not \`NAME=value\` (${origin.where}). Quote a value of several lines: "NAME=first⏎second".`,
          );
        }
        return [name, equals === -1 ? undefined : entry.slice(equals + 1)] as const;
      }),
  );

/** `build-contexts`: `name=folder`, `name=docker-image://…`, `name=https://…`, one per line. */
export const parseBuildContexts = (text: string, origin: Origin): ReadonlyMap<string, string> =>
  new Map(
    readRecords(text, origin)
      .map((record) => ({ ...record, text: record.text.trim() }))
      .filter((record) => record.text !== "")
      .map(({ text: entry, line }) => {
        const [name, value] = [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)];
        if (!entry.includes("=") || name === "" || value === "") {
          throw new UserError(
            `${origin.setting}: line ${line} is not \`name=folder\` or \`name=docker-image://reference\` (${origin.where}).`,
          );
        }
        return [name, value] as const;
      }),
  );
