import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { auditFile } from "../src/audit/audit.ts";
import { auditedFile } from "../src/audit/audited-file.ts";
import { fixText } from "../src/audit/fixes.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { rules } from "../src/rules/registry.ts";

interface Case {
  readonly about: string;
  readonly before: string;
  /** The safe fixes of all rules together make this of it. */
  readonly after: string;
  /** What of the configuration is meant to change. */
  readonly changes?: Readonly<Record<string, unknown>>;
}

const cases: readonly Case[] = [
  {
    about: "copies in place of adds",
    before:
      "FROM busybox:local\nADD a.txt sub /app/\nADD --chmod=600 a.txt /b.txt\nADD <<EOF /etc/motd\nhello $HOME\nEOF\n",
    after:
      "FROM busybox:local\nCOPY a.txt sub /app/\nCOPY --chmod=600 a.txt /b.txt\nCOPY <<EOF /etc/motd\nhello $HOME\nEOF\n",
  },
  {
    about: "equals signs in environment and labels",
    before: 'FROM busybox:local\nENV MORE -x\nENV OPTS   -Xms1g $MORE\nENV PATH "/a b:$PATH"\nLABEL a b\n',
    after: 'FROM busybox:local\nENV MORE=-x\nENV OPTS="-Xms1g $MORE"\nENV PATH="/a b:$PATH"\nLABEL a=b\n',
  },
  {
    about: "names in place of stage numbers, one case of keywords, no blank continuation lines",
    before:
      "from busybox:local\nRUN echo one > /one && \\\n\n  echo two > /two\nFROM busybox:local as Final\nCOPY --from=0 /one /two /\n",
    after:
      "FROM busybox:local AS stage-0\nRUN echo one > /one && \\\n  echo two > /two\nFROM busybox:local AS final\nCOPY --from=stage-0 /one /two /\n",
  },
  {
    about: "the last of several commands and declarations",
    before:
      'FROM busybox:local\nENV MODE=a\nENV MODE=b\nLABEL x=1\nLABEL x=2\nCMD ["one"]\nENTRYPOINT ["two"]\nRUN echo $MODE > /mode\nENTRYPOINT ["three"]\nCMD ["four"]\n',
    after: 'FROM busybox:local\nENV MODE=b\nLABEL x=2\nRUN echo $MODE > /mode\nENTRYPOINT ["three"]\nCMD ["four"]\n',
  },
  {
    about: "commands that get their signals",
    before: "FROM busybox:local\nENTRYPOINT /bin/httpd -f 'two words'\n",
    after: 'FROM busybox:local\nENTRYPOINT ["/bin/httpd", "-f", "two words"]\n',
    changes: { Entrypoint: ["/bin/httpd", "-f", "two words"] },
  },
  {
    about: "a label in place of the author",
    before: "FROM busybox:local\nMAINTAINER me@example.org\n",
    after: 'FROM busybox:local\nLABEL org.opencontainers.image.authors="me@example.org"\n',
    changes: { Author: "", Labels: { "org.opencontainers.image.authors": "me@example.org" } },
  },
  {
    about: "accounts with few bytes and users as numbers",
    before:
      "FROM debian:bookworm-slim\nRUN useradd -u 300000 app && rm -f /var/log/faillog /var/log/lastlog\nUSER app\n",
    after:
      "FROM debian:bookworm-slim\nRUN useradd -l -u 300000 app && rm -f /var/log/faillog /var/log/lastlog\nUSER 300000\n",
    changes: { User: "300000" },
  },
  {
    about: "a front end of apt that is not there at run time",
    before: "FROM debian:bookworm-slim\nENV DEBIAN_FRONTEND=noninteractive\nRUN echo $DEBIAN_FRONTEND > /frontend\n",
    after: "FROM debian:bookworm-slim\nARG DEBIAN_FRONTEND=noninteractive\nRUN echo $DEBIAN_FRONTEND > /frontend\n",
    changes: { Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] },
  },
];

const fixed = (text: string): string =>
  fixText(text, (current) => {
    const file = auditedFile(readDockerfile("Dockerfile", current));
    const { problems } = auditFile(file, { rules, profile: "all", settings: new Map() });
    return { fixes: problems.flatMap(({ fix }) => (fix?.safety === "safe" ? [fix] : [])), isBroken: file.isBroken };
  }).text;

const prefix = `fix-test-${process.pid}`;
const tags: string[] = [];
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fix-docker-"));
  for (const path of ["a.txt", "sub/b.txt", "sub/deep/c.txt"]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${path}\n`);
  }
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await docker("image", "rm", "--force", ...tags);
});

const run = promisify(execFile);
const docker = async (...argv: string[]): Promise<string> =>
  (await run("docker", argv, { maxBuffer: 64 * 1024 * 1024, env: { PATH: process.env.PATH, HOME: folder } })).stdout;

/** Configuration and files of the image that a Dockerfile makes; times are those of the build. */
const build = async (name: string, text: string) => {
  const tag = `${prefix}-${name}`;
  tags.push(tag);
  const dockerfile = join(folder, `${name}.Dockerfile`);
  writeFileSync(dockerfile, text);
  await docker("build", "--quiet", "--pull=false", "--provenance=false", "--tag", tag, "--file", dockerfile, folder);
  const [image] = JSON.parse(await docker("image", "inspect", tag)) as [
    { readonly Author: string; readonly Config: Readonly<Record<string, unknown>> },
  ];
  const tar = join(folder, `${name}.tar`);
  await docker("build", "--quiet", "--pull=false", `--output=type=tar,dest=${tar}`, "--file", dockerfile, folder);
  const listing = await run("tar", ["--list", "--verbose", "--numeric-owner", "--file", tar], { maxBuffer: 2 ** 26 });
  const files = listing.stdout.split("\n").map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d /, ""));
  const { stdout: content } = await run(
    "tar",
    ["--extract", "--to-stdout", "--exclude=usr/*", "--exclude=bin/*", "--file", tar],
    { maxBuffer: 2 ** 28, encoding: "buffer" },
  );
  const shadow = /^app:!:\d+:/gm;
  return {
    config: { Author: image.Author ?? "", ...image.Config },
    files,
    content: createHash("sha256").update(content.toString("latin1").replace(shadow, "app:!:")).digest("hex"),
  };
};

describe("an image is the same after the safe fixes", () => {
  test.each(cases.map((one, index) => [one.about, index, one] as const))(
    "%s",
    async (_about, index, { before, after, changes }) => {
      expect(fixed(before)).toBe(after);
      const old = await build(`${index}-before`, before);
      const now = await build(`${index}-after`, after);
      expect(now).toEqual({ ...old, config: { ...old.config, ...changes } });
    },
    120_000,
  );
});
