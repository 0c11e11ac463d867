import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ActionsMetadataProvider, validate } from "@actions/languageservice";
import { describe, expect, test } from "@jest/globals";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { parse } from "yaml";
import { inputNames } from "../src/settings-values.ts";
import { payloads } from "./github/payloads.ts";

const root = new URL("..", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const action = parse(read("action.yml")) as {
  readonly name: string;
  readonly description: string;
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
};

/** Knows our own inputs; whatever another action takes is right. */
const actionsMetadataProvider: ActionsMetadataProvider = {
  fetchActionMetadata: async ({ name, owner }) =>
    name === "docker-hygiene" ? { ...action } : { name: `${owner}/${name}`, description: "" },
};

const faults = async (uri: string, text: string): Promise<readonly string[]> => {
  const lines = text.split("\n");
  const document = {
    uri,
    languageId: "yaml",
    version: 1,
    lineCount: lines.length,
    getText: () => text,
    positionAt: (offset: number) => {
      const before = text.slice(0, offset).split("\n");
      return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
    },
    offsetAt: ({ line, character }: { readonly line: number; readonly character: number }) =>
      lines.slice(0, line).join("\n").length + (line === 0 ? 0 : 1) + character,
  };
  const found = await validate(document as unknown as Parameters<typeof validate>[0], { actionsMetadataProvider });
  return found.map(({ message, range }) => `${uri}:${range.start.line + 1}: ${message}`);
};

/** `uses: ./` has no metadata to look up, so it is given our published name. */
const published = (text: string): string => text.replaceAll(/uses: \.\/?$/gm, "uses: org/docker-hygiene@v1");

describe("GitHub's own language service", () => {
  test("finds nothing wrong with action.yml", async () => {
    expect(await faults("file:///repository/action.yml", read("action.yml"))).toEqual([]);
  });

  test("finds what is wrong with an action.yml and a workflow", async () => {
    const wrong = read("action.yml").replace("using: node24", "using: node99").replace("icon: package", "icon: wishes");
    expect(await faults("file:///wrong/action.yml", wrong)).toHaveLength(2);
    const step =
      "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: org/docker-hygiene@v1\n        with:\n          wishes: x\n";
    expect(await faults("file:///wrong/.github/workflows/a.yml", step)).toEqual([
      "file:///wrong/.github/workflows/a.yml:8: Invalid action input 'wishes'",
    ]);
  });

  test.each(readdirSync(new URL(".github/workflows", root)))(
    "finds nothing wrong with the workflow %s",
    async (name) => {
      const path = `.github/workflows/${name}`;
      expect(await faults(`file:///repository/${path}`, published(read(path)))).toEqual([]);
    },
  );

  const blocks = ["README.md", "docs/forks.md"]
    .flatMap((path) => [...read(path).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)])
    .map((match) => match[1] ?? "")
    .filter((text) => text.includes("uses: "));
  test.each(blocks.map((text, index) => [index + 1, text] as const))(
    "finds nothing wrong with workflow %s of the documentation",
    async (index, text) => {
      const steps = `on: pull_request\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n${text.replaceAll(/^/gm, "      ")}`;
      const workflow = text.includes("jobs:") ? text : steps;
      expect(await faults(`file:///readme-${index}/.github/workflows/a.yml`, workflow)).toEqual([]);
    },
  );
});

describe("action.yml", () => {
  test("names each input and output in one sentence", () => {
    for (const { description } of [...Object.values(action.inputs), ...Object.values(action.outputs)]) {
      expect(description).toMatch(/^[A-Z`][^\n]*[^.]\.$/);
    }
  });

  test("has every input that the sources read, and no other", () => {
    const sources = ["src/action-inputs.ts", "src/action-pipeline.ts", "src/action-post.ts", "src/settings-values.ts"]
      .map(read)
      .join("\n");
    for (const name of Object.keys(action.inputs)) expect(sources).toContain(`"${name}"`);
    const asked = [...read("src/action-inputs.ts").matchAll(/(?:text|choice)\(\s*"([a-z-]+)"/g)].map(
      (match) => match[1],
    );
    for (const name of inputNames) expect(action.inputs).toHaveProperty(name);
    expect(asked.filter((name) => name !== undefined && action.inputs[name] === undefined)).toEqual([]);
  });
});

describe("the tag of the major version", () => {
  const workflow = (name: string) =>
    parse(read(`.github/workflows/${name}`)) as {
      readonly on: unknown;
      readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>;
    };
  const { on, jobs } = workflow("major-tag.yml");
  const script = jobs.move?.steps[0]?.run ?? "";

  /** The calls of `gh` that change something, where these releases are published. */
  const changes = (released: string, published: readonly string[], hasMajor: boolean): readonly string[] => {
    const folder = mkdtempSync(join(tmpdir(), "major-tag-"));
    try {
      const answers = `case "$*" in "release list"*) printf '%s\\n' ${published.join(" ")} ;; *) echo "$*" >> "${folder}/calls"; case "$*" in *PATCH*) exit ${hasMajor ? 0 : 1} ;; esac ;; esac`;
      writeFileSync(join(folder, "gh"), `#!/bin/sh\n${answers}\n`, { mode: 0o755 });
      writeFileSync(join(folder, "calls"), "");
      const env = {
        PATH: `${folder}:${process.env.PATH}`,
        GITHUB_REF_NAME: released,
        GITHUB_SHA: "abc",
        GITHUB_REPOSITORY: "o/r",
      };
      execFileSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], { env });
      return readFileSync(join(folder, "calls"), "utf8").split("\n").slice(0, -1);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const patch = "api --method PATCH repos/o/r/git/refs/tags/v1 -f sha=abc -F force=true";
  const post = "api --method POST repos/o/r/git/refs -f ref=refs/tags/v1 -f sha=abc";

  test("moves when a release is published, and not for its draft", () => {
    expect(on).toEqual({ release: { types: ["released"] } });
    expect(changes("v1.10.0", ["v2.0.0", "v1.9.0", "v1.10.0", "nightly"], true)).toEqual([patch]);
    expect(changes("v1.0.0", ["v1.0.0"], false)).toEqual([patch, post]);
    expect(JSON.stringify(workflow("release.yml").jobs)).not.toContain("refs/tags");
  });

  test("stays where a newer version is published already", () => {
    expect(changes("v1.9.1", ["v1.10.0", "v1.9.1", "v1.9.0"], true)).toEqual([]);
  });
});

test("the payloads of the tests are such as GitHub sends", () => {
  const ajv = new Ajv({ strict: false, logger: false });
  addFormats.default(ajv);
  const schema = fileURLToPath(import.meta.resolve("@octokit/webhooks-schemas/schema.json"));
  ajv.addSchema(JSON.parse(readFileSync(schema, "utf8")), "webhooks");
  for (const [name, payload] of Object.entries(payloads)) {
    const isValid = ajv.validate({ $ref: `webhooks#/definitions/${name.replaceAll("$", "%24")}` }, payload);
    expect(`${name}: ${isValid ? "valid" : ajv.errorsText()}`).toBe(`${name}: valid`);
  }
});

test("the command line's modules never load the toolkit's core, which is most of its start-up", () => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8").replaceAll(/^import type .*$/gm, "");
    for (const [, name = ""] of text.matchAll(/(?:from|import\((?:\s*\/\*[^*]*\*\/)?)\s*"([^"]+)"/g)) {
      if (name.startsWith(".")) visit(fileURLToPath(new URL(name, `file://${file}`)));
      else packages.add(name);
    }
  };
  visit(fileURLToPath(new URL("src/cli.ts", root)));
  expect(seen.size).toBeGreaterThan(50);
  expect([...packages].filter((name) => /^@actions\/(?!exec$)/.test(name))).toEqual([]);
});
