import { describe, expect, test } from "@jest/globals";
import { commandScript } from "../src/dockerfile/command-script.ts";
import type { RunInstruction } from "../src/dockerfile/model.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import type { ShellCommand } from "../src/dockerfile/script.ts";

const sh = ["/bin/sh", "-c"];

const scriptOf = (run: string, shell: readonly string[] = sh) => {
  const text = `FROM a\n${run}`;
  const { instructions, problems } = readDockerfile("Dockerfile", text);
  expect(problems).toEqual([]);
  const instruction = instructions[1] as RunInstruction;
  return { text, script: commandScript(instruction.command, instruction.heredocs, shell, text) };
};

/** Each command as the words of the file that its name and arguments stand on. */
const words = (run: string, shell?: readonly string[]): readonly string[] => {
  const { text, script } = scriptOf(run, shell);
  return script.commands.map((command) =>
    [...(command.nameWord ? [command.nameWord] : []), ...command.args]
      .map(({ span }) => text.slice(span.start, span.end))
      .join(" "),
  );
};

const brief = ({ name, pipedInto, pipedFrom, followedBy, enclosures, parent }: ShellCommand) => ({
  name,
  pipedInto,
  pipedFrom,
  followedBy,
  enclosures,
  parent,
});

describe("the commands of a RUN", () => {
  test("are found over continuations, comments and blank lines, on their own words", () => {
    expect(words("RUN apt-get update && \\\n  # why\n\n  apt-get install -y \\\n    curl=1 ; true")).toEqual([
      "apt-get update",
      "apt-get install -y curl=1",
      "true",
    ]);
  });

  test("are found in conditions, loops, functions, groups, subshells and substitutions", () => {
    const run = 'RUN if a; then b; else c; fi; for x in $(d); do e; done; f() { g; }; (h); echo "$(i)" `j` <(k)';
    expect(scriptOf(run, ["bash", "-c"]).script.commands.map(({ name, enclosures }) => [name, ...enclosures])).toEqual([
      ["a", "condition"],
      ["b", "branch"],
      ["c", "branch"],
      ["d", "substitution"],
      ["e", "loop"],
      ["g", "function", "group"],
      ["h", "subshell"],
      ["echo"],
      ["i", "substitution"],
      ["j", "substitution"],
      ["k", "process-substitution"],
    ]);
  });

  test("stand on their own words between backticks, whatever is escaped there", () => {
    expect(words('RUN X=`a \\`b c\\` \\$y \'d\\047\'` Y="`e \\"f\\" \\$g`" h')).toEqual([
      "h",
      "a \\`b c\\` \\$y 'd\\047'",
      "b c",
      'e \\"f\\" \\$g',
    ]);
  });

  test("know what they are piped into and what follows", () => {
    expect(scriptOf("RUN curl x | tar xz && rm y || true; a\\\n & b").script.commands.map(brief)).toEqual([
      { name: "curl", pipedInto: 1, pipedFrom: undefined, followedBy: "&&", enclosures: [], parent: undefined },
      { name: "tar", pipedInto: undefined, pipedFrom: 0, followedBy: "&&", enclosures: [], parent: undefined },
      { name: "rm", pipedInto: undefined, pipedFrom: undefined, followedBy: "||", enclosures: [], parent: undefined },
      { name: "true", pipedInto: undefined, pipedFrom: undefined, followedBy: ";", enclosures: [], parent: undefined },
      { name: "a", pipedInto: undefined, pipedFrom: undefined, followedBy: "&", enclosures: [], parent: undefined },
      {
        name: "b",
        pipedInto: undefined,
        pipedFrom: undefined,
        followedBy: undefined,
        enclosures: [],
        parent: undefined,
      },
    ]);
  });

  test("are taken out of sudo, env, xargs, timeout and exec", () => {
    const { script } = scriptOf(
      "RUN sudo -u root -E A=1 apt-get update; env -i B=2 /usr/bin/curl x; ls | xargs -n 1 timeout 5 rm -f",
    );
    expect(
      script.commands.map(({ name, wrappers, assignments }) => ({
        name,
        wrappers: wrappers.map(({ value }) => value),
        assignments: assignments.map((each) => `${each.name}=${each.value?.value}`),
      })),
    ).toEqual([
      { name: "apt-get", wrappers: ["sudo"], assignments: ["A=1"] },
      { name: "curl", wrappers: ["env"], assignments: ["B=2"] },
      { name: "ls", wrappers: [], assignments: [] },
      { name: "rm", wrappers: ["xargs", "timeout"], assignments: [] },
    ]);
  });

  test("are read inside sh -c, eval, find -exec and a heredoc fed to a shell", () => {
    expect(
      words('RUN bash -ec \'apt-get install \\\n "a b"\' && eval "rm \\"x\\"" && find / -exec chmod 1 {} \\;'),
    ).toEqual([
      "bash -ec 'apt-get install \\\n \"a b\"'",
      'apt-get install "a b"',
      'eval "rm \\"x\\""',
      'rm \\"x\\"',
      "find / -exec chmod 1 {} \\;",
      "chmod 1 {}",
    ]);
    expect(words("RUN bash -e <<EOF\napt-get update\nEOF")).toEqual(["bash -e", "apt-get update"]);
  });

  test("are read from a heredoc that is the whole script, tabs dropped", () => {
    expect(words("RUN <<-EOF\n\tset -e\n\tcurl \\\n\t  x\nEOF")).toEqual(["set -e", "curl x"]);
  });

  test("are read from the exec form, through sh -c as well", () => {
    expect(words('RUN ["apt-get", "install", "-y"]')).toEqual(['"apt-get" "install" "-y"']);
    expect(words('RUN ["sh", "-c", "a \\"b\\" && c"]')).toEqual(['a \\"b\\"', "c"]);
  });
});

describe("a script that is not POSIX shell", () => {
  test.each([
    ["RUN Install-Module x", ["powershell", "-Command"], "powershell"],
    ["RUN dir C:\\x", ["cmd", "/S", "/C"], "cmd"],
    ["RUN x", ["/usr/bin/fish", "-c"], "unknown-shell"],
    ["RUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF", sh, "other-interpreter"],
    ["RUN if x; then", sh, "syntax-error"],
  ])("%j under %j is %s", (run, shell, status) => {
    expect(scriptOf(run, shell).script.status).toBe(status);
  });

  test("keeps the commands before a syntax error and says where it is", () => {
    const { text, script } = scriptOf("RUN a && \\\n  ( b");
    expect(script.commands.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(script.status === "syntax-error" && text.slice(0, script.error?.span.start).split("\n").length).toBe(3);
  });

  test("knows errexit and pipefail from SHELL and from set", () => {
    const options = (run: string, shell: readonly string[]) => {
      const { script } = scriptOf(run, shell);
      return script.status === "parsed" ? [...script.options].sort() : script.status;
    };
    expect(options("RUN a", ["/bin/bash", "-eo", "pipefail", "-c"])).toEqual(["errexit", "pipefail"]);
    expect(options("RUN set -eux; a", sh)).toEqual(["errexit"]);
    expect(options("RUN set -o pipefail && a", sh)).toEqual(["pipefail"]);
  });
});
