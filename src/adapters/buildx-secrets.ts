import { open, readFile, stat } from "node:fs/promises";
import { connect } from "node:net";
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
    if (found.isDirectory()) return { source: `the folder \`${secret.path}\``, state: "no file" };
    if (!found.isFile()) return { source, state: "no file" };
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
    const state = await forwardedState(socket, true);
    return { source: "SSH_AUTH_SOCK", state: state === "ready" || state === "no agent" ? state : "missing" };
  }
  for (const path of forward.paths) {
    const state = await forwardedState(path, forward.paths.length === 1);
    if (state !== "ready") return { source: `\`${path}\``, state };
  }
  return { source: forward.paths.join(", "), state: "ready" };
};

/** What stands at a path of a forward: buildx takes key files, or the socket of an agent alone. */
const forwardedState = async (path: string, isAlone: boolean): Promise<SuppliedSecret["state"]> => {
  const found = await stat(resolve(path)).catch(() => undefined);
  if (found === undefined) return "missing";
  if (found.isSocket()) return isAlone ? agentState(path) : "not alone";
  if (found.isDirectory()) return "no key";
  // What can be read but once is left to the build.
  return found.isFile() ? keyFileState(path) : "ready";
};

const agentState = (path: string): Promise<SuppliedSecret["state"]> =>
  new Promise((answer) => {
    const socket = connect(resolve(path));
    socket.once("connect", () => {
      socket.destroy();
      answer("ready");
    });
    // An agent that is busy lets others wait.
    socket.once("error", (error) => answer(isBusy(error) ? "ready" : "no agent"));
  });

const isBusy = (error: Error): boolean => (error as NodeJS.ErrnoException).code === "EAGAIN";

const keyFileState = async (path: string): Promise<SuppliedSecret["state"]> => {
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
