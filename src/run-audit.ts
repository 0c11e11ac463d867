import { type AuditOutcome, auditFile } from "./audit/audit.ts";
import { auditedFile, type Surroundings } from "./audit/audited-file.ts";
import type { BakeTarget } from "./build/bake.ts";
import { chooseContext } from "./build/context.ts";
import type { Configs } from "./config.ts";
import { decodeText } from "./dockerfile/decode.ts";
import type { Dockerfile } from "./dockerfile/model.ts";
import { readDockerfile } from "./dockerfile/read.ts";
import type { Files, FoundFile } from "./ports.ts";
import type { AuditedFile } from "./rules/audited-file.ts";
import { rules } from "./rules/registry.ts";
import { type Config, type DockerfileConfig, ruleSettingsFor, type Settings } from "./settings.ts";

export interface AuditRequest {
  readonly settings: Settings;
  readonly configs: Configs;
  readonly world: { readonly files: Files };
  /** What the workflow supplies counts only when something is going to be built. */
  readonly isBuilding: boolean;
  /** The targets of Bake and Compose files that build the Dockerfile. */
  readonly baked?: readonly BakeTarget[] | undefined;
}

/** A Dockerfile with what is known about it from outside. */
export interface OpenedFile {
  readonly found: FoundFile;
  readonly bytes: Uint8Array;
  readonly config: Config;
  /** What the configuration says of its builds. */
  readonly own: DockerfileConfig | undefined;
  /** Looked up when it is first asked for, because it lists folders. */
  readonly context: () => ReturnType<typeof chooseContext>;
  /** Audits a text as this file's content. */
  readonly audit: (text: string) => AuditedText;
}

export interface AuditedText {
  readonly dockerfile: Dockerfile;
  readonly file: AuditedFile;
  readonly outcome: AuditOutcome;
}

/** Rejects with a message that names the reason, not the path, when the file cannot be read. */
export const openDockerfile = async (found: FoundFile, request: AuditRequest): Promise<OpenedFile> => {
  const { settings, configs, world, isBuilding } = request;
  const config = await configs.of(found.absolute);
  const own = config.dockerfiles.find(({ matches }) => matches(found.absolute));
  const bytes = await world.files.readBytes(found.absolute);
  let stages: AuditedFile["stages"] | undefined;
  const context = once(() =>
    chooseContext({
      path: found.path,
      folder: folderOf(found.absolute),
      root: world.files.rootOf(found.absolute),
      configured: request.baked?.[0]?.context ?? own?.context,
      stages: stages ?? auditedFile(readDockerfile(found.path, decodeText(bytes))).stages,
      contextAt: (folder) => world.files.context(folder, found.absolute),
    }),
  );
  const around = surroundings(() => context().context, found, own, request, isBuilding);
  const options = {
    rules,
    profile: settings.profile,
    settings: ruleSettingsFor(config, found.absolute),
    requireReason: config.requireReason,
    customRules: config.customRules,
  };
  return {
    found,
    bytes,
    config,
    own,
    context,
    audit: (current) => {
      const dockerfile = readDockerfile(found.path, current);
      const file = auditedFile(dockerfile, around);
      stages ??= file.stages;
      return { dockerfile, file, outcome: auditFile(file, options) };
    },
  };
};

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

const folderOf = (absolute: string): string => absolute.replace(/[\\/][^\\/]*$/, "") || "/";

const surroundings = (
  context: () => string,
  found: FoundFile,
  own: DockerfileConfig | undefined,
  { settings, world, baked = [] }: AuditRequest,
  isBuilding: boolean,
): Surroundings => {
  return {
    context: once(() => world.files.context(context(), found.absolute)),
    namedContexts: new Set(
      [
        ...settings.buildContexts.keys(),
        ...(own?.buildContexts.keys() ?? []),
        ...baked.flatMap(({ buildContexts, linked }) => [...buildContexts.keys(), ...linked.keys()]),
      ].map((name) => name.toLowerCase()),
    ),
    targets: new Set(
      [...(own?.targets ?? []), ...baked.flatMap(({ stage }) => stage ?? [])].map((name) => name.toLowerCase()),
    ),
    supplied: isBuilding
      ? {
          secrets: new Set([settings, ...baked].flatMap(({ secrets }) => secrets.map(({ id }) => id))),
          ssh: new Set([settings, ...baked].flatMap(({ ssh }) => ssh.map(({ id }) => id))),
        }
      : undefined,
  };
};
