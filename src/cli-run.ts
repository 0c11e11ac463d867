import { existsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { keyFiles, readSecretValues } from "./adapters/buildx-secrets.ts";
import { createFiles } from "./adapters/files.ts";
import { nameRunFolder, openRunFolder, removeStaleRuns } from "./adapters/run-folder.ts";
import { shownPath } from "./adapters/shown-path.ts";
import { redactor } from "./build/redaction.ts";
import { nearestName } from "./build/target-names.ts";
import { commands } from "./cli-commands.ts";
import { earlierFor } from "./cli-only-new.ts";
import { watchBuilds } from "./cli-progress.ts";
import { type Format, formats, type ReportStyle, renderAudited, renderReport, renderRest } from "./cli-report.ts";
import type { Terminal } from "./cli-terminal.ts";
import { openConfigs } from "./config.ts";
import { UserError } from "./errors.ts";
import { withOwnAgent } from "./own-agent.ts";
import { redactReport } from "./redact-report.ts";
import { oneLine } from "./report/escape/plain.ts";
import { noPaint } from "./report/paint.ts";
import type { Report } from "./report/report.ts";
import { count } from "./report/words.ts";
import { dryRun, run } from "./run.ts";
import { type Arguments, flags } from "./settings-flags.ts";
import { readSettings, refuseChoice } from "./settings-values.ts";
import { connectWorld } from "./world.ts";

/** `run`, `audit` and `build`: from the arguments to the report and the exit code. */
export const runPipeline = async (request: {
  readonly command: "run" | "audit" | "build";
  /** No command was named, so that a first word may be a mistyped one. */
  readonly isDefault: boolean;
  readonly paths: readonly string[];
  readonly given: Arguments;
  readonly terminal: Terminal;
}): Promise<number> => {
  const { command, paths, given, terminal } = request;
  const cwd = process.cwd();
  const format = readFormat(given);
  const output = given.values.get(flags.output.name);
  if (request.isDefault) refuseMistypedCommand(cwd, paths[0]);
  const configs = await openConfigs({
    cwd,
    config: given.values.get(flags.config.name),
    paths,
    rules: async () => (await import(/* webpackMode: "eager" */ "./rules/registry.ts")).rules,
  });
  const newBaseline = given.values.get(flags.writeBaseline.name);
  const {
    settings: read,
    secretEnvironment,
    privateKeys,
  } = readSettings(given.given, {
    command,
    paths,
    config: configs.root,
    environment: process.env,
  });
  if (newBaseline !== undefined) await refuseOtherFile(newBaseline);
  // What is written holds everything, also what the old baseline knows.
  const chosen = newBaseline === undefined ? read : { ...read, baselineFindings: undefined };
  const verbosity = given.values.has(flags.quiet.name)
    ? "quiet"
    : given.values.has(flags.verbose.name)
      ? "verbose"
      : "normal";
  const style: ReportStyle = {
    paint: output === undefined ? terminal.paint : noPaint,
    width: output === undefined ? terminal.width : 100,
    verbosity,
  };
  // At a terminal the findings are read while the builds run.
  const isStaged =
    terminal.isLive && terminal.isReading && output === undefined && format === "text" && verbosity !== "quiet";
  let audited: Pick<Report, "files" | "findings"> = { files: [], findings: [] };
  let isShown = false;
  const builds = watchBuilds(terminal, {
    verbosity,
    textOf: (path) => audited.files.find((file) => file.path === path)?.text ?? "",
    keepsResults: isStaged,
  });
  const interruption = interruptible();
  await removeStaleRuns(tmpdir(), process.env);
  const folder = await openRunFolder(nameRunFolder(tmpdir()));
  try {
    const keyVariable = given.values.get(flags.sshKeyVariable.name);
    const environment = {
      ...process.env,
      ...Object.fromEntries(secretEnvironment),
      // The agent has it, and nobody else needs it.
      ...(keyVariable === undefined ? {} : { [keyVariable]: undefined }),
    };
    const settings = await withOwnAgent(chosen, privateKeys, { folder: folder.path, environment });
    const secretValues = [
      ...(await readSecretValues([...settings.secrets, ...keyFiles(settings.ssh)], environment)),
      ...(privateKeys === undefined ? [] : [...privateKeys.keys, privateKeys.written]),
    ];
    const redact = redactor(secretValues);
    const shownOf = <Part extends Partial<Report>>(part: Part): Part =>
      secretValues.length === 0 ? part : redactReport(part, redact);
    const sshKeys = privateKeys?.keys ?? [];
    const common = {
      settings,
      configs,
      world: connectWorld({
        cwd,
        builder: settings.builder,
        environment,
        sshKeys,
        temporaryFolder: folder.path,
      }),
      signal: interruption.signal,
    };
    if (given.values.has(flags.dryRun.name)) {
      const { describeRun } = await import(/* webpackMode: "eager" */ "./cli-dry-run.ts");
      const plan = await describeRun(await dryRun(common), settings, process.env);
      const text = plan.text.replaceAll(folder.path, "FOLDER");
      if (output === undefined) terminal.out(text);
      else {
        await createFiles(cwd).writeText(output, text);
        if (verbosity !== "quiet") terminal.err(wrote(cwd, output));
      }
      return plan.code;
    }
    const earlier = earlierFor(given, { ...common, cwd, environment, sshKeys, temporaryFolder: folder.path });
    const audit = await run({
      ...common,
      ...(earlier && { earlier: { findings: earlier.findings } }),
      onAudited: (known) => {
        audited = shownOf(known);
      },
      onPlanned: (targets, engine) => {
        builds.onPlanned(targets.length);
        if (!isStaged) return;
        terminal.out(renderAudited(audited, targets, engine, style));
        isShown = true;
      },
      onEvent: builds.onEvent,
    });
    const raw = { ...audit, notes: [...audit.notes, ...(earlier?.notes() ?? [])] };
    const report = shownOf(raw);
    builds.stop();
    if (interruption.exitCode !== undefined) {
      terminal.err("docker-hygiene: interrupted; the builds were stopped\n");
      return interruption.exitCode;
    }
    if (newBaseline !== undefined && report.files.length > 0) return await writeBaseline(newBaseline, raw, terminal);
    const text = isShown ? renderRest(report, style) : renderReport(report, format, style);
    const isEmpty = report.files.length === 0;
    if (output !== undefined) await createFiles(cwd).writeText(output, text);
    else if (!isEmpty || format !== "text") terminal.out(text);
    if (isEmpty) {
      terminal.err([...report.notes.map((note) => `note: ${oneLine(note)}\n`), noneFound(cwd, paths)].join(""));
      return 3;
    }
    if (output !== undefined && verbosity !== "quiet") terminal.err(wrote(cwd, output));
    return report.verdict.status === "pass" ? 0 : 1;
  } finally {
    builds.stop();
    interruption.release();
    await folder.remove();
  }
};

const wrote = (cwd: string, output: string): string => `wrote ${shownPath(cwd, resolve(cwd, output))}\n`;

/** A mistyped name must not cost a file. */
const refuseOtherFile = async (file: string): Promise<void> => {
  const absolute = resolve(file);
  if (!existsSync(absolute) || !statSync(absolute).isFile()) return;
  const { mayBeBaseline } = await import(/* webpackMode: "eager" */ "./run-known.ts");
  if (await mayBeBaseline(absolute, createFiles())) return;
  throw new UserError(
    `--write-baseline: \`${file}\` is there and is no baseline of findings; it is left as it is (on the command line).`,
  );
};

/** All that is found now becomes known. */
const writeBaseline = async (file: string, report: Report, terminal: Terminal): Promise<number> => {
  const { baselineText } = await import(/* webpackMode: "eager" */ "./run-known.ts");
  const { findings } = report;
  await createFiles().writeText(file, baselineText(findings, report.files, file));
  terminal.out(
    `wrote ${count(findings.length, "finding")} to ${file}; name it as \`baseline-findings\` in the configuration\n`,
  );
  return 0;
};

const readFormat = ({ values }: Arguments): Format => {
  const written = values.get(flags.format.name) ?? "text";
  const format =
    formats.find((one) => one === written) ??
    refuseChoice({ setting: "--format", where: "on the command line" }, written, formats);
  if (format !== "text" && values.has(flags.dryRun.name))
    throw new UserError(`--format: --dry-run gives text, and no \`${format}\` (on the command line).`);
  return format;
};

const refuseMistypedCommand = (cwd: string, first: string | undefined): void => {
  if (first === undefined || existsSync(resolve(cwd, first)) || /[./\\]/.test(first)) return;
  const meant = nearestName(
    first,
    commands.map(({ name }) => name),
  );
  if (meant !== undefined)
    throw new UserError(`\`${first}\` is neither a command nor a file. Did you mean \`docker-hygiene ${meant}\`?`);
};

const noneFound = (cwd: string, paths: readonly string[]): string => {
  const where = paths.length === 0 ? [cwd] : paths;
  const named = `${where.slice(0, 3).join(", ")}${where.length > 3 ? ", …" : ""}`;
  return `docker-hygiene: there is no Dockerfile in ${named}; a file of another name is taken when it is named\n`;
};

interface Interruption {
  readonly signal: AbortSignal;
  /** Set once a signal came. */
  readonly exitCode: number | undefined;
  readonly release: () => void;
}

/** The first Ctrl-C stops the builds and lets the run clean up, the second one ends it at once. */
const interruptible = (): Interruption => {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const on = (code: number) => (): void => {
    if (exitCode !== undefined) process.exit(code);
    exitCode = code;
    controller.abort();
  };
  const handlers = { SIGINT: on(130), SIGTERM: on(143), SIGHUP: on(129) } as const;
  for (const [name, handler] of Object.entries(handlers)) process.on(name, handler);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    release: () => {
      for (const [name, handler] of Object.entries(handlers)) process.off(name, handler);
    },
  };
};
