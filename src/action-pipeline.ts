import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderState } from "./action-post.ts";
import { readSecretValues } from "./adapters/buildx-secrets.ts";
import type { Runner } from "./adapters/github-runner.ts";
import { readLines } from "./build/records.ts";
import { type Configs, openConfigs } from "./config.ts";
import type { BuildEvent } from "./ports.ts";
import { noPaint } from "./report/paint.ts";
import { logLines } from "./report/progress.ts";
import type { Report } from "./report/report.ts";
import type { RuleInfo } from "./report/rule-info.ts";
import { rules } from "./rules/registry.ts";
import { run } from "./run.ts";
import type { Settings } from "./settings.ts";
import { givenByInputs, readSettings } from "./settings-values.ts";

/** What the inputs and the configuration say, before anything runs. */
export interface Prepared {
  readonly settings: Settings;
  readonly configs: Configs;
  /** What the builder's processes get: this process's own and the values of secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly secretValues: readonly string[];
  readonly rule: (id: string) => RuleInfo | undefined;
}

export const prepare = async (runner: Runner): Promise<Prepared> => {
  const given = givenByInputs(runner.input);
  const paths = readLines(runner.input("paths"), { setting: "paths", where: "input `paths` of the workflow" });
  const configs = await openConfigs({
    cwd: process.cwd(),
    config: runner.input("config").trim() || undefined,
    paths,
    rules: async () => rules,
  });
  const { settings, secretEnvironment } = readSettings(given, {
    command: "run",
    paths,
    config: configs.root,
    environment: process.env,
  });
  const environment = { ...process.env, ...Object.fromEntries(secretEnvironment) };
  return {
    settings,
    configs,
    environment,
    secretValues: await readSecretValues(settings.secrets, environment),
    rule: () => undefined,
  };
};

/** The pipeline with the runner's log for an audience. */
export const runPipeline = async (prepared: Prepared, runner: Runner, signal: AbortSignal): Promise<Report> => {
  const { settings, configs, environment } = prepared;
  const temporaryFolder = await mkdtemp(join(process.env.RUNNER_TEMP ?? tmpdir(), "docker-hygiene-run-"));
  runner.saveState(folderState, temporaryFolder);
  const onEvent = (event: BuildEvent): void => {
    if (event.type === "step") return;
    runner.print(logLines(event, { paint: noPaint, width: 140, source: () => "", groups: true }));
  };
  return run({ settings, configs, environment, temporaryFolder, signal, onEvent });
};
