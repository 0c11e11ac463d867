import { connectDocker } from "./adapters/buildx.ts";
import { connectBuildChecks } from "./adapters/buildx-check.ts";
import { createFiles } from "./adapters/files.ts";
import { provingDocker } from "./adapters/image-proof.ts";
import { connectShellcheck } from "./adapters/shellcheck.ts";
import type { BuildChecks, Docker, Files, ShellCheck } from "./ports.ts";

/** The world as the pipeline needs it, for the command line and the action alike. */
export interface World {
  readonly files: Files;
  readonly docker: Docker;
  readonly shellcheck: ShellCheck;
  readonly buildChecks: BuildChecks;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

export const connectWorld = (options: {
  readonly cwd: string;
  readonly builder: string | undefined;
  /** Of the engine's processes: this process's own and the values of secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly temporaryFolder?: string;
}): World => ({
  files: createFiles(options.cwd),
  docker: provingDocker(options.environment, (measure) =>
    connectDocker({
      builder: options.builder,
      environment: options.environment,
      measure,
      ...(options.temporaryFolder === undefined ? {} : { temporaryFolder: options.temporaryFolder }),
    }),
  ),
  shellcheck: connectShellcheck(options),
  buildChecks: connectBuildChecks(options),
  now: () => performance.now(),
});
