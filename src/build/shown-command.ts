import { type BuildCommand, buildCommand, type CommandOptions } from "./arguments.ts";
import { shellWord } from "./shell-word.ts";
import type { Target } from "./target.ts";

/**
 * The command of a build as a reader can copy it, with the text of the Bake file before it where there is one. Values of
 * build arguments that come from the environment are named and not shown, and so is every secret.
 */
export const shownCommand = (
  target: Target,
  options: CommandOptions,
  redact: (text: string) => string,
): readonly string[] =>
  commandLines(
    buildCommand(shownArguments(target, options.environment), {
      ...options,
      environment: target.bake === undefined ? options.environment : {},
    }),
    redact,
  );

/** A value that the environment holds under the same name came from there, or might as well have. */
const shownArguments = (target: Target, environment: CommandOptions["environment"]): Target => ({
  ...target,
  buildArgs: new Map(
    [...target.buildArgs].map(([name, value]) => [name, value === environment[name] ? undefined : value] as const),
  ),
  ...(target.bake && {
    bake: {
      ...target.bake,
      linked: new Map([...target.bake.linked].map(([name, other]) => [name, shownArguments(other, environment)])),
    },
  }),
});

const commandLines = (
  { argv, environment, definition }: BuildCommand,
  redact: (text: string) => string,
): readonly string[] => {
  // Before it is quoted, which would tear a value of several lines apart.
  const word = (text: string): string => shellWord(redact(text));
  const file = definition && [`${definition.path}:`, ...redact(definition.text).trimEnd().split("\n")];
  return [
    ...(file ?? []).map((line, index) => (index === 0 ? line : `  ${line}`)),
    `$ ${[
      "BUILDX_METADATA_PROVENANCE=max",
      ...[...environment].map(([name, value]) => `${name}=${word(value)}`),
      ...["docker", ...argv].map(word),
    ].join(" ")}`,
  ];
};
