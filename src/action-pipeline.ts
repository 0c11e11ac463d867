import { tmpdir } from "node:os";
import { folderState } from "./action-post.ts";
import { keyFiles, readSecretValues } from "./adapters/buildx-secrets.ts";
import type { Runner } from "./adapters/github-runner.ts";
import { nameRunFolder, openRunFolder } from "./adapters/run-folder.ts";
import { readLines } from "./build/records.ts";
import type { PrivateKeys } from "./build/ssh-key.ts";
import { ruleInfo } from "./cli-report.ts";
import { type Configs, openConfigs } from "./config.ts";
import { type EarlierRequest, openEarlier } from "./earlier.ts";
import { withOwnAgent } from "./own-agent.ts";
import { redactReport } from "./redact-report.ts";
import { noPaint } from "./report/paint.ts";
import { logLines } from "./report/progress.ts";
import type { Report } from "./report/report.ts";
import type { RuleInfo } from "./report/rule-info.ts";
import { renderFindings } from "./report/text.ts";
import { rules } from "./rules/registry.ts";
import { type RunRequest, run } from "./run.ts";
import type { Settings } from "./settings.ts";
import { type Given, givenByInputs, readSettings } from "./settings-values.ts";
import { version } from "./version.ts";
import { connectWorld } from "./world.ts";

/** What the inputs and the configuration say, before anything runs. */
export interface Prepared {
  readonly settings: Settings;
  readonly configs: Configs;
  /** What the builder's processes get: this process's own and the values of secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly privateKeys: PrivateKeys | undefined;
  readonly secretValues: readonly (string | Uint8Array)[];
  readonly rule: (id: string) => RuleInfo | undefined;
}

export const prepare = async (runner: Runner): Promise<Prepared> => {
  const given = givenByInputs(runner.input).filter((one) => !isNoFile(one));
  const paths = readLines(runner.input("paths"), { setting: "paths", where: "input `paths` of the workflow" });
  const configs = await openConfigs({
    cwd: process.cwd(),
    config: runner.input("config").trim() || undefined,
    paths,
    rules: async () => rules,
  });
  const { settings, secretEnvironment, privateKeys } = readSettings(given, {
    command: "run",
    paths,
    config: configs.root,
    environment: process.env,
  });
  const environment = { ...process.env, ...Object.fromEntries(secretEnvironment) };
  const keys = privateKeys === undefined ? [] : [...privateKeys.keys, privateKeys.written];
  return {
    settings,
    configs,
    environment,
    privateKeys,
    secretValues: [...(await readSecretValues([...settings.secrets, ...keyFiles(settings.ssh)], environment)), ...keys],
    rule: ruleInfo,
  };
};

/** What of the base commit this run is compared with. */
export interface Compared extends Pick<EarlierRequest, "base" | "branch" | "remote"> {
  readonly asksFindings: boolean;
  readonly asksSizes: boolean;
}

/** The pipeline with the runner's log for an audience. */
export const runPipeline = async ({
  prepared,
  baseline,
  compared,
  runner,
  redact,
  signal,
}: {
  readonly prepared: Prepared;
  readonly baseline: RunRequest["baseline"];
  /** What is asked of the base commit itself; undefined: nothing. */
  readonly compared: Compared | undefined;
  readonly runner: Runner;
  readonly redact: (text: string) => string;
  readonly signal: AbortSignal;
}): Promise<Report> => {
  const { configs, environment, privateKeys, rule } = prepared;
  const temporaryFolder = nameRunFolder(process.env.RUNNER_TEMP ?? tmpdir());
  // Said before it is made, so that the post step knows of it whenever this one is killed.
  runner.saveState(folderState, temporaryFolder);
  const folder = await openRunFolder(temporaryFolder);
  const sources = new Map<string, readonly string[]>();
  const source = (path: string, line: number): string => sources.get(path)?.[line - 1] ?? "";
  const sshKeys = privateKeys?.keys ?? [];
  try {
    const settings = await withOwnAgent(prepared.settings, privateKeys, { folder: temporaryFolder, environment });
    const place = { cwd: process.cwd(), environment, sshKeys, temporaryFolder };
    const earlier = compared && openEarlier({ ...compared, ...place, settings, configs, signal });
    const report = await run({
      settings,
      configs,
      baseline,
      earlier: {
        ...(earlier && compared?.asksFindings ? { findings: earlier.findings } : {}),
        ...(earlier && compared?.asksSizes
          ? {
              sizes: () => {
                runner.print([redact(`building ${compared.branch} to compare sizes`)]);
                return earlier.sizes();
              },
            }
          : {}),
      },
      world: connectWorld({ ...place, builder: settings.builder }),
      signal,
      onAudited: (audited) => {
        for (const { path, text } of audited.files) sources.set(path, text.split(/\r?\n/));
        const findings = renderFindings(
          redactReport({ version, ...audited, targets: undefined, engine: undefined }, redact),
          { ...logText, rule },
        );
        runner.printInert(findings);
      },
      onEvent: (event) => {
        if (event.type === "started" || event.type === "finished")
          runner.print(logLines(event, { ...logText, source, groups: true }).map(redact));
      },
    });
    return { ...report, notes: [...report.notes, ...(earlier?.notes() ?? [])] };
  } finally {
    await folder.remove();
    runner.saveState(folderState, "");
  }
};

/** `auto`, `build` and `none` are words of the action; the settings know files. */
const isNoFile = ({ name, text }: Given): boolean =>
  name === "baseline" && ["auto", "build", "none"].includes(text.trim());

/** How text stands in the runner's log. */
export const logText = { paint: noPaint, width: 140, verbosity: "verbose" } as const;
