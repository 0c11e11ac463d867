import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Output } from "../build/arguments.ts";
import { linkedTargets } from "../build/bake-definition.ts";
import { unusedCaches } from "../build/cache.ts";
import { withoutUnready } from "../build/preflight.ts";
import { redactor } from "../build/redaction.ts";
import type { BuildResult, Target } from "../build/target.ts";
import type { BuiltTarget, Docker, Engine, Measure } from "../ports.ts";
import { readBake } from "./buildx-bake.ts";
import { type Call, callBuildx, type Outcome } from "./buildx-call.ts";
import { type FoundEngine, inspectEngine } from "./buildx-engine.ts";
import { type Exporter, provideExporter, runFolder } from "./buildx-exporter.ts";
import { inPool, inTurns } from "./buildx-lanes.ts";
import { layoutMeasuring, type Measured, measureStored, type StoredTarget } from "./buildx-measuring.ts";
import { inspectSupplies, keyFiles, readSecretValues } from "./buildx-secrets.ts";

export interface DockerOptions {
  readonly builder: string | undefined;
  /** Of the processes: all of this process's (PATH, HOME, DOCKER_*, ACTIONS_RUNTIME_*) and the values of secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Undefined: build only. */
  readonly measure: Measure | undefined;
  /** Further values that are hidden in what the engine prints. */
  readonly hidden?: readonly string[];
  /** Where the builds' own folder (mode 0700) is made, and removed at the end; the system's folder by default. */
  readonly temporaryFolder?: string;
}

/** The engine behind `docker buildx`. */
export const connectDocker = (options: DockerOptions): Docker => {
  const environment = { ...withoutInputs(options.environment), BUILDX_METADATA_PROVENANCE: "max" };
  let asked: Promise<FoundEngine> | undefined;
  const found = (): Promise<FoundEngine> => {
    asked ??= inspectEngine({ builder: options.builder, environment });
    return asked;
  };
  return {
    engine: async () => (await found()).engine,
    supplies: (secrets, ssh) => inspectSupplies(secrets, ssh, environment),
    unusedCaches: (caches) => unusedCaches(caches, environment),
    readBake: (files, folder) => readBake({ files, folder, environment, temporaryFolder: options.temporaryFolder }),
    build: async (targets, run) => {
      if (targets.length === 0) return [];
      const { engine: ready, plugin } = await found();
      if (ready.status === "absent") return targets.map((target) => notBuilt(target, ready.reason));
      const folder = await mkdtemp(join(options.temporaryFolder ?? tmpdir(), runFolder));
      try {
        return await buildAll(targets, { ...options, environment, engine: ready, plugin, folder, run });
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      }
    },
  };
};

interface Session extends DockerOptions {
  readonly engine: Engine & { readonly status: "ready" };
  readonly plugin: string | undefined;
  readonly folder: string;
  readonly run: Parameters<Docker["build"]>[1];
}

/**
 * All targets build at once, up to `maxParallel`; BuildKit runs a step that several share once. Each is measured
 * from one export of its own, while others still build.
 */
const buildAll = async (targets: readonly Target[], session: Session): Promise<readonly BuiltTarget[]> => {
  const { run, environment, folder } = session;
  const all = targets.flatMap(linkedTargets);
  const secrets = all.flatMap((target) => target.secrets);
  const ssh = all.flatMap((target) => target.ssh);
  const supplied = await inspectSupplies(secrets, ssh, environment);
  const values = await readSecretValues([...secrets, ...keyFiles(ssh)], environment);
  const redact = redactor([...values, ...(session.hidden ?? [])]);
  const exporter = await provideExporter({
    ...session,
    signal: run.signal,
    isWanted: session.measure !== undefined,
  });
  const call = (target: Target, index: number, to: Pick<Call, "step" | "output" | "builder">): Promise<Outcome> =>
    callBuildx({
      ...to,
      target: withoutUnready(target, supplied),
      metadataFile: join(folder, `${to.step}-${index}.json`),
      environment,
      plugin: session.plugin,
      signal: run.signal,
      timeout: run.timeout,
      redact,
      onCommand: (lines) => run.onEvent({ type: "command", target, lines }),
      onStep: (name) => {
        if (to.step === "build") run.onEvent({ type: "step", target, name });
      },
    });
  const measuring = layoutMeasuring({ ...session, redact, builder: exporter.builder, call });

  const buildOne = async (target: Target, index: number): Promise<Built> => {
    if (!(await run.isAsPlanned(target))) return { outcome: changed("before"), stored: undefined };
    const built = await buildOnce(target, index, exporter, call);
    return (await run.isAsPlanned(target)) ? built : { outcome: changed("while"), stored: built.stored };
  };

  try {
    const inOrder = inTurns(targets, ({ dockerfileAbsolute }) => dockerfileAbsolute);
    const finished = await inPool(inOrder, run.maxParallel, async (target, index) => {
      if (run.signal.aborted) return { result: notBuilt(target, stopped).build, stored: undefined, later: undefined };
      run.onEvent({ type: "started", target });
      const began = performance.now();
      const { outcome, stored } = await buildOne(target, index);
      const result = located(toResult(target, outcome, Math.round(performance.now() - began)), run.locate);
      run.onEvent({ type: "finished", result });
      const isMeasured = outcome.status === "done" && stored === undefined && exporter.how === "layout";
      return {
        result,
        stored: outcome.status === "done" && stored ? { target, name: stored, metadata: outcome.metadata } : undefined,
        // The slot is free for the next build while this one waits for its export.
        later: isMeasured ? measuring(target, index) : undefined,
      };
    });
    const measured = await Promise.all(finished.map(({ later }) => later));
    const fromStore = await measureStored(
      finished.flatMap(({ stored }) => stored ?? []),
      { ...session, redact },
    );
    const built = finished.map(({ result, stored }, index) => ({
      build: result,
      ...unmeasured,
      ...measured[index],
      ...(stored && fromStore.get(stored)),
    }));
    return targets.flatMap((target) => built[inOrder.indexOf(target)] ?? []);
  } finally {
    await exporter.remove();
  }
};

interface Built {
  readonly outcome: Outcome;
  /** The image's name in the engine's store. */
  readonly stored: StoredTarget["name"] | undefined;
}

type CallTo = (target: Target, index: number, to: Pick<Call, "step" | "output" | "builder">) => Promise<Outcome>;

const buildOnce = async (target: Target, index: number, exporter: Exporter, call: CallTo): Promise<Built> => {
  const intoStore = async (store: NonNullable<(Exporter & { how: "save" })["store"]>): Promise<Built> => {
    const stored = `${store.repository}:${index}`;
    const output: Output = { type: "docker", name: stored };
    return { outcome: await call(target, index, { step: "build", output, builder: store.builder }), stored };
  };
  if (exporter.how === "save") return intoStore(exporter.store);
  const outcome = await call(target, index, {
    step: "build",
    // Layers are compressed while others still build; where nobody measures, not at all.
    output: { type: exporter.how === "layout" ? "image" : "cacheonly" },
    builder: exporter.builder,
  });
  // A builder of the run's own sees no image that was built or loaded before.
  const isImageMissing = outcome.status === "failed" && outcome.failure.message.startsWith("the image `");
  return exporter.how === "layout" && exporter.store && isImageMissing
    ? intoStore(exporter.store)
    : { outcome, stored: undefined };
};

const changed = (when: "before" | "while"): Outcome => ({
  status: "failed",
  steps: [],
  failure: {
    message: `the Dockerfile was changed ${when} it was built, after it was audited; run again`,
    lines: undefined,
    log: [],
    step: undefined,
  },
});

const stopped = "the run was stopped";

const unmeasured: Measured = { images: [], measureError: undefined };

const notBuilt = (target: Target, reason: string): BuiltTarget => ({
  build: { target, status: "skipped", reason, milliseconds: 0, steps: [] },
  ...unmeasured,
});

const toResult = (target: Target, outcome: Outcome, milliseconds: number): BuildResult => {
  const common = { target, milliseconds, steps: outcome.steps };
  if (outcome.status === "failed") return { ...common, status: "failed", failure: outcome.failure };
  if (outcome.status === "stopped") return { ...common, status: "skipped", reason: stopped };
  return { ...common, status: "built" };
};

const located = (result: BuildResult, locate: Session["run"]["locate"]): BuildResult =>
  result.status === "failed" && locate ? { ...result, failure: locate(result.target, result.failure) } : result;

/** An environment without the action's inputs, which hold secrets as they were written. */
export const withoutInputs = (
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !/^INPUT_/i.test(name)));
