import { readSecretValues } from "./adapters/buildx-secrets.ts";
import type { CommandOptions } from "./build/arguments.ts";
import { linkedTargets } from "./build/bake-definition.ts";
import { withoutUnready } from "./build/preflight.ts";
import { redactor } from "./build/redaction.ts";
import { shownCommand } from "./build/shown-command.ts";
import type { Target } from "./build/target.ts";
import { oneLine } from "./report/escape/plain.ts";
import type { DryRun } from "./run.ts";
import type { Settings } from "./settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What a run would build, as a script that a reader can follow: values of build arguments that come from the
 * environment are named and not shown, and so is every secret. The exit code is 1 when a target is refused.
 */
export const describeRun = async (
  planned: DryRun,
  { secrets, maxParallel }: Pick<Settings, "secrets" | "maxParallel">,
  environment: Environment,
): Promise<{ readonly text: string; readonly code: number }> => {
  const all = planned.targets.flatMap(linkedTargets).flatMap((target) => target.secrets);
  const redact = redactor(await readSecretValues([...secrets, ...all], environment));
  const lines = dryRunLines(planned, maxParallel, environment, redact);
  const text = lines.map((line) => oneLine(redact(line))).join("\n");
  return { text, code: planned.refused.size > 0 ? 1 : 0 };
};

const dryRunLines = (
  planned: DryRun,
  maxParallel: number,
  environment: Environment,
  redact: (text: string) => string,
): readonly string[] => {
  const { targets, refused, engine, notes } = planned;
  const files = new Set(targets.map(({ dockerfile }) => dockerfile)).size;
  const count = (value: number, word: string): string => `${value} ${word}${value === 1 ? "" : "s"}`;
  const by = engine === undefined ? "" : engine.status === "ready" ? `, by ${engine.description}` : "";
  return [
    `${count(targets.length, "target")} in ${count(files, "Dockerfile")}, ${maxParallel} at a time${by}`,
    ...(engine?.status === "absent" ? [`nothing would be built: ${engine.reason}`] : []),
    ...notes.map((note) => `note: ${note}`),
    ...setUp(planned),
    ...targets.flatMap((target, index) => {
      const problems = refused.get(target) ?? [];
      return [
        "",
        target.id,
        ...about(target).map((line) => `  ${line}`),
        ...problems.map(({ line, message }) => `  refused: line ${line}: ${message}`),
        ...(problems.length > 0
          ? []
          : commandsOf(target, index, { planned, environment, redact }).map((line) => `  ${line}`)),
      ];
    }),
    "",
  ];
};

const builderName = "docker-hygiene-RUN";

const setUp = ({ engine, targets }: DryRun): readonly string[] => {
  if (engine?.status !== "ready" || targets.length === 0) return [];
  return [
    "FOLDER is a folder of the run, which is removed after it.",
    ...(engine.canExportOci
      ? []
      : [
          "The image store exports no layers, so a builder is made for the run and removed after it; where it cannot be made, images are built into the store, saved with `docker image save` and removed.",
          `  $ docker buildx create --name ${builderName} --driver docker-container --bootstrap`,
        ]),
  ];
};

const about = (target: Target): readonly string[] => [
  `context ${target.context}`,
  ...(target.platforms.length > 0 ? [`platforms ${target.platforms.join(", ")}`] : []),
  ...(target.buildArgs.size > 0 ? [`build arguments ${[...target.buildArgs.keys()].join(", ")}`] : []),
  ...(target.secrets.length > 0 ? [`secrets ${target.secrets.map(({ id }) => id).join(", ")}`] : []),
  ...(target.ssh.length > 0 ? [`ssh ${target.ssh.map(({ id }) => id).join(", ")}`] : []),
];

const commandsOf = (
  target: Target,
  index: number,
  given: { readonly planned: DryRun; readonly environment: Environment; readonly redact: (text: string) => string },
): readonly string[] => {
  const { environment, redact } = given;
  const { engine, supplied } = given.planned;
  const ready = engine?.status === "ready" ? engine : undefined;
  const builder = ready?.canExportOci === false ? builderName : ready?.builder;
  const shown = withoutUnready(target, supplied);
  const command = (step: CommandOptions["step"], output: CommandOptions["output"]): readonly string[] =>
    shownCommand(shown, { step, output, builder, metadataFile: `FOLDER/${step}-${index}.json`, environment }, redact);
  return [...command("build", { type: "image" }), ...command("export", { type: "oci", folder: "FOLDER/layout" })];
};
