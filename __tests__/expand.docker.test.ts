import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { expandWord } from "../src/dockerfile/expand.ts";
import { engineEnvironment } from "./engine.ts";
import { randomFrom } from "./random.ts";

const operators = ["#", "##", "%", "%%", "/", "//", "-", ":-", "+", ":+"];
const pieces = ["a", "b", ".", "*", "?", "\\*", "\\?", "\\\\", "ab", "\\/", "é", "${B}", "${C:-a}", "'*'", '"a"'];

test("the engine puts in what the reader says it puts in", () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const draw = randomFrom(seed);
  const random = (below: number): number => Math.floor(draw() * below);
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
  const several = (items: readonly string[], most: number): string =>
    Array.from({ length: random(most + 1) }, () => pick(items)).join("");
  const values = new Map([
    ["A", `ab${several(["a", "b", "/", ".", "*", "?", "é"], 12)}`],
    ["B", "b"],
    ["E", ""],
  ]);
  const words = Array.from({ length: 300 }, () => {
    const operator = pick(operators);
    const replacement = operator.startsWith("/") ? `/${several(["x", "b", "é"], 2)}` : "";
    const pattern = several(pieces, 4) || "a";
    return `\${${pick(["A", "A", "A", "E"])}${operator}${pattern}${replacement}}`;
  });
  const root = mkdtempSync(join(tmpdir(), "expand-"));
  try {
    const lines = [
      "FROM scratch",
      ...[...values].map(([name, value]) => `ENV ${name}="${value}"`),
      ...words.map((word, at) => `ENV R${at}=${word}`),
      "",
    ];
    writeFileSync(join(root, "Dockerfile"), lines.join("\n"));
    const args = ["buildx", "build", "-q", "-o", `type=oci,tar=false,dest=${join(root, "out")}`, root];
    const built = spawnSync("docker", args, { encoding: "utf8", env: engineEnvironment() });
    expect({ seed, stderr: built.stderr }).toEqual({ seed, stderr: "" });
    const blob = (digest: string): string =>
      readFileSync(join(root, "out", "blobs", ...digest.split(":").slice(0, 2)), "utf8");
    const index = JSON.parse(readFileSync(join(root, "out", "index.json"), "utf8"));
    const manifest = JSON.parse(blob(index.manifests[0].digest));
    const image = manifest.config ? manifest : JSON.parse(blob(manifest.manifests[0].digest));
    const { Env } = JSON.parse(blob(image.config.digest)).config as { readonly Env: readonly string[] };
    const told = new Map(Env.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]));
    const differences = words.flatMap((word, at) => {
      const { value } = expandWord(word, "\\", (name) => (values.has(name) ? { value: values.get(name) } : undefined));
      return value === told.get(`R${at}`) ? [] : [{ word, value, engine: told.get(`R${at}`) }];
    });
    expect({ seed, differences }).toEqual({ seed, differences: [] });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}, 120_000);
