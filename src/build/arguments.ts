import { bakeDefinition, bakeRights } from "./bake-definition.ts";
import { joinFields } from "./records.ts";
import type { BakeLink, Target } from "./target.ts";
import { secretFields, sshFields } from "./target-fields.ts";

/** What one call of buildx is to yield. */
export type Output =
  /** Steps run and stay in the builder's cache; layers are compressed, no image is left in the store. */
  | { readonly type: "image" }
  /** Steps run and stay in the cache; for engines that can export nothing. */
  | { readonly type: "cacheonly" }
  /** Into the engine's own store, for engines that can export nothing else; whoever asks removes it. */
  | { readonly type: "docker"; readonly name: string }
  /** Into an OCI layout folder; several targets may share one, one writer at a time. */
  | { readonly type: "oci"; readonly folder: string };

export interface CommandOptions {
  readonly step: "build" | "export";
  readonly output: Output;
  readonly builder: string | undefined;
  readonly metadataFile: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface BuildCommand {
  readonly argv: readonly string[];
  /** Added to the process's environment: the values of build arguments. */
  readonly environment: ReadonlyMap<string, string>;
  /** To be written before, for the owner alone, and removed after. */
  readonly definition: { readonly path: string; readonly text: string } | undefined;
}

/**
 * The command line behind `docker`. It holds no secret's value, and values of build arguments only where their
 * name means something to the process itself (`PATH`, `HTTP_PROXY`, `BUILDKIT_…`).
 *
 * `environment` is what the process will have anyway. `step: "export"` repeats a build that has just run, from its
 * cache: it neither pulls nor discards the cache again.
 */
export const buildCommand = (target: Target, options: CommandOptions): BuildCommand =>
  target.bake === undefined ? plainCommand(target, options) : bakeCommand(target, target.bake, options);

const plainCommand = (target: Target, options: CommandOptions): BuildCommand => {
  const args = [...target.buildArgs].map(([name, value]) => argumentByName(name, value, options.environment));
  return {
    argv: [
      "buildx",
      "build",
      "--progress=rawjson",
      ...optional("--builder", options.builder),
      "--file",
      target.dockerfileAbsolute,
      ...optional("--target", target.stage),
      `--provenance=${provenance(target, options.output)}`,
      "--metadata-file",
      options.metadataFile,
      "--output",
      outputField(options.output),
      ...(target.platforms.length === 0 ? [] : ["--platform", target.platforms.join(",")]),
      ...args.flatMap(({ argument }) => ["--build-arg", argument]),
      ...[...target.buildContexts].flatMap(([name, value]) => ["--build-context", `${name}=${value}`]),
      ...target.secrets.flatMap((secret) => ["--secret", secretFields(secret)]),
      ...target.ssh.flatMap((forward) => ["--ssh", sshFields(forward)]),
      ...optional("--network", target.network),
      ...target.cacheFrom.flatMap((cache) => ["--cache-from", cache]),
      ...(options.step === "build" ? onlyOnce(target) : []),
      "--",
      target.context,
    ],
    environment: new Map(args.flatMap(({ variable }) => (variable === undefined ? [] : [variable]))),
    definition: undefined,
  };
};

const bakeCommand = (target: Target, link: BakeLink, options: CommandOptions): BuildCommand => {
  const path = options.metadataFile.replace(/\.json$/, "-bake.json");
  const isBuild = options.step === "build";
  const fromEnvironment = [...target.buildArgs].map(
    ([name, value]) => [name, value ?? options.environment[name]] as const,
  );
  const text = bakeDefinition({ ...target, buildArgs: new Map(fromEnvironment) }, link, {
    output: [outputField(options.output)],
    ...(isBuild ? { "cache-to": target.cacheTo, "no-cache": target.noCache, pull: target.pull } : {}),
  });
  return {
    argv: [
      ...["buildx", "bake", "--progress=rawjson"],
      ...optional("--builder", options.builder),
      ...[
        "--file",
        path,
        `--provenance=${provenance(target, options.output)}`,
        "--metadata-file",
        options.metadataFile,
      ],
      ...bakeRights(target).flatMap((right) => ["--allow", right]),
      link.name,
    ],
    // Whoever may run this may read the files anyway.
    environment: new Map([["BUILDX_BAKE_ENTITLEMENTS_FS", "0"]]),
    definition: { path, text },
  };
};

/**
 * What was built by which line is in the metadata file, and an attestation would only be one more manifest; but of
 * several platforms buildx writes nothing into that file.
 */
const provenance = (target: Target, output: Output): string =>
  target.platforms.length > 1 && output.type === "oci" ? "mode=max" : "false";

const onlyOnce = (target: Target): readonly string[] => [
  ...target.cacheTo.flatMap((cache) => ["--cache-to", cache]),
  ...(target.noCache ? ["--no-cache"] : []),
  ...(target.pull ? ["--pull"] : []),
];

const optional = (flag: string, value: string | undefined): readonly string[] =>
  value === undefined ? [] : [flag, value];

const outputField = (output: Output): string => {
  if (output.type === "image") return "type=image,store=false";
  if (output.type === "cacheonly") return "type=cacheonly";
  if (output.type === "docker") return joinFields(["type=docker", `name=${output.name}`]);
  return joinFields(["type=oci", "tar=false", `dest=${output.folder}`]);
};

/** `--build-arg NAME` makes buildx read the value from its environment: an argument list is open to every user. */
const argumentByName = (
  name: string,
  value: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly argument: string; readonly variable?: readonly [string, string] } => {
  if (value === undefined || environment[name] === value) return { argument: name };
  const hasMeaning = Object.hasOwn(environment, name) || meaningful.test(name) || !/^[A-Za-z_]\w*$/.test(name);
  return hasMeaning || value.includes("\0")
    ? { argument: `${name}=${value}` }
    : { argument: name, variable: [name, value] };
};

/** Names that docker, buildx, Go or the system's loader read themselves. */
const meaningful =
  /^(?:docker|buildx|buildkit|compose|actions|otel|ssh|go|ld|xdg|git|cgo|kube|aws|azure|google)|_proxy$|^(?:path|home|user|tmpdir|temp|tmp|term|columns|no_color|clicolor|source_date_epoch|experimental)/i;
