import type { CmdInstruction, EntrypointInstruction } from "../../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "../audited-file.ts";
import { filesNamed } from "./context-paths.ts";
import { once } from "./once.ts";

/** What a container of a stage starts. */
export interface Start {
  /** ENTRYPOINT, or CMD where there is none. */
  readonly instruction: EntrypointInstruction | CmdInstruction;
  readonly entrypoint: EntrypointInstruction | undefined;
  /** Undefined also when an ENTRYPOINT of a later stage resets it. */
  readonly cmd: CmdInstruction | undefined;
  /** Words of ENTRYPOINT and CMD together, an init in front left out. */
  readonly words: readonly string[];
  /** Base names of the programs that are started: the first word, and what an entrypoint script is given. */
  readonly programs: readonly string[];
}

/** Undefined when neither ENTRYPOINT nor CMD is set in the file: the base decides. */
export const startOf = (file: AuditedFile, stage: StageFacts): Start | undefined => startOfStage(stage, file);

const startOfStage = once((stage: StageFacts, file: AuditedFile): Start | undefined => {
  const entrypoint = stage.entrypoint?.keyword === "ENTRYPOINT" ? stage.entrypoint : undefined;
  const written = stage.cmd?.keyword === "CMD" ? stage.cmd : undefined;
  const isReset = entrypoint !== undefined && written !== undefined && isBehind(stage, written, entrypoint);
  const cmd = isReset ? undefined : written;
  const instruction = entrypoint ?? cmd;
  if (instruction === undefined) return undefined;
  const first = entrypoint === undefined ? [] : wordsOf(file, entrypoint);
  // A shell form takes no arguments.
  const rest = cmd === undefined || entrypoint?.command.form === "shell" ? [] : wordsOf(file, cmd);
  const words = withoutInit([...first, ...rest]);
  if (words.length === 0) return undefined;
  const programs = [words[0], isEntrypointScript(words[0]) ? withoutInit(rest)[0] : undefined];
  return {
    instruction,
    entrypoint,
    cmd,
    words,
    programs: programs.flatMap((word) => (word === undefined ? [] : [baseName(word)])),
  };
});

/** Whether a container gives a prompt or a tool to work with, as images do that others are built on. */
export const startsPromptOrTool = (start: Start): boolean => {
  const at = isEntrypointScript(start.words[0]) && start.words.length > 1 ? 1 : 0;
  const program = baseName(start.words[at] ?? "").replace(/(?<![\d.])[\d.]+$/, "");
  if (compilers.has(program)) return true;
  const given = start.words.slice(at + 1);
  if (given.length === 1 && /^(--?version|--?help|-h|-\?)$/.test(given[0] ?? "")) return true;
  return (
    prompts.has(program) &&
    start.words.slice(at + 1).every((word) => /^-\w*$|^--\w+$/.test(word) && word !== "-c" && word !== "-m")
  );
};

/** Whether the entrypoint script only starts what it is given, and nothing gives it anything: others build on it. */
export const startsNothing = (file: AuditedFile, stage: StageFacts, start: Start): boolean => {
  if (start.cmd !== undefined || start.words.length > 1) return false;
  const scripts = startScripts(file, stage, start) ?? [];
  return scripts.length > 0 && scripts.every(({ text }) => /^[ \t]*(exec\s+)?"?\$(@|\{@\})"?[ \t]*$/m.test(text));
};

export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const isEntrypointScript = (word: string | undefined): boolean =>
  word !== undefined && (/\.(sh|bash)$/.test(word) || /entry-?point/i.test(baseName(word)));

/**
 * Texts of the script that a container starts, from the build context or a heredoc; undefined when the program
 * is a script by its name but nobody can read it. Empty for other programs.
 */
export const startScripts = (file: AuditedFile, stage: StageFacts, start: Start): readonly StartScript[] | undefined =>
  scriptsOf(file, stage, start.words[0] ?? "");

/** The same for any program of a stage. */
export const scriptsOf = (
  file: AuditedFile,
  stage: StageFacts,
  program: string,
): readonly StartScript[] | undefined => {
  const name = baseName(program);
  const found: StartScript[] = [];
  for (const instruction of stage.lineage.flatMap((facts) => facts.instructions)) {
    if (instruction.keyword !== "COPY" && instruction.keyword !== "ADD") continue;
    const isRenamed = baseName(instruction.destination.text) === name;
    for (const heredoc of instruction.heredocs) {
      if (isRenamed || heredoc.name === name) found.push({ path: undefined, text: heredoc.content });
    }
    if (instruction.flags.some((flag) => flag.name === "from")) continue;
    for (const { text } of instruction.sources) {
      if (baseName(text) !== name && !(isRenamed && instruction.sources.length === 1)) continue;
      found.push(...read(file, text.replace(/^\.?\//, "")));
    }
  }
  if (found.length > 0) return found;
  const copied = file.context === undefined ? [] : filesNamed(file.context, name);
  const only = copied.length === 1 ? copied[0] : undefined;
  if (only !== undefined) return read(file, only);
  return isEntrypointScript(program) ? undefined : [];
};

export interface StartScript {
  /** In the build context; undefined for a heredoc. */
  readonly path: string | undefined;
  readonly text: string;
}

const read = (file: AuditedFile, path: string): readonly StartScript[] => {
  const text = file.context?.read(path);
  return text === undefined ? [] : [{ path, text }];
};

/** Whether `cmd` belongs to a stage further down the lineage than `entrypoint`. */
const isBehind = (stage: StageFacts, cmd: CmdInstruction, entrypoint: EntrypointInstruction): boolean => {
  const depth = (index: number | undefined): number => stage.lineage.findIndex((facts) => facts.index === index);
  return depth(cmd.stageIndex) > depth(entrypoint.stageIndex);
};

const wordsOf = (file: AuditedFile, instruction: EntrypointInstruction | CmdInstruction): readonly string[] => {
  const { command } = instruction;
  const script = file.script(command, instruction);
  if (script?.status === "parsed") {
    const last = script.commands.findLast((each) => each.parent === undefined && each.name !== "");
    if (last !== undefined) return [last.nameWord?.value ?? last.name, ...last.args.map((word) => word.value)];
  }
  return command.form === "exec"
    ? command.words.map((word) => word.text)
    : command.joined.text.split(/\s+/).filter(Boolean);
};

const inits = new Set(["tini", "tini-static", "dumb-init", "catatonit", "docker-init", "exec", "env", "nohup", "nice"]);

const withoutInit = (words: readonly string[]): readonly string[] => {
  let at = 0;
  while (at < words.length && inits.has(baseName(words[at] ?? ""))) {
    at += 1;
    while (/^-|^\w+=/.test(words[at] ?? "")) at += 1;
  }
  return words.slice(at);
};

const list = (text: string): ReadonlySet<string> => new Set(text.split(" "));

const prompts = list(
  "sh bash ash dash zsh fish ksh csh tcsh pwsh powershell cmd busybox node nodejs iojs python pypy graalpy ipython irb pry ruby php perl " +
    "jshell ghci stack R Rscript julia lua luajit scala groovysh iex erl elixir racket sbcl rakudo raku perl6 swift hy octave " +
    "clojure lein sqlite bun deno dart guile gst",
);
const compilers = list(
  "gcc g++ cc clang go cargo rustc mvn gradle make cmake javac tsc sbt stack cabal ghc dotnet-sdk emcc nim zig crystal",
);
