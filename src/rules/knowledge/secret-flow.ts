import type { ShellCommand } from "../../dockerfile/script.ts";
import type { SecretMount } from "./secret-mounts.ts";

/** Which words of a script hold a mounted secret, variables that took it over included. */
export interface SecretTaint {
  /** The text names the secret's file or a variable that holds it. */
  readonly isSecret: (text: string) => boolean;
  readonly isSecretPath: (text: string) => boolean;
  /** The id of the secret that a command handles. */
  readonly idIn: (command: ShellCommand, commands: readonly ShellCommand[]) => string | undefined;
}

export const readTaint = (secrets: readonly SecretMount[], commands: readonly ShellCommand[]): SecretTaint => {
  const paths = new Map(secrets.flatMap(({ path, id }) => (path === undefined ? [] : [[path, id] as const])));
  const variables = new Map(
    secrets.flatMap(({ variable, id }) => (variable === undefined ? [] : [[variable, id] as const])),
  );
  const idOf = (written: string): string | undefined => {
    const text = written.includes("$(") ? written.replace(telling, "") : written;
    for (const [path, id] of paths) if (namesPath(text, path)) return id;
    for (const [, name = ""] of text.matchAll(/\$\{?(\w+)/g)) if (variables.has(name)) return variables.get(name);
    return undefined;
  };
  for (const command of commands)
    for (const [name, value] of assignedBy(command)) {
      const id = idOf(value);
      if (id !== undefined) variables.set(name, id);
    }
  return {
    isSecret: (text) => idOf(text) !== undefined,
    isSecretPath: (text) => paths.has(text),
    idIn: (command, all) => {
      let at: ShellCommand | undefined = command;
      for (let steps = 0; at !== undefined && steps <= all.length; steps++) {
        const id = textsOf(at)
          .map(idOf)
          .find((found) => found !== undefined);
        if (id !== undefined) return id;
        at = at.pipedFrom === undefined ? undefined : all[at.pipedFrom];
      }
      return undefined;
    },
  };
};

/** Whether a command prints a secret: it only passes text on, and a secret is in its words, its input or its pipe. */
export const carriesSecret = (
  command: ShellCommand,
  commands: readonly ShellCommand[],
  taint: SecretTaint,
): boolean => {
  let at: ShellCommand | undefined = command;
  for (let steps = 0; at !== undefined && steps <= commands.length; steps++) {
    if (!passesOn.test(at.name)) return false;
    if (textsOf(at).some(taint.isSecret)) return true;
    at = at.pipedFrom === undefined ? undefined : commands[at.pipedFrom];
  }
  return false;
};

/** A substitution that tells of its input no more than a number or a checksum: `$(wc -c < /run/secrets/x)`. */
const telling = /\$\((?:[^()|;&]*\|)?\s*(?:wc|stat|cksum|b2sum|md5sum|sha\d+sum)\b[^()|;&]*(?:\|[^()|;&]*)?\)/g;

const passesOn =
  /^(echo|printf|cat|tee|sed|awk|gawk|mawk|grep|egrep|tr|cut|head|tail|base64|envsubst|jq|yq|xxd|od|rev|sort|tac)$/;

/** Arguments, and what comes in by redirection; not the file that the output goes to. */
const textsOf = (command: ShellCommand): readonly string[] => [
  ...command.args.map(({ value }) => value),
  ...command.redirects
    .filter(({ operator }) => operator.startsWith("<"))
    .flatMap(({ target, body }) => [target?.value ?? "", body ?? ""]),
];

const assignedBy = (command: ShellCommand): readonly (readonly [string, string])[] => {
  const input = command.redirects.find(({ operator }) => operator === "<" || operator === "<<<")?.target?.value;
  if (command.name === "read" && input !== undefined)
    return command.args.filter(({ value }) => /^\w+$/.test(value)).map(({ value }) => [value, input] as const);
  const isDeclaration = /^(|export|declare|local|readonly|typeset)$/.test(command.name);
  if (!isDeclaration) return [];
  const declared = command.args.flatMap(({ value }) => {
    const found = /^(\w+)=([\s\S]*)$/.exec(value);
    return found === null ? [] : [[found[1] ?? "", found[2] ?? ""] as const];
  });
  return [...command.assignments.map(({ name, value }) => [name, value?.value ?? ""] as const), ...declared];
};

const namesPath = (text: string, path: string): boolean => {
  for (let at = text.indexOf(path); at >= 0; at = text.indexOf(path, at + 1)) {
    if (!/[\w.-]/.test(text[at + path.length] ?? " ") && !/[\w.-]/.test(text[at - 1] ?? " ")) return true;
  }
  return false;
};
