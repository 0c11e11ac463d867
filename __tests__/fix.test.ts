import { spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { replaceFile } from "../src/adapters/replace-file.ts";
import { auditFile } from "../src/audit/audit.ts";
import { auditedFile } from "../src/audit/audited-file.ts";
import { applyFixes, fixText } from "../src/audit/fixes.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { unifiedPatch } from "../src/report/patch.ts";
import { rules } from "../src/rules/registry.ts";
import type { Fix } from "../src/rules/rule.ts";

const main = resolve("src/main.ts");
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const folderOf = (files: Readonly<Record<string, string | Uint8Array>>): string => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "fix-")));
  folders.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
};

const cli = (cwd: string, ...argv: string[]) => {
  const env = { PATH: process.env.PATH ?? "", HOME: tmpdir(), NODE_NO_WARNINGS: "1" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...argv], { cwd, env, encoding: "utf8" });
  return { status, stdout, stderr };
};

const read = (cwd: string, path: string): string => readFileSync(join(cwd, path), "utf8");

const edit = (start: number, end: number, text: string): Fix => ({
  title: text,
  safety: "safe",
  edits: [{ span: { start, end }, text }],
});

describe("applying fixes", () => {
  test("takes a fix whole or not at all", () => {
    const both: Fix = {
      title: "both",
      safety: "safe",
      edits: [edit(0, 1, "A"), edit(4, 5, "E")].flatMap((one) => one.edits),
    };
    const round = applyFixes("abcdef", [edit(3, 5, "X"), both, edit(1, 2, "B")]);
    expect({ text: round.text, applied: round.applied.map(({ title }) => title) }).toEqual({
      text: "aBcXf",
      applied: ["X", "B"],
    });
  });

  test("writes the line breaks of the line it stands in", () => {
    expect(applyFixes("a\r\nb\nc\r\n", [edit(1, 1, "\n1"), edit(4, 4, "\r\n2"), edit(6, 6, "\n3")]).text).toBe(
      "a\r\n1\r\nb\n2\nc\r\n3\r\n",
    );
    expect(applyFixes("a\r\nb", [edit(4, 4, "\n1")]).text).toBe("a\r\nb\r\n1");
    expect(applyFixes("a", [edit(1, 1, "\n1")]).text).toBe("a\n1");
  });

  test("stays behind the byte order mark", () => {
    expect(applyFixes("\ufeffFROM a\n", [edit(0, 0, "# x\n")]).text).toBe("\ufeff# x\nFROM a\n");
  });

  test("leaves out the one that breaks the file, and says where each began", () => {
    const text = "one two three";
    const fixed = fixText(text, (current) => ({
      isBroken: current.includes("BAD"),
      fixes: ["one", "two", "three", "more"].flatMap((word) => {
        const at = current.indexOf(word);
        const replacement = { one: "1 more", two: "BAD", three: "3", more: "2" }[word] ?? "";
        return at < 0 ? [] : [edit(at, at + word.length, replacement)];
      }),
    }));
    expect({ ...fixed, applied: fixed.applied.map(({ title, origin }) => `${title} at ${origin}`) }).toEqual({
      text: "1 2 two 3",
      applied: ["1 more at 0", "3 at 8", "2 at 0"],
    });
  });

  test("ends when two fixes undo each other", () => {
    const fixed = fixText("a", (current) => ({ isBroken: false, fixes: [edit(0, 1, current === "a" ? "b" : "a")] }));
    expect(fixed.text).toBe("b");
  });
});

const unfixed = `FROM debian:bookworm-slim as base
MAINTAINER me@example.org
ENV A b
WORKDIR app
ADD . .
USER 65532
CMD node server.js
`;
const safe = `FROM debian:bookworm-slim AS base
LABEL org.opencontainers.image.authors="me@example.org"
ENV A=b
WORKDIR app
COPY . .
USER 65532
CMD ["node", "server.js"]
`;

describe("docker-hygiene fix", () => {
  test("applies what is safe and says what remains", () => {
    const cwd = folderOf({ "api/Dockerfile": unfixed });
    expect(cli(cwd, "fix")).toEqual({
      status: 0,
      stderr: "",
      stdout: `api/Dockerfile
  1  fixed    mixed-keyword-casing   Write AS
  2  fixed    deprecated-maintainer  Write LABEL org.opencontainers.image.authors in place of MAINTAINER
  3  fixed    legacy-key-value       Write key=value
  5  fixed    add-of-plain-files     Write COPY in place of ADD
  7  fixed    shell-form-command     Write CMD as a JSON array
  4  warning  relative-workdir       \`app\` is relative to the working directory of the base image   (fix --unsafe: Write /app)

5 fixed in 1 file · 1 warning, 2 notes remain, 1 of them for \`docker-hygiene fix --unsafe\`
`,
    });
    expect(read(cwd, "api/Dockerfile")).toBe(safe);
    expect(cli(cwd, "fix", "--quiet")).toEqual({
      status: 0,
      stderr: "",
      stdout: "nothing to fix · 1 warning, 2 notes remain, 1 of them for `docker-hygiene fix --unsafe`\n",
    });
    expect(cli(cwd, "fix", "--unsafe", "-q").status).toBe(0);
    expect(read(cwd, "api/Dockerfile")).toBe(safe.replace("WORKDIR app", "WORKDIR /app"));
  });

  test("limits itself to the rules that are named, whatever their name", () => {
    const cwd = folderOf({ Dockerfile: unfixed });
    expect(cli(cwd, "fix", "--rule", "DL4000", "--rule", "legacy-key-value", "--rule", "relative-workdir")).toEqual({
      status: 0,
      stderr: "",
      stdout: `Dockerfile
  2  fixed    deprecated-maintainer  Write LABEL org.opencontainers.image.authors in place of MAINTAINER
  3  fixed    legacy-key-value       Write key=value
  4  warning  relative-workdir       \`app\` is relative to the working directory of the base image   (fix --unsafe: Write /app)

2 fixed in 1 file · 1 warning remains, for \`docker-hygiene fix --unsafe\`
`,
    });
    expect(read(cwd, "Dockerfile")).toBe(
      unfixed
        .replace("MAINTAINER me@example.org", 'LABEL org.opencontainers.image.authors="me@example.org"')
        .replace("A b", "A=b"),
    );
    expect(cli(cwd, "fix", "--rule", "legacy-key-valu")).toEqual({
      status: 2,
      stdout: "",
      stderr:
        "docker-hygiene: --rule: there is no rule `legacy-key-valu` (on the command line). Did you mean `legacy-key-value`?\n",
    });
    expect(cli(cwd, "fix", "--rule", "DL3002").stderr).toBe(
      "docker-hygiene: --rule: `root-user` has no automatic fix (on the command line).\n",
    );
  });

  test("heeds comments, levels and profiles", () => {
    const text = unfixed.replace("ENV A", "# docker-hygiene ignore=legacy-key-value -- as upstream has it\nENV A");
    const cwd = folderOf({
      Dockerfile: text,
      "strict/Dockerfile": unfixed,
      ".docker-hygiene.yml":
        "rules: { deprecated-maintainer: off, add-of-plain-files: off, shell-form-command: off }\n",
    });
    cli(cwd, "fix");
    expect(read(cwd, "Dockerfile")).toBe(text.replace(" as ", " AS "));
  });

  test("prints a patch that applies, and writes nothing", () => {
    const files = {
      "a b/Dockerfile": unfixed.replaceAll("\n", "\r\n"),
      Dockerfile: unfixed.trimEnd(),
      "clean/Dockerfile": safe.replace("WORKDIR app", "WORKDIR /app"),
    };
    const cwd = folderOf(files);
    const { status, stdout, stderr } = cli(cwd, "fix", "--diff");
    expect(status).toBe(1);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      "10 to fix in 2 files · 2 warnings, 6 notes remain, 2 of them for `docker-hygiene fix --unsafe`",
    );
    expect(stdout.slice(0, stdout.indexOf("--- a/a b"))).toBe(`--- a/Dockerfile
+++ b/Dockerfile
@@ -1,7 +1,7 @@
-FROM debian:bookworm-slim as base
-MAINTAINER me@example.org
-ENV A b
+FROM debian:bookworm-slim AS base
+LABEL org.opencontainers.image.authors="me@example.org"
+ENV A=b
 WORKDIR app
-ADD . .
+COPY . .
 USER 65532
-CMD node server.js
\\ No newline at end of file
+CMD ["node", "server.js"]
\\ No newline at end of file
`);
    expect(stdout.split("\n").filter((line) => /^(---|\+\+\+) .* /.test(line))).toEqual([
      "--- a/a b/Dockerfile\t",
      "+++ b/a b/Dockerfile\t",
    ]);
    for (const [path, text] of Object.entries(files)) expect(read(cwd, path)).toBe(text);
    const applied = spawnSync("git", ["apply", "-"], { cwd, input: stdout, encoding: "utf8" });
    expect(applied.stderr).toBe("");
    expect(read(cwd, "a b/Dockerfile")).toBe(safe.replaceAll("\n", "\r\n"));
    expect(read(cwd, "Dockerfile")).toBe(safe.trimEnd());
    expect(cli(cwd, "fix", "--diff")).toMatchObject({ status: 0, stdout: "" });
  });

  test("says where a patch of files outside of the current directory applies", () => {
    const cwd = folderOf({ "api/Dockerfile": unfixed, "web/Dockerfile": unfixed, ".git/HEAD": "" });
    const patches = (folder: string, path: string) => {
      const { stdout, stderr } = cli(join(cwd, folder), "fix", "--diff", "-q", path);
      return { names: stdout.split("\n").filter((line) => line.startsWith("---")), said: stderr.split("\n").slice(1) };
    };
    expect(patches("web", "../api")).toEqual({
      names: ["--- a/api/Dockerfile"],
      said: [`the patch applies in ${cwd}`, ""],
    });
    expect(patches("web", ".")).toEqual({ names: ["--- a/Dockerfile"], said: [""] });
    rmSync(join(cwd, ".git"), { recursive: true });
    expect(patches("web", "../api")).toEqual({
      names: [`--- a${cwd}/api/Dockerfile`],
      said: ["the patch applies in /", ""],
    });
    const patch = cli(join(cwd, "web"), "fix", "--diff", "../api").stdout;
    expect(spawnSync("git", ["apply", "-"], { cwd: "/", input: patch, encoding: "utf8" }).stderr).toBe("");
    expect(read(cwd, "api/Dockerfile")).toBe(safe);
  });

  test("exchanges all lines in a patch of thousands of changes, which applies", () => {
    const lines = (text: string, ending: string): string =>
      Array.from({ length: 3000 }, (_, at) => `${text} ${at}`).join("\n") + ending;
    const [before, after] = [lines("EXPOSE", ""), lines("USER", "\n")];
    const patch = unifiedPatch("Dockerfile", before, after);
    expect(patch.split("\n").filter((line) => !/^[-+](?:EXPOSE|USER) \d+$/.test(line))).toEqual([
      "--- a/Dockerfile",
      "+++ b/Dockerfile",
      "@@ -1,3000 +1,3000 @@",
      "\\ No newline at end of file",
      "",
    ]);
    const cwd = folderOf({ Dockerfile: before });
    expect(spawnSync("git", ["apply", "-"], { cwd, input: patch, encoding: "utf8" }).stderr).toBe("");
    expect(read(cwd, "Dockerfile")).toBe(after);
  });

  test("keeps byte order mark, line breaks, mode and links", () => {
    const cwd = folderOf({ "real/Dockerfile": `\ufeff${unfixed.replaceAll("\n", "\r\n")}` });
    chmodSync(join(cwd, "real/Dockerfile"), 0o640);
    symlinkSync("real/Dockerfile", join(cwd, "Dockerfile"));
    expect(cli(cwd, "fix", "-q", "Dockerfile").status).toBe(0);
    expect(read(cwd, "real/Dockerfile")).toBe(`\ufeff${safe.replaceAll("\n", "\r\n")}`);
    expect(statSync(join(cwd, "real/Dockerfile")).mode & 0o777).toBe(0o640);
    expect(lstatSync(join(cwd, "Dockerfile")).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(cwd, "real"))).toEqual(["Dockerfile"]);
  });

  test("leaves a file as it is that it could damage", () => {
    const bytes = Buffer.concat([Buffer.from("# caf"), Buffer.from([0xe9]), Buffer.from(`\n${unfixed}`)]);
    const cwd = folderOf({ Dockerfile: bytes });
    const { status, stdout } = cli(cwd, "fix");
    expect({ status, stdout: stdout.split("\n").slice(0, 2) }).toEqual({
      status: 1,
      stdout: ["Dockerfile", "  left as it is: it holds bytes that are not UTF-8, which a fix could damage"],
    });
    expect(readFileSync(join(cwd, "Dockerfile")).equals(bytes)).toBe(true);
  });

  test("tells of a file that cannot be written what remains in it", () => {
    // Nothing can be written beside a file with the longest name there is.
    const name = `Dockerfile.${"x".repeat(244)}`;
    const cwd = folderOf({ [name]: "FROM debian:12.5-slim\nRUN sudo id\nUSER 1\n" });
    const { status, stdout } = cli(cwd, "fix");
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: `${name}
  left as it is: it cannot be written: its name is too long
  2  warning  sudo-in-run  \`sudo\` does nothing here, because the step runs as root anyway   (fix: Delete \`sudo\`)

nothing fixed · 1 file left as it is · 1 warning, 1 note remain
`,
    });
  });

  test("writes no file that BuildKit would refuse", () => {
    const text = `${unfixed}COPY\n`;
    const cwd = folderOf({ Dockerfile: text });
    const { status, stdout } = cli(cwd, "fix");
    expect({ status, line: stdout.split("\n")[1] }).toEqual({
      status: 1,
      line: expect.stringMatching(/^ {2}left as it is: BuildKit would still refuse it: line 8, /),
    });
    expect(read(cwd, "Dockerfile")).toBe(text);
  });

  test("finds no Dockerfile", () => {
    const cwd = folderOf({ "readme.md": "" });
    expect(cli(cwd, "fix")).toEqual({
      status: 3,
      stdout: "",
      stderr: `docker-hygiene: there is no Dockerfile in ${cwd}\n`,
    });
  });
});

/** With all fixes, the unsafe ones too, of these rules alone. */
const fixedBy = (ids: readonly string[], text: string): string =>
  fixText(text, (current) => {
    const file = auditedFile(readDockerfile("Dockerfile", current));
    const settings = new Map(ids.map((id) => [id, { level: "warning" as const, options: {} }]));
    const { problems } = auditFile(file, {
      rules: rules.filter(({ id }) => ids.includes(id)),
      profile: "all",
      settings,
    });
    return { fixes: problems.flatMap(({ at, fix }) => (fix ? [{ ...fix, at }] : [])), isBroken: file.isBroken };
  }).text;

describe("no fix is made", () => {
  test.each([
    [
      "that takes the index away which a later RUN works with",
      "system-package-cache-left",
      "FROM debian:12 AS base\nRUN apt-get update && apt-get upgrade -y\nFROM base\nRUN apt-get install -y curl\n",
    ],
    [
      "that takes the index of apk away which a later RUN works with",
      "system-package-cache-left",
      "FROM alpine:3.22\nRUN apk update && touch /a\nRUN apk add --no-network curl\n",
    ],
    [
      "that calls a program where it may not be there",
      "system-package-cache-left",
      "FROM debian:12\nRUN if command -v dnf; then dnf install -y git; fi\nRUN test -x /usr/bin/yum && yum install -y git || exit 0\n",
    ],
    [
      "that calls a program which the RUN removes",
      "system-package-cache-left",
      "FROM fedora:42\nRUN microdnf install -y git && rpm -e microdnf\n",
    ],
    [
      "that ties a condition to what follows",
      "system-upgrade",
      'FROM debian:12\nRUN apt-get update && [ -n "$X" ] && apt-get upgrade -y; touch /made\n',
    ],
    [
      "that turns the meaning of a command around",
      "system-upgrade",
      "FROM debian:12\nRUN ! apt-get upgrade -y; touch /made\nRUN true && ! \\\n  apt-get upgrade -y\n",
    ],
    [
      "that lets a script go on after a failed update",
      "stale-package-index",
      "FROM debian:12\nRUN apt-get update\nRUN set -eux; apt-get install -y curl; rm -rf /a\n",
    ],
    [
      "that lets something take over for a failed update",
      "stale-package-index",
      "FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl || echo failed\n",
    ],
    [
      "that takes the place of an ignore",
      "stale-package-index",
      "FROM debian:12\nRUN apt-get update\n# docker-hygiene ignore=missing-assume-yes -- asks nothing\nRUN apt-get install curl\n",
    ],
    [
      "that removes an archive which is read again",
      "archive-left-in-layer",
      'FROM debian:12\nRUN curl -fo /a.tgz https://example.org/a.tgz && tar xf /a.tgz\nENTRYPOINT ["tar", "xf", "/a.tgz"]\n',
    ],
    [
      "that takes a frontend away which puts another one back",
      "persistent-debian-frontend",
      "FROM debian:12 AS base\nENV DEBIAN_FRONTEND=teletype\nFROM base\nENV DEBIAN_FRONTEND=noninteractive\n",
    ],
    ["that calls a builtin as a program", "shell-form-command", "FROM debian:12\nCMD exit 0\n"],
    ["that guesses the directory of a base", "relative-workdir", "FROM example.org/base:1\nWORKDIR app\n"],
  ])("%s", (_, rule, text) => {
    expect(fixedBy([rule], text)).toBe(text);
  });
});

test("what is tied to a condition is not deleted but made up for", () => {
  const text = 'FROM alpine:3.22\nRUN [ -n "$MIRROR" ] && apk update; apk add --no-cache curl\n';
  expect(fixedBy(["system-package-cache-left"], text)).toBe(text.replace("curl", "curl && rm -rf /var/cache/apk/*"));
});

test("a line in front of a RUN stands above the comments that speak of it", () => {
  const text =
    "FROM debian:12\nUSER app\n\n# the version\n# docker-hygiene ignore=system-upgrade -- a fix is out\nRUN apt-get upgrade -y && source /etc/os-release\n";
  expect(fixedBy(["bash-syntax-in-posix-shell", "system-upgrade", "unused-ignore"], text)).toBe(
    text.replace("# the", 'SHELL ["/bin/bash", "-c"]\n# the'),
  );
});

test("a file that was changed meanwhile is not replaced", async () => {
  const cwd = folderOf({ Dockerfile: "FROM b\n" });
  const path = join(cwd, "Dockerfile");
  await expect(replaceFile(path, { before: Buffer.from("FROM a\n"), after: Buffer.from("FROM c\n") })).rejects.toThrow(
    "it was changed meanwhile",
  );
  await expect(replaceFile(join(cwd, "no"), { before: Buffer.from(""), after: Buffer.from("") })).rejects.toThrow(
    "it does not exist",
  );
  expect([read(cwd, "Dockerfile"), readdirSync(cwd)]).toEqual(["FROM b\n", ["Dockerfile"]]);
});
