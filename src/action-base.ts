import { spawnSync } from "node:child_process";
import type { Forge } from "./adapters/github.ts";
import type { Occasion } from "./adapters/github-event.ts";

/**
 * The commit that this run is compared with, or the branch where nobody can tell: where what is checked out left the
 * base branch. A pull request is mostly checked out as its merge with the tip of that branch, which then is the answer,
 * so that what others changed is not laid at its door.
 */
export const findBase = async (
  forge: Pick<Forge, "mergeBase"> | undefined,
  occasion: Occasion | undefined,
  cwd: string,
): Promise<string | undefined> => {
  if (occasion?.base === undefined) return undefined;
  const { base, headSha, pull } = occasion;
  const named = base.sha ?? base.branch;
  if (forge === undefined || (pull === undefined && base.sha !== undefined)) return named;
  try {
    return await forge.mergeBase(base.branch, checkedOut(cwd) ?? headSha);
  } catch {
    return named;
  }
};

const checkedOut = (cwd: string): string | undefined => {
  const asked = spawnSync("git", ["rev-parse", "HEAD"], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    windowsHide: true,
  });
  return asked.status === 0 ? asked.stdout.trim() : undefined;
};
