import { parseHeredocWord } from "./heredoc-words.ts";
import { concatJoined, joinText, type Piece, withoutEscapes } from "./joined-text.ts";
import type { CommandForm, Heredoc, JoinedText, Word } from "./model.ts";
import type { Dialect, Script, ShellCommand, UnparsedScript } from "./script.ts";
import { readShell } from "./shell.ts";
import { heredocEscapes } from "./shell-words.ts";
import { programName, unwrap } from "./shell-wrappers.ts";

/**
 * The script that a RUN, CMD, ENTRYPOINT or HEALTHCHECK executes. `shell` are the words of SHELL in effect;
 * `fileText` is the Dockerfile, for the bodies of heredocs. `dialect` overrules what the shell's name says.
 */
export const commandScript = (
  command: CommandForm,
  heredocs: readonly Heredoc[],
  shell: readonly string[],
  fileText: string,
  dialect?: Dialect,
): Script => {
  if (command.form === "exec") return execScript(command.words, command.span, fileText);
  const sole = heredocs.length === 1 ? parseHeredocWord(command.joined.text.trim()) : undefined;
  const [heredoc] = heredocs;
  const text = sole && heredoc ? heredocText(heredoc, fileText) : withHeredocs(command.joined, heredocs, fileText);
  const shebang = sole ? /^#!\s*(\S+)(?:[ \t]+(.*))?/.exec(text.text) : null;
  if (shebang) {
    const path = shebang[1] ?? "";
    const words = (shebang[2] ?? "").split(/\s+/);
    const name =
      programName(path) === "env" ? programName(words.find((word) => !/^-|=/.test(word)) ?? "") : programName(path);
    return shellScript(text, [name, ...words], dialect, isShellName(name) ? undefined : "other-interpreter");
  }
  return shellScript(text, shell, dialect);
};

/**
 * What a shell reads from a here-document on its standard input (`bash <<EOF`). Where the delimiter is not quoted, the
 * outer shell takes escapes off first; undefined where it also puts in what nobody knows.
 */
export const fedScript = (heredoc: Heredoc, shell: string, fileText: string): Script | undefined => {
  const body = heredocText(heredoc, fileText);
  const text = heredoc.expand ? unescaped(body) : body;
  return text && shellScript(text, [shell], undefined);
};

const unescaped = (body: JoinedText): JoinedText | undefined =>
  /(?<!\\)(?:\\\\)*(?:`|\$[\w{(@*#?$!-])/.test(body.text) ? undefined : withoutEscapes(body, heredocEscapes);

const dialects: readonly Dialect[] = ["sh", "bash", "ash", "dash", "ksh", "zsh"];
const isShellName = (name: string): boolean =>
  dialects.some((dialect) => dialect === name) || shellKind(name) !== "unknown-shell";

const shellKind = (name: string): "powershell" | "cmd" | "unknown-shell" => {
  const lower = name.toLowerCase().replace(/\.exe$/, "");
  if (lower === "powershell" || lower === "pwsh") return "powershell";
  return lower === "cmd" ? "cmd" : "unknown-shell";
};

const shellScript = (
  joined: JoinedText,
  shell: readonly string[],
  override: Dialect | undefined,
  status?: UnparsedScript["status"],
): Script => {
  const name = programName((shell[0] ?? "").replaceAll("\\", "/"));
  const dialect = override ?? dialects.find((known) => known === name);
  const { text, locate } = joined;
  const span = locate(0, text.length);
  const unparsed = (reason: UnparsedScript["status"]): UnparsedScript => ({
    status: reason,
    span,
    text,
    locate,
    commands: [],
  });
  if (status) return unparsed(status);
  if (!dialect) return unparsed(shellKind(name));
  const { commands, error } = readShell(joined);
  if (error) return { ...unparsed("syntax-error"), error, commands, dialect };
  const options = new Set([...flagOptions(shell.slice(1)), ...commands.flatMap(setOptions)]);
  return { status: "parsed", dialect, commands, text, locate, span, options };
};

/** What the shell gets: the command line, then each heredoc with its delimiter. */
const withHeredocs = (joined: JoinedText, heredocs: readonly Heredoc[], fileText: string): JoinedText => {
  if (heredocs.length === 0) return joined;
  const parts = heredocs.map((heredoc) => {
    const from = heredoc.contentSpan.start;
    const body = fileText.slice(from, heredoc.contentSpan.end);
    return joinText(`${body}${heredoc.name}`, [{ at: 0, source: from }]);
  });
  return concatJoined([joined, ...parts], "\n");
};

const heredocText = (heredoc: Heredoc, fileText: string): JoinedText => {
  const { start, end } = heredoc.contentSpan;
  const body = fileText.slice(start, end);
  if (!heredoc.chomp) return joinText(body, [{ at: 0, source: start }]);
  const pieces: Piece[] = [];
  const lines: string[] = [];
  let at = 0;
  let source = start;
  for (const line of body.split(/(?<=\n)/)) {
    const tabs = /^\t*/.exec(line)?.[0].length ?? 0;
    pieces.push({ at, source: source + tabs });
    lines.push(line.slice(tabs));
    at += line.length - tabs;
    source += line.length;
  }
  return joinText(lines.join(""), pieces);
};

const execScript = (words: readonly Word[], span: Word["span"], fileText: string): Script => {
  const [first] = words;
  const name = programName((first?.text ?? "").replaceAll("\\", "/"));
  const flag = words.findIndex(({ text }, at) => at > 0 && /^-[A-Zabd-z]*c[A-Za-z]*$/.test(text));
  const script = flag === -1 ? undefined : words[flag + 1];
  if (dialects.some((dialect) => dialect === name) && script) {
    return shellScript(
      jsonText(script, fileText),
      words.slice(0, flag + 1).map(({ text }) => text),
      undefined,
    );
  }
  const locate = (): Word["span"] => span;
  const text = words.map((word) => word.text).join(" ");
  const kind = shellKind(name);
  if (kind !== "unknown-shell") return { status: kind, span, text, locate, commands: [] };
  return { status: "parsed", dialect: "sh", commands: execCommands(words), text, locate, span, options: new Set() };
};

const execCommands = (words: readonly Word[]): readonly ShellCommand[] => {
  const [first] = words;
  const last = words.at(-1);
  if (!first || !last) return [];
  const shellWords = words.map(({ text, span }) => ({ value: text, isLiteral: true, span }));
  const { start, wrappers } = unwrap(shellWords);
  const nameWord = shellWords[start];
  return [
    {
      index: 0,
      name: programName(nameWord?.value ?? ""),
      nameWord,
      args: shellWords.slice(start + 1),
      assignments: [],
      redirects: [],
      wrappers: wrappers.flatMap((at) => shellWords[at] ?? []),
      wrapperSpan: start > 0 ? { start: first.span.start, end: shellWords[start - 1]?.span.end ?? 0 } : undefined,
      span: { start: first.span.start, end: last.span.end },
      enclosures: [],
      pipedInto: undefined,
      pipedFrom: undefined,
      followedBy: undefined,
      list: 0,
      parent: undefined,
    },
  ];
};

/** A JSON string's decoded text with the way back; a string that is continued over lines maps as a whole. */
const jsonText = (word: Word, fileText: string): JoinedText => {
  const raw = fileText.slice(word.span.start, word.span.end);
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of raw.slice(1, -1).matchAll(/\\u[0-9a-fA-F]{4}|\\.|[^\\]/gs)) {
    pieces.push({ at, source: word.span.start + 1 + match.index, width: match[0].length });
    at++;
  }
  return at === word.text.length ? joinText(word.text, pieces) : { text: word.text, locate: () => word.span };
};

const setOptions = (command: ShellCommand): readonly ("errexit" | "pipefail")[] =>
  command.name === "set" && command.enclosures.length === 0 ? flagOptions(command.args.map(({ value }) => value)) : [];

const flagOptions = (words: readonly string[]): readonly ("errexit" | "pipefail")[] => {
  const options: ("errexit" | "pipefail")[] = [];
  words.forEach((word, at) => {
    if (!/^-[A-Za-z]+$/.test(word)) return;
    if (word.includes("e")) options.push("errexit");
    const named = word.includes("o") ? words[at + 1] : undefined;
    if (named === "pipefail" || named === "errexit") options.push(named);
  });
  return options;
};
