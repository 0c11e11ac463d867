import { baseOf, repositoryOf } from "./adapters/git.ts";
import { type Earlier, type EarlierRequest, openEarlier } from "./earlier.ts";
import { UserError } from "./errors.ts";
import { type Arguments, flags } from "./settings-flags.ts";

/** What `--only-new` compares with; undefined without it. Rejects with a UserError where there is no such commit. */
export const earlierFor = (
  given: Arguments,
  request: Omit<EarlierRequest, "base" | "branch" | "remote">,
): Earlier | undefined => {
  const name = given.values.get(flags.base.name);
  if (!given.values.has(flags.onlyNew.name)) {
    if (name === undefined) return undefined;
    throw new UserError("--base: it says what --only-new compares with, which is not given (on the command line).");
  }
  if (name === undefined)
    throw new UserError("--only-new: --base is missing, as in `--only-new --base main` (on the command line).");
  const repository = repositoryOf(request.cwd);
  if (repository === undefined)
    throw new UserError("--only-new: the current directory is in no git repository (on the command line).");
  const base = baseOf(repository, name);
  if (base.status === "unknown") throw new UserError(`--base: \`${name}\`: ${base.reason} (on the command line).`);
  return openEarlier({ ...request, base: base.commit, branch: name, remote: undefined });
};
