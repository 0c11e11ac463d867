import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";
import { parseDockerignore } from "../src/discover/dockerignore.ts";
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
    for (const path of paths) {
      mkdirSync(dirname(join(root, "context", path)), { recursive: true });
      writeFileSync(join(root, "context", path), "");
    }
    writeFileSync(join(root, "Dockerfile"), "FROM scratch\nCOPY . /\n");
    for (let round = 0; round < (Number(process.env.ROUNDS) || 20); round++) {
      const lines = Array.from({ length: 1 + random(4) }, () => {
        const body = Array.from({ length: 1 + random(3) }, () => pick(pieces)).join("/");
        return `${pick(["", "", "!", "/", " ", "#", "./"])}${body}${pick(["", "", "/", "/**"])}`;
      });
      const text = lines.join("\n");
      writeFileSync(join(root, "Dockerfile.dockerignore"), text);
      const out = join(root, `out${round}`);
      const args = [
        "buildx",
        "build",
        "-q",
        "-f",
        join(root, "Dockerfile"),
        "-o",
        `type=local,dest=${out}`,
        join(root, "context"),
      ];
      const built = spawnSync("docker", args, { env: { PATH: process.env.PATH ?? "", HOME: root }, encoding: "utf8" });
      if (built.status !== 0) throw new Error(`seed ${seed}, ${JSON.stringify(text)}: ${built.stderr}`);
      const kept = readdirSync(out, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1));
      const isIgnored = parseDockerignore(text);
      const expected = [...paths].filter((path) => !isIgnored(path));
      const setting = `seed ${seed}, ignore file ${JSON.stringify(text)}`;
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
