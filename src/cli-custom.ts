import { nearestName } from "./build/target-names.ts";
import { UserError } from "./errors.ts";
import { oneLine } from "./report/escape/plain.ts";
import type { Paint } from "./report/paint.ts";
import { wrapWords } from "./report/table.ts";
import type { Config, CustomRule } from "./settings.ts";

/** `explain custom/…`: a house rule as the configuration has it. An unknown name is a UserError with the nearest one. */
export const explainCustom = (name: string, config: Config, paint: Paint, width: number): string => {
  const found = config.customRules.filter(({ id }) => id === name);
  if (found.length === 0) throw unknown(name, config);
  const wrapped = (text: string): readonly string[] => wrapWords(oneLine(text), Math.min(width, 100) - 4);
  return `${found
    .flatMap((rule, index) => [
      ...(index > 0 ? [""] : []),
      `${paint("bold", rule.id)}: ${oneLine(rule.message)}`,
      paint("dim", `${config.rules.get(rule.id)?.level ?? rule.level} · house rule of ${config.path}`),
      "",
      ...wrapped(sentence(rule)),
      "",
      paint("bold", "To silence it on one instruction, put above it"),
      `  # docker-hygiene ignore=${rule.id} -- the reason`,
    ])
    .join("\n")}\n`;
};

const unknown = (name: string, { customRules, path }: Config): UserError => {
  if (path === undefined) return new UserError(`there is no rule \`${name}\`: no configuration was found here.`);
  const ids = customRules.map(({ id }) => id);
  const meant = nearestName(name, ids);
  const hint =
    meant !== undefined
      ? `Did you mean \`${meant}\`?`
      : ids.length > 0
        ? `It has ${ids.map((id) => `\`${id}\``).join(", ")}.`
        : "It has no house rules.";
  return new UserError(`there is no rule \`${name}\` in ${path}. ${hint}`);
};

/** What is looked for, as one sentence. */
const sentence = ({ kind, instruction, command, image, label, pattern }: CustomRule): string => {
  const where = command === undefined ? undefined : ` in ${instruction ?? "RUN"}`;
  const subject =
    command !== undefined
      ? `the command \`${command}\`${where}`
      : image !== undefined
        ? `images named \`${image}\`${instruction === undefined ? "" : ` in ${instruction}`}`
        : label !== undefined
          ? `the label \`${label}\``
          : `the instruction ${instruction ?? ""}`;
  const what = command !== undefined ? "arguments" : label !== undefined ? "a value" : "text";
  const match = pattern === undefined ? "" : ` with ${what} that the regular expression \`${pattern.source}\` finds`;
  if (kind === "forbid") return `Reports ${subject}${match}.`;
  if (image !== undefined)
    return pattern === undefined
      ? `Reports every image that is not named \`${image}\`.`
      : `Reports ${subject} that do not match the regular expression \`${pattern.source}\`.`;
  return `Reports every target that lacks ${subject}${match}, the stages it is built FROM included.`;
};
