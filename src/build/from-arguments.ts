import { expandWord, type Variable } from "../dockerfile/expand.ts";
import { parseImageReference } from "../dockerfile/image-reference.ts";
import type { Dockerfile, Span } from "../dockerfile/model.ts";
import { variableUses } from "../dockerfile/variable-uses.ts";
import type { PreflightProblem } from "./preflight.ts";

/**
 * Variables in FROM without which it names no image: declared without a default, or not at all, and not given.
 * A variable that only leaves out a part (`debian${SUFFIX}`) may be empty. BuildKit reads the FROM of every stage,
 * whichever is built.
 */
export const missingFromArguments = (
  dockerfile: Dockerfile,
  buildArgs: ReadonlyMap<string, string | undefined>,
): readonly PreflightProblem[] => {
  const declared = declaredValues(dockerfile, buildArgs);
  return dockerfile.stages.flatMap(({ from }) => {
    const platform = from.flags.find(({ name }) => name === "platform");
    const words: readonly Checked[] = [
      { text: from.image.text, span: from.image.span, isUsable: (text) => parseImageReference(text) !== undefined },
      ...(platform?.value !== undefined && platform.valueSpan !== undefined
        ? [{ text: platform.value, span: platform.valueSpan, isUsable: (text: string) => text !== "" }]
        : []),
    ];
    return words.flatMap((word) =>
      emptyIn(word, dockerfile.escape, declared).map((name) => ({
        at: spanOf(dockerfile.text, word.span, name),
        rule: "undefined-arg-in-from",
        message: `\`${name}\` in FROM has no value: ${
          declared.has(name) ? "its ARG has no default" : "no ARG before the first FROM declares it"
        } and no build argument gives it. ${
          declared.has(name) ? `Add to \`build-args\`: ${name}=…` : `Add before the first FROM: ARG ${name}=…`
        }`,
      })),
    );
  });
};

interface Checked {
  readonly text: string;
  readonly span: Span;
  readonly isUsable: (text: string) => boolean;
}

/** The variables that are empty in a word, when the word is unusable because of them. */
const emptyIn = (
  word: Checked,
  escapeCharacter: string,
  declared: ReadonlyMap<string, Variable | "unset">,
): readonly string[] => {
  const empty = new Set<string>();
  const { value } = expandWord(word.text, escapeCharacter, (name) => {
    const known = declared.get(name);
    if (known !== undefined && known !== "unset") return known;
    if (platformVariable.test(name)) return { value: undefined };
    empty.add(name);
    return undefined;
  });
  if (empty.size === 0) return [];
  const isKnown = (name: string): boolean => !empty.has(name);
  const { value: text } = expandWord(word.text, escapeCharacter, (name) => {
    const known = declared.get(name);
    return isKnown(name) && known !== "unset" ? known : { value: "" };
  });
  return value !== undefined || text === undefined || word.isUsable(text) ? [] : [...empty];
};

/** Filled in by the engine where a stage's platform is chosen. */
const platformVariable = /^(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT|OSVERSION|STAGE)$/;

/** Of the ARGs before the first FROM, what is given or else their default; a value from the environment is not known here. */
const declaredValues = (
  dockerfile: Dockerfile,
  buildArgs: ReadonlyMap<string, string | undefined>,
): ReadonlyMap<string, Variable | "unset"> => {
  const declared = new Map<string, Variable | "unset">();
  for (const instruction of dockerfile.instructions) {
    if (instruction.keyword === "FROM") break;
    if (instruction.keyword !== "ARG") continue;
    for (const { key, value } of instruction.assignments) {
      const name = key.text;
      const lookup = (other: string): Variable | undefined => {
        const known = declared.get(other);
        return known === "unset" ? { value: "" } : known;
      };
      if (buildArgs.has(name)) declared.set(name, { value: buildArgs.get(name) });
      else if (value !== undefined) declared.set(name, expandWord(value.text, dockerfile.escape, lookup));
      else if (!platformVariable.test(name)) declared.set(name, "unset");
    }
  }
  return declared;
};

const spanOf = (text: string, within: Span, name: string): Span => {
  const [found] = variableUses(text.slice(within.start, within.end), name);
  return found === undefined ? within : { start: within.start + found.start, end: within.start + found.end };
};
