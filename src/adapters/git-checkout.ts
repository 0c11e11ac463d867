import { execFile } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { recordProcess } from "./process-records.ts";

export interface CheckoutRequest {
  /** Folder of the repository's own working tree; nothing in it is changed. */
  readonly repository: string;
  /** Full name of a commit, or of a branch. */
  readonly commit: string;
  /** A folder that does not exist yet; removing it leaves nothing behind. The one around it may note processes. */
  readonly into: string;
  /** Where a shallow clone gets what it lacks. */
  readonly remote: { readonly url: string; readonly serverUrl: string; readonly token: string } | undefined;
  readonly signal: AbortSignal;
}

export type Checkout =
  | { readonly status: "done"; readonly commit: string }
  | { readonly status: "impossible"; readonly reason: string };

/**
 * Checks another commit out beside the working tree. A repository of its own borrows the objects, rather than a
 * worktree that git would have to be told to forget; what is not there is fetched, one commit deep.
 */
export const checkOutBeside = async (request: CheckoutRequest): Promise<Checkout> => {
  const { commit } = request;
  if (!/^(?!-)[\w./@+#-]+$/.test(commit)) return { status: "impossible", reason: "its name is not one of git's" };
  const git = newGit(request);
  try {
    await borrow(request, git);
    const has = await git.attempt(["rev-parse", "--verify", "--quiet", `${commit}^{commit}`]);
    if (isCommitName(commit) && has.code === 0 && (await git.attempt(checkout(commit))).code === 0) {
      return { status: "done", commit };
    }
    await fetchCommit(request, git);
    await git.run(checkout("FETCH_HEAD"));
    const fetched = await git.run(["rev-parse", "HEAD"]);
    return { status: "done", commit: fetched.trim() };
  } catch (error) {
    return { status: "impossible", reason: error instanceof Error ? error.message : String(error) };
  }
};

const isCommitName = (name: string): boolean => /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(name);

const checkout = (commit: string): readonly string[] => ["checkout", "--quiet", "--force", "--detach", commit, "--"];

const borrow = async ({ repository, into }: CheckoutRequest, git: Git): Promise<void> => {
  const [objects = "", shallow = "", format = "sha1"] = (
    await git.run(
      ["rev-parse", "--path-format=absolute", "--git-path", "objects", "--git-path", "shallow", "--show-object-format"],
      repository,
    )
  )
    .trim()
    .split("\n");
  await mkdir(into, { recursive: true });
  await git.run(["init", "--quiet", `--object-format=${format}`]);
  await mkdir(join(into, ".git/objects/info"), { recursive: true });
  await writeFile(join(into, ".git/objects/info/alternates"), `${objects}\n`);
  await copyFile(shallow, join(into, ".git/shallow")).catch(() => undefined);
};

const fetchCommit = async ({ repository, commit, remote }: CheckoutRequest, git: Git): Promise<void> => {
  const origin = (await git.attempt(["remote", "get-url", "origin"], repository)).stdout.trim();
  const url = origin === "" ? remote?.url : origin;
  if (url === undefined) throw new Error("this clone does not have it, and no remote to ask");
  await git.run(["fetch", "--quiet", "--depth=1", "--no-tags", "--", url, commit]);
};

interface Git {
  readonly run: (argv: readonly string[], folder?: string) => Promise<string>;
  readonly attempt: (argv: readonly string[], folder?: string) => Promise<Answer>;
}

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const patience = 300_000;

const newGit = ({ into, remote, signal }: CheckoutRequest): Git => {
  const env = environment(remote);
  const attempt = (argv: readonly string[], folder = into): Promise<Answer> =>
    new Promise((resolve) => {
      const hardened = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", folder];
      const child = execFile(
        "git",
        [...hardened, ...argv],
        { env, signal, timeout: patience, maxBuffer: 1024 * 1024, windowsHide: true },
        (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, stdout, stderr: stderr || String(error) }),
      );
      // Its environment holds the token.
      if (child.pid !== undefined) recordProcess(dirname(into), child.pid);
    });
  return {
    attempt,
    run: async (argv, folder) => {
      const { code, stdout, stderr } = await attempt(argv, folder);
      if (code !== 0) throw new Error(reasonOf(stderr));
      return stdout;
    },
  };
};

/** The token goes where no list of processes shows it, and to its own server alone. */
const environment = (remote: CheckoutRequest["remote"]): Record<string, string> => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !/^(GIT_|INPUT_|ACTIONS_)/i.test(entry[0]),
    ),
  ),
  GIT_TERMINAL_PROMPT: "0",
  GIT_LFS_SKIP_SMUDGE: "1",
  LC_ALL: "C",
  ...(remote === undefined || remote.token === "" || !/^https?:\/\//.test(remote.serverUrl)
    ? {}
    : {
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: `http.${remote.serverUrl}/.extraheader`,
        GIT_CONFIG_VALUE_0: `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${remote.token}`).toString("base64")}`,
      }),
});

const reasonOf = (stderr: string): string => {
  const line = stderr.split("\n").find((one) => one.trim() !== "") ?? "";
  if (/dubious ownership/.test(stderr)) return "the repository belongs to another user, so git does not read it";
  if (/not a git repository/.test(stderr)) return "the checkout is not a git repository";
  if (/ENOENT/.test(line)) return "git is not installed";
  return line.replace(/^(fatal|error): /, "").slice(0, 200) || "git failed";
};
