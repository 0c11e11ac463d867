import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { createFiles } from "../src/adapters/files.ts";
import { nameOf } from "../src/discover/dockerfile-names.ts";
import { parseDockerignore } from "../src/discover/dockerignore.ts";
import { compileFolderGlobs, compileGlobs } from "../src/discover/glob.ts";
import { isSourceText, isTemplateText } from "../src/discover/template-text.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder of files; a value that starts with `->` makes a symbolic link. */
const folderOf = (files: Readonly<Record<string, string>>): string => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "discover-")));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (text.startsWith("->")) symlinkSync(text.slice(2), join(root, path));
    else writeFileSync(join(root, path), text);
  }
  return root;
};

const git = (folder: string, ...args: string[]): void => {
  const result = spawnSync("git", ["-C", folder, "-c", "protocol.file.allow=always", ...args], {
    env: {
      PATH: process.env.PATH ?? "",
      HOME: folder,
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@example.org",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@example.org",
      GIT_CONFIG_NOSYSTEM: "1",
    },
    encoding: "utf8",
  });
  if (result.status !== 0) throw new Error(result.stderr);
};

const repositoryOf = (files: Readonly<Record<string, string>>): string => {
  const root = folderOf(files);
  git(root, "init", "-q");
  git(root, "add", "-A");
  git(root, "commit", "-qm", "x");
  return root;
};

const found = async (
  cwd: string,
  request: { readonly paths?: string[]; readonly files?: string[]; readonly exclude?: string[] } = {},
): Promise<{ readonly files: string[]; readonly notes: readonly string[] }> => {
  const { files, notes } = await createFiles(cwd).discover({ paths: [], files: [], exclude: [], ...request });
  return { files: files.map(({ path }) => path), notes };
};

test.each([
  ["Dockerfile", "dockerfile"],
  ["dockerfile", "dockerfile"],
  ["Dockerfile.alpine", "dockerfile"],
  ["Dockerfile.in.d", "dockerfile"],
  ["api.Dockerfile", "dockerfile"],
  ["api.dockerfile", "dockerfile"],
  ["Containerfile", "dockerfile"],
  ["Containerfile.dev", "dockerfile"],
  ["Containerfile-dev", "dockerfile"],
  ["Dockerfile.j2", "template"],
  ["Dockerfile.alpine.tmpl", "template"],
  ["api.dockerfile.erb", "template"],
  ["Containerfile.in", "template"],
  ["Dockerfile.dockerignore", "other"],
  ["Dockerfile.alpine.dockerignore", "other"],
  ["Dockerfile~", "other"],
  ["Dockerfile.orig", "other"],
  ["Dockerfile.bak", "other"],
  [".Dockerfile.swp", "other"],
  ["Dockerfile.md", "other"],
  ["Dockerfile.", "other"],
  [".dockerfile", "other"],
  ["Dockerfiles", "other"],
  ["my-dockerfile", "other"],
  ["index.j2", "other"],
])("the name %s is taken as %s", (name, verdict) => {
  expect(nameOf(name)).toBe(verdict);
});

const tree = {
  Dockerfile: "FROM a",
  "dockerfile.d/readme": "",
  "api/Dockerfile.dev": "FROM b",
  "api/web.Dockerfile": "FROM c",
  ".devcontainer/Dockerfile": "FROM d",
  "docker/Dockerfile/notes.txt": "a folder",
  "node_modules/x/Dockerfile": "FROM e",
  "vendor/x/Dockerfile": "FROM f",
  "tools/Dockerfile.j2": "FROM {{ x }}",
  "tools/Containerfile": "FROM g",
  "tools/Containerfile.gen": "# made by hand\nFROM {{ base }}\n",
  "tools/Dockerfile.dockerignore": "*",
};
const treeFiles = [
  ".devcontainer/Dockerfile",
  "Dockerfile",
  "api/Dockerfile.dev",
  "api/web.Dockerfile",
  "tools/Containerfile",
];
const treeNotes = [
  "dockerfile.d is a folder, so it is not read as a Dockerfile",
  "docker/Dockerfile is a folder, so it is not read as a Dockerfile",
  "2 templates are left out: tools/Containerfile.gen, tools/Dockerfile.j2; name them in `files` to have them read",
];

describe("discovery", () => {
  test("outside git it walks", async () => {
    const result = await found(folderOf(tree));
    expect({ files: result.files, notes: [...result.notes].sort() }).toEqual({
      files: treeFiles,
      notes: [...treeNotes].sort(),
    });
  });

  test("in a repository it finds the same, and what git does not ignore", async () => {
    const root = repositoryOf({ ...tree, ".gitignore": "out/\n", "gone/Dockerfile": "FROM z" });
    rmSync(join(root, "gone"), { recursive: true });
    mkdirSync(join(root, "out"));
    writeFileSync(join(root, "out/Dockerfile"), "FROM ignored");
    writeFileSync(join(root, 'ünträcked "x".dockerfile'), "FROM new");
    const result = await found(root);
    expect({ files: result.files, notes: [...result.notes].sort() }).toEqual({
      files: [...treeFiles, 'ünträcked "x".dockerfile'],
      notes: [...treeNotes].sort(),
    });
    expect(await found(root, { paths: ["out"] })).toEqual({ files: ["out/Dockerfile"], notes: [] });
  });

  test("repositories inside are entered, each by its own rules", async () => {
    const module = repositoryOf({ Dockerfile: "FROM m", ".gitignore": "tmp\n" });
    const root = repositoryOf({ Dockerfile: "FROM a" });
    git(root, "submodule", "add", "-q", module, "libs/module");
    mkdirSync(join(root, "libs/module/tmp"));
    writeFileSync(join(root, "libs/module/tmp/Dockerfile"), "FROM ignored");
    mkdirSync(join(root, "other"));
    git(join(root, "other"), "init", "-q");
    writeFileSync(join(root, "other/Dockerfile"), "FROM o");
    expect((await found(root)).files).toEqual(["Dockerfile", "libs/module/Dockerfile", "other/Dockerfile"]);
    expect((await found(root, { paths: ["libs", "other"] })).files).toEqual([
      "libs/module/Dockerfile",
      "other/Dockerfile",
    ]);
    expect((await found(dirname(root), { paths: [root] })).files).toEqual([
      `${root.split("/").at(-1)}/Dockerfile`,
      `${root.split("/").at(-1)}/libs/module/Dockerfile`,
      `${root.split("/").at(-1)}/other/Dockerfile`,
    ]);
  });

  test("a hook's variables do not lead to another repository", async () => {
    const other = repositoryOf({ "x/Dockerfile": "FROM x" });
    const root = repositoryOf({ Dockerfile: "FROM a" });
    process.env.GIT_DIR = join(other, ".git");
    process.env.GIT_WORK_TREE = other;
    try {
      expect(await found(root)).toEqual({ files: ["Dockerfile"], notes: [] });
    } finally {
      delete process.env.GIT_DIR;
      delete process.env.GIT_WORK_TREE;
    }
  });

  test("a list of submodules that leads to a device is none", async () => {
    const root = repositoryOf({ Dockerfile: "FROM a" });
    symlinkSync("/dev/zero", join(root, ".gitmodules"));
    expect(await found(root)).toEqual({ files: ["Dockerfile"], notes: [] });
  });

  test("git gets neither inputs nor the runner's tokens", async () => {
    const root = folderOf({ Dockerfile: "FROM a", "bin/git": `#!/bin/sh\nenv > "$0.env"\nexit 1\n`, ".git/HEAD": "" });
    chmodSync(join(root, "bin/git"), 0o755);
    const before = { ...process.env };
    Object.assign(process.env, {
      PATH: `${join(root, "bin")}:${before.PATH}`,
      INPUT_SECRETS: "red-input",
      ACTIONS_RUNTIME_TOKEN: "red-token",
    });
    try {
      expect((await found(root)).files).toEqual(["Dockerfile"]);
      const given = readFileSync(join(root, "bin/git.env"), "utf8");
      expect(given).toMatch(/^LC_ALL=C$/m);
      expect(given).not.toMatch(/red-input|red-token/);
    } finally {
      for (const name of ["INPUT_SECRETS", "ACTIONS_RUNTIME_TOKEN"]) delete process.env[name];
      process.env.PATH = before.PATH;
    }
  });

  test("without git the folder is walked and it is said", async () => {
    const root = repositoryOf({ Dockerfile: "FROM a", ".gitignore": "out", "docs/x": "" });
    mkdirSync(join(root, "out"));
    writeFileSync(join(root, "out/Dockerfile"), "FROM b");
    const path = process.env.PATH;
    process.env.PATH = "/nowhere";
    try {
      expect(await found(root)).toEqual({
        files: ["Dockerfile", "out/Dockerfile"],
        notes: ["Files that git ignores in . are looked at too: git is not installed"],
      });
    } finally {
      process.env.PATH = path;
    }
  });

  test("files and folders, here and elsewhere, are taken in one call, each once", async () => {
    const here = folderOf({ "a/Dockerfile": "FROM a", "odd name.txt": "FROM b" });
    const there = folderOf({ "b/Containerfile": "FROM c" });
    expect(await found(here, { paths: ["a", "a/Dockerfile", "./a", "odd name.txt", there] })).toEqual({
      files: [`${there}/b/Containerfile`, "a/Dockerfile", "odd name.txt"],
      notes: [],
    });
  });

  test("a symbolic link is followed inside the folder alone, and a real file is taken once", async () => {
    const outside = folderOf({ Dockerfile: "FROM secret" });
    const root = folderOf({
      "Dockerfile.real": "FROM a",
      "base.txt": "FROM b",
      Dockerfile: "->Dockerfile.real",
      "x/Dockerfile": "->../base.txt",
      "y/Dockerfile": `->${outside}/Dockerfile`,
      "z/Dockerfile": "->nothing",
      "loop/Dockerfile": "->Dockerfile",
      "loop/self": "->.",
      "f/Dockerfile": "->../x",
    });
    expect(await found(root)).toEqual({
      files: ["Dockerfile.real", "x/Dockerfile"],
      notes: [
        "f/Dockerfile is left out: it is a folder",
        "loop/Dockerfile is left out: its symbolic links go in a circle",
        "y/Dockerfile is left out: the symbolic link leads out of the folder",
        "z/Dockerfile is left out: the symbolic link leads nowhere",
      ],
    });
  });

  // Other systems refuse such names.
  const linuxTest = process.platform === "linux" ? test : test.skip;
  linuxTest("a path that is not UTF-8 is taken, and cannot be read", async () => {
    const folder = (root: string): Buffer => Buffer.concat([Buffer.from(`${root}/caf`), Buffer.from([0xe9])]);
    const root = repositoryOf({ Dockerfile: "FROM a" });
    mkdirSync(folder(root));
    writeFileSync(Buffer.concat([folder(root), Buffer.from("/Dockerfile")]), "FROM b");
    git(root, "add", "-A");
    expect(await found(root)).toEqual({ files: ["Dockerfile", "caf\ufffd/Dockerfile"], notes: [] });
    await expect(createFiles(root).readBytes(join(root, "caf\ufffd/Dockerfile"))).rejects.toThrow(
      /^its path is not UTF-8$/,
    );
  });

  test("`files` takes the place of the names and `exclude` takes away", async () => {
    const root = repositoryOf({ ...tree, "build/api.docker": "FROM x" });
    expect(await found(root, { files: ["*.docker", "vendor/**/Dockerfile", "tools/*.j2"] })).toEqual({
      files: ["build/api.docker", "tools/Dockerfile.j2", "vendor/x/Dockerfile"],
      notes: [],
    });
    const { files } = await found(root, { exclude: ["api", "**/Containerfile", "docker"] });
    expect(files).toEqual([".devcontainer/Dockerfile", "Dockerfile"]);
  });

  test("a path that is not there is the user's to put right", async () => {
    const root = folderOf({ Dockerfile: "FROM a" });
    await expect(found(root, { paths: ["api/Dockerfile"] })).rejects.toThrow(
      "`api/Dockerfile` cannot be looked into: it does not exist",
    );
    await expect(found(root, { paths: ["*/Dockerfile"] })).rejects.toThrow(
      "`*/Dockerfile` cannot be looked into: it does not exist; a glob belongs in `files`",
    );
  });

  test("a tree of 10,000 files takes well under a second", async () => {
    const root = folderOf({});
    for (let folder = 0; folder < 100; folder++) {
      mkdirSync(join(root, `d${folder}`));
      for (let file = 0; file < 100; file++)
        writeFileSync(join(root, `d${folder}/${file === 0 ? "Dockerfile" : file}`), "");
    }
    const started = performance.now();
    expect((await found(root)).files).toHaveLength(100);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe("reading", () => {
  test("an unreadable file is refused with the reason alone", async () => {
    const root = folderOf({ "a/x": "" });
    const files = createFiles(root);
    await expect(files.readBytes(join(root, "b"))).rejects.toThrow(/^it does not exist$/);
    await expect(files.readBytes(join(root, "a"))).rejects.toThrow(/^it is a folder$/);
    await expect(files.readBytes("/dev/zero")).rejects.toThrow(/^it is not a regular file$/);
    await expect(files.writeText("a/x/y", "")).rejects.toThrow(/^`a\/x\/y` cannot be written: /);
  });

  test("a build context lists what git knows, reads text and applies the ignore file beside the Dockerfile", () => {
    const root = repositoryOf({
      ".gitignore": "*.log\n",
      ".dockerignore": "docs\n",
      "api/Dockerfile": "FROM a",
      "api/src/main.c": "int main;",
      "docs/x.md": "",
      "apiary/y": "",
      "api/blob": "a\0b",
    });
    writeFileSync(join(root, "api/build.log"), "");
    const files = createFiles(root);
    const context = files.context("api", "api/Dockerfile");
    expect([context?.path, context?.files, context?.isTruncated, context?.isGitAware, context?.ignoreFile]).toEqual([
      "api",
      ["Dockerfile", "blob", "src/main.c"],
      false,
      true,
      undefined,
    ]);
    expect([
      context?.read("src/main.c"),
      context?.read("blob"),
      context?.read("../.dockerignore"),
      context?.read("no"),
    ]).toEqual(["int main;", undefined, undefined, undefined]);
    const whole = files.context(root, join(root, "api/Dockerfile"));
    expect(whole?.ignoreFile).toEqual({ path: ".dockerignore", text: "docs\n" });
    expect([whole?.isIgnored("docs/x.md"), whole?.isIgnored("api/src/main.c")]).toEqual([true, false]);
    writeFileSync(join(root, "api/Dockerfile.dockerignore"), "**\n!api/src\n");
    const beside = files.context(root, join(root, "api/Dockerfile"));
    expect(beside?.ignoreFile).toEqual({ path: "api/Dockerfile.dockerignore", text: "**\n!api/src\n" });
    expect([beside?.isIgnored("docs/x.md"), beside?.isIgnored("api/src/main.c")]).toEqual([true, false]);
    expect(files.context("https://example.org/x.git", "Dockerfile")).toBeUndefined();
    expect(files.context("nowhere", "Dockerfile")).toBeUndefined();
    symlinkSync("loop", join(root, "loop"));
    expect(files.context("loop", "Dockerfile")).toBeUndefined();
  });

  test("a link to itself beside a list of submodules is a file of the context", () => {
    const root = repositoryOf({ Dockerfile: "FROM a", ".gitmodules": "", loop: "->loop" });
    expect(createFiles(root).context(".", "Dockerfile")?.files).toEqual([".gitmodules", "Dockerfile", "loop"]);
  });
});

test.each([
  ["a\n", ["a", "a/b"], ["ab", "b/a"]],
  ["/a/\n", ["a", "a/b"], ["b/a"]],
  ["./a/../b\n", ["b"], ["a"]],
  ["*/temp*\n", ["x/temporary", "x/temp/y"], ["temp", "x/y/temp"]],
  ["**/*.go\n", ["a.go", "x/y/a.go"], ["a.gox"]],
  ["**/node_modules", ["node_modules", "a/b/node_modules/c"], ["node_modules2"]],
  ["a/**", ["a/b", "a/b/c"], ["a", "ab"]],
  ["a/**/z", ["a/z", "a/b/c/z"], ["az"]],
  ["**\n!keep\n", ["a", "keeper"], ["keep", "keep/x"]],
  ["*.md\n!README*.md\nREADME-secret.md\n", ["x.md", "README-secret.md"], ["README.md", "d/x.md"]],
  ["# a\n #b\n\n!\n", ["#b"], ["a", "# a"]],
  ["temp?\n", ["tempa"], ["temp", "temp/", "tempab"]],
  ["[a-c]x\n[^a-c]y\n", ["ax", "dy"], ["dx", "ay"]],
  ["\\*x\n", ["*x"], ["ax"]],
  ["\uFEFFa b \r\nc.d\r\n", ["a b", "c.d"], ["cxd"]],
  ["[z\nb\\\n", [], ["[z", "z", "b"]],
  ["**foo", ["foo", "xfoo", "a/foo"], ["food"]],
  ["**", ["a", ".git/x"], []],
  ["a/*/*\n!**/?\n", ["a/b/cd"], ["a/b/c"]],
])("the ignore file %j keeps out %j and not %j", (text, ignored, kept) => {
  const isIgnored = parseDockerignore(text);
  expect({ ignored: ignored.filter((path) => !isIgnored(path)), kept: kept.filter(isIgnored) }).toEqual({
    ignored: [],
    kept: [],
  });
});

test("a hostile ignore pattern takes no time", () => {
  const isIgnored = parseDockerignore(`${"*a".repeat(40)}b`);
  const started = performance.now();
  expect(isIgnored("a".repeat(2000))).toBe(false);
  expect(performance.now() - started).toBeLessThan(500);
});

test.each([
  [["*.Dockerfile"], "a/b.Dockerfile", true],
  [["a/*.Dockerfile"], "a/b.Dockerfile", true],
  [["a/*.Dockerfile"], "x/a/b.Dockerfile", false],
  [["**/Dockerfile", "!old/**"], "old/Dockerfile", false],
  [["**/Dockerfile", "!old/**"], "new/.x/Dockerfile", true],
  [["./{api,web}/Dockerfile"], "web/Dockerfile", true],
])("the globs %j on %s give %s", (globs, path, expected) => {
  expect(compileGlobs(globs)(path)).toBe(expected);
});

test("a glob of a folder covers what is below", () => {
  const matches = compileFolderGlobs(["examples/", "**/old"]);
  expect(["examples/a/Dockerfile", "x/old/Dockerfile", "examples.md"].map(matches)).toEqual([true, true, false]);
});

test.each([
  ["FROM {{ base }}\n", true],
  ["# by hand\n\n{% if slim %}\nFROM debian\n{% endif %}\n", true],
  ["ARG A\n{{if A}}\nFROM debian\n", true],
  ["FROM <%= base %>\n", true],
  ["{{ARGS}}ENV A=1\n", true],
  ["ENV A={{value}}\n", true],
  ["FROM debian\nRUN docker inspect -f '{{.Id}}' a\n", false],
  ["FROM debian\nRUN printf '%s' \\\n{{.Id}}\n", false],
  ["FROM debian\nCOPY <<EOF /t\n{{ x }}\nEOF\n", false],
  ["ENV A=1\n", false],
])("whether %j is a template", (text, verdict) => {
  expect(isTemplateText(text)).toBe(verdict);
});

test.each([
  ["dockerfile.go", "// Package dockerfile reads them.\npackage dockerfile\n", true],
  ["Dockerfile.go", "# syntax=docker/dockerfile:1\n\nFROM golang:1.27\n", false],
  ["Dockerfile.go", "ARG V=1\r\nFROM golang:$V\r\n", false],
  ["Dockerfile.rego", "package docker\n", true],
  ["dockerfile.py", "#!/usr/bin/env python3\nfrom flask import Flask\n", true],
  ["dockerfile.yml", "---\n- hosts: all\n", true],
  ["dockerfile.txt", "# a header alone\n", true],
  ["Dockerfile.ncl", "let render = fun cfg =>\n", true],
  ["dockerfile.json.golden", "{\n", true],
  ["lib/livebook/hubs/dockerfile.ex", "defmodule Livebook.Hubs.Dockerfile do\n", true],
  ["dockerfile.vim", '" Vim syntax file\n', true],
  ["dockerfile.c", '#include "a.h"\nstatic int from;\n', true],
  ["dockerfile.sublime-syntax", "%YAML 1.2\n", true],
  ["dockerfile.eex", "defmodule Docker do\n", true],
  ["dockerfile.hrl", "-module(dockerfile).\n", true],
  ["dockerfile.mll", "(* a lexer *)\n", true],
  ["Dockerfile.c", "FROM gcc:15\n", false],
  ["Dockerfile.swift", "# syntax=docker/dockerfile:1\nARG V=6\nFROM swift:$V\n", false],
  ["Dockerfile.ex", "from elixir:1.18\n", false],
  ["Dockerfile.dev", "FRMO debian:12\n", false],
  ["Dockerfile", "package docker\n", false],
])("%s with %j is a source file: %s", (path, text, verdict) => {
  expect(isSourceText(path, text)).toBe(verdict);
});
