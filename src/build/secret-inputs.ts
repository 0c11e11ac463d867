import { UserError } from "../errors.ts";
import { type ListRecord, type Origin, readList, readRecords, splitFields } from "./records.ts";
import type { Secret } from "./target.ts";

/** A secret written into a setting. The value is handed to the builder's environment and to nothing else. */
export interface InlineSecret {
  readonly id: string;
  /** May be empty: on a pull request from a fork, `${{ secrets.X }}` is. */
  readonly value: string;
}

/**
 * `secrets`: one `id=value` per line, white space and commas of the value kept; a value of several lines is a
 * quoted record, `"id=first⏎second"`. No message ever holds a part of the text, which may be a stray line of a value.
 */
export const parseSecrets = (text: string, origin: Origin): readonly InlineSecret[] =>
  readRecords(text, origin)
    .filter((record) => record.text.trim() !== "")
    .map((record) => parseInlineSecret(record, origin));

/** `secret-envs`: `id=ENV_NAME`, one per line or separated by commas. */
export const parseSecretEnvs = (text: string, origin: Origin): readonly Secret[] =>
  readList(text, origin).map((entry, index) => {
    const [id, name] = splitPair(entry);
    if (!isSecretId(id) || name === undefined || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new UserError(
        `${origin.setting}: entry ${index + 1} is not \`id=ENVIRONMENT_VARIABLE\` (${origin.where}). A value itself belongs into \`secrets\`.`,
      );
    }
    return { id, from: "env", name };
  });

/** `secret-files`: `id=path`, one per line. */
export const parseSecretFiles = (text: string, origin: Origin): readonly Secret[] =>
  readRecords(text, origin)
    .filter((record) => record.text.trim() !== "")
    .map((record) => {
      const [id, path] = splitPair(record.text.trim());
      if (!isSecretId(id) || path === undefined || path === "") {
        throw new UserError(`${origin.setting}: line ${record.line} is not \`id=path\` (${origin.where}).`);
      }
      return { id, from: "file", path };
    });

/**
 * One `--secret` as buildx reads it: `id=x,env=NAME`, `id=x,src=path`, `id=x,type=env,src=NAME`, or `id=NAME` alone,
 * which is the environment variable of that name when it is set and else the file of that name.
 */
export const parseSecretFlag = (text: string, origin: Origin, isSet: (name: string) => boolean): Secret => {
  const refuse = (): never => {
    throw new UserError(
      `${origin.setting}: the form is \`id=ID,env=VARIABLE\` or \`id=ID,src=FILE\` (${origin.where}); a value itself is never an argument.`,
    );
  };
  const fields = new Map<string, string>();
  for (const field of splitFields(text) ?? refuse()) {
    const [key, value] = splitPair(field);
    const name = key.trim().toLowerCase();
    if (value === undefined || !["id", "env", "src", "source", "type"].includes(name)) return refuse();
    fields.set(name === "source" ? "src" : name, value);
  }
  const id = fields.get("id") ?? "";
  const type = fields.get("type");
  if (!isSecretId(id) || (type !== undefined && type !== "env" && type !== "file")) return refuse();
  const environmentName = fields.get("env") ?? (type === "env" ? (fields.get("src") ?? id) : undefined);
  if (environmentName !== undefined) return { id, from: "env", name: environmentName };
  const path = fields.get("src");
  if (path !== undefined) return { id, from: "file", path };
  return type !== "file" && isSet(id) ? { id, from: "env", name: id } : { id, from: "file", path: id };
};

/** What the private environment variables of inline values begin with. */
export const inlineVariable = "DOCKER_HYGIENE_SECRET_";

/**
 * Gives each inline value a private environment variable, which only the builder's process gets: values are on no
 * disk and in no argument list. (The settings themselves came through the environment, so they fit into it.)
 */
export const placeSecrets = (
  inline: readonly InlineSecret[],
): { readonly secrets: readonly Secret[]; readonly environment: ReadonlyMap<string, string> } => {
  const named = inline.map(({ id, value }, index) => ({ id, value, name: `${inlineVariable}${index}` }));
  return {
    secrets: named.map(({ id, name }) => ({ id, from: "env", name })),
    environment: new Map(named.map(({ name, value }) => [name, value])),
  };
};

/** Refuses two sources for one id: BuildKit's cache does not tell their values apart, so either may win. */
export const requireUniqueSecrets = (secrets: readonly Secret[]): readonly Secret[] => {
  const seen = new Set<string>();
  for (const { id } of secrets) {
    if (seen.has(id)) {
      throw new UserError(
        `the secret \`${id}\` is given twice (in \`secrets\`, \`secret-envs\` or \`secret-files\`); a build takes one value for an id.`,
      );
    }
    seen.add(id);
  }
  return secrets;
};

const parseInlineSecret = (record: ListRecord, origin: Origin): InlineSecret => {
  const [key, value] = splitPair(record.text);
  const id = key.trim();
  // A value of nothing but `=` is the padding of a stray base64 line.
  if (!isSecretId(id) || value === undefined || /^=+$/.test(value)) {
    throw new UserError(
      `${origin.setting}: line ${record.line} is not \`id=value\` (${origin.where}). Quote a value of several lines: "id=first⏎second".`,
    );
  }
  return { id, value };
};

const splitPair = (text: string): readonly [string, string | undefined] => {
  const equals = text.indexOf("=");
  return equals === -1 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
};

/** Narrower than BuildKit, so that a stray line of a value (a URL, base64, JSON) is seldom taken for an id. */
const isSecretId = (id: string): boolean => /^[A-Za-z0-9_.-]+$/.test(id);
