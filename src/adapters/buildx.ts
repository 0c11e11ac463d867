import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Output } from "../build/arguments.ts";
import { withoutUnready } from "../build/preflight.ts";
import { redactor } from "../build/redaction.ts";
import type { BuildResult, Target } from "../build/target.ts";
import type { Image } from "../image/image.ts";
import type { BuiltTarget, Docker, Engine, Measure } from "../ports.ts";
import { type Call, callBuildx, type Outcome } from "./buildx-call.ts";
import { inspectEngine } from "./buildx-engine.ts";
import { provideExporter, runFolder } from "./buildx-exporter.ts";
import { inLane, inPool } from "./buildx-lanes.ts";
import { inspectSupplies, readSecretValues } from "./buildx-secrets.ts";

export interface DockerOptions {
  readonly builder: string | undefined;
  /** Of the processes: all of this process's (PATH, HOME, DOCKER_*, ACTIONS_RUNTIME_*) and the values of secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Undefined: build only. */
  readonly measure: Measure | undefined;
  /** Where the run's own folder (mode 0700) is made, and removed at the end; the system's folder by default. */
  readonly temporaryFolder?: string;
}

/** The engine behind `docker buildx`. */
export const connectDocker = (options: DockerOptions): Docker => {
  const environment = buildEnvironment(options.environment);
  let asked: Promise<Engine> | undefined;
  const engine = (): Promise<Engine> => {
    asked ??= inspectEngine({ builder: options.builder, environment });
    return asked;
  };
  return {
    engine,
    supplies: (secrets, ssh) => inspectSupplies(secrets, ssh, environment),
    build: async (targets, run) => {
      if (targets.length === 0) return [];
      const ready = await engine();
      if (ready.status === "absent") return targets.map((target) => notBuilt(target, ready.reason));
      const folder = await mkdtemp(join(options.temporaryFolder ?? tmpdir(), runFolder));
      try {
        return await buildAll(targets, { ...options, environment, engine: ready, folder, run });
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      }
    },
  };
};

interface Session extends DockerOptions {
  readonly engine: Engine & { readonly status: "ready" };
  readonly folder: string;
  readonly run: Parameters<Docker["build"]>[1];
}

/**
 * All targets build at once, up to `maxParallel`; BuildKit runs a step that several share once. Then each is exported
 * into one layout folder, which stores a shared layer once, and measured: one at a time, because two writers
 * corrupt a layout. Sizes, layers and lines all come from that one export.
 */
const buildAll = async (targets: readonly Target[], session: Session): Promise<readonly BuiltTarget[]> => {
  const { run, environment, measure, folder } = session;
  const supplied = await inspectSupplies(
    targets.flatMap(({ secrets }) => secrets),
    targets.flatMap(({ ssh }) => ssh),
    environment,
  );
  const redact = redactor(
    await readSecretValues(
      targets.flatMap(({ secrets }) => secrets),
      environment,
    ),
  );
  const exporter = await provideExporter({ ...session, signal: run.signal, isWanted: measure !== undefined });
  const output: Output = exporter.canExport ? { type: "image" } : { type: "cacheonly" };
  const layout = join(folder, "layout");
  const exportLane = inLane();
  const measureLane = inLane();

  const call = (target: Target, index: number, step: Call["step"]): Promise<Outcome> =>
    callBuildx({
      target: withoutUnready(target, supplied),
      step,
      output: step === "build" ? output : { type: "oci", folder: layout },
      builder: exporter.builder,
      metadataFile: join(folder, `${step}-${index}.json`),
      environment,
      signal: run.signal,
      redact,
      onStep: (name) => {
        if (step === "build") run.onEvent({ type: "step", target, name });
      },
    });

  const exportAndMeasure = async (target: Target, index: number): Promise<Measured> => {
    if (measure === undefined) return unmeasured(undefined);
    if (!exporter.canExport) return unmeasured(exporter.reason);
    const exported = await exportLane(() => call(target, index, "export"));
    if (exported.status === "stopped") return unmeasured("the run was stopped before the image was exported");
    if (exported.status === "failed") return unmeasured(`the image could not be exported: ${exported.failure.message}`);
    try {
      return { images: await measureLane(() => measure(layout, exported.metadata, target)), measureError: undefined };
    } catch (error) {
      const reason = redact(error instanceof Error ? error.message : String(error));
      return { images: measuredDespite(error), measureError: reason };
    }
  };

  try {
    const measured = await inPool(targets, run.maxParallel, async (target, index) => {
      if (run.signal.aborted) return { finished: notBuilt(target, stopped), later: undefined };
      run.onEvent({ type: "started", target });
      const began = performance.now();
      const outcome = await call(target, index, "build");
      const result = toResult(target, outcome, Math.round(performance.now() - began));
      run.onEvent({ type: "finished", result });
      // The slot is free for the next build while this one waits for its export.
      return {
        finished: { build: result, ...unmeasured(undefined) },
        later: result.status === "built" ? exportAndMeasure(target, index) : undefined,
      };
    });
    return await Promise.all(measured.map(async ({ finished, later }) => ({ ...finished, ...(await later) })));
  } finally {
    await exporter.remove();
  }
};

type Measured = Pick<BuiltTarget, "images" | "measureError">;

/** One broken platform of several does not hide the others. */
const measuredDespite = (error: unknown): readonly Image[] =>
  error instanceof Error && "measured" in error && Array.isArray(error.measured) ? error.measured : [];

const stopped = "the run was stopped";

const unmeasured = (measureError: string | undefined): Measured => ({ images: [], measureError });

const notBuilt = (target: Target, reason: string): BuiltTarget => ({
  build: { target, status: "skipped", reason, milliseconds: 0, steps: [] },
  ...unmeasured(undefined),
});

const toResult = (target: Target, outcome: Outcome, milliseconds: number): BuildResult => {
  const common = { target, milliseconds, steps: outcome.steps };
  if (outcome.status === "failed") return { ...common, status: "failed", failure: outcome.failure };
  if (outcome.status === "stopped") return { ...common, status: "skipped", reason: stopped };
  return { ...common, status: "built" };
};

/** Without the action's inputs, which hold secrets as they were written. */
const buildEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> => ({
  ...Object.fromEntries(Object.entries(environment).filter(([name]) => !/^INPUT_/i.test(name))),
  BUILDX_METADATA_PROVENANCE: "max",
});
