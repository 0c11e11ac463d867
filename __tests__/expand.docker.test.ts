import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { auditedFile } from "../src/audit/audited-file.ts";
import { expandWord } from "../src/dockerfile/expand.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
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
  const told = environmentBuilt(seed, [
    "FROM scratch",
    ...[...values].map(([name, value]) => `ENV ${name}="${value}"`),
    ...words.map((word, at) => `ENV R${at}=${word}`),
  ]);
  const differences = words.flatMap((word, at) => {
    const { value } = expandWord(word, "\\", (name) => (values.has(name) ? { value: values.get(name) } : undefined));
    return value === told.get(`R${at}`) ? [] : [{ word, value, engine: told.get(`R${at}`) }];
  });
  expect({ seed, differences }).toEqual({ seed, differences: [] });
}, 120_000);

test("ARG and ENV put in what the engine puts in, from stage to stage", () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const draw = randomFrom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(draw() * items.length)] as Item;
  const names = ["A", "B", "C"];
  const lines = ["ARG A=global", "FROM scratch AS s0", "ARG A=1 B=2 C=3"];
  for (let at = 0, stage = 0; at < 300; at++) {
    const name = pick(names);
    if (at % 15 === 14) lines.push(`FROM s${stage} AS s${++stage}`);
    lines.push(
      pick([`ARG ${name}=a${at}`, `ENV ${name}=e${at}`, `ARG ${name}`, `ARG ${name}=\${${pick(names)}}x`]),
      `ENV R${at}=\${${pick(names)}}`,
    );
  }
  const told = environmentBuilt(seed, lines);
  const file = auditedFile(readDockerfile("Dockerfile", lines.join("\n")));
  const values = file.stages.at(-1)?.environment ?? new Map();
  const differences = [...told].flatMap(([name, engine]) =>
    name === "PATH" || values.get(name) === engine ? [] : [{ name, value: values.get(name), engine }],
  );
  expect({ seed, differences }).toEqual({ seed, differences: [] });
}, 120_000);

/** The environment of the image that the engine builds of these lines. */
const environmentBuilt = (seed: number, lines: readonly string[]): ReadonlyMap<string, string> => {
  const root = mkdtempSync(join(tmpdir(), "expand-"));
  try {
    writeFileSync(join(root, "Dockerfile"), `${lines.join("\n")}\n`);
    const args = ["buildx", "build", "-q", "-o", `type=oci,tar=false,dest=${join(root, "out")}`, root];
    const built = spawnSync("docker", args, { encoding: "utf8", env: engineEnvironment() });
    expect({ seed, stderr: built.stderr }).toEqual({ seed, stderr: "" });
    const blob = (digest: string): string =>
      readFileSync(join(root, "out", "blobs", ...digest.split(":").slice(0, 2)), "utf8");
    const index = JSON.parse(readFileSync(join(root, "out", "index.json"), "utf8"));
    const manifest = JSON.parse(blob(index.manifests[0].digest));
    const image = manifest.config ? manifest : JSON.parse(blob(manifest.manifests[0].digest));
    const { Env } = JSON.parse(blob(image.config.digest)).config as { readonly Env: readonly string[] };
    return new Map(Env.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};
