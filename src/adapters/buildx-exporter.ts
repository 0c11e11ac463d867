import { randomBytes } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Engine } from "../ports.ts";
import { runDocker } from "./buildx-process.ts";
import { removeImages } from "./docker-save.ts";

/** How the images of a run are had for measuring. */
export type Exporter = {
  /** Undefined: buildx's own choice. */
  readonly builder: string | undefined;
  readonly remove: () => Promise<void>;
} & (
  | { readonly how: "nothing" }
  /** `store`: what the builder cannot pull may lie in the engine's own store. */
  | { readonly how: "layout"; readonly store: ImageStore | undefined }
  /** They are built into the engine's own store, saved, and removed from it. */
  | { readonly how: "save"; readonly store: ImageStore }
);

/** The engine's own store of images. */
export interface ImageStore {
  readonly builder: string | undefined;
  /** Images of the run have this name and a tag of their own. */
  readonly repository: string;
}

/** How the folder of a run begins. */
export const runFolder = "docker-hygiene-build-";

const patience = 120_000;
/** The file in it that holds the name that a run gives to its builder and its images. */
export const leftoverName = "name";

/**
 * Docker's classic image store exports no OCI layout, so a builder of its own (driver docker-container) is made for
 * the run and removed after it. Where that is impossible, images are built into the store and saved from there.
 */
export const provideExporter = async (request: {
  readonly engine: Engine & { readonly status: "ready" };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly isWanted: boolean;
  /** The builds' own folder: it remembers the name, should the run be killed. */
  readonly folder: string;
}): Promise<Exporter> => {
  const { engine, environment, signal } = request;
  const { builder, canExportOci } = engine;
  const given = { builder, remove: async () => {} };
  if (!request.isWanted) return { ...given, how: "nothing" };
  if (canExportOci) return { ...given, how: "layout", store: undefined };

  const name = `docker-hygiene-${randomBytes(6).toString("hex")}`;
  await writeFile(join(request.folder, leftoverName), name);
  const store = { builder, repository: name };
  const created = await runDocker(["buildx", "create", "--name", name, "--driver", "docker-container", "--bootstrap"], {
    environment,
    signal,
    timeout: patience,
  });
  const remove = (): Promise<void> => removeNamed(name, environment);
  if (created.code === 0) return { builder: name, remove, how: "layout", store };
  await removeBuilder(name, environment);
  return { builder, remove, how: "save", store };
};

/** Removes what runs in this folder left behind when they were killed: builders, images and files. Never rejects. */
export const removeLeftovers = async (
  temporaryFolder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> => {
  const names = await readdir(temporaryFolder).catch(() => []);
  for (const name of names.filter((entry) => entry.startsWith(runFolder))) {
    const folder = join(temporaryFolder, name);
    const given = await readFile(join(folder, leftoverName), "utf8").catch(() => "");
    if (/^docker-hygiene-[0-9a-f]+$/.test(given)) await removeNamed(given, environment);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
};

const removeNamed = async (name: string, environment: Readonly<Record<string, string | undefined>>): Promise<void> => {
  await removeBuilder(name, environment);
  await removeImages(name, environment);
};

const removeBuilder = async (
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> => {
  await runDocker(["buildx", "rm", "--force", name], { environment, timeout: patience });
};
