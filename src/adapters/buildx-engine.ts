import {
  type Builder,
  type Daemon,
  isTooOld,
  oldestBuildx,
  readBuilder,
  readBuildxVersion,
  readDaemon,
  readPluginPath,
} from "../build/engine-facts.ts";
import { stripTerminalCodes } from "../build/terminal-codes.ts";
import type { Engine } from "../ports.ts";
import { type ProcessResult, runDocker } from "./buildx-process.ts";

const patience = 20_000;

/** The engine, and where the program of buildx lies when docker tells. */
export interface FoundEngine {
  readonly engine: Engine;
  readonly plugin: string | undefined;
}

/** Asks docker, buildx and the builder; never rejects. */
export const inspectEngine = async (request: {
  readonly builder: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Promise<FoundEngine> => {
  const answers = await askAll(request);
  return { engine: judge(request.builder, answers), plugin: readPluginPath(answers.info.stdout) };
};

interface Answers {
  readonly version: ProcessResult;
  readonly inspected: ProcessResult;
  readonly info: ProcessResult;
}

const askAll = async (request: Parameters<typeof inspectEngine>[0]): Promise<Answers> => {
  const ask = (...argv: readonly string[]): Promise<ProcessResult> =>
    runDocker(argv, { environment: request.environment, timeout: patience });
  const [version, inspected, info] = await Promise.all([
    ask("buildx", "version"),
    ask("buildx", "inspect", ...(request.builder === undefined ? [] : ["--", request.builder])),
    ask("info", "--format", "{{json .}}"),
  ]);
  return { version, inspected, info };
};

const judge = (given: string | undefined, { version, inspected, info }: Answers): Engine => {
  if (!version.started) return absent("docker is not installed, or not on the PATH");
  const buildx = version.code === 0 ? readBuildxVersion(version.stdout) : undefined;
  if (buildx === undefined) {
    return absent(version.timedOut ? silent("docker") : "docker has no buildx plugin; install docker-buildx-plugin");
  }
  if (isTooOld(buildx)) return absent(`buildx ${buildx} is too old; ${oldestBuildx} or newer is needed`);
  if (inspected.timedOut) return absent(silent("the builder"));
  if (inspected.code !== 0) return absent(`buildx: ${lastLine(inspected.stderr)}`);
  const builder = readBuilder(inspected.stdout);
  if (builder.driver === "" || (builder.driver === "docker" && builder.error !== undefined)) {
    return absent(builder.error === undefined ? `the builder ${builder.name} does not answer` : `${builder.error}`);
  }
  const daemon = readDaemon(info.stdout);
  if (builder.driver === "docker" && daemon === undefined) {
    return absent(info.timedOut ? silent("the docker daemon") : lastLine(info.stderr));
  }
  return {
    status: "ready",
    description: describe(buildx, builder, daemon),
    canExportOci: builder.driver !== "docker" || daemon?.store === "containerd",
    builder: given,
  };
};

const absent = (reason: string): Engine => ({ status: "absent", reason });

const silent = (who: string): string => `${who} gave no answer within ${patience / 1000} seconds`;

const describe = (buildx: string, builder: Builder, daemon: Daemon | undefined): string => {
  const docker = daemon === undefined ? [] : [`docker ${daemon.version}`];
  const kind = builder.driver === "docker" && daemon !== undefined ? `${daemon.store} store` : builder.driver;
  return [...docker, `buildx ${buildx}`, `builder ${builder.name} (${kind})`].join(", ");
};

const lastLine = (text: string): string => {
  const line = stripTerminalCodes(text).trim().split("\n").at(-1) ?? "";
  return line.replace(/^ERROR: /, "") || "docker gave no reason";
};
