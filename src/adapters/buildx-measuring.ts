import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Target } from "../build/target.ts";
import type { Image } from "../image/image.ts";
import type { BuiltTarget, Docker, Measure } from "../ports.ts";
import type { Call, Outcome } from "./buildx-call.ts";
import { inLane } from "./buildx-lanes.ts";
import { saveImages, withEstimatedPull } from "./docker-save.ts";

export type Measured = Pick<BuiltTarget, "images" | "measureError">;

interface Session {
  readonly measure: Measure | undefined;
  readonly folder: string;
  readonly run: Parameters<Docker["build"]>[1];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly redact: (text: string) => string;
}

/**
 * Exports a built target into one layout folder, which stores a shared layer once, and measures it: one at a time,
 * because two writers corrupt a layout. Sizes, layers and lines all come from that one export.
 */
export const layoutMeasuring = (
  session: Session & {
    readonly builder: string | undefined;
    readonly call: (target: Target, index: number, to: Pick<Call, "step" | "output" | "builder">) => Promise<Outcome>;
  },
): ((target: Target, index: number) => Promise<Measured>) => {
  const layout = join(session.folder, "layout");
  const exportLane = inLane();
  const measureLane = inLane();
  const exportOne = async (target: Target, index: number): Promise<Outcome> => {
    const output = { type: "oci", folder: layout } as const;
    const exported = await session.call(target, index, { step: "export", output, builder: session.builder });
    // What is half written would take the room of the next one.
    if (exported.status !== "done") await rm(join(layout, "ingest"), { recursive: true, force: true, maxRetries: 3 });
    return exported;
  };
  return async (target, index) => {
    const exported = await exportLane(() => exportOne(target, index));
    if (exported.status === "stopped") return unmeasured("the run was stopped before the image was exported");
    if (exported.status === "failed") return unmeasured(`the image could not be exported: ${exported.failure.message}`);
    if (!(await session.run.isAsPlanned(target))) {
      return unmeasured("the Dockerfile was changed before the image was exported; run again");
    }
    return measureLane(() => measureOne(session, layout, exported.metadata, target));
  };
};

/** A target that was built into the engine's own store. */
export interface StoredTarget {
  readonly target: Target;
  readonly name: string;
  readonly metadata: unknown;
}

/** Saves all of them in one go, which reads a shared layer once, and measures them; compressed sizes are estimates. */
export const measureStored = async (
  stored: readonly StoredTarget[],
  session: Session,
): Promise<ReadonlyMap<StoredTarget, Measured>> => {
  if (stored.length === 0) return new Map();
  const layout = join(session.folder, "saved");
  const { signal } = session.run;
  const saved = await saveImages({ ...session, names: stored.map(({ name }) => name), layout, signal });
  const estimates = new Map<string, Promise<number>>();
  const measured = new Map<StoredTarget, Measured>();
  for (const one of stored) {
    const digest = saved.digests.get(one.name);
    const metadata = { ...(one.metadata as object | undefined), "containerimage.digest": digest };
    measured.set(
      one,
      digest === undefined
        ? unmeasured(`the image could not be saved: ${saved.problem ?? "docker left it out"}`)
        : await estimate(await measureOne(session, layout, metadata, one.target), layout, estimates),
    );
  }
  return measured;
};

const estimate = async (
  measured: Measured,
  layout: string,
  estimates: Map<string, Promise<number>>,
): Promise<Measured> => ({ ...measured, images: await withEstimatedPull(measured.images, layout, estimates) });

const measureOne = async (
  { measure, redact }: Session,
  layout: string,
  metadata: unknown,
  target: Target,
): Promise<Measured> => {
  if (measure === undefined) return unmeasured(undefined);
  try {
    return { images: await measure(layout, metadata, target), measureError: undefined };
  } catch (error) {
    const reason = redact(error instanceof Error ? error.message : String(error));
    return { images: measuredDespite(error), measureError: reason };
  }
};

/** One broken platform of several does not hide the others. */
const measuredDespite = (error: unknown): readonly Image[] =>
  error instanceof Error && "measured" in error && Array.isArray(error.measured) ? error.measured : [];

const unmeasured = (measureError: string | undefined): Measured => ({ images: [], measureError });
