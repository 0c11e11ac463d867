import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";

/** What git knows of a folder. Paths are relative to the folder, with `/`. */
export type GitListing =
  | {
      readonly status: "listed";
      /** Tracked and there, or untracked and not ignored. */
      readonly files: readonly string[];
      /** Untracked repositories below, without the closing slash. */
      readonly repositories: readonly string[];
    }
  | { readonly status: "unknown"; readonly reason: string };

/** The nearest folder at or above that holds `.git`; undefined outside any repository. */
export const repositoryOf = (folder: string): string | undefined => {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return at;
    if (dirname(at) === at) return undefined;
  }
};

/** Lists the files of a folder of a working tree that match the pathspecs (all when there are none). */
export const listFiles = async (folder: string, pathspecs: readonly string[]): Promise<GitListing> => {
  const program = findGit();
  if (program === undefined) return notInstalled;
  const { getExecOutput } = await import(/* webpackMode: "eager" */ "@actions/exec");
  try {
    const { exitCode, stdout, stderr } = await getExecOutput(quoted(program), listArguments(folder, pathspecs), {
      silent: true,
      ignoreReturnCode: true,
      env: environment(),
    });
    return readListing(exitCode, stdout, stderr);
  } catch {
    return notInstalled;
  }
};

/** The same for rules, which are synchronous and ask for the build context only when they need it. */
export const listFilesNow = (folder: string): GitListing => {
  const result = spawnSync("git", listArguments(folder, []), {
    env: environment(),
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
    windowsHide: true,
  });
  if (result.error !== undefined) return notInstalled;
  return readListing(result.status ?? 1, result.stdout, result.stderr);
};

/** Whether git ignores the folder itself. */
export const isFolderIgnored = (folder: string): boolean =>
  spawnSync("git", [...hardened(folder), "check-ignore", "--quiet", "."], { env: environment(), windowsHide: true })
    .status === 0;

/**
 * The commit at which what is checked out left another commit or branch, or the tip of that one where they have nothing
 * in common or the clone does not tell.
 */
export const baseOf = (
  folder: string,
  name: string,
): { readonly status: "found"; readonly commit: string } | { readonly status: "unknown"; readonly reason: string } => {
  const ask = (...argv: readonly string[]) =>
    spawnSync("git", [...hardened(folder), ...argv], { env: environment(), encoding: "utf8", windowsHide: true });
  const named = ask("rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`);
  if (named.error !== undefined) return notInstalled;
  const commit = named.stdout.trim();
  if (named.status !== 0 && named.stderr !== "") return { status: "unknown", reason: reasonOf(named.stderr) };
  if (named.status !== 0) {
    const isShallow = ask("rev-parse", "--is-shallow-repository").stdout.trim() === "true";
    const wayOut =
      ", and the clone is shallow; `git fetch --unshallow` or, in a workflow, `fetch-depth: 0` completes it";
    return { status: "unknown", reason: `git knows no such commit${isShallow ? wayOut : ""}` };
  }
  const left = ask("merge-base", commit, "HEAD");
  return { status: "found", commit: left.status === 0 ? left.stdout.trim() : commit };
};

const notInstalled: GitListing & { readonly status: "unknown" } = { status: "unknown", reason: "git is not installed" };

/** Looked for here, because @actions/exec tells on stdout, where the report goes, of each folder it cannot look into. */
const findGit = (): string | undefined =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => resolve(folder, process.platform === "win32" ? "git.exe" : "git"))
    .find(isProgram);

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
};

/** As one word of the command line that @actions/exec takes apart. */
const quoted = (program: string): string => `"${program.replaceAll('"', '\\"')}"`;

/** A repository's own configuration must not start programs. */
const hardened = (folder: string): string[] => [
  "-c",
  "core.quotePath=false",
  "-c",
  "core.fsmonitor=false",
  "-C",
  folder,
];

/** `-t` tells what is tracked and deleted, in the same pass. */
const listArguments = (folder: string, pathspecs: readonly string[]): string[] => [
  ...hardened(folder),
  ...["ls-files", "-z", "-t", "--cached", "--deleted", "--others", "--exclude-standard", "--", ...pathspecs],
];

/** Variables of a running hook would lead git to another repository; inputs and the runner's tokens are not for it. */
const environment = (): Record<string, string> => {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      !/^(?:INPUT|ACTIONS)_/i.test(entry[0]) &&
      !/^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|OBJECT_DIRECTORY|LITERAL_PATHSPECS|GLOB_PATHSPECS|NOGLOB_PATHSPECS|ICASE_PATHSPECS)$/.test(
        entry[0],
      ),
  );
  return { ...Object.fromEntries(kept), GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" };
};

const readListing = (exitCode: number, stdout: string, stderr: string): GitListing => {
  if (exitCode !== 0) return { status: "unknown", reason: reasonOf(stderr) };
  const entries = stdout.split("\0").filter((entry) => entry !== "");
  const deleted = new Set(entries.filter((entry) => entry.startsWith("R ")).map((entry) => entry.slice(2)));
  const paths = new Set(entries.filter((entry) => !entry.startsWith("R ")).map((entry) => entry.slice(2)));
  const present = [...paths].filter((path) => !deleted.has(path));
  return {
    status: "listed",
    files: present.filter((path) => !path.endsWith("/")),
    repositories: present.filter((path) => path.endsWith("/")).map((path) => path.slice(0, -1)),
  };
};

const reasonOf = (stderr: string): string => {
  if (stderr.includes("dubious ownership")) return "the repository belongs to another user, so git does not read it";
  if (stderr.includes("not a git repository")) return "it is not a git repository";
  return stderr.split("\n")[0]?.replace(/^fatal: /, "") || "git failed";
};
