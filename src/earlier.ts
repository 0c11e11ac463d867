import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { repositoryOf } from "./adapters/git.ts";
import { type CheckoutRequest, checkOutBeside } from "./adapters/git-checkout.ts";
import { movedConfigs, movedSettings } from "./base-configs.ts";
import type { Configs } from "./config.ts";
import { UserError } from "./errors.ts";
import { parseBaseline } from "./report/baseline.ts";
import { renderBaseline } from "./report/json.ts";
import { auditAsRun, type NamedBaseline, type RunRequest, run } from "./run.ts";
import type { Settings } from "./settings.ts";
import { connectWorld } from "./world.ts";

export interface EarlierRequest {
  readonly settings: Settings;
  readonly configs: Configs;
  /** Of the builder's processes. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Private keys that the run's agent holds. */
  readonly sshKeys: readonly string[];
  readonly cwd: string;
  /** Commit or branch to compare with. */
  readonly base: string;
  /** How the base is called in what people read: `main`. */
  readonly branch: string;
  readonly remote: CheckoutRequest["remote"];
  /** The run's own, which is removed after it, by the post step if need be. */
  readonly temporaryFolder: string;
  readonly signal: AbortSignal;
}

export interface Earlier {
  readonly findings: () => Promise<ReadonlySet<string> | undefined>;
  readonly sizes: () => Promise<NamedBaseline | undefined>;
  /** Why something could not be compared, one sentence each. */
  readonly notes: () => readonly string[];
}

/** Audits and builds the base commit as this run does its own. Never fails: what is not to be had is a note. */
export const openEarlier = (request: EarlierRequest): Earlier => {
  const notes: string[] = [];
  let opening: ReturnType<typeof openBase> | undefined;
  const withBase = async <T>(what: string, use: (base: OpenBase) => Promise<T>): Promise<T | undefined> => {
    try {
      opening ??= openBase(request);
      return await use(await opening);
    } catch (error) {
      const reason = error instanceof UserError || error instanceof Error ? error.message : String(error);
      if (!request.signal.aborted) notes.push(`${what}: ${reason}`);
      return undefined;
    }
  };
  return {
    notes: () => notes,
    findings: () =>
      withBase("Old findings could not be told from new ones, so all count", async ({ run: base }) => {
        const found = await auditAsRun(base);
        return new Set(found.map(({ fingerprint }) => fingerprint));
      }),
    sizes: () =>
      withBase("The base commit could not be built to compare sizes with", async ({ run: base, commit }) => {
        const report = await run(base);
        const failed = (report.targets ?? [])
          .filter(({ images }) => images.length === 0)
          .map(({ build }) => build.target.id);
        if (failed.length > 0)
          notes.push(`${request.branch} at ${commit.slice(0, 7)} gave no size for ${failed.join(", ")}`);
        return {
          name: request.branch,
          from: `at ${commit.slice(0, 7)}, built for this run`,
          sizes: parseBaseline(renderBaseline(report), request.branch),
        };
      }),
  };
};

interface OpenBase {
  readonly commit: string;
  readonly run: RunRequest;
}

const openBase = async (request: EarlierRequest): Promise<OpenBase> => {
  const { configs, environment, sshKeys, cwd, temporaryFolder, signal } = request;
  const repository = repositoryOf(cwd);
  if (repository === undefined) throw new UserError("the checkout is not a git repository");
  const folder = join(temporaryFolder, "base");
  const checkout = await checkOutBeside({
    repository,
    commit: request.base,
    into: folder,
    remote: request.remote,
    signal,
  });
  if (checkout.status === "impossible")
    throw new UserError(`${request.base.slice(0, 40)} is not to be had: ${checkout.reason}`);
  const move = { from: repository, to: folder };
  const baseCwd = resolve(folder, relative(repository, cwd));
  await mkdir(baseCwd, { recursive: true });
  const settings = onlyThere(movedSettings(request.settings, move), baseCwd);
  return {
    commit: checkout.commit,
    run: {
      settings,
      configs: movedConfigs(configs, move),
      world: connectWorld({
        cwd: baseCwd,
        builder: settings.builder,
        environment,
        sshKeys,
        temporaryFolder,
      }),
      signal,
    },
  };
};

/** What is new in this commit cannot be looked for in the other one. */
const onlyThere = (settings: Settings, cwd: string): Settings => {
  const isThere = (path: string): boolean => existsSync(resolve(cwd, path));
  const paths = settings.paths.filter(isThere);
  return {
    ...settings,
    // An empty list would mean everything.
    paths: settings.paths.length > 0 && paths.length === 0 ? [".git"] : paths,
    bake: { ...settings.bake, files: settings.bake.files.filter(isThere) },
  };
};
