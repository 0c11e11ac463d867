import { randomBytes } from "node:crypto";
import { stripTerminalCodes } from "../build/terminal-codes.ts";
import type { Engine } from "../ports.ts";
import { runDocker } from "./buildx-process.ts";

/** The builder of a run. */
export type Exporter = {
  /** Undefined: buildx's own choice. */
  readonly builder: string | undefined;
  readonly remove: () => Promise<void>;
} & ({ readonly canExport: true } | { readonly canExport: false; readonly reason: string });

const patience = 120_000;

/**
 * Docker's classic image store exports no OCI layout, so a builder of its own (driver docker-container) is made for
 * the run and removed after it. Where that is impossible, images are built and not measured, and the reason is told.
 */
export const provideExporter = async (request: {
  readonly engine: Engine & { readonly status: "ready" };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly isWanted: boolean;
}): Promise<Exporter> => {
  const { engine, environment, signal } = request;
  const given = { builder: engine.builder, remove: async () => {} };
  if (engine.canExportOci) return { ...given, canExport: true };
  const cannot = "Docker's classic image store exports no layers";
  if (!request.isWanted) return { ...given, canExport: false, reason: cannot };

  const name = `docker-hygiene-${randomBytes(6).toString("hex")}`;
  const remove = async (): Promise<void> => {
    await runDocker(["buildx", "rm", "--force", name], { environment, timeout: patience });
  };
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
