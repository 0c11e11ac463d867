import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "csv-parse/sync";
import { inTurns } from "../src/adapters/buildx-lanes.ts";
import { buildCommand } from "../src/build/arguments.ts";
import { parseBuildArgs, parseBuildContexts, parseSsh } from "../src/build/build-inputs.ts";
import { isTooOld, readBuilder, readBuildxVersion, readDaemon, readPluginPath } from "../src/build/engine-facts.ts";
import { locateFailure } from "../src/build/failing-words.ts";
import { explainFailure, explainTimeout } from "../src/build/failure.ts";
import { parsePlatforms } from "../src/build/platforms.ts";
import { lastLines, readProgress } from "../src/build/progress.ts";
import { joinFields, readList, readRecords, splitFields } from "../src/build/records.ts";
import { maskForms, redactor } from "../src/build/redaction.ts";
import {
  parseSecretEnvs,
  parseSecretFiles,
  parseSecretFlag,
  parseSecrets,
  placeSecrets,
  requireUniqueSecrets,
} from "../src/build/secret-inputs.ts";
import { readPrivateKeys } from "../src/build/ssh-key.ts";
import { linesOfStep, stepLines } from "../src/build/step-lines.ts";
import { namedTarget, type Target } from "../src/build/target.ts";
import { stripTerminalCodes } from "../src/build/terminal-codes.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { hasWildcard, matchesWildcards } from "../src/dockerfile/wildcards.ts";
import { randomFrom } from "./random.ts";

const input = (setting: string) => ({ setting, where: `input \`${setting}\` of the workflow` });

const messageOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return "nothing thrown";
};

const randomOf = (seed: number) => {
  const random = randomFrom(seed);
  return (below: number): number => random() * below;
};

const withSeed = (check: (random: (below: number) => number) => void): void => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_007);
  try {
    check(randomOf(seed));
  } catch (error) {
    throw new Error(`SEED=${seed}: ${(error as Error).message}`, { cause: error });
  }
};

const pick = <T>(random: (below: number) => number, from: readonly T[]): T => from[Math.floor(random(from.length))]!;

const textOf = (random: (below: number) => number, alphabet: readonly string[], longest: number): string =>
  Array.from({ length: Math.floor(random(longest + 1)) }, () => pick(random, alphabet)).join("");

describe("records of a list setting", () => {
  test.each([
    ["a\nb", ["a", "b"]],
    ["a\r\n\r\nb\r\n", ["a", "b"]],
    ["a,b , c", ["a,b , c"]],
    ['"first\nsecond"', ["first\nsecond"]],
    ['"he said ""no"""', ['he said "no"']],
    ['  "indented\nquote"', ["indented\nquote"]],
    ['a="b,c"', ['a="b,c"']],
    ['a={"b":1,"c":"d"}', ['a={"b":1,"c":"d"}']],
    ['"a" b', ['"a" b']],
    ['"a",b', ["a,b"]],
    ["", []],
  ])("%j", (text, records) => {
    expect(readRecords(text, input("secrets")).map((record) => record.text)).toEqual(records);
  });

  test("agree with the parser of docker/build-push-action on any text", () => {
    withSeed((random) => {
      for (let round = 0; round < 2_000; round++) {
        const text = textOf(random, ["a", "b=", ",", '"', '"', "\n", "\n", " ", "x"], 14);
        // An indented quote opens a record here and is an ordinary character there.
        if (/(^|\n)[ \t]+"/.test(text)) continue;
        let theirs: string[] | string;
        try {
          const options = { relax_quotes: true, relax_column_count: true, skip_empty_lines: true };
          theirs = (parse(text, { ...options, record_delimiter: ["\n"] }) as string[][])
            .map((fields) => fields.join(","))
            .filter((record) => record !== "");
        } catch {
          theirs = "refused";
        }
        let ours: string[] | string;
        try {
          ours = readRecords(text, input("secrets")).map((record) => record.text);
        } catch {
          ours = "refused";
        }
        expect({ text, records: ours }).toEqual({ text, records: theirs });
      }
    });
  });

  test("know their line", () => {
    expect(readRecords('a\n\n"b\nc"\nd', input("secrets")).map(({ line }) => line)).toEqual([1, 3, 5]);
  });

  test("are separated by commas too where values hold none", () => {
    expect(readList("linux/amd64, linux/arm64\nlinux/s390x", input("platforms"))).toEqual([
      "linux/amd64",
      "linux/arm64",
      "linux/s390x",
    ]);
  });

  test("fields written for buildx are read back", () => {
    withSeed((random) => {
      for (let round = 0; round < 1_000; round++) {
        const fields = Array.from({ length: 3 }, () => textOf(random, ["a", ",", '"', "\n", " ", "="], 6));
        expect(splitFields(joinFields(fields))).toEqual(fields);
      }
    });
  });
});

describe("secrets", () => {
  test("keep commas, white space and quotes of their values", () => {
    expect(
      parseSecrets(
        'npm_token=a,b \npem="x"\n"json={""k"": ""v""}\n\tend "\nempty=\nurl=https://x/?a=b',
        input("secrets"),
      ),
    ).toEqual([
      { id: "npm_token", value: "a,b " },
      { id: "pem", value: '"x"' },
      { id: "json", value: '{"k": "v"}\n\tend ' },
      { id: "empty", value: "" },
      { id: "url", value: "https://x/?a=b" },
    ]);
  });

  const notAnEntry = (line: number) =>
    `UserError: secrets: line ${line} is not \`id=value\` (input \`secrets\` of the workflow). Quote a value of several lines: "id=first⏎second".`;

  test.each([
    ["a=1\nhunter2", notAnEntry(2)],
    ["key=-----BEGIN KEY-----\nMIIEhunter2/x+y", notAnEntry(2)],
    ["key=first\nhunter2hunter2==", notAnEntry(2)],
    ["a=1\n//registry.example.org/:_authToken=hunter2", notAnEntry(2)],
    ['{"private": "hunter2="}', notAnEntry(1)],
    ["=hunter2", notAnEntry(1)],
    [
      'a=1\n"b=hunter2',
      'UserError: secrets: the quote opened on line 2 is never closed (input `secrets` of the workflow). Double a quote that belongs to the value: ""',
    ],
  ])("%j is refused by its line alone", (text, message) => {
    expect(messageOf(() => parseSecrets(text, input("secrets")))).toBe(message);
  });

  test("come from the environment", () => {
    expect(parseSecretEnvs("npm=NPM_TOKEN, git=GIT_TOKEN\naws=AWS", input("secret-envs"))).toEqual([
      { id: "npm", from: "env", name: "NPM_TOKEN" },
      { id: "git", from: "env", name: "GIT_TOKEN" },
      { id: "aws", from: "env", name: "AWS" },
    ]);
    expect(messageOf(() => parseSecretEnvs("a=B\nnpm=hunter2 hunter2", input("secret-envs")))).toBe(
      "UserError: secret-envs: entry 2 is not `id=ENVIRONMENT_VARIABLE` (input `secret-envs` of the workflow). A value itself belongs into `secrets`.",
    );
  });

  test("come from files", () => {
    expect(parseSecretFiles("npmrc=./a,b/.npmrc\n\n  aws=~/x y ", input("secret-files"))).toEqual([
      { id: "npmrc", from: "file", path: "./a,b/.npmrc" },
      { id: "aws", from: "file", path: "~/x y" },
    ]);
    expect(messageOf(() => parseSecretFiles("a=b\n\nhunter2", input("secret-files")))).toBe(
      "UserError: secret-files: line 3 is not `id=path` (input `secret-files` of the workflow).",
    );
  });

  const flag = { setting: "--secret", where: "command line" };

  test.each([
    ["id=x,env=V", { id: "x", from: "env", name: "V" }],
    ["id=x,src=f", { id: "x", from: "file", path: "f" }],
    ["type=file,source=f,id=x", { id: "x", from: "file", path: "f" }],
    ["type=env,id=x,src=V", { id: "x", from: "env", name: "V" }],
    ["id=x,env=V,src=f", { id: "x", from: "env", name: "V" }],
    ['id=x,"src=a,b"', { id: "x", from: "file", path: "a,b" }],
    ["id=IS_SET", { id: "IS_SET", from: "env", name: "IS_SET" }],
    ["id=not_set", { id: "not_set", from: "file", path: "not_set" }],
  ])("--secret %s", (text, secret) => {
    expect(parseSecretFlag(text, flag, (name) => name === "IS_SET")).toEqual(secret);
  });

  test.each(["hunter2", "src=f", "id=x,hunter2", "id=x,value=hunter2", 'id=x,"src=f', "id=x,type=hunter2"])(
    "--secret %s is refused without being repeated",
    (text) => {
      expect(messageOf(() => parseSecretFlag(text, flag, () => false))).toBe(
        "UserError: --secret: the form is `id=ID,env=VARIABLE` or `id=ID,src=FILE` (command line); a value itself is never an argument.",
      );
    },
  );

  test("given in place get a variable each", () => {
    expect(
      placeSecrets([
        { id: "a", value: "1" },
        { id: "b", value: "2\n" },
      ]),
    ).toEqual({
      secrets: [
        { id: "a", from: "env", name: "DOCKER_HYGIENE_SECRET_0" },
        { id: "b", from: "env", name: "DOCKER_HYGIENE_SECRET_1" },
      ],
      environment: new Map([
        ["DOCKER_HYGIENE_SECRET_0", "1"],
        ["DOCKER_HYGIENE_SECRET_1", "2\n"],
      ]),
    });
  });

  test("have one value for one id", () => {
    expect(
      messageOf(() =>
        requireUniqueSecrets([
          { id: "a", from: "env", name: "A" },
          { id: "a", from: "file", path: "a" },
        ]),
      ),
    ).toBe(
      "UserError: the secret `a` is given twice (in `secrets`, `secret-envs` or `secret-files`); a build takes one value for an id.",
    );
  });
});

describe("other inputs", () => {
  test.each([
    ["default", [{ id: "default", paths: [] }]],
    ["default=/run/agent.sock", [{ id: "default", paths: ["/run/agent.sock"] }]],
    ["deploy=/k/one,/k/two", [{ id: "deploy", paths: ["/k/one", "/k/two"] }]],
    [
      "default,deploy=/k/one\nother=/k/three",
      [
        { id: "default", paths: [] },
        { id: "deploy", paths: ["/k/one"] },
        { id: "other", paths: ["/k/three"] },
      ],
    ],
  ])("ssh %j", (text, forwards) => {
    expect(parseSsh(text, input("ssh"))).toEqual(forwards);
  });

  test("ssh refuses a key in place of its path, without repeating it", () => {
    expect(messageOf(() => parseSsh("default=/k\n-----BEGIN OPENSSH PRIVATE KEY-----", input("ssh")))).toBe(
      "UserError: ssh: line 2 is not `default`, `id=socket` or `id=key,key` (input `ssh` of the workflow). Give the path of a key, not the key.",
    );
    expect(messageOf(() => parseSsh("default\ndefault=/k", input("ssh")))).toBe(
      "UserError: ssh: `default` is given twice (input `ssh` of the workflow).",
    );
  });

  test("build arguments keep their value, or take it from the environment", () => {
    expect(parseBuildArgs('A=1,2\nB\n"C=x\ny"\nD=', input("build-args"))).toEqual(
      new Map([
        ["A", "1,2"],
        ["B", undefined],
        ["C", "x\ny"],
        ["D", ""],
      ]),
    );
    expect(messageOf(() => parseBuildArgs("A=1\nhunter 2", input("build-args")))).toBe(
      'UserError: build-args: line 2 is not `NAME=value` (input `build-args` of the workflow). Quote a value of several lines: "NAME=first⏎second".',
    );
  });

  test("build contexts", () => {
    expect(parseBuildContexts("base=docker-image://debian:12\nlib=../lib", input("build-contexts"))).toEqual(
      new Map([
        ["base", "docker-image://debian:12"],
        ["lib", "../lib"],
      ]),
    );
    expect(messageOf(() => parseBuildContexts("base", input("build-contexts")))).toBe(
      "UserError: build-contexts: line 1 is not `name=folder` or `name=docker-image://reference` (input `build-contexts` of the workflow).",
    );
  });
});

describe("platforms", () => {
  test("are what buildx takes", () => {
    const written = "linux/amd64,linux/arm/v7\narm64,local,linux,windows(10.0.17763)/amd64,wasi/wasm,Linux/AMD64";
    expect(parsePlatforms(written, input("platforms"))).toEqual(written.split(/[\n,]/));
  });

  test.each([
    ["bad", ""],
    ["linux-amd64", " Did you mean `linux/amd64`?"],
    ["linux/", ""],
    ["linux//amd64", " Did you mean `linux/amd64`?"],
    ["linux/arm/v7/v8", ""],
    ["linux amd64", " Did you mean `linux/amd64`?"],
    ["v7", " Did you mean `linux/arm/v7`?"],
  ])("refuse %j", (written, hint) => {
    expect(messageOf(() => parsePlatforms(`linux/arm64,${written}`, input("platforms")))).toBe(
      `UserError: platforms: \`${written}\` is not a platform such as linux/amd64 or linux/arm/v7 (input \`platforms\` of the workflow).${hint}`,
    );
  });
});

/** As OpenSSH writes it, as far as anyone looks before OpenSSH does. */
const opensshKey = (cipher: string): string => {
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0\0\0\0"),
    Buffer.from([cipher.length]),
    Buffer.from(cipher),
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "der" }),
    Buffer.alloc(120, 7),
  ]).toString("base64");
  return [
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    ...body.match(/.{1,70}/g)!,
    "-----END OPENSSH PRIVATE KEY-----",
    "",
  ].join("\n");
};

describe("private keys", () => {
  const plain = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const pkcs8 = plain.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const pkcs1 = plain.privateKey.export({ type: "pkcs1", format: "pem" }).toString();
  const openssh = opensshKey("none");
  const origin = input("ssh-private-key");
  const keysOf = (text: string) => readPrivateKeys(text, origin).keys;
  const refusalOf = (text: string): string => {
    const message = messageOf(() => readPrivateKeys(text, origin));
    for (const line of text.split(/\s+/)) if (line.length > 20) expect(message).not.toContain(line);
    return message;
  };
  const whole =
    "Give the whole file, from `-----BEGIN … PRIVATE KEY-----` to `-----END … PRIVATE KEY-----`, one key after the other.";
  const where = "(input `ssh-private-key` of the workflow)";

  test("stand one after the other", () => {
    expect(keysOf(openssh + pkcs1 + pkcs8)).toEqual([openssh, pkcs1, pkcs8]);
    expect(keysOf(`# deploy\n${openssh}\n# second\n${pkcs8}`)).toEqual([openssh, pkcs8]);
  });

  test.each<[string, (key: string) => string]>([
    ["carriage returns", (key) => key.replaceAll("\n", "\r\n")],
    ["no last line break", (key) => key.trimEnd()],
    ["an indentation", (key) => key.replace(/^/gm, "    ")],
    ["blanks for line breaks", (key) => key.replaceAll("\n", " ")],
    ["escaped line breaks", (key) => key.replaceAll("\n", "\\n")],
    ["escaped carriage returns", (key) => key.replaceAll("\n", "\\r\\n")],
  ])("are mended when they have %s", (_what, spoil) => {
    for (const key of [openssh, pkcs1, pkcs8]) expect(keysOf(spoil(key))).toEqual([key]);
    expect(keysOf(spoil(openssh) + spoil(pkcs1))).toEqual([openssh, pkcs1]);
  });

  test("are broken into lines when they have none", () => {
    expect(keysOf(pkcs8.replace(/(?<=[^-])\n(?=[^-])/g, ""))).toEqual([pkcs8]);
  });

  test("are refused by what they are, and never shown", () => {
    const locked = plain.privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" });
    const lockedOld = plain.privateKey.export({ type: "pkcs1", format: "pem", cipher: "aes-256-cbc", passphrase: "x" });
    const remedy = "Give a key without one: `ssh-keygen -p -N '' -f COPY` takes it off a copy.";
    const lockedMessage = `UserError: ssh-private-key: the key has a passphrase, which nobody can type during a build ${where}. ${remedy}`;
    expect(refusalOf(locked.toString())).toBe(lockedMessage);
    expect(refusalOf(lockedOld.toString().replaceAll("\n", "\r\n"))).toBe(lockedMessage);
    expect(refusalOf(opensshKey("aes256-ctr").replaceAll("\n", " "))).toBe(lockedMessage);
    expect(refusalOf(openssh + opensshKey("aes256-ctr"))).toBe(lockedMessage.replace("the key", "key 2"));
    const isPublic = `UserError: ssh-private-key: it is a public key ${where}. Give the private one, from the file without \`.pub\`.`;
    expect(refusalOf(`ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"x".repeat(43)} me@host\n`)).toBe(isPublic);
    expect(refusalOf(`ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAI me@host`)).toBe(isPublic);
    expect(refusalOf(plain.publicKey.export({ type: "spki", format: "pem" }).toString())).toBe(isPublic);
    expect(refusalOf("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n")).toBe(
      `UserError: ssh-private-key: it is a key of PuTTY ${where}. Give what \`puttygen KEY.ppk -O private-openssh-new -o KEY\` writes.`,
    );
    expect(refusalOf("hunter2-hunter2-hunter2-hunter2")).toBe(
      `UserError: ssh-private-key: it holds no private key ${where}. ${whole}`,
    );
    expect(refusalOf(openssh.slice(0, 300))).toBe(
      `UserError: ssh-private-key: the end of the key is missing ${where}. ${whole}`,
    );
    const damaged = `is damaged: between its first and its last line stands more than base64 ${where}. ${whole}`;
    expect(refusalOf(openssh.slice(0, 300) + openssh)).toBe(`UserError: ssh-private-key: the key ${damaged}`);
    expect(refusalOf(pkcs8 + openssh.replace("b3Bl", "b3B*"))).toBe(`UserError: ssh-private-key: key 2 ${damaged}`);
  });

  test("have a first line that is hidden nowhere, and others that are", () => {
    const redact = redactor([openssh]);
    const [first = "", second = ""] = openssh.split("\n");
    expect(redact(`${first}\n${second}\n`)).toBe(`${first}\n***\n`);
    expect(maskForms(openssh)).not.toContain(first);
  });
});

describe("redaction", () => {
  test("knows every form of a value", () => {
    expect(maskForms("p@ss word/1>2")).toEqual(
      expect.arrayContaining([
        "p@ss word/1>2",
        Buffer.from("p@ss word/1>2").toString("base64").replace(/=+$/, "").slice(0, -1),
        Buffer.from("p@ss word/1>2").toString("hex"),
        "p%40ss%20word%2F1%3E2",
        "p%40ss+word%2F1%3E2",
        "p%40ss%20word%2f1%3e2",
        "p@ss word/1\\u003e2",
      ]),
    );
    expect(maskForms("  \n")).toEqual([]);
    expect(maskForms("ab")).toEqual([]);
  });

  test("hides a value inside any text, in every form", () => {
    withSeed((random) => {
      const alphabet = ["a", "Z", "7", "+", "/", "$", "(", "\\", '"', "'", " ", "é", "😀", "<", "%"];
      for (let round = 0; round < 100; round++) {
        const lines = Array.from(
          { length: 1 + Math.floor(random(3)) },
          () => `k${textOf(random, alphabet, 20)}0123456789`,
        );
        const value = lines.join(pick(random, ["\n", "\r\n"])) + pick(random, ["", "\n"]);
        const before = textOf(random, ["x", "y", "\n", ":"], 5);
        const redact = redactor([value, "another-value"]);
        const bytes = Buffer.from(before + value.trim() + before);
        for (const shown of [
          value.trim(),
          ...lines,
          bytes.toString("base64"),
          bytes.toString("base64url"),
          bytes.toString("hex"),
          JSON.stringify(value),
          encodeURIComponent(value.trim()),
        ]) {
          const told = redact(`${before}${shown}${before}`);
          expect(told).toContain("***");
          for (const line of lines) expect(told).not.toContain(line);
          expect(told).not.toContain(Buffer.from(lines[0]!).toString("hex"));
        }
      }
    });
  });

  test("hides bytes that are no text by their encodings", () => {
    const bytes = new Uint8Array([0xff, 0x00, 0xfe, 0x80, 0x81, 0x82, 0x83, 0x84]);
    const buffer = Buffer.from(bytes);
    expect(redactor([bytes])(`a ${buffer.toString("hex")} ${buffer.toString("base64")} b`)).toBe("a *** ***Q= b");
  });

  test("hides what line breaks and a cut leave of an encoding", () => {
    withSeed((random) => {
      for (let round = 0; round < 100; round++) {
        const value = textOf(random, [..."abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789_+$üß"], 90).padEnd(
          40,
          "dQw4w9WgXcQ",
        );
        const bytes = Buffer.from(`x-access-token:${value}`);
        const redact = redactor([value]);
        for (const encoded of [bytes.toString("base64"), bytes.toString("base64url"), bytes.toString("hex")]) {
          const width = 30 + Math.floor(random(60));
          const lines = encoded.slice(Math.floor(random(40))).match(new RegExp(`.{1,${width}}`, "g")) ?? [];
          const told = redact(`before\n${lines.join(pick(random, ["\n", "\r\n", "\n  "]))}\nafter`);
          const [before = "", ...rest] = told.replace(/\s|^before|after$/g, "").split("***");
          const isHidden = rest.length > 0 && before.length < 31 && rest.join("").length < 4;
          expect({ encoded, told, isHidden }).toEqual({ encoded, told, isHidden: true });
        }
      }
    });
    const plain = "c4f0 0000000000000000 AAAAAAAAAAAAAAAAAAAA 0123456789abcdef";
    expect(redactor([new Uint8Array(100), "k".repeat(50)])(plain)).toBe(plain);
  });

  test("works for the largest secret that BuildKit takes", () => {
    const lines = Array.from({ length: 600 }, (_, index) => `line ${index} ${"k".repeat(900)}`);
    const value = lines.join("\n").slice(0, 500 * 1024);
    expect(redactor([value])(`${lines[500]}\n${Buffer.from(value).toString("base64")}`)).toMatch(
      /^\*\*\*\n\*\*\*.{0,3}$/,
    );
  });

  test("leaves other text as it is", () => {
    expect(redactor([])("as it is")).toBe("as it is");
    expect(redactor(["hunter2hunter2", "hunter2"])("a hunter2hunter2, hunter2 b")).toBe("a ***, *** b");
    expect(redactor(["a.c"])("abc a.c")).toBe("abc ***");
    expect(redactor(["line one is long\nab\n"])("line one is long\nab\nabc\n")).toBe("***\nabc\n");
  });
});

const target: Target = {
  ...namedTarget({
    id: "api/Dockerfile:production",
    dockerfile: "api/Dockerfile",
    dockerfileAbsolute: "/w/api/Dockerfile",
    stage: "production",
    platforms: [],
  }),
  context: "/w/api",
  stageIndex: 1,
};

describe("the command line of a build", () => {
  const options = {
    step: "build",
    output: { type: "image" },
    builder: undefined,
    metadataFile: "/t/0.json",
    environment: { PATH: "/bin", VERSION: "1" },
  } as const;

  test("of a plain target", () => {
    expect(buildCommand(target, options)).toEqual({
      argv: [
        "buildx",
        "build",
        "--progress=rawjson",
        "--file",
        "/w/api/Dockerfile",
        "--target",
        "production",
        "--provenance=false",
        "--metadata-file",
        "/t/0.json",
        "--output",
        "type=image,store=false",
        "--",
        "/w/api",
      ],
      environment: new Map(),
    });
  });

  const full: Target = {
    ...target,
    stage: undefined,
    platforms: ["linux/amd64", "linux/arm64"],
    buildArgs: new Map([
      ["TOKENISH", "private"],
      ["FROM_ENVIRONMENT", undefined],
      ["VERSION", "1"],
      ["PATH", "/other"],
      ["HTTP_PROXY", "http://proxy"],
      ["BUILDKIT_INLINE_CACHE", "1"],
    ]),
    buildContexts: new Map([["base", "docker-image://debian:12"]]),
    secrets: [
      { id: "npm", from: "env", name: "DOCKER_HYGIENE_SECRET_0" },
      { id: "rc", from: "file", path: "a,b" },
    ],
    ssh: [
      { id: "default", paths: [] },
      { id: "deploy", paths: ["/k/one", "/k/two"] },
    ],
    cacheFrom: ["type=gha,scope=x"],
    cacheTo: ["type=gha,scope=x,mode=max"],
    network: "host",
    noCache: true,
    pull: true,
  };

  const given = [
    ...["--platform", "linux/amd64,linux/arm64"],
    ...["--build-arg", "TOKENISH", "--build-arg", "FROM_ENVIRONMENT", "--build-arg", "VERSION"],
    ...["--build-arg", "PATH=/other", "--build-arg", "HTTP_PROXY=http://proxy"],
    ...["--build-arg", "BUILDKIT_INLINE_CACHE=1"],
    ...["--build-context", "base=docker-image://debian:12"],
    ...["--secret", "id=npm,env=DOCKER_HYGIENE_SECRET_0", "--secret", 'id=rc,"src=a,b"'],
    ...["--ssh", "default", "--ssh", "deploy=/k/one,/k/two"],
    ...["--network", "host"],
    ...["--cache-from", "type=gha,scope=x"],
  ];

  test("holds everything that is given, and values of build arguments only where the name is taken", () => {
    const { argv, environment } = buildCommand(full, { ...options, builder: "remote" });
    expect(argv).toEqual([
      ...["buildx", "build", "--progress=rawjson", "--builder", "remote", "--file", "/w/api/Dockerfile"],
      ...["--provenance=false", "--metadata-file", "/t/0.json", "--output", "type=image,store=false"],
      ...given,
      ...["--cache-to", "type=gha,scope=x,mode=max", "--no-cache", "--pull", "--", "/w/api"],
    ]);
    expect(environment).toEqual(new Map([["TOKENISH", "private"]]));
  });

  test("of an export comes from the cache", () => {
    const { argv } = buildCommand(full, { ...options, step: "export", output: { type: "oci", folder: "/t/a,b" } });
    expect(argv).toContain("--provenance=mode=max");
    expect(argv.slice(argv.indexOf("--output"))).toEqual([
      ...["--output", 'type=oci,tar=false,"dest=/t/a,b"'],
      ...given,
      ...["--", "/w/api"],
    ]);
  });
});

const recorded = (name: string): string => readFileSync(join(import.meta.dirname, "fixtures/progress", name), "utf8");

/** In pieces of random length, as a pipe gives them. */
const readRecorded = (name: string, random: (below: number) => number) => {
  const progress = readProgress();
  const text = recorded(name);
  const names: string[] = [];
  for (let at = 0; at < text.length; ) {
    const length = 1 + Math.floor(random(400));
    const step = progress.read(text.slice(at, at + length));
    if (step !== undefined) names.push(step);
    at += length;
  }
  return { names, summary: progress.end() };
};

const plain = { redact: redactor(["hunter2hunter2"]), logLines: 20, otherwise: "the build ended with exit code 1" };

describe("progress of a build", () => {
  test("gives the steps in their order, however it is cut", () => {
    withSeed((random) => {
      const { summary } = readRecorded("good.txt", random);
      const lines = stepLines(JSON.parse(recorded("good.metadata.json")));
      expect(summary.failed).toBeUndefined();
      expect(
        summary.steps
          .filter(({ name }) => /^\[(?!internal)/.test(name))
          .map(({ digest, name, isCached }) => ({
            name: name.replace(/@sha256:.*/, ""),
            isCached,
            line: lines.get(digest),
          })),
      ).toEqual([
        // BuildKit calls every FROM cached.
        { name: "[base 1/2] FROM docker.io/library/busybox:local", isCached: true, line: 1 },
        { name: "[base 2/2] RUN echo unique-recording-1 > /one", isCached: false, line: 2 },
        { name: "[good 1/2] RUN sleep 1; printf 'h\\303'; sleep 0.3; printf '\\251llo\\n'", isCached: false, line: 5 },
        { name: "[good 2/2] RUN echo done", isCached: false, line: 6 },
      ]);
      const slow = summary.steps.find(({ name }) => name.includes("sleep 1"));
      expect(slow?.milliseconds).toBeGreaterThan(1_250);
      expect(slow?.milliseconds).toBeLessThan(3_000);
    });
  });

  test("names the step that runs", () => {
    const progress = readProgress();
    const names = recorded("good.txt")
      .split("\n")
      .flatMap((line) => progress.read(`${line}\n`) ?? []);
    expect(names.map((name) => name.replace(/@sha256:.*/, ""))).toEqual([
      "[base 1/2] FROM docker.io/library/busybox:local",
      "[base 2/2] RUN echo unique-recording-1 > /one",
      "[good 1/2] RUN sleep 1; printf 'h\\303'; sleep 0.3; printf '\\251llo\\n'",
      "[good 2/2] RUN echo done",
    ]);
  });

  test("knows which step hangs, whatever ended after it began", () => {
    const progress = readProgress();
    const at = (second: number) => `2026-01-01T00:00:0${second}Z`;
    const vertexes = [
      { digest: "hangs", name: "[linux/amd64 app stage-0 1/2] RUN hang", started: at(1) },
      { digest: "ends", name: "[app 2/2] RUN end", started: at(2), completed: at(3) },
      { digest: "own", name: "[app] resolving provenance for metadata file", started: at(4) },
      { digest: "internal", name: "[app internal] load .dockerignore", started: at(5) },
    ];
    const logs = [{ vertex: "hangs", data: btoa("first\nlast\n") }];
    progress.read(`${JSON.stringify({ vertexes, logs })}\n`);
    const hanging = progress.end();
    expect(explainTimeout(hanging, { redact: (text) => text, logLines: 1, timeout: 90_000 })).toEqual({
      message: "stopped after 1 min 30 s",
      lines: undefined,
      log: ["last"],
      step: "[linux/amd64 app stage-0 1/2] RUN hang",
    });
    const nothing = readProgress().end();
    expect(explainTimeout(nothing, { redact: (text) => text, logLines: 1, timeout: 1_800_000 })).toEqual({
      message: "stopped after 30 min",
      lines: undefined,
      log: [],
      step: undefined,
    });
  });

  test.each([
    [
      "bad.txt",
      {
        message: "the command ends with exit code 42",
        lines: { start: 10, end: 13 },
        log: ["starting", "token is ***", "100%"],
        step: `[bad 1/1] RUN echo starting; printf '\\033[31mred\\033[0m 10%%\\r 50%%\\r100%%\\n' >&2; echo "token is ***"; exit 42`,
      },
    ],
    [
      "copyfail.txt",
      {
        message: '"/missing.txt": not found',
        lines: { start: 16, end: 16 },
        log: [],
        step: "[copyfail 1/1] COPY missing.txt /",
      },
    ],
    [
      "syntax.txt",
      {
        message: "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)",
        lines: { start: 2, end: 2 },
        log: [],
        step: undefined,
      },
    ],
    [
      "no-file.txt",
      {
        message: "failed to read dockerfile: open Nope: no such file or directory",
        lines: undefined,
        log: [],
        step: undefined,
      },
    ],
    [
      "no-target.txt",
      { message: 'target stage "nope" could not be found', lines: undefined, log: [], step: undefined },
    ],
  ])("of a failure: %s", (name, failure) => {
    withSeed((random) => {
      expect(explainFailure(readRecorded(name, random).summary, plain)).toEqual(failure);
    });
  });

  test.each([
    ["[app 2/3] RUN make all", { start: 2, end: 2 }],
    ["[app stage-0 3/3] RUN one && two", { start: 3, end: 6 }],
    ["[1/3] RUN twice", undefined],
    ["[linux/arm64 1/3] COPY a b /", { start: 9, end: 9 }],
    ["[internal] load metadata for docker.io/library/x", undefined],
    ["RUN make all", undefined],
  ])("of the step %j finds the lines", (step, lines) => {
    const text = "FROM x\nRUN make all\nRUN one && \\\n  # comment\n\n  two\nRUN twice\nRUN   twice\nCOPY a b /\n";
    expect(linesOfStep(step, readDockerfile("Dockerfile", text))).toEqual(lines);
  });

  test.each([
    ["the image `x/y:1` cannot be had: no such host", 1, "x/y:1"],
    ["the image `z` cannot be had: no such host", 2, "z"],
    ['"/c/d": not found', 3, "./c/d"],
    ['"/e": not found', 3, undefined],
    ['"/c/d": not found', 4, undefined],
    ["the command ends with exit code 1", 5, undefined],
  ])("%s on line %d points at %s", (message, line, words) => {
    const text = "FROM x/y:1\nCOPY --from=z /a /\nCOPY a ./c/d /e/\nCOPY c/d ./c/d /e/\nRUN false\n";
    const failure = { message, lines: { start: line, end: line }, log: [], step: undefined };
    const { columns, ...rest } = locateFailure(failure, readDockerfile("Dockerfile", text));
    const written = text.split("\n")[line - 1] ?? "";
    expect([columns && written.slice(columns.start - 1, columns.end - 1), rest]).toEqual([words, failure]);
  });

  test("takes its lines from its step, else stays without", () => {
    const dockerfile = readDockerfile("Dockerfile", "FROM x\nRUN one && \\\n  two\n");
    const failure = { message: "stopped", lines: undefined, log: [], step: "[2/2] RUN one &&   two" };
    expect(locateFailure({ ...failure, step: "[2/2] RUN one && two" }, dockerfile).lines).toEqual({ start: 2, end: 3 });
    expect(locateFailure(failure, dockerfile)).toEqual(failure);
    expect(locateFailure({ ...failure, step: undefined }, dockerfile)).toEqual({ ...failure, step: undefined });
  });

  test("that says nothing leaves the exit code", () => {
    expect(explainFailure(readProgress().end(), plain)).toEqual({
      message: "the build ended with exit code 1",
      lines: undefined,
      log: [],
      step: undefined,
    });
  });

  test("counts overlapping intervals of a step once", () => {
    const progress = readProgress();
    const vertex = (started: number, completed: number) => ({
      digest: "d",
      name: "[1/1] FROM x",
      started: new Date(started).toISOString(),
      completed: new Date(completed).toISOString(),
    });
    progress.read(
      `${JSON.stringify({ vertexes: [vertex(1_000, 3_000), vertex(2_000, 4_000), vertex(9_000, 9_500)] })}\n`,
    );
    expect(progress.end().steps).toEqual([
      { digest: "d", name: "[1/1] FROM x", started: 1_000, milliseconds: 3_500, isCached: false },
    ]);
  });

  test("keeps the end of a long log, and never half a line of it", () => {
    const progress = readProgress();
    const log = (text: string) =>
      progress.read(`${JSON.stringify({ logs: [{ vertex: "d", data: Buffer.from(text).toString("base64") }] })}\n`);
    progress.read(`${JSON.stringify({ vertexes: [{ digest: "d", name: "[1/1] RUN x", error: "exit code: 1" }] })}\n`);
    for (let line = 0; line < 20_000; line++) log(`this is line ${line} of the output\n`);
    const kept = progress.end().failed?.log ?? "";
    expect(kept.length).toBeLessThan(600_000);
    expect(kept.startsWith("this is line ")).toBe(true);
    expect(lastLines(kept, 2, (text) => text)).toEqual([
      "this is line 19998 of the output",
      "this is line 19999 of the output",
    ]);
  });

  test("shows the log without terminal codes, blank and overwritten text", () => {
    expect(
      lastLines("\x1b[31mred\x1b[0m\n\n10%\r50%\r100%\r\n\x1b]0;title\x07x\x1b[2J\u202ey\n", 5, (text) => text),
    ).toEqual(["red", "100%", "xy"]);
    expect(stripTerminalCodes("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\tb\x00\n")).toBe("alink\tb\n");
  });
});

describe("what the engine says of itself", () => {
  test("version of buildx", () => {
    expect(readBuildxVersion("github.com/docker/buildx 0.29.1+ds1 0.29.1+ds1-4\n")).toBe("0.29.1");
    expect(readBuildxVersion("github.com/docker/buildx v0.14.0 171fcbe\n")).toBe("0.14.0");
    expect(readBuildxVersion("docker: unknown command")).toBeUndefined();
    expect(["0.14.1", "0.15.0", "0.29.1", "1.0.0"].map(isTooOld)).toEqual([true, false, false, false]);
  });

  test("builder", () => {
    expect(readBuilder("Name:          default\nDriver:        docker\n\nNodes:\nName: default\nError: x\n")).toEqual({
      name: "default",
      driver: "docker",
      error: "x",
    });
    expect(
      readBuilder("Name:          default\nDriver:        \nLast Activity: x\nError:         no daemon\n"),
    ).toEqual({
      name: "default",
      driver: "",
      error: "no daemon",
    });
  });

  test("place of buildx's program", () => {
    const info = (plugins: unknown) => JSON.stringify({ ClientInfo: { Plugins: plugins } });
    expect(
      readPluginPath(
        info([
          { Name: "compose", Path: "/c" },
          { Name: "buildx", Path: "/p/docker-buildx" },
        ]),
      ),
    ).toBe("/p/docker-buildx");
    expect([info(null), info([{ Name: "buildx" }]), "{}", "no JSON"].map(readPluginPath)).toEqual(
      Array.from({ length: 4 }, () => undefined),
    );
  });

  test("daemon and its store", () => {
    const info = (status: unknown) => JSON.stringify({ ServerVersion: "28.5.2", DriverStatus: status });
    expect(readDaemon(info([["driver-type", "io.containerd.snapshotter.v1"]]))).toEqual({
      version: "28.5.2",
      store: "containerd",
    });
    expect(readDaemon(info([["Backing Filesystem", "extfs"]]))).toEqual({ version: "28.5.2", store: "classic" });
    expect(readDaemon('{"ServerVersion":""}')).toBeUndefined();
    expect(readDaemon("Cannot connect")).toBeUndefined();
  });
});

describe("targets begin", () => {
  test("with the first of each Dockerfile", () => {
    const order = (...ids: readonly string[]) => inTurns(ids, (id) => id.charAt(0));
    expect(order("a1", "a2", "a3", "b1", "c1", "c2")).toEqual(["a1", "b1", "c1", "a2", "c2", "a3"]);
    expect(order()).toEqual([]);
  });
});

describe("names of targets", () => {
  test("match globs over slashes", () => {
    expect(matchesWildcards("*:production", "services/api:production")).toBe(true);
    expect(matchesWildcards("api:*", "services/api:x")).toBe(false);
    expect(matchesWildcards("a.c", "abc")).toBe(false);
    expect(matchesWildcards("d?bug", "debug")).toBe(true);
    expect(hasWildcard("api:*")).toBe(true);
  });
});
