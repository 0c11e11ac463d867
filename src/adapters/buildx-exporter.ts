import { randomBytes } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stripTerminalCodes } from "../build/terminal-codes.ts";
import type { Engine } from "../ports.ts";
import { runDocker } from "./buildx-process.ts";

/** The builder of a run. */
export type Exporter = {
  /** Undefined: buildx's own choice. */
  readonly builder: string | undefined;
  readonly remove: () => Promise<void>;
} & ({ readonly canExport: true } | { readonly canExport: false; readonly reason: string });

/** How the folder of a run begins. */
export const runFolder = "docker-hygiene-build-";

const patience = 120_000;
const builderFile = "builder";

/**
 * Docker's classic image store exports no OCI layout, so a builder of its own (driver docker-container) is made for
 * the run and removed after it. Where that is impossible, images are built and not measured, and the reason is told.
 */
export const provideExporter = async (request: {
  readonly engine: Engine & { readonly status: "ready" };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly isWanted: boolean;
  /** The run's own folder: it remembers the builder, should the run be killed. */
  readonly folder: string;
}): Promise<Exporter> => {
  const { engine, environment, signal } = request;
  const given = { builder: engine.builder, remove: async () => {} };
  if (engine.canExportOci) return { ...given, canExport: true };
  const cannot = "Docker's classic image store exports no layers";
  if (!request.isWanted) return { ...given, canExport: false, reason: cannot };

  const name = `docker-hygiene-${randomBytes(6).toString("hex")}`;
  const remove = async (): Promise<void> => removeBuilder(name, environment);
  await writeFile(join(request.folder, builderFile), name);
  const created = await runDocker(["buildx", "create", "--name", name, "--driver", "docker-container", "--bootstrap"], {
    environment,
    signal,
    timeout: patience,
  });
  if (created.code === 0) return { builder: name, remove, canExport: true };
  await remove();
  const said = stripTerminalCodes(created.stderr)
    .trim()
    .split("\n")
    .at(-1)
    ?.replace(/^ERROR: /, "");
  return {
    ...given,
    canExport: false,
    reason: `${cannot}, and no builder of its own could be made for the run: ${said || "buildx gave no reason"}. Turn on the containerd image store, or use docker/setup-buildx-action before`,
  };
};

/** Removes what runs in this folder left behind when they were killed: builders and files. Never rejects. */
export const removeLeftovers = async (
  temporaryFolder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> => {
  const names = await readdir(temporaryFolder).catch(() => []);
  for (const name of names.filter((entry) => entry.startsWith(runFolder))) {
    const folder = join(temporaryFolder, name);
    const builder = await readFile(join(folder, builderFile), "utf8").catch(() => "");
    if (/^docker-hygiene-[0-9a-f]+$/.test(builder)) await removeBuilder(builder, environment);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
};

const removeBuilder = async (
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> => {
  await runDocker(["buildx", "rm", "--force", name], { environment, timeout: patience });
};
