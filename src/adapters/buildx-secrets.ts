import { open, readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { largestSecret, type Supplied, type SuppliedSecret } from "../build/preflight.ts";
import { inlineVariable } from "../build/secret-inputs.ts";
import { keyState } from "../build/ssh-key.ts";
import type { Secret, SshForward } from "../build/target.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The values behind secrets, to be masked in what is printed; one that cannot be read has none.
 * A file over BuildKit's limit is left out: no build gets it.
 */
export const readSecretValues = async (
  secrets: readonly Secret[],
  environment: Environment,
): Promise<readonly Uint8Array[]> => {
  const values = await Promise.all(secrets.map((secret) => readSecret(secret, environment)));
  return values.filter((value) => value !== undefined);
};

/** Key files of forwards, as secrets to be hidden and searched for; a socket among them has no value. */
export const keyFiles = (ssh: readonly SshForward[]): readonly Secret[] =>
  ssh.flatMap(({ id, paths }) => paths.map((path): Secret => ({ id: `ssh ${id}`, from: "file", path })));

/** What stands behind each id, for the checks before a build. */
export const inspectSupplies = async (
  secrets: readonly Secret[],
  ssh: readonly SshForward[],
  environment: Environment,
): Promise<Supplied> => ({
  secrets: new Map(
    await Promise.all(secrets.map(async (secret) => [secret.id, await inspectSecret(secret, environment)] as const)),
  ),
  ssh: new Map(
    await Promise.all(ssh.map(async (forward) => [forward.id, await inspectForward(forward, environment)] as const)),
  ),
});

const readSecret = async (secret: Secret, environment: Environment): Promise<Uint8Array | undefined> => {
  if (secret.from === "env") {
    const value = environment[secret.name];
    return value === undefined ? undefined : new TextEncoder().encode(value);
  }
  try {
    const { size } = await stat(resolve(secret.path));
    return size > largestSecret ? undefined : await readFile(resolve(secret.path));
  } catch {
    return undefined;
  }
};

const inspectSecret = async (secret: Secret, environment: Environment): Promise<SuppliedSecret> => {
  if (secret.from === "env") {
    const value = environment[secret.name];
    const isInline = secret.name.startsWith(inlineVariable);
    const source = isInline ? "its line in `secrets`" : `the environment variable \`${secret.name}\``;
    const state = value === undefined ? "missing" : value === "" ? "empty" : "ready";
    return { source, state, ...(isInline ? {} : { setBy: secret.name }) };
  }
  const source = `the file \`${secret.path}\``;
  try {
    const found = await stat(resolve(secret.path));
    if (!found.isFile()) return { source, state: "missing" };
    if (found.size > largestSecret) return { source, state: "too large" };
    if (found.size === 0) return { source, state: "empty" };
    const hasNul = (await readFile(resolve(secret.path))).includes(0);
    return { source, state: "ready", ...(hasNul ? { hasNul } : {}) };
  } catch {
    return { source, state: "missing" };
  }
};

const inspectForward = async (forward: SshForward, environment: Environment): Promise<SuppliedSecret> => {
  if (forward.paths.length === 0) {
    const socket = environment.SSH_AUTH_SOCK ?? "";
    if (socket === "") return { source: "SSH_AUTH_SOCK", state: "empty" };
    return { source: "SSH_AUTH_SOCK", state: (await exists(socket)) ? "ready" : "missing" };
  }
  for (const path of forward.paths) {
    const source = `\`${path}\``;
    if (!(await exists(path))) return { source, state: "missing" };
    const state = await keyFileState(path);
    if (state !== "ready") return { source, state };
  }
  return { source: forward.paths.join(", "), state: "ready" };
};

/** A socket is an agent and needs no look. */
const keyFileState = async (path: string): Promise<SuppliedSecret["state"]> => {
  const found = await stat(resolve(path));
  if (!found.isFile()) return "ready";
  try {
    const file = await open(resolve(path));
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(largestKey), 0, largestKey, 0);
      const state = keyState(buffer.toString("latin1", 0, bytesRead));
      return state === "open" ? "ready" : state;
    } finally {
      await file.close();
    }
  } catch {
    return "missing";
  }
};

const largestKey = 64 * 1024;

const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(resolve(path));
    return true;
  } catch {
    return false;
  }
};
