import type { Span } from "../dockerfile/model.ts";
import type { ShellCommand, ShellWord } from "../dockerfile/script.ts";
import type { AuditedFile } from "./audited-file.ts";
import { findOption, hasOption, readOptions } from "./knowledge/command-options.ts";
import { knownValue, runsOf } from "./knowledge/run-commands.ts";
import { productionStages } from "./knowledge/stage-purpose.ts";
import { defineRule, type Edit, type Problem } from "./rule.ts";

export default defineRule({
  id: "world-writable-mode",
  summary: "Give write access to owner and group only",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  aliases: ["3be406ec"],
  why: `What everybody may write, everybody may replace: a process that should only read its program can then plant code in
it, for root to run at the next start. \`777\` is usually there because the owner is wrong. Set the owner
(\`COPY --chown=app\`, \`chown\`), or the group for platforms with random uids (\`chgrp 0\` and \`chmod g=u\`).`,
  silent: [
    "modes with the sticky bit, and /tmp, /var/tmp and /run",
    "an empty directory that the same RUN makes, without `-R`",
    "modes and paths that a variable holds whose value is not known, and stages named for development, tests, debugging or building",
  ],
  fixes: "unsafe",
  examples: [
    {
      bad: "FROM debian:12\nCOPY app /app\nRUN chmod -R ⟦777⟧ /app",
      fixed: "FROM debian:12\nCOPY app /app\nRUN chmod -R 775 /app",
      message: "The mode `777` lets everybody write",
    },
    {
      bad: "FROM debian:12\nCOPY ⟦--chmod=0666⟧ conf /etc/conf",
      fixed: "FROM debian:12\nCOPY --chmod=0664 conf /etc/conf",
    },
    {
      title: "In symbols",
      bad: "FROM debian:12\nRUN install -m ⟦777⟧ a /usr/bin/a && chmod ⟦a+rwx⟧ /opt/x && chmod u=rw,⟦o+w⟧ /opt/y",
      fixed: "FROM debian:12\nRUN install -m 775 a /usr/bin/a && chmod a+rx,ug+w /opt/x && chmod u=rw,o+w /opt/y",
    },
    {
      title: "In symbols for some, and in exec form",
      bad: 'FROM debian:12\nRUN chmod ⟦go+w⟧ /a && chmod ⟦ugo=rwX⟧ /b\nRUN ["chmod", ⟦"0777"⟧, "/c"]',
      fixed: 'FROM debian:12\nRUN chmod g+w /a && chmod ug=rwX,o=rX /b\nRUN ["chmod", "0775", "/c"]',
    },
    { good: "FROM debian:12\nRUN chmod 1777 /spool && chmod 755 /app && chmod +x /b && chmod g=u /c" },
    { good: "FROM debian:12\nRUN mkdir -p /data && chmod 777 /data && chmod 0777 /tmp" },
    { good: "FROM debian:12 AS build\nRUN chmod 777 /x\nFROM scratch\nCOPY --chmod=644 a /a" },
    { good: 'FROM debian:12\nARG MODE\nRUN chmod $MODE /x\nRUN work="$(mktemp -d)" && chmod 777 "$work"' },
  ],
  check: function* (file) {
    for (const stage of productionStages(file)) {
      if (stage.isWindows) continue;
      for (const { flags, keyword, isTrigger } of stage.instructions) {
        if ((keyword !== "COPY" && keyword !== "ADD") || isTrigger) continue;
        const flag = flags.find(({ name }) => name === "chmod");
        if (flag?.value !== undefined && isOpen(flag.value) !== undefined) yield problem(file, flag.span, flag.value);
      }
      for (const run of runsOf(file, stage)) {
        const { commands } = run;
        const made = madeIn(commands);
        for (const command of commands) {
          const found = openMode(command, made, (path) => knownValue(file, run, path));
          if (found !== undefined) yield problem(file, found.at, found.mode);
        }
      }
    }
  },
});

const problem = (file: AuditedFile, at: Span, mode: string): Problem => {
  const edit = narrowed(file.text, at, mode);
  return {
    at,
    message: `The mode \`${mode}\` lets everybody write`,
    ...(edit ? { fix: { title: "Leave writing to owner and group", safety: "unsafe", edits: [edit] } } : {}),
  };
};

/** The same mode without the right of others to write; undefined for a clause that gives nothing else. */
const narrowed = (text: string, at: Span, mode: string): Edit | undefined => {
  const written = text.slice(at.start, at.end);
  const digit = /[0-7](?=["']?$)/.exec(written);
  if (/^[0-7]+$/.test(mode) && digit !== null) {
    const start = at.start + digit.index;
    return { span: { start, end: start + 1 }, text: String(Number(digit[0]) & 0o5) };
  }
  const [, who = "", operator, rights = ""] = /^([ugoa]+)([+=])([rwxXst]+)$/.exec(mode) ?? [];
  const others = who.replaceAll("a", "ugo").replaceAll("o", "");
  if (written !== mode || others === "") return undefined;
  const rest = rights.replace("w", "");
  if (operator === "=") return { span: at, text: `${others}=${rights},o=${rest}` };
  return { span: at, text: rest === "" ? `${others}+w` : `${who}+${rest},${others}+w` };
};

const openMode = (
  command: ShellCommand,
  made: ReadonlySet<string>,
  valueOfPath: (path: ShellWord) => string | undefined,
): { readonly at: Span; readonly mode: string } | undefined => {
  if (command.name === "install") {
    const read = readOptions(command.args, install);
    const option = findOption(read, "-m", "--mode");
    if (option?.value === undefined || option.valueWord?.isLiteral !== true || hasOption(read, "-d", "--directory"))
      return undefined;
    return isOpen(option.value) === undefined ? undefined : { at: option.valueWord.span, mode: option.value };
  }
  if (command.name !== "chmod") return undefined;
  const read = readOptions(command.args);
  const [mode, ...paths] = read.operands;
  const clause = mode?.isLiteral === true ? isOpen(mode.value) : undefined;
  if (mode === undefined || clause === undefined || paths.length === 0) return undefined;
  const isRecursive = hasOption(read, "-R", "--recursive");
  // A path that is not known may be a temporary one: `chmod 777 "$(mktemp -d)"`.
  if (
    paths.every(
      (path) => shared.test(valueOfPath(path) ?? "/tmp") || (!isRecursive && made.has(withoutSlash(path.value))),
    )
  )
    return undefined;
  const offset = mode.value.length === mode.span.end - mode.span.start ? mode.value.indexOf(clause) : 0;
  const isPart = mode.value.length === mode.span.end - mode.span.start;
  const start = mode.span.start + offset;
  return { at: isPart ? { start, end: start + clause.length } : mode.span, mode: clause };
};

/** The clause that lets everybody write. */
const isOpen = (mode: string): string | undefined => {
  if (/^[0-7]{3,5}$/.test(mode)) {
    const value = Number.parseInt(mode, 8);
    return (value & 0o002) !== 0 && (value & 0o1000) === 0 ? mode : undefined;
  }
  if (/[+=]\w*t/.test(mode)) return undefined;
  return mode.split(",").find((clause) => /^[ug]*[oa][ugoa]*[+=][rxXs]*w/.test(clause));
};

/** Directories that the RUN makes. */
const madeIn = (commands: readonly ShellCommand[]): ReadonlySet<string> =>
  new Set(
    commands.flatMap(({ name, args }) =>
      name === "mkdir" || name === "install" ? args.map(({ value }) => withoutSlash(value)) : [],
    ),
  );

const withoutSlash = (path: string): string => (path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path);

const shared = /^\/(tmp|var\/tmp|run|var\/run|dev\/shm)(\/.*)?$/;
const install = {
  valued: new Set(["-m", "--mode", "-o", "--owner", "-g", "--group", "-t", "--target-directory", "-S", "--suffix"]),
};
