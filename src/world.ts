import { connectDocker, withoutInputs } from "./adapters/buildx.ts";
import { connectBuildChecks } from "./adapters/buildx-check.ts";
import { createFiles } from "./adapters/files.ts";
import { provingDocker } from "./adapters/image-proof.ts";
import { runFolderVariable } from "./adapters/process-records.ts";
import { connectShellcheck } from "./adapters/shellcheck.ts";
import type { SecretValue } from "./image/secret-forms.ts";
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
  /** Private keys that an agent holds for the builds. */
  readonly sshKeys?: readonly string[];
  /** The folder of the run, which notes the processes that hold secrets. */
  readonly temporaryFolder?: string;
}): World => {
  const { cwd, builder, temporaryFolder, sshKeys = [] } = options;
  const environment = {
    ...withoutInputs(options.environment),
    ...(temporaryFolder === undefined ? {} : { [runFolderVariable]: temporaryFolder }),
  };
  const common = { builder, environment, ...(temporaryFolder === undefined ? {} : { temporaryFolder }) };
  return {
    files: createFiles(cwd),
    docker: provingDocker(
      environment,
      (measure) => connectDocker({ ...common, measure, hidden: sshKeys }),
      sshKeys.map(keySecret),
    ),
    shellcheck: connectShellcheck(common),
    buildChecks: connectBuildChecks(common),
    now: () => performance.now(),
  };
};

const keySecret = (key: string, index: number): SecretValue => ({
  id: index === 0 ? "ssh-private-key" : `ssh-private-key ${index + 1}`,
  value: new TextEncoder().encode(key),
});
