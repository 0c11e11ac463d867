import { createHash, randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { inspectImage } from "../src/adapters/image-inspect.ts";
import { checksum, searchMeans } from "../src/adapters/image-unpack.ts";
import { MeasureError, measure } from "../src/adapters/oci-layout.ts";
import { namedTarget, type Target } from "../src/build/target.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { UserError } from "../src/errors.ts";
import { feeding } from "../src/image/byte-parser.ts";
import { bzip2Decoder } from "../src/image/bzip2.ts";
import { contentSum } from "../src/image/content-sum.ts";
import { diskBytes, type Image, type ImageContents, type LeakSearch } from "../src/image/image.ts";
import { imageContents } from "../src/image/image-contents.ts";
import { type ImageFiles, layOver } from "../src/image/image-files.ts";
import { type ListedEntry, listingWriter } from "../src/image/layer-listing.ts";
import { historyOrigins } from "../src/image/layer-origins.ts";
import { markedPath, normalPath } from "../src/image/layer-path.ts";
import { type LayerContents, layerScan } from "../src/image/layer-scan.ts";
import { lineageOf } from "../src/image/lineage.ts";
import { patternSearch } from "../src/image/pattern-search.ts";
import { pullEstimate } from "../src/image/pull-estimate.ts";
import { secretForms } from "../src/image/secret-forms.ts";
import { xzParser } from "../src/image/xz.ts";
import { zipEndFinder } from "../src/image/zip.ts";
import { zstdFrames } from "../src/image/zstd-frames.ts";
import { randomFrom } from "./random.ts";

const seed = Number(process.env.SEED ?? randomInt(2 ** 31));

interface Entry {
  readonly path: string;
  readonly type: "0" | "1" | "2" | "5";
  readonly body: Buffer;
  readonly target: string;
  readonly mode: number;
}

const file = (path: string, body: string | Buffer, { mode = 0o644 } = {}): Entry => ({
  path,
  type: "0",
  body: Buffer.from(body),
  target: "",
  mode,
});
const folder = (path: string, mode = 0o755): Entry => ({ path, type: "5", body: Buffer.alloc(0), target: "", mode });
const link = (path: string, target: string): Entry => ({ path, type: "2", body: Buffer.alloc(0), target, mode: 0o777 });
const hard = (path: string, target: string): Entry => ({ path, type: "1", body: Buffer.alloc(0), target, mode: 0o644 });

const tarOf = (entries: readonly Entry[]): Buffer => Buffer.concat([...entries.map(tarEntry), Buffer.alloc(1024)]);

const tarEntry = ({ path, type, body, target, mode }: Entry): Buffer => {
  const bytes = Buffer.alloc(512 + Math.ceil(body.length / 512) * 512);
  bytes.write(path, 0, 100);
  bytes.write(mode.toString(8).padStart(7, "0"), 100);
  bytes.write(body.length.toString(8).padStart(11, "0"), 124);
  bytes.fill(" ", 148, 156);
  bytes.write(type, 156);
  bytes.write(target, 157, 100);
  bytes.write("ustar", 257);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0`, 148);
  body.copy(bytes, 512);
  return bytes;
};

describe("layers laid over each other", () => {
  test("a file written again is wasted below: rewritten, or duplicated when only its rights changed", async () => {
    const contents = await laidOver(
      [file("a", "same"), file("b", "old!"), file("c", "kept")],
      [file("a", "same", { mode: 0o755 }), file("b", "newer")],
    );
    expect(contents.waste).toEqual([
      waste("duplicated", 0, 1, 4, 1, [["a", 4]]),
      waste("rewritten", 0, 1, 4, 1, [["b", 4]]),
    ]);
  });

  test("a large file that differs in a piece is another one, in whatever pieces it comes", () => {
    const whole = Buffer.alloc(300_000, "abcdefg");
    const sumOf = (bytes: Buffer, piece: number): number => {
      const sum = contentSum(checksum);
      sum.reset();
      for (let at = 0; at < bytes.length; at += piece) sum.push(bytes.subarray(at, at + piece));
      return sum.value();
    };
    const changed = (at: number): Buffer => {
      const copy = Buffer.from(whole);
      copy[at] = 0;
      return copy;
    };
    const pieces = [1, 511, 4096, 65_536, 70_001, 300_000];
    expect(new Set(pieces.map((piece) => sumOf(whole, piece))).size).toBe(1);
    expect(pieces.map((piece) => sumOf(changed(0), piece) === sumOf(changed(0), 1))).toEqual(pieces.map(() => true));
    const others = [changed(0), changed(16_383), changed(65_536), changed(131_072)];
    expect(new Set([whole, ...others].map((bytes) => sumOf(bytes, 4096))).size).toBe(5);
  });

  test("N copies of a file waste N−1", async () => {
    const contents = await laidOver([file("a", "12345")], [file("a", "12345")], [file("a", "12345")]);
    expect(contents.waste).toEqual([
      waste("duplicated", 0, 1, 5, 1, [["a", 5]]),
      waste("duplicated", 1, 2, 5, 1, [["a", 5]]),
    ]);
  });

  test("a deleted folder is told as a whole, for each layer that its bytes lie in", async () => {
    const contents = await laidOver(
      [folder("d"), file("d/a", "aaa"), file("d/deep/b", "bb")],
      [file("d/c", "c")],
      [file(".wh.d", "")],
    );
    expect(contents.waste).toEqual([
      waste("deleted", 0, 2, 5, 2, [["d", 5]]),
      waste("deleted", 1, 2, 1, 1, [["d", 1]]),
    ]);
    expect(contents.fileCounts).toEqual([2, 1, 0]);
  });

  test("an opaque folder hides what lower layers put in it, not what its own layer does", async () => {
    const contents = await laidOver(
      [file("d/a", "aaa"), file("d/sub/b", "bb")],
      [file("d/new", "n"), folder("d/sub"), file("d/sub/own", "oo"), file("d/.wh..wh..opq", "")],
    );
    expect(contents.waste).toEqual([waste("deleted", 0, 1, 5, 2, [["d", 5]])]);
  });

  test.each([
    ["a file becomes a folder", [file("x", "123")], [folder("x"), file("x/y", "1")], ["rewritten", "x", 3]],
    ["a folder becomes a file", [file("x/y", "123")], [file("x", "1")], ["deleted", "x", 3]],
    ["a file becomes a link", [file("x", "123")], [link("x", "y")], ["rewritten", "x", 3]],
    ["a folder becomes a link", [file("x/y", "123")], [link("x", "z")], ["deleted", "x", 3]],
    ["a file is in the way of a folder that is not listed", [file("x", "123")], [file("x/y", "1")], undefined],
  ])("%s", async (_, lower, upper, expected) => {
    const { waste: found } = await laidOver(lower, upper);
    expect(found.map(({ kind, largest }) => [kind, largest[0]?.path, largest[0]?.bytes])[0]).toEqual(expected);
  });

  test("whiteouts without a victim, and aufs' own books, waste nothing", async () => {
    const contents = await laidOver(
      [file("a", "1")],
      [file(".wh.b", ""), file("c/.wh.d", ""), file(".wh..wh.plnk", "x")],
    );
    expect(contents.waste).toEqual([]);
  });

  test("a file with several names is wasted when the last of them goes", async () => {
    const base = [file("a", "12345"), hard("b", "a")];
    expect((await laidOver(base, [file(".wh.a", "")])).waste).toEqual([]);
    expect((await laidOver(base, [file(".wh.a", "")], [file("b", "other")])).waste).toEqual([
      waste("rewritten", 0, 2, 5, 1, [["b", 5]]),
    ]);
  });

  test("the same folders under other spellings are the same", async () => {
    const contents = await laidOver([file("./d//a", "123")], [file("/d/../d/./.wh.a", "")]);
    expect(contents.waste).toEqual([waste("deleted", 0, 1, 3, 1, [["d/a", 3]])]);
  });

  test("random layers: every byte is either seen in the image or wasted", async () => {
    const random = randomFrom(seed);
    for (let round = 0; round < 150; round++) {
      const layers = Array.from({ length: 4 }, () => randomLayer(random));
      const contents = await laidOver(...layers);
      const wasted = contents.waste.reduce((sum, { bytes }) => sum + bytes, 0);
      const stored = layers
        .flat()
        .reduce((sum, entry) => sum + (entry.path.includes(".wh.") ? 0 : entry.body.length), 0);
      expect({ seed, round, seen: stored - wasted }).toEqual({ seed, round, seen: seenBytes(layers) });
    }
  });
});

test("layers are laid over each other in parts as at once", async () => {
  const random = randomFrom(seed);
  for (let round = 0; round < 30; round++) {
    const layers = Array.from({ length: 4 }, () => randomLayer(random));
    const listings = (await Promise.all(layers.map(scanned))).map(({ listing }) => listing);
    const seen = (files: ImageFiles): unknown =>
      listings.map(({ count }, layer) => Array.from({ length: count }, (_, entry) => files.isSeen(layer, entry)));
    const whole = layOver(listings);
    const inParts = layOver(listings, 2);
    expect({ seed, round, waste: inParts.waste, seen: seen(inParts) }).toEqual({
      seed,
      round,
      waste: whole.waste,
      seen: seen(whole),
    });
  }
});

describe("what files tell", () => {
  test.each([
    ["var/lib/apt/lists/deb.example.org_dists", "package lists", "apt", "var/lib/apt/lists"],
    ["var/cache/apt/archives/curl.deb", "package cache", "apt", "var/cache/apt"],
    ["var/cache/apk/APKINDEX.1.tar.gz", "package lists", "apk", "var/cache/apk"],
    ["root/.cache/pip/http/1", "package cache", "pip", "root/.cache/pip"],
    ["root/.npm/_cacache/x", "package cache", "npm", "root/.npm"],
    ["home/me/.cache/yarn/v6/x", "package cache", "yarn", "home/me/.cache/yarn"],
    ["usr/local/bundle/cache/rails-7.gem", "package cache", "gem", "usr/local/bundle/cache"],
    ["root/go/pkg/mod/cache/x", "package cache", "go", "root/go/pkg/mod"],
    ["usr/local/cargo/registry/src/x", "package cache", "cargo", "usr/local/cargo/registry"],
    ["var/cache/dnf/x", "package cache", "dnf", "var/cache/dnf"],
    ["var/cache/zypp/x", "package cache", "zypper", "var/cache/zypp"],
    ["app/.git/objects/x", "version control", "git", "app/.git"],
    [".git/HEAD", "version control", "git", ".git"],
    ["usr/share/doc/bash/README", "documentation", "", "usr/share/doc"],
    ["usr/share/locale/de/x.mo", "locales", "", "usr/share/locale"],
  ])("%s is %s of %s", async (path, kind, of, folderPath) => {
    const { leftovers } = await laidOver([file(path, "12")]);
    expect(leftovers).toEqual([{ kind, of, layer: 0, folder: folderPath, bytes: 2, files: 1 }]);
  });

  test.each(["usr/lib/x", "app/cache/y", "usr/share/zoneinfo/UTC", "app/gitignore", "app/src/registry/a.js"])(
    "%s is nothing left over",
    async (path) => expect((await laidOver([file(path, "12")])).leftovers).toEqual([]),
  );

  test("packages that npm installed for development are told by its own list", async () => {
    const list = {
      packages: {
        "node_modules/jest": { dev: true },
        "node_modules/@a/b": {},
        "node_modules/@a/b/node_modules/c": { dev: true },
      },
    };
    const { leftovers } = await laidOver([
      file("app/node_modules/jest/index.js", "12345"),
      file("app/node_modules/@a/b/index.js", "123"),
      file("app/node_modules/@a/b/node_modules/c/index.js", "12"),
      file("other/node_modules/jest/index.js", "1"),
      file("app/node_modules/.package-lock.json", JSON.stringify(list)),
    ]);
    expect(leftovers).toEqual([
      { kind: "development dependencies", of: "npm", layer: 0, folder: "app/node_modules", bytes: 7, files: 2 },
    ]);
  });

  test("leftovers that a later layer takes away are waste instead", async () => {
    const contents = await laidOver([file("root/.npm/a", "123")], [file("root/.wh..npm", "")]);
    expect(contents.leftovers).toEqual([]);
    expect(contents.waste).toEqual([waste("deleted", 0, 1, 3, 1, [["root/.npm", 3]])]);
  });

  test("setuid files, open files and folders, shells and package managers are those that are seen", async () => {
    const contents = await laidOver(
      [
        file("bin/sh", "x"),
        file("usr/bin/apt-get", "x"),
        file("sbin/apk", "x"),
        file("bin/su", "x", { mode: 0o4755 }),
        file("bin/gone", "x", { mode: 0o4755 }),
        folder("tmp", 0o1777),
        folder("open", 0o777),
      ],
      [
        file("bin/.wh.gone", ""),
        file("sbin/.wh.apk", ""),
        file("data", "x", { mode: 0o666 }),
        hard("bin/rpm", "bin/busybox"),
      ],
    );
    expect(contents.setuidFiles).toEqual([{ path: "bin/su", layer: 0, since: 0, mode: 0o4755, uid: 0 }]);
    expect(contents.worldWritable).toEqual([
      { path: "open", layer: 0, mode: 0o777, uid: 0 },
      { path: "data", layer: 1, mode: 0o666, uid: 0 },
    ]);
    expect(contents.shells).toEqual(["bin/sh"]);
    expect(contents.packageManagers).toEqual(["usr/bin/apt-get"]);
  });
});

describe("listings", () => {
  test("entries come back as they were added, whatever their names", () => {
    const random = randomFrom(seed);
    const names = ["a", "usr", "ü", "日本", "😀x", "😁y", "\ud83d", "x".repeat(200), "é"];
    const entries: ListedEntry[] = Array.from({ length: 3000 }, () => ({
      kind: pick(random, ["file", "hard link", "directory", "other", "whiteout", "opaque"]),
      path: Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(random, names))
        .join("/")
        .toWellFormed(),
      linkPath: random() < 0.2 ? pick(random, names).toWellFormed() : "",
      size: Math.floor(random() * pick(random, [1, 200, 2 ** 32, 2 ** 53])),
      checksum: Math.floor(random() * pick(random, [1, 2 ** 32])),
      mode: pick(random, [0, 0o644, Math.floor(random() * 0o10000)]),
      uid: pick(random, [0, Math.floor(random() * 2 ** 32)]),
    }));
    const writer = listingWriter();
    for (const entry of entries) writer.add(entry);
    expect({ seed, entries: [...writer.finish().entries()] }).toEqual({ seed, entries });
  });

  test.each([
    ["./usr//bin/", "usr/bin"],
    ["/etc/passwd", "etc/passwd"],
    ["a/../../b/./c", "b/c"],
    ["./", ""],
    ["..a/b..", "..a/b.."],
  ])("the path %s is %s", (written, path) => expect(normalPath(written)).toBe(path));

  test.each([
    ["etc/.wh.passwd", { kind: "whiteout", path: "etc/passwd" }],
    [".wh.x", { kind: "whiteout", path: "x" }],
    ["d/.wh..wh..opq", { kind: "opaque", path: "d" }],
    [".wh..wh..opq", { kind: "opaque", path: "" }],
    ["d/.wh..wh.plnk", { kind: "other", path: "d/.wh..wh.plnk" }],
    ["d/x.wh.y", undefined],
  ])("the name %s stands for %p", (path, marked) => expect(markedPath(path)).toEqual(marked));
});

describe("search for secrets", () => {
  const secret = "hunter2~~??Horse/Battery+Staple?";

  test.each([
    ["as it is", `x${secret}y`],
    ["base64", Buffer.from(secret).toString("base64")],
    ["base64", Buffer.from(`user:${secret}`).toString("base64")],
    ["base64", Buffer.from(`xx${secret}more`).toString("base64")],
    ["base64 for URLs", Buffer.from(`?${secret}`).toString("base64url")],
    ["hex", Buffer.from(secret).toString("hex")],
    ["hex", Buffer.from(secret).toString("hex").toUpperCase()],
    ["URL-encoded", `token=${encodeURIComponent(secret)}`],
  ])("%s is found", async (form, body) => {
    expect(await leaksOf([{ id: "s", value: secret }], file("f", body))).toEqual([["s", form, "f", "contents"]]);
  });

  test("JSON-escaped values are found, as JavaScript and as Go write them", async () => {
    const quoted = 'pass"word\\1234&<>';
    const asGo = JSON.stringify(quoted).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e");
    for (const body of [JSON.stringify(quoted), asGo]) {
      expect(await leaksOf([{ id: "s", value: quoted }], file("f", body))).toEqual([
        ["s", "JSON-escaped", "f", "contents"],
      ]);
    }
  });

  test.each([
    ["base64", 64],
    ["base64", 76],
    ["hex", 60],
  ] as const)("%s wrapped at %i characters is found wherever its lines break", async (encoding, width) => {
    const long = Array.from({ length: 12 }, (_, index) => `Secret#${index}x${index * 7919}`).join("~");
    for (const value of [long, "ghp_a1B2c3D4e5F6g7H8i9J0", "github_pat_11ABCDEFG0a1b2c3d4e5f6g7h8i9j0"]) {
      for (let offset = 0; offset < 60; offset += 7) {
        const encoded = Buffer.from(`${"p".repeat(offset)}${value}`).toString(encoding);
        const body = encoded.replace(new RegExp(`.{${width}}`, "g"), "$&\n");
        expect(await leaksOf([{ id: "s", value }], file("f", body))).toEqual([
          ["s", expect.stringMatching(new RegExp(`^(wrapped )?${encoding}$`)), "f", "contents"],
        ]);
      }
    }
  });

  test("a line of a file of settings, and the value in it, tell; lines that every image may hold do not", async () => {
    const npmrc = "registry=https://npm.example.com/\nalways-auth=true\n//npm.example.com/:_authToken=npm_a1B2c3D4e5\n";
    const find = (body: string): Promise<unknown> => leaksOf([{ id: "npmrc", value: npmrc }], file("f", body));
    expect(await find(npmrc)).toEqual([["npmrc", "as it is", "f", "contents"]]);
    expect(await find("//npm.example.com/:_authToken=npm_a1B2c3D4e5")).toEqual([["npmrc", "line 3", "f", "contents"]]);
    expect(await find("token: npm_a1B2c3D4e5")).toEqual([["npmrc", "value in line 3", "f", "contents"]]);
    expect(await find("registry=https://npm.example.com/\nalways-auth=true")).toEqual([]);
  });

  test.each([
    [
      "a key's armour",
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\nQyNTUxOQAAACB1234\n-----END OPENSSH PRIVATE KEY-----",
      ["line 3"],
    ],
    [
      "a service account",
      '{\n"type": "service_account",\n"private_key_id": "0a1b2c3d4e5f",\n"auth_uri": "https://accounts.google.com/o/oauth2/auth"\n}',
      ["line 3", "value in line 3"],
    ],
    ["netrc", "machine github.com\nlogin somebody\npassword hunter2hunter2", ["line 3", "value in line 3"]],
    [
      "Maven's settings",
      '<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0">\n<password>hunter2hunter2</password>\n</settings>',
      ["line 2", "value in line 2"],
    ],
    [
      "credentials in a URL",
      "https://me:hunter2hunter2@github.com\nhttps://github.com/org/project.git",
      ["line 1", "value in line 1"],
    ],
  ])("%s: only telling lines are searched for", (_, value, lines) => {
    const names = secretForms([{ id: "s", value: Buffer.from(value) }]).forms.map(({ form }) => form);
    const plain = [...new Set(names)].filter((name) => /^(?:value in )?line \d+$/.test(name));
    expect(plain).toEqual(lines);
  });

  test("what would be found by chance is not searched for, and that is said", () => {
    const values = ["", "  \n", "short", "password", "Production", "12345678", "xxxxxxxxxxxx", "changeme123"];
    const { unsearched, secrets, forms } = secretForms(
      values.map((value) => ({ id: value, value: Buffer.from(value) })),
    );
    const common = "it reads like a common word, which turns up by chance";
    expect(unsearched.map(({ reason }) => reason)).toEqual([
      "it is empty",
      "it is empty",
      "it is shorter than 8 characters",
      ...Array.from({ length: 5 }, () => common),
    ]);
    expect([secrets, forms]).toEqual([0, []]);
  });

  test("a binary secret is found as it is and encoded", async () => {
    const value = Buffer.from([0, 255, 1, 254, 2, 253, 3, 252, 0, 0, 7]);
    expect(await leaksOf([{ id: "s", value }], file("f", value))).toEqual([["s", "as it is", "f", "contents"]]);
    expect(await leaksOf([{ id: "s", value }], file("f", value.toString("base64")))).toEqual([
      ["s", "base64", "f", "contents"],
    ]);
  });

  test("names, link targets and attributes are searched, and a secret in a path is hidden", async () => {
    expect(
      await leaksOf([{ id: "s", value: "sup3r-Secret" }], file("d/sup3r-Secret.txt", ""), link("l", "sup3r-Secret")),
    ).toEqual([
      ["s", "as it is", "d/***.txt", "name or attributes"],
      ["s", "as it is", "l", "name or attributes"],
    ]);
  });

  test.each([
    ["gzip", (body: Buffer) => gzipSync(body)],
    ["zstd", (body: Buffer) => zstdCompressSync(body)],
    ["gzip in gzip", (body: Buffer) => gzipSync(gzipSync(body))],
    ["zstd in gzip", (body: Buffer) => gzipSync(zstdCompressSync(body))],
    ["two members of gzip", (body: Buffer) => Buffer.concat([gzipSync("first"), gzipSync(body)])],
    ["two frames of zstd", (body: Buffer) => Buffer.concat([zstdCompressSync("first"), zstdCompressSync(body)])],
    [
      "zip",
      (body: Buffer) =>
        zipOf([
          ["a", Buffer.from("x"), 0],
          ["b", body, 8],
        ]),
    ],
    ["zip in zip, stored as in a Java archive", (body: Buffer) => zipOf([["lib.jar", zipOf([["b", body, 8]]), 0]])],
    ["zip with a comment", (body: Buffer) => zipOf([["b", body, 8]], "built by hand")],
    [
      "zip as a stream",
      (body: Buffer) =>
        zipOf(
          [
            ["a", Buffer.from("x"), 0],
            ["b", body, 8],
          ],
          "",
          false,
        ),
    ],
    [
      "zip of a large member as a stream",
      (body: Buffer) => zipOf([["b", Buffer.concat([noise(600_000), body]), 8]], "", false),
    ],
    [
      "zip of more than 16 MB",
      (body: Buffer) =>
        zipOf([
          ["a", Buffer.alloc(17 << 20), 0],
          ["b", body, 8],
        ]),
    ],
    ["gzip in tar", (body: Buffer) => tarOf([file("x", "1"), file("a.gz", gzipSync(body))])],
    ["gzip in tar in gzip", (body: Buffer) => gzipSync(tarOf([file("a.gz", gzipSync(body)), file("x", "1")]))],
    ["gzip in a Debian package", (body: Buffer) => arOf(Buffer.from("2.0\n!"), gzipSync(tarOf([file("a", body)])))],
    ["zlib, as git keeps objects", (body: Buffer) => deflateSync(body)],
    ["xz", () => packedFixture("text.xz")],
    ["bzip2", () => packedFixture("text.bz2")],
    ["xz in gzip", () => gzipSync(packedFixture("x86.xz"))],
    ["bzip2 in a Debian package", () => arOf(Buffer.from("2.0\n"), packedFixture("blocks.bz2"))],
    ["gzip of a megabyte", (body: Buffer) => gzipSync(Buffer.concat([Buffer.alloc(1 << 20, "x"), body]))],
  ])("packed by %s it is found", async (_, pack) => {
    const packed = pack(Buffer.from(`data ${secret} data`));
    const found = await leaksOf([{ id: "s", value: secret }], file("f.gz", packed));
    // Short text is stored by zstd as it is, and found there too.
    expect(found).toContainEqual(["s", "as it is", "f.gz", "packed contents"]);
  });

  test("what cannot be unpacked is told", async () => {
    const sevenTimes = [1, 2, 3, 4, 5].reduce((body) => gzipSync(body), gzipSync("x"));
    const { gaps } = await searched(
      [{ id: "s", value: secret }],
      file("cut.gz", gzipSync("x".repeat(5000)).subarray(0, 20)),
      file("deep.gz", sevenTimes),
      file("cut.xz", packedFixture("text.xz").subarray(0, -30)),
      file("delta.xz", packedFixture("delta.xz")),
      file("cut.bz2", packedFixture("text.bz2").subarray(0, -30)),
      file("cut.zip", zipOf([["a", Buffer.from("x"), 8]]).subarray(0, 32)),
      file("odd.zip", zipOf([["a", Buffer.from("x"), 93]])),
      file("cut.tar", tarOf([file("a", "x".repeat(900))]).subarray(0, 800)),
      file("cut.deb", arOf(Buffer.from("2.0\n")).fill("x", 8)),
      file("a.7z", Buffer.from("7z\u00bc\u00af\u0027\u001c and more", "latin1")),
      file("a.rpm", Buffer.from("\u00ed\u00ab\u00ee\u00db", "latin1")),
      file("a.lz4", Buffer.from("\u0004\u0022M\u0018", "latin1")),
      file("text", "PK and x\u009c are the starts of others"),
    );
    expect(gaps).toEqual([
      "Layer 1: `cut.gz` is broken",
      "Layer 1: `deep.gz` is packed more than 5 times",
      "Layer 1: `cut.xz` is broken",
      "Layer 1: `delta.xz` uses a filter that is not known",
      "Layer 1: `cut.bz2` is broken",
      "Layer 1: `cut.zip` is broken",
      "Layer 1: `odd.zip` is a zip archive with a member that cannot be unpacked",
      "Layer 1: `cut.tar` is an archive that is cut off or broken",
      "Layer 1: `cut.deb` is an archive that is cut off or broken",
      "Layer 1: `a.7z` is packed with 7z, which is not unpacked",
      "Layer 1: `a.rpm` is an rpm package, which is not unpacked",
      "Layer 1: `a.lz4` is packed with lz4, which is not unpacked",
    ]);
  });

  test("a zip archive behind something else is told, wherever the reader is cut", async () => {
    const zip = zipOf([["a", Buffer.from("x"), 8]], "a comment");
    const { gaps } = await searched(
      [{ id: "s", value: secret }],
      file("app.pyz", Buffer.concat([Buffer.from("#!/usr/bin/env python3\n"), zip])),
      file("setup.exe", Buffer.concat([Buffer.from("MZ"), noise(300_000), zip])),
      file("empty.pyz", Buffer.concat([Buffer.from("#!/bin/sh\n"), zipOf([])])),
      file("more.bin", Buffer.concat([Buffer.from("#!/bin/sh\n"), zip, Buffer.from("more")])),
      file("app.jar", zip),
    );
    const gap = "is a zip archive with something in front of it, which is not unpacked";
    expect(gaps).toEqual([`Layer 1: \`app.pyz\` ${gap}`, `Layer 1: \`setup.exe\` ${gap}`]);

    const whole = Buffer.concat([Buffer.from("#!/bin/sh\n"), zip]);
    const finder = zipEndFinder();
    const isFoundIn = (...pieces: readonly Uint8Array[]) => {
      finder.reset(whole.length);
      for (const piece of pieces) finder.push(piece);
      return finder.isFound();
    };
    const cuts = Array.from(whole.keys());
    expect(cuts.filter((cut) => !isFoundIn(whole.subarray(0, cut), whole.subarray(cut)))).toEqual([]);
    expect(isFoundIn(...cuts.map((at) => whole.subarray(at, at + 1)))).toBe(true);
  });

  test("of many files that cannot be unpacked the first are named and the others counted", async () => {
    const files = Array.from({ length: 23 }, (_, index) => file(`${index}.gz`, gzipSync("x").subarray(0, 12)));
    const { gaps } = await searched([{ id: "s", value: secret }], ...files);
    expect(gaps.slice(19)).toEqual(["Layer 1: `19.gz` is broken", "Layer 1: 3 more packed files"]);
  });

  test("zlib is searched whatever its size, and what only begins like it is no gap", async () => {
    const long = Buffer.concat([Buffer.from(`token=${secret}\n`), Buffer.alloc(20_000_000, "a line of a log\n")]);
    const noise = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * at * 7919) >> 5));
    const found = await searched(
      [{ id: "s", value: secret }],
      file("large.z", deflateSync(Buffer.concat([Buffer.from(noise.toString("hex")), Buffer.from(secret)]))),
      file("long.z", deflateSync(long)),
      file("noise", Buffer.concat([Buffer.from([0x78, 0x9c]), noise])),
    );
    expect({
      gaps: found.gaps,
      paths: found.leaks.map(({ where }) => ("path" in where ? where.path : "")).sort(),
    }).toEqual({
      gaps: [],
      paths: ["large.z", "long.z"],
    });
  });

  test("a secret in many files leaves another one its place", async () => {
    const many = Array.from({ length: 230 }, (_, at) => file(`a${at}`, "the-first-secret-1"));
    const repeated = file("b", "the-first-secret-1\n".repeat(3000));
    const leaks = await leaksOf(
      [
        { id: "one", value: "the-first-secret-1" },
        { id: "two", value: "the-other-secret-2" },
      ],
      ...many,
      repeated,
      file("z", "the-other-secret-2"),
    );
    expect({ count: leaks.length, last: leaks.at(-1) }).toEqual({
      count: 201,
      last: ["two", "as it is", "z", "contents"],
    });
  });

  test.each([
    ["xz", "text.xz"],
    ["xz", "blocks.xz"],
    ["xz", "x86.xz"],
    ["bzip2", "text.bz2"],
    ["bzip2", "blocks.bz2"],
  ] as const)("%s unpacks as its own program does, once or twice, in whatever pieces: %s", (how, name) => {
    const packed = packedFixture(name);
    const text = packedText();
    for (const piece of [1, 777, packed.length]) expect(decoded(how, packed, piece).equals(text)).toBe(true);
    const twice = Buffer.concat([packed, packed]);
    expect(decoded(how, twice, 4096).equals(Buffer.concat([text, text]))).toBe(true);
  });

  test("changed bytes of xz and bzip2 are refused or unpacked, and never hang", () => {
    const random = randomFrom(seed);
    for (const [how, name] of [
      ["xz", "text.xz"],
      ["bzip2", "text.bz2"],
    ] as const) {
      for (let round = 0; round < 60; round++) {
        const packed = packedFixture(name);
        packed[Math.floor(random() * packed.length)] = Math.floor(random() * 256);
        try {
          expect(decoded(how, packed, packed.length).length).toBeLessThan(10_000_000);
        } catch (error) {
          expect({ seed, round, error }).toMatchObject({ error: expect.any(Error) });
        }
      }
    }
  });

  test("any pattern is found anywhere in a stream, however it is cut into chunks", () => {
    const random = randomFrom(seed);
    const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(random() * 3));
    for (let round = 0; round < 400; round++) {
      const patterns = Array.from({ length: 1 + Math.floor(random() * 6) }, () => bytes(2 + Math.floor(random() * 9)));
      const text = bytes(Math.floor(random() * 300));
      const found: string[] = [];
      const stream = patternSearch(patterns).newStream((pattern, start) => found.push(`${start} ${pattern}`));
      for (let from = 0; from < text.length; ) {
        const to = from + 1 + Math.floor(random() * 40);
        stream.push(text.slice(from, to));
        from = to;
      }
      expect({ seed, round, found: found.sort() }).toEqual({ seed, round, found: naiveSearch(patterns, text).sort() });
    }
  });
});

describe("images in a layout", () => {
  let layout = "";
  const parts: (readonly [string, Buffer])[] = [];
  beforeAll(() => {
    layout = mkdtempSync(join(tmpdir(), "image-test-"));
  });
  beforeEach(() => {
    rmSync(layout, { recursive: true, force: true });
    mkdirSync(join(layout, "blobs/sha256"), { recursive: true });
    parts.length = 0;
  });
  afterAll(() => rmSync(layout, { recursive: true, force: true }));

  const OCI = "application/vnd.oci.image";
  const DOCKER = "application/vnd.docker";

  test.each([
    [`${OCI}.layer.v1.tar`, (tar: Buffer) => tar],
    [`${OCI}.layer.v1.tar+gzip`, (tar: Buffer) => gzipSync(tar)],
    [
      `${OCI}.layer.v1.tar+gzip`,
      (tar: Buffer) => Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]),
    ],
    [`${OCI}.layer.v1.tar+zstd`, (tar: Buffer) => zstdCompressSync(tar)],
    [
      `${OCI}.layer.v1.tar+zstd`,
      (tar: Buffer) => Buffer.concat([zstdCompressSync(tar.subarray(0, 700)), zstdCompressSync(tar.subarray(700))]),
    ],
    [`${OCI}.layer.nondistributable.v1.tar+gzip`, (tar: Buffer) => gzipSync(tar)],
    [`${DOCKER}.image.rootfs.diff.tar`, (tar: Buffer) => tar],
    [`${DOCKER}.image.rootfs.diff.tar.gzip`, (tar: Buffer) => gzipSync(tar)],
    [`${DOCKER}.image.rootfs.foreign.diff.tar.gzip`, (tar: Buffer) => gzipSync(tar)],
  ])("%s layers are read", async (mediaType, pack) => {
    const packed = pack(tarOf([file("a", "x".repeat(1500))]));
    const [image] = await measured(add(manifest([{ mediaType, ...blob(packed) }])));
    expect(image?.layers.map((layer) => [layer.pullBytes, layer.diskBytes])).toEqual([[packed.length, 1500]]);
  });

  test("Docker's lists of manifests, nested indexes and attestations are understood", async () => {
    const first = add(
      manifest([gzipLayer([file("a", "123")])], { architecture: "amd64" }, `${DOCKER}.distribution.manifest.v2+json`),
    );
    const second = add(manifest([gzipLayer([file("a", "12345")])], { architecture: "arm", variant: "v7" }));
    const attestation = add({
      ...manifest([{ mediaType: "application/vnd.in-toto+json", ...blob(Buffer.from("{}")) }]),
    });
    const nested = add({ mediaType: `${OCI}.index.v1+json`, manifests: [second] });
    const annotations = {
      "vnd.docker.reference.type": "attestation-manifest",
      "vnd.docker.reference.digest": first.digest,
    };
    const list = add({
      mediaType: `${DOCKER}.distribution.manifest.list.v2+json`,
      manifests: [first, nested, { ...attestation, annotations }],
    });
    const images = await measured(list);
    expect(images.map((image) => [image.platform, diskBytes(image)])).toEqual([
      ["linux/amd64", 3],
      ["linux/arm/v7", 5],
    ]);
  });

  test("a broken platform is told and does not hide the others", async () => {
    const good = add(manifest([gzipLayer([file("a", "123")])], { architecture: "amd64" }));
    const bad = add(
      manifest([{ mediaType: `${OCI}.layer.v1.tar+lz4`, ...blob(Buffer.from("x")) }], { architecture: "arm64" }),
    );
    const platform = { os: "linux", architecture: "arm64" };
    const index = add({ mediaType: `${OCI}.index.v1+json`, manifests: [good, { ...bad, platform }] });
    const error = await measured(index).then(
      () => undefined,
      (reason: unknown) => reason as MeasureError,
    );
    expect(error).toBeInstanceOf(MeasureError);
    expect(error?.message).toBe(
      "linux/arm64: layer 1 of 1 cannot be read: the layer's media type `application/vnd.oci.image.layer.v1.tar+lz4` is not known",
    );
    expect(error?.measured.map((image) => image.platform)).toEqual(["linux/amd64"]);
  });

  const gzipOf = (entries: readonly Entry[]): Buffer => gzipSync(tarOf(entries));
  const cases: readonly (readonly [string, () => unknown, string | RegExp])[] = [
    [
      "a layer cut off",
      () => brokenLayer(gzipOf([file("a", "x".repeat(9000))]).subarray(0, -9)),
      "layer 1 of 1 cannot be read: unexpected end of file",
    ],
    [
      "a layer that is no gzip",
      () => brokenLayer(Buffer.from("no gzip at all")),
      "layer 1 of 1 cannot be read: incorrect header check",
    ],
    [
      "a layer that is no tar",
      () => brokenLayer(gzipSync("x".repeat(600))),
      "layer 1 of 1 cannot be read: the tar header at byte 0 has a wrong checksum",
    ],
    [
      "a tar cut off",
      () => brokenLayer(gzipSync(tarOf([file("a", "x".repeat(900))]).subarray(0, 800))),
      "layer 1 of 1 cannot be read: the tar archive is cut off after 800 bytes",
    ],
    [
      "a layer that is not there",
      () => manifest([{ mediaType: `${OCI}.layer.v1.tar+gzip`, digest: `sha256:${"0".repeat(64)}`, size: 3 }]),
      "layer 1 of 1 cannot be read: it is not there",
    ],
    [
      "a layer shorter than announced",
      () => manifest([{ ...gzipLayer([]), size: 3 }]),
      `layer 1 of 1 cannot be read: it has ${gzipOf([]).length} bytes instead of 3`,
    ],
    [
      "a layer with a changed byte",
      () => manifest([{ mediaType: `${OCI}.layer.v1.tar`, ...spoiled(tarOf([file("a", "x".repeat(900))]), 600) }]),
      "layer 1 of 1 cannot be read: it is damaged: its bytes are not those that its digest stands for",
    ],
    [
      "a layer with a changed byte that gzip does not notice before its checksum",
      () => {
        const stored = gzipSync(tarOf([file("a", "x".repeat(900))]), { level: 0 });
        return manifest([{ mediaType: `${OCI}.layer.v1.tar+gzip`, ...spoiled(stored, 700) }]);
      },
      "layer 1 of 1 cannot be read: it is damaged: its bytes are not those that its digest stands for",
    ],
    [
      "a configuration with a changed byte",
      () => ({ ...manifest([]), config: spoiled(Buffer.from('{"rootfs":{"diff_ids":[]}}'), 0) }),
      /^the document sha256:[0-9a-f]{64} is damaged: its bytes are not those that its digest stands for$/,
    ],
    [
      "a layer without the end of gzip",
      () => brokenLayer(gzipOf([file("a", "x".repeat(9000))]).subarray(0, -3)),
      "layer 1 of 1 cannot be read: unexpected end of file",
    ],
    [
      "a digest of an unknown kind",
      () => manifest([{ mediaType: `${OCI}.layer.v1.tar`, digest: `md5:${"0".repeat(32)}` }]),
      "layer 1 of 1 cannot be read: it is not there",
    ],
    [
      "a digest that leads elsewhere",
      () => manifest([{ mediaType: `${OCI}.layer.v1.tar`, digest: "sha256:../../../etc/passwd" }]),
      "a digest is malformed",
    ],
    [
      "a manifest of something else",
      () => ({ mediaType: "application/vnd.cncf.helm" }),
      "`application/vnd.cncf.helm` is neither an image manifest nor an index",
    ],
    ["an empty index", () => ({ mediaType: `${OCI}.index.v1+json`, manifests: [] }), "it holds no image"],
    [
      "an artifact",
      () => ({ ...manifest([]), config: blob(Buffer.from("{}")) }),
      "the configuration is not that of an image",
    ],
  ];
  test.each(cases)("%s is told in words", async (_, document, message) => {
    await expect(measured(add(document()))).rejects.toThrow(message);
  });

  test("an archive of the layout, packed or not, tells the same as the layout", async () => {
    const digest = add(
      manifest([gzipLayer([file("a", "123"), file("b", "sup3r-Secret")]), gzipLayer([file(".wh.a", "")])]),
    );
    const secrets = [{ id: "s", value: Buffer.from("sup3r-Secret") }];
    const index = Buffer.from(JSON.stringify({ manifests: [digest] }));
    writeFileSync(join(layout, "index.json"), index);
    const archive = tarOf([...parts.map(([path, body]) => file(path, body)), file("index.json", index)]);
    writeFileSync(join(layout, "image.tar"), archive);
    writeFileSync(join(layout, "image.tar.zst"), zstdCompressSync(archive));
    const fromLayout = await inspectImage(layout, { secrets });
    expect(fromLayout).toEqual(await measure(layout, { "containerimage.digest": digest.digest }, TARGET, { secrets }));
    expect(await inspectImage(join(layout, "image.tar"), { secrets })).toEqual(fromLayout);
    expect(await inspectImage(join(layout, "image.tar.zst"), { secrets })).toEqual(fromLayout);
    expect(fromLayout[0]?.leaks?.leaks).toHaveLength(1);
  });

  test("an archive from before layouts is understood, and what a pull weighs is estimated", async () => {
    const layers = [tarOf([file("a", Buffer.alloc(300_000, "text "))]), tarOf([file(".wh.a", "")])];
    const diffIds = layers.map((layer) => `sha256:${sha256(layer)}`);
    const config = Buffer.from(
      JSON.stringify({ os: "linux", architecture: "amd64", config: {}, rootfs: { diff_ids: diffIds } }),
    );
    const archive = tarOf([
      file("one/layer.tar", layers[0] as Buffer),
      link("two/layer.tar", "../three/layer.tar"),
      file("three/layer.tar", layers[1] as Buffer),
      file("config.json", config),
      file("manifest.json", JSON.stringify([{ Config: "config.json", Layers: ["one/layer.tar", "two/layer.tar"] }])),
    ]);
    writeFileSync(join(layout, "saved.tar"), archive);
    const [image] = await inspectImage(join(layout, "saved.tar"));
    expect(image?.layers.map((layer) => [layer.digest, layer.diskBytes])).toEqual([
      [diffIds[0], 300_000],
      [diffIds[1], 0],
    ]);
    expect(image?.isPullEstimated).toBe(true);
    expect(image?.layers[0]?.pullBytes).toBeLessThan(3000);
    expect(image?.contents?.waste).toEqual([waste("deleted", 0, 1, 300_000, 1, [["a", 300_000]])]);
  });

  test("a layer of an archive with a changed byte is told", async () => {
    const body = tarOf([file("a", "x".repeat(900))]);
    const digest = add(manifest([{ mediaType: `${OCI}.layer.v1.tar`, ...blob(body) }]));
    const changed = parts.map(
      ([path, bytes]): Entry => file(path, bytes === body ? body.toString().replace("x", "y") : bytes),
    );
    const index = JSON.stringify({ manifests: [digest] });
    writeFileSync(join(layout, "image.tar"), tarOf([...changed, file("index.json", index)]));
    await expect(inspectImage(join(layout, "image.tar"))).rejects.toThrow(
      "layer 1 of 1 cannot be read: it is damaged: its bytes are not those that its digest stands for",
    );
  });

  test("an archive cut off is told", async () => {
    writeFileSync(join(layout, "cut.tar"), tarOf([file("blobs/sha256/x", "x".repeat(5000))]));
    truncateSync(join(layout, "cut.tar"), 3000);
    await expect(inspectImage(join(layout, "cut.tar"))).rejects.toThrow(
      /is no archive of an image that can be read: the tar archive is cut off after 3000 bytes\.$/,
    );
  });

  test.each([
    ["empty", "", "it is empty"],
    ["xz", "\u00fd7zXZ\0\0", "it is packed with xz; unpack it first"],
    ["bzip2", "BZh91AY", "it is packed with bzip2; unpack it first"],
    ["zip", "PK\u0003\u0004\u0014\0", "it is a zip file, and not what `docker save` writes"],
    ["text", "words ".repeat(200), "it is no tar archive"],
  ])("a file that holds no archive is told what it is: %s", async (name, text, reason) => {
    const path = join(layout, name);
    writeFileSync(path, text, "latin1");
    await expect(inspectImage(path)).rejects.toThrow(
      new UserError(`\`${path}\` is no archive of an image that can be read: ${reason}.`),
    );
  });

  test("a layout whose index is broken is told", async () => {
    writeFileSync(join(layout, "index.json"), "{");
    await expect(inspectImage(layout)).rejects.toThrow(
      new UserError(`\`${layout}\` is no image layout: its \`index.json\` cannot be read, it is not JSON.`),
    );
  });

  const blob = (body: Buffer): { readonly digest: string; readonly size: number } => {
    const path = `blobs/sha256/${sha256(body)}`;
    writeFileSync(join(layout, path), body);
    parts.push([path, body]);
    return { digest: `sha256:${sha256(body)}`, size: body.length };
  };
  /** A blob of which one byte is not what its digest says. */
  const spoiled = (body: Buffer, at: number): ReturnType<typeof blob> => {
    const kept = blob(body);
    const changed = Buffer.from(body);
    changed[at] = (changed[at] as number) ^ 1;
    writeFileSync(join(layout, `blobs/sha256/${sha256(body)}`), changed);
    return kept;
  };
  const add = (document: unknown): { readonly digest: string; readonly size: number } =>
    blob(Buffer.from(JSON.stringify(document)));
  const gzipLayer = (entries: readonly Entry[]): object => ({
    mediaType: `${OCI}.layer.v1.tar+gzip`,
    ...blob(gzipSync(tarOf(entries))),
  });
  const brokenLayer = (body: Buffer): object => manifest([{ mediaType: `${OCI}.layer.v1.tar+gzip`, ...blob(body) }]);
  const manifest = (
    layers: readonly object[],
    platform: object = { architecture: "amd64" },
    mediaType = `${OCI}.manifest.v1+json`,
  ): object => ({
    mediaType,
    config: add({ os: "linux", ...platform, config: {}, rootfs: { diff_ids: [] } }),
    layers,
  });
  const measured = ({ digest }: { readonly digest: string }): Promise<readonly Image[]> =>
    measure(layout, { "containerimage.digest": digest }, TARGET);
});

describe("small parts", () => {
  test.each([
    ["RUN /bin/sh -c make && make install # buildkit", "RUN make && make install"],
    ["RUN |1 TOKEN=hunter2 /bin/sh -c make # buildkit", "RUN make"],
    ["RUN |2 A=a b TOKEN=x /bin/bash -o pipefail -c make # buildkit", "RUN /bin/bash -o pipefail -c make"],
    ["RUN |1 TOKEN=hunter2 powershell make # buildkit", "RUN"],
    ["RUN |1 TOKEN=/bin/sh hunter2 /bin/sh -c make # buildkit", "RUN make"],
    ["RUN |1 V=1 /bin/sh -c ln -sf /a /bin/sh && echo ok # buildkit", "RUN ln -sf /a /bin/sh && echo ok"],
    ["COPY a /b # buildkit", "COPY a /b"],
    ["/bin/sh -c apt-get update", "RUN apt-get update"],
    ["|1 TOKEN=hunter2 /bin/sh -c make", "RUN make"],
    ["/bin/sh -c #(nop) ADD file:0123 in / ", "ADD file:0123 in /"],
    ["", undefined],
  ])("history says %p: the instruction is %p", (written, instruction) => {
    expect(historyOrigins(1, [written])).toEqual([{ lines: undefined, instruction, isBase: false }]);
  });

  test("history that does not match the layers tells nothing", () => {
    expect(historyOrigins(1, ["COPY a b", "COPY c d"])).toEqual([
      { lines: undefined, instruction: undefined, isBase: false },
    ]);
  });

  test("a stage's lineage follows names, arguments and the last of several equal names", () => {
    const text =
      "ARG FROM=base\nFROM a AS base\nRUN x\nFROM b AS base\nRUN y \\\n  z\nFROM ${FROM} AS mid\nFROM ${OTHER:-mid}\nRUN z\n";
    const lineage = (args: readonly (readonly [string, string])[]): unknown =>
      lineageOf(readDockerfile("Dockerfile", text), 3, new Map(args)).map(({ start, end }) => [start, end]);
    expect(lineage([])).toEqual([
      [8, 9],
      [7, 7],
      [4, 6],
    ]);
    expect(lineage([["FROM", "scratch"]])).toEqual([
      [8, 9],
      [7, 7],
    ]);
    expect(lineage([["OTHER", "Base"]])).toEqual([
      [8, 9],
      [4, 6],
    ]);
  });

  test("zstd is cut where frames end, however it comes", () => {
    const random = randomFrom(seed);
    const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const frames = [
      zstdCompressSync(Buffer.alloc(300_000, "a")),
      skippable,
      zstdCompressSync(Buffer.from("")),
      zstdCompressSync(Buffer.from(Array.from({ length: 200_000 }, () => Math.floor(random() * 256)))),
    ];
    const whole = Buffer.concat(frames);
    const ends = frames.map((_, index) => Buffer.concat(frames.slice(0, index + 1)).length);
    for (let round = 0; round < 20; round++) {
      const cut = zstdFrames();
      const cuts = new Set<number>();
      let at = 0;
      for (let from = 0; from < whole.length; ) {
        const to = from + 1 + Math.floor(random() * 20_000);
        for (const piece of cut(whole.subarray(from, to))) {
          at += piece.length;
          cuts.add(at);
        }
        from = to;
      }
      expect({ seed, round, missing: ends.filter((end) => !cuts.has(end)), at }).toEqual({
        seed,
        round,
        missing: [],
        at: whole.length,
      });
    }
  });

  test("an estimate of what a pull weighs samples evenly", () => {
    const estimate = pullEstimate((bytes) => bytes.length / 4);
    for (let chunk = 0; chunk < 50; chunk++) estimate.push(new Uint8Array(100_000));
    expect(estimate.bytes()).toBe(1_250_000);
  });
});

const scanned = async (entries: readonly Entry[]): Promise<LayerContents> => {
  const scan = layerScan({ checksum, search: undefined });
  scan.push(tarOf(entries));
  return scan.end();
};

const laidOver = async (...layers: readonly (readonly Entry[])[]): Promise<ImageContents> =>
  imageContents(await Promise.all(layers.map(scanned)));

const waste = (
  kind: string,
  layer: number,
  hiddenBy: number,
  bytes: number,
  files: number,
  largest: readonly (readonly [string, number])[],
): unknown => ({
  kind,
  layer,
  hiddenBy,
  bytes,
  files,
  largest: largest.map(([path, size]) => ({ path, bytes: size })),
});

const randomLayer = (random: () => number): readonly Entry[] => {
  const folders = ["a", "b", "a/c"];
  const entries = new Map<string, Entry>();
  for (let count = 0; count < 5; count++) {
    const inside = pick(random, folders);
    const name = pick(random, ["x", "y", "z"]);
    const kind = random();
    const path = `${inside}/${kind < 0.6 ? name : kind < 0.9 ? `.wh.${name}` : ".wh..wh..opq"}`;
    const clash = [`${inside}/${name}`, `${inside}/.wh.${name}`].some((other) => entries.has(other));
    if (!clash) entries.set(path, file(path, kind < 0.6 ? "x".repeat(Math.floor(random() * 9)) : ""));
  }
  return [...entries.values()];
};

/** The obvious way: a map from path to size. */
const seenBytes = (layers: readonly (readonly Entry[])[]): number => {
  const seen = new Map<string, number>();
  for (const layer of layers) {
    for (const { path } of layer) {
      const hidden = path.endsWith("/.wh..wh..opq") ? path.replace(".wh..wh..opq", "") : path.replace("/.wh.", "/");
      if (!path.includes(".wh.")) continue;
      for (const known of seen.keys())
        if (known === hidden || known.startsWith(hidden.endsWith("/") ? hidden : `${hidden}/`)) seen.delete(known);
    }
    for (const { path, body } of layer) if (!path.includes(".wh.")) seen.set(path, body.length);
  }
  return [...seen.values()].reduce((sum, size) => sum + size, 0);
};

interface TestSecret {
  readonly id: string;
  readonly value: string | Buffer;
}

/** Measures an image of one layer, for what it leaks. */
const searched = async (secrets: readonly TestSecret[], ...entries: readonly Entry[]): Promise<LeakSearch> => {
  const { leakHunt, searchImage } = await import("../src/image/image-leaks.ts");
  const hunt = leakHunt(secrets.map(({ id, value }) => ({ id, value: Buffer.from(value) })));
  const scan = layerScan({ checksum, search: searchMeans(hunt) });
  const tar = tarOf(entries);
  for (let from = 0; from < tar.length; from += 1000) {
    scan.push(tar.subarray(from, from + 1000));
    await scan.settled();
  }
  return searchImage(hunt, [], [await scan.end()], {}, []);
};

const leaksOf = async (secrets: readonly TestSecret[], ...entries: readonly Entry[]): Promise<readonly unknown[]> => {
  const { leaks } = await searched(secrets, ...entries);
  return leaks.map(({ secretId, form, where }) =>
    where.in === "layer" ? [secretId, form, where.path, where.part] : where,
  );
};

/** @param isTold whether sizes stand before each member, or after it as streaming writers do */
const zipOf = (members: readonly (readonly [string, Buffer, number])[], comment = "", isTold = true): Buffer => {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, body, method] of members) {
    const stored = method === 8 ? deflateRawSync(body) : body;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(isTold ? 0 : 8, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(isTold ? stored.length : 0, 18);
    local.writeUInt16LE(name.length, 26);
    const descriptor = Buffer.alloc(isTold ? 0 : 16);
    if (!isTold) {
      descriptor.writeUInt32LE(0x08074b50, 0);
      descriptor.writeUInt32LE(stored.length, 8);
    }
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(stored.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    locals.push(local, Buffer.from(name), stored, descriptor);
    directory.push(entry, Buffer.from(name));
    offset += 30 + name.length + stored.length + descriptor.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...locals, ...directory, end, Buffer.from(comment)]);
};

/** A Debian package holds its files so. */
const arOf = (...members: readonly Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from("!<arch>\n"),
    ...members.flatMap((body) => [
      Buffer.from(`${"a/".padEnd(48)}${String(body.length).padEnd(10)}\`\n`),
      body,
      Buffer.alloc(body.length % 2, "\n"),
    ]),
  ]);

/** What the files of `fixtures/packed` hold. */
const packedText = (): Buffer =>
  Buffer.from(
    `${Array.from({ length: 9000 }, (_, index) => `${index % 97} ${"ab".repeat(index % 9)} `).join("")}hunter2~~??Horse/Battery+Staple? ${"z".repeat(70000)}`,
  );

const packedFixture = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`fixtures/packed/${name}`, import.meta.url)));

/** Unpacks bytes that come in pieces; throws when they are broken or cut off. */
const decoded = (how: "xz" | "bzip2", bytes: Buffer, piece: number): Buffer => {
  const pieces: Buffer[] = [];
  let isWhole = false;
  const keep = (data: Uint8Array): void => void pieces.push(Buffer.from(data));
  const bzip2 = how === "bzip2" ? bzip2Decoder(keep) : undefined;
  const xz = feeding(() =>
    xzParser(keep, (mayEnd) => {
      isWhole = mayEnd;
    }),
  );
  for (let at = 0; at < bytes.length; at += piece) (bzip2 ?? xz).push(bytes.subarray(at, at + piece));
  bzip2?.end();
  if (bzip2 === undefined && !isWhole) throw new Error("is cut off");
  return Buffer.concat(pieces);
};

/** Bytes that do not pack. */
const noise = (length: number): Buffer => {
  const random = randomFrom(7);
  return Buffer.from(Uint8Array.from({ length }, () => Math.floor(random() * 256)));
};

const naiveSearch = (patterns: readonly Uint8Array[], text: Uint8Array): string[] => {
  const found: string[] = [];
  for (const [index, pattern] of patterns.entries()) {
    for (let start = 0; start + pattern.length <= text.length; start++) {
      if (pattern.every((byte, offset) => text[start + offset] === byte)) found.push(`${start} ${index}`);
    }
  }
  return found;
};

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const pick = <Item>(random: () => number, items: readonly Item[]): Item =>
  items[Math.floor(random() * items.length)] as Item;

const TARGET: Target = {
  ...namedTarget({
    id: "Dockerfile",
    dockerfile: "Dockerfile",
    dockerfileAbsolute: "/Dockerfile",
    stage: undefined,
    platforms: [],
  }),
  context: "/",
};
