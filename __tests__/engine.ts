import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { namedTarget, type Target } from "../src/build/target.ts";

/** What tests against a real engine share. */

/** The path of a program, also of those that only root has on the PATH. */
export const find = (program: string): string | undefined =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .concat("/usr/sbin", "/sbin")
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));

export const isRoot = process.getuid?.() === 0;

export const canStartDaemon = isRoot && find("dockerd") !== undefined && find("unshare") !== undefined;

/** All that reaches the machine's own engine, and no more. */
export const engineEnvironment = (): Readonly<Record<string, string | undefined>> => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  DOCKER_HOST: process.env.DOCKER_HOST,
});

/** A target of a Dockerfile in a folder that is its context. */
export const targetIn = (folder: string, file: string, changes: Partial<Target> = {}): Target => ({
  ...namedTarget({
    id: file,
    dockerfile: file,
    dockerfileAbsolute: join(folder, file),
    stage: undefined,
    platforms: [],
  }),
  context: folder,
  ...changes,
});

/** Of all processes, as one text. */
export const argumentLists = (): string =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .join("\n");

/** A daemon of its own below a folder, in a network of its own: it would remove the bridge of the machine's. */
export const startDaemon = async (home: string, configuration: object, flags: readonly string[] = []) => {
  for (const name of ["buildx", "home"]) mkdirSync(join(home, name), { recursive: true });
  writeFileSync(join(home, "daemon.json"), JSON.stringify(configuration));
  const socket = `unix://${join(home, "docker.sock")}`;
  const paths = { "config-file": "daemon.json", "data-root": "data", "exec-root": "exec", pidfile: "pid" };
  const daemon = spawn(
    find("unshare")!,
    [
      ...["--net", find("dockerd")!],
      ...Object.entries(paths).map(([flag, name]) => `--${flag}=${join(home, name)}`),
      ...["--host", socket, "--bridge=none", "--iptables=false", "--ip6tables=false", ...flags],
    ],
    { stdio: "ignore", env: { PATH: process.env.PATH } },
  );
  const exited = new Promise<void>((resolve) => daemon.once("exit", () => resolve()));
  const environment = {
    PATH: process.env.PATH,
    HOME: join(home, "home"),
    DOCKER_HOST: socket,
    BUILDX_CONFIG: join(home, "buildx"),
  };
  for (let tries = 0; ; tries++) {
    try {
      execFileSync("docker", ["version"], { env: environment, stdio: "ignore" });
      break;
    } catch {
      if (tries > 100) throw new Error("the second daemon does not answer");
      await delay(200);
    }
  }
  return {
    environment,
    stop: async (): Promise<void> => {
      daemon.kill("SIGTERM");
      await exited;
    },
  };
};
