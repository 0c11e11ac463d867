import type { Span } from "../../dockerfile/model.ts";
import type { Script, ShellCommand } from "../../dockerfile/script.ts";
import type { PosixShell } from "./default-shell.ts";
import { maskedScript } from "./shell-text.ts";

export interface BashSyntax {
  readonly at: Span;
  /** As the message shows it. */
  readonly written: string;
}

type Posix = PosixShell["name"];

/** What the shell does not have, the first of each kind, in the order of the script. */
export const bashSyntaxIn = (script: Script, shell: PosixShell, fileText: string): readonly BashSyntax[] => {
  const { text } = script;
  const found = parts.some((part) => text.includes(part)) && hint.test(text) ? inText(script, shell.name) : [];
  const seen = new Set<string>();
  for (const command of script.commands) {
    if (!suspects.has(command.name) || command.enclosures.includes("nested-script")) continue;
    for (const one of inCommand(command, shell, fileText)) {
      const kind = one.written.startsWith("{") || one.written.includes("{") ? "{" : one.written;
      if (!seen.has(kind)) found.push(one);
      seen.add(kind);
    }
  }
  return found.sort((a, b) => a.at.start - b.at.start);
};

const inText = (script: Script, shell: Posix): BashSyntax[] => {
  const masked = maskedScript(script.text);
  return syntax.flatMap(({ pattern, missingIn }) => {
    const match = missingIn.includes(shell) ? pattern.exec(masked) : null;
    if (match === null) return [];
    const written = match[1] ?? match[0];
    const start = match.index + match[0].lastIndexOf(written);
    return [{ at: script.locate(start, start + written.length), written: shortened(written) }];
  });
};

const shortened = (text: string): string => (text.length > 30 ? `${text.slice(0, 29)}…` : text);

const both: readonly Posix[] = ["dash", "ash"];
const dash: readonly Posix[] = ["dash"];

/** Every pattern below holds one of these; most scripts do not, and are not masked. */
const hint = /\[\[|<<<|&>|\|&|[<>]\(|\bfunction\b|=\(|\$\{(?:!|\w+(?:[\^,[/]|:[\d$ ]))|\(\(|\$'/;

/** What the hint looks for begins with one of these, which is found a lot faster. */
const parts: readonly string[] = ["[[", "<<<", "&>", "|&", "<(", ">(", "function", "=(", "${", "((", "$'"];

/** On the script without quoted text; ash is built with much of what bash has. */
const syntax: readonly { readonly pattern: RegExp; readonly missingIn: readonly Posix[] }[] = [
  { pattern: /(?:^|[\s;&|(!{])(\[\[)(?=\s)/, missingIn: dash },
  { pattern: /<<</, missingIn: both },
  { pattern: /(?<![>&\d])&>>?(?!&)/, missingIn: dash },
  { pattern: /(?<!\|)\|&(?!&)/, missingIn: both },
  { pattern: /(?:^|[\s=])([<>]\()/, missingIn: dash },
  { pattern: /(?:^|[\s;&|({])(function)\s+[\w-]+\s*(?:\(\s*\)\s*)?\{/, missingIn: dash },
  { pattern: /(?:^|[\s;&|(])([A-Za-z_]\w*\+?=\()/, missingIn: both },
  { pattern: /\$\{(?:!\w|\w+(?:\^|,|\[))[^}\s]*\}?/, missingIn: both },
  { pattern: /\$\{\w+(?:\/|:\d|: -\d|:\$)[^}\s]*\}?/, missingIn: dash },
  { pattern: /\bfor\s*(\(\()/, missingIn: both },
  { pattern: /\$'/, missingIn: dash },
];

const commands: Readonly<Record<Posix, ReadonlySet<string>>> = {
  dash: new Set(["source", "pushd", "popd", "shopt", "declare", "typeset", "let", "mapfile", "readarray"]),
  ash: new Set(["pushd", "popd", "shopt", "declare", "typeset", "mapfile", "readarray"]),
};

/** Programs whose operands are paths, which bash would expand braces in. */
const pathPrograms: ReadonlySet<string> = new Set(
  "mkdir touch rm rmdir cp mv ls chown chmod install cat mkfifo".split(" "),
);

/** Other commands are not looked at. */
const suspects: ReadonlySet<string> = new Set([
  ...Object.values(commands).flatMap((names) => [...names]),
  ...pathPrograms,
  "echo",
  "[",
  "test",
  "set",
]);

const inCommand = function* (command: ShellCommand, shell: PosixShell, fileText: string): Iterable<BashSyntax> {
  const { name, nameWord, args } = command;
  const isDash = shell.name === "dash";
  if (nameWord !== undefined && commands[shell.name].has(name)) yield { at: nameWord.span, written: name };
  const [first] = args;
  if (isDash && nameWord?.value === "echo" && first !== undefined && /^-(e|ne|en)$/.test(first.value)) {
    yield { at: first.span, written: first.value === "-e" ? "echo -e" : `echo ${first.value}` };
  }
  if (isDash && (name === "[" || name === "test")) {
    for (const word of args) if (word.value === "==") yield { at: word.span, written: "==" };
  }
  const pipefail = args.find((word) => word.value === "pipefail");
  const isTried = command.followedBy === "||" || command.enclosures.length > 0 || command.redirects.length > 0;
  const isRefused = isDash && !shell.mayKnowPipefail && !isTried;
  if (isRefused && name === "set" && pipefail !== undefined && nameWord !== undefined) {
    yield { at: { start: nameWord.span.start, end: pipefail.span.end }, written: "set -o pipefail" };
  }
  if (!pathPrograms.has(name)) return;
  for (const word of args) {
    const raw = fileText.slice(word.span.start, word.span.end);
    const brace = /\{(?:[^{}$'"\s,.]|\.(?!\.))*(?:,|\.\.)[^{}'"\s]*\}/.exec(raw);
    if (brace !== null && !/['"\\]/.test(raw) && raw[brace.index - 1] !== "$")
      yield { at: word.span, written: brace[0] };
  }
};
