/**
 * How fast many targets are built: `node script/bench-build.ts [rounds]`. Twelve targets in four Dockerfiles, whose
 * stages share steps, are built by docker-hygiene, by one `docker buildx bake` and by twelve `docker buildx build`,
 * one after the other. Each of them starts cold: a build argument that no build had before stands in the first step.
 * Run it on a quiet machine; the figure of each is its best round. Needs an engine and `busybox:local`.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { connectDocker } from "../src/adapters/buildx.ts";
import { measurer } from "../src/adapters/oci-layout.ts";
import type { Target } from "../src/build/target.ts";

const FILES = ["api", "jobs", "mail", "web"];
const STAGES = ["test", "production", "debug"];
/** That of the command line. */
const MAX_PARALLEL = 12;

const main = async (rounds: number): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "bench-build-"));
  const best = new Map<string, number>();
  const time = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    const start = performance.now();
    await work();
    const seconds = (performance.now() - start) / 1000;
    best.set(name, Math.min(seconds, best.get(name) ?? Number.POSITIVE_INFINITY));
    console.log(`  ${name}: ${seconds.toFixed(2)} s (load ${loadavg()[0]?.toFixed(1)} on ${cpus().length} processors)`);
  };
  try {
    writeProject(folder);
    for (let round = 1; round <= rounds; round++) {
      console.log(`round ${round} of ${rounds}`);
      await time(names.bake, () => bake(folder, newRun()));
      await time(names.own, () => own(folder, newRun(), false));
      const run = newRun();
      await time(names.measured, () => own(folder, run, true));
      await time(names.warm, () => own(folder, run, true));
      await time(names.sequential, () => sequential(folder, newRun()));
    }
    const figure = (name: string): number => best.get(name) ?? Number.NaN;
    const targets = FILES.length * STAGES.length;
    console.log(
      [
        "",
        `best of ${rounds}, ${targets} targets in ${FILES.length} Dockerfiles`,
        ...Object.values(names).map((name) => `  ${figure(name).toFixed(2).padStart(7)} s  ${name}`),
        `builds: ${(figure(names.own) / figure(names.bake)).toFixed(2)} × bake (at most 1.15)`,
        `builds: ${(figure(names.sequential) / figure(names.own)).toFixed(1)} × faster than one after the other (at least 3)`,
        `warm: ${(figure(names.warm) / targets).toFixed(2)} s per target, measured (at most 1.5)`,
      ].join("\n"),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const names = {
  bake: "one docker buildx bake, cache only",
  own: "docker-hygiene, build only",
  measured: "docker-hygiene, build and measure",
  warm: "docker-hygiene, build and measure again",
  sequential: "docker buildx build, one after the other",
} as const;

const newRun = (): string => randomBytes(8).toString("hex");

/** Waiting stands for the network, counting for the processor, random bytes for what layers hold. */
const writeProject = (folder: string): void => {
  for (const [index, name] of FILES.entries()) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "app.txt"), `${name}\n`);
    writeFileSync(
      join(folder, name, "Dockerfile"),
      `FROM busybox:local AS base
ARG RUN_ID
RUN sleep 1 && echo "$RUN_ID" > /run-id
FROM base AS deps
RUN sleep 2 && head -c ${(index + 1) * 1_000_000} /dev/urandom > /deps
FROM deps AS builder
COPY app.txt /
RUN sleep 2 && cat /deps | sha256sum > /built
FROM builder AS test
RUN sleep 1 && head -c 50000000 /dev/zero | sha256sum
FROM base AS production
COPY --from=builder /deps /built /
FROM builder AS debug
RUN sleep 1 && head -c 1000000 /dev/urandom > /debug
`,
    );
  }
  const targets = FILES.flatMap((name) =>
    STAGES.map((stage) => [
      `${name}-${stage}`,
      { context: name, target: stage, args: { RUN_ID: "${RUN_ID}" }, output: ["type=cacheonly"] },
    ]),
  );
  const file = {
    variable: { RUN_ID: {} },
    group: { default: { targets: targets.map(([name]) => name) } },
    target: Object.fromEntries(targets),
  };
  writeFileSync(join(folder, "docker-bake.json"), JSON.stringify(file));
};

const bake = (folder: string, run: string): Promise<void> =>
  docker(folder, ["buildx", "bake", "--progress=quiet", "--file", "docker-bake.json"], { RUN_ID: run });

const sequential = async (folder: string, run: string): Promise<void> => {
  for (const name of FILES) {
    for (const stage of STAGES) {
      await docker(folder, [
        ...["buildx", "build", "--progress=quiet", "--output", "type=cacheonly", "--build-arg", `RUN_ID=${run}`],
        ...["--target", stage, name],
      ]);
    }
  }
};

const own = async (folder: string, run: string, isMeasured: boolean): Promise<void> => {
  const connected = connectDocker({
    builder: undefined,
    environment: process.env,
    measure: isMeasured ? measurer() : undefined,
  });
  const results = await connected.build(targetsOf(folder, run), {
    maxParallel: MAX_PARALLEL,
    timeout: 600_000,
    signal: new AbortController().signal,
    isAsPlanned: async () => true,
    onEvent: () => {},
  });
  const failed = results.find(({ build, measureError }) => build.status !== "built" || measureError !== undefined);
  if (failed !== undefined) throw new Error(`${failed.build.target.id}: ${JSON.stringify(failed)}`);
};

const targetsOf = (folder: string, run: string): readonly Target[] =>
  FILES.flatMap((name) =>
    STAGES.map((stage, index) => ({
      id: `${name}/Dockerfile:${stage}`,
      dockerfile: `${name}/Dockerfile`,
      dockerfileAbsolute: join(folder, name, "Dockerfile"),
      context: join(folder, name),
      stageIndex: index + 3,
      stage,
      span: { start: 0, end: 0 },
      platforms: [],
      buildArgs: new Map([["RUN_ID", run]]),
      buildContexts: new Map(),
      secrets: [],
      ssh: [],
      cacheFrom: [],
      cacheTo: [],
      network: undefined,
      noCache: false,
      pull: false,
    })),
  );

const docker = (
  folder: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn("docker", [...argv], {
      cwd: folder,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "ignore", "inherit"],
    });
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`docker ended with exit code ${code}`))));
  });

await main(Number(process.argv[2] ?? 2));
