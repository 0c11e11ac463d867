import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";
import { auditedFile } from "../src/audit/audited-file.ts";
import { parseDockerignore } from "../src/discover/dockerignore.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { belowSource, contextSources, takenBy } from "../src/rules/knowledge/context-sources.ts";
import { randomFrom } from "./random.ts";

const names = ["a", "b", "ab", "a.md", "b.md", ".env", "x y", "[z", "*s", "tmp1"];
const pieces = ["a", "b", "*", "**", "?", "a*", "*.md", "[ab]", "[^a]", "\\*s", ".*", "tmp?", "x y", "..", "."];

test("the engine leaves out what the matcher says it leaves out", () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const draw = randomFrom(seed);
  const random = (below: number): number => Math.floor(draw() * below);
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
  const root = mkdtempSync(join(tmpdir(), "dockerignore-"));
  try {
    const paths = new Set<string>();
    for (const one of names) for (const two of names) paths.add(`${one}${two}/${pick(names)}/${pick(names)}f`);
    for (const name of names) paths.add(`${name}f`).add(`d/${name}`).add(`d/e/${name}`);
    paths.add("a").add("b").add("tmp1").add("a.md");
    writeContext(root, paths);
    writeFileSync(join(root, "Dockerfile"), "FROM scratch\nCOPY . /\n");
    for (let round = 0; round < (Number(process.env.ROUNDS) || 20); round++) {
      const lines = Array.from({ length: 1 + random(4) }, () => {
        const body = Array.from({ length: 1 + random(3) }, () => pick(pieces)).join("/");
        return `${pick(["", "", "!", "/", " ", "#", "./"])}${body}${pick(["", "", "/", "/**"])}`;
      });
      const text = lines.join("\n");
      writeFileSync(join(root, "Dockerfile.dockerignore"), text);
      const setting = `seed ${seed}, ignore file ${JSON.stringify(text)}`;
      const kept = filesBuilt(root, setting);
      const isIgnored = parseDockerignore(text);
      const expected = [...paths].filter((path) => !isIgnored(path));
      expect({
        setting,
        keptByEngine: kept.filter((path) => !expected.includes(path)),
        keptByMatcher: expected.filter((path) => !kept.includes(path)),
      }).toEqual({ setting, keptByEngine: [], keptByMatcher: [] });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}, 120_000);

test("COPY takes what the rules say it takes when it excludes patterns", () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const draw = randomFrom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(draw() * items.length)] as Item;
  const root = mkdtempSync(join(tmpdir(), "exclude-"));
  const paths = [
    "a",
    "b.md",
    ".env",
    "d/a",
    "d/b.md",
    "d/.env",
    "d/e/a",
    "d/e/f/.env",
    "x/d/a",
    "x/d/e/.env",
    "x/a.txt",
  ];
  try {
    writeContext(root, paths);
    for (let round = 0; round < (Number(process.env.ROUNDS) || 20); round++) {
      const flags = Array.from({ length: pick([1, 1, 2, 3]) }, () => {
        const body = Array.from({ length: pick([1, 2, 3]) }, () =>
          pick(["a", "d", "e", "*", "**", "?", "*.md", ".env", "[de]", "[^a]", "..", ".", "$D"]),
        ).join("/");
        return `--exclude=${pick(["", "", "", "!", "/", "./", "!./"])}${body}${pick(["", "", "/", "/**"])}`;
      });
      const text = `FROM scratch\nARG D=d\nCOPY ${flags.join(" ")} ${pick([".", "/", "*", "**", "d", "./d/", "x", "a"])} /\n`;
      writeFileSync(join(root, "Dockerfile"), text);
      const setting = `seed ${seed}, ${JSON.stringify(text)}`;
      const [source] = contextSources(auditedFile(readDockerfile("Dockerfile", text)));
      if (source?.path === undefined) throw new Error(`${setting}: no source`);
      const isTaken = takenBy({ ...emptyContext, files: paths }, source);
      const expected = paths
        .filter(isTaken)
        .map((path) => belowSource(source.path as string, path) || path.slice(path.lastIndexOf("/") + 1));
      expect({ setting, taken: [...new Set(expected)].sort() }).toEqual({
        setting,
        taken: [...filesBuilt(root, setting)].sort(),
      });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}, 120_000);

const emptyContext = {
  path: ".",
  files: [],
  read: () => undefined,
  ignoreFile: undefined,
  isIgnored: () => false,
  isGitAware: false,
};

const writeContext = (root: string, paths: Iterable<string>): void => {
  for (const path of paths) {
    mkdirSync(dirname(join(root, "context", path)), { recursive: true });
    writeFileSync(join(root, "context", path), "");
  }
};

/** The files of the image, from its root without the first slash. */
const filesBuilt = (root: string, setting: string): readonly string[] => {
  const out = mkdtempSync(join(root, "out"));
  const args = ["buildx", "build", "-q", "-f", join(root, "Dockerfile"), "-o", out, join(root, "context")];
  const built = spawnSync("docker", args, { env: { PATH: process.env.PATH ?? "", HOME: root }, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`${setting}: ${built.stderr}`);
  return readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1));
};
