import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { tarReader } from "../src/image/tar.ts";
import { type TarEntry, TarError } from "../src/image/tar-header.ts";
import { randomFrom } from "./random.ts";

const LONG = `${"d".repeat(90)}/${"e".repeat(90)}/${"f".repeat(120)}`;
const NAME = "ü/日本";
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "image-tar-"));
  const tree = join(folder, "tree");
  mkdirSync(join(tree, "ü"), { recursive: true });
  mkdirSync(join(tree, "d".repeat(90), "e".repeat(90)), { recursive: true });
  writeFileSync(join(tree, "empty"), "");
  writeFileSync(join(tree, "block"), Buffer.alloc(512, "b"));
  writeFileSync(join(tree, "more"), Buffer.alloc(513, "m"));
  writeFileSync(join(tree, "setuid"), "x");
  chmodSync(join(tree, "setuid"), 0o4755);
  writeFileSync(join(tree, NAME), "utf-8!");
  writeFileSync(join(tree, LONG), "long");
  linkSync(join(tree, "more"), join(tree, "more-hard"));
  symlinkSync("t".repeat(150), join(tree, "soft"));
  mkdirSync(join(tree, "sparse"));
  const sparse = openSync(join(tree, "sparse/islands"), "w");
  for (let island = 0; island < 60; island++)
    writeSync(sparse, Buffer.alloc(4096, "x"), 0, 4096, island * 65536 + 4096);
  ftruncateSync(sparse, 60 * 65536);
  closeSync(sparse);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("archives as tar writes them", () => {
  const common = [
    ["block", "file", 512, 0o644],
    ["empty", "file", 0, 0o644],
    ["more", "file", 513, 0o644],
    ["more-hard", "hard link", 0, 0o644],
    ["setuid", "file", 1, 0o4755],
  ];
  const longNames = [
    [LONG, "file", 4, 0o644],
    ["soft", "symbolic link", 0, 0o777],
    [NAME, "file", 6, 0o644],
  ];
  const sparse = ["sparse/islands", "file", 60 * 65536, 0o644];

  test.each([["v7"], ["ustar"], ["oldgnu"], ["gnu"], ["posix"]])(
    "%s: names, kinds, sizes and permissions",
    (format) => {
      const names = common.map(([name]) => String(name));
      expect(listing(archive(["--format", format, ...names]))).toEqual(common);
    },
  );

  test.each([["oldgnu"], ["gnu"], ["posix"]])("%s: names and link targets longer than their fields", (format) => {
    const bytes = archive(["--format", format, LONG, "soft", NAME]);
    expect(listing(bytes)).toEqual(longNames);
    expect(entries(bytes).map(({ linkPath }) => linkPath)).toEqual(["", "t".repeat(150), ""]);
  });

  test("ustar: a long name is split over two fields", () => {
    const path = `${"d".repeat(90)}/${"e".repeat(90)}/`;
    expect(listing(archive(["--format", "ustar", "--no-recursion", path]))).toEqual([[path, "directory", 0, 0o755]]);
  });

  test.each([
    [["--format", "oldgnu"]],
    [["--format", "gnu"]],
    [["--format", "posix", "--sparse-version", "0.0"]],
    [["--format", "posix", "--sparse-version", "0.1"]],
    [["--format", "posix", "--sparse-version", "1.0"]],
  ])("%s: a sparse file has the size it has once extracted", (options) => {
    const bytes = archive([...options, "--sparse", "sparse/islands", "empty"]);
    expect(bytes.length).toBeLessThan(60 * 65536);
    expect(listing(bytes)).toEqual([sparse, ["empty", "file", 0, 0o644]]);
  });

  test("pax: attributes are named, global records count until they are taken back", () => {
    const bytes = Buffer.concat([
      block("g", "global", pax({ uid: "4000000000", comment: "of git" })),
      block("x", "local", pax({ "SCHILY.xattr.security.capability": "\u0001\nbinary=", path: "named" })),
      block("0", "file", "abc"),
      block("x", "local", pax({ uid: "" })),
      block("0", "second", ""),
    ]);
    expect(entries(bytes).map(({ path, uid, attributes }) => ({ path, uid, attributes }))).toEqual([
      { path: "named", uid: 4_000_000_000, attributes: ["security.capability"] },
      { path: "second", uid: 0, attributes: [] },
    ]);
  });

  test("base 256: a size over 8 GB is read without its bytes", () => {
    const header = block("0", "big", "");
    header.write("\x80\0\0\0\0\0\0\x02\0\0\0\0", 124, "latin1");
    expect(entries(checksummed(header), { isCut: true })[0]?.size).toBe(2 * 2 ** 32);
  });
});

describe("broken archives", () => {
  test.each([
    ["a header cut off", (whole: Buffer) => whole.subarray(0, 100), "the tar archive is cut off after 100 bytes"],
    ["a file cut off", (whole: Buffer) => whole.subarray(0, 600), "the tar archive is cut off after 600 bytes"],
    ["a changed header", (whole: Buffer) => with_(whole, 3, 0x41), "the tar header at byte 0 has a wrong checksum"],
    ["text", () => Buffer.alloc(1024, "text"), "the tar header at byte 0 has a wrong checksum"],
    [
      "an extended header alone",
      () => Buffer.concat([block("x", "alone", pax({ path: "a" })), Buffer.alloc(1024)]),
      "the tar archive ends after an extended header",
    ],
    [
      "an extended record without a line break",
      () => block("x", "bad", "12 path=abcd"),
      "the tar header at byte 0 has a malformed extended record",
    ],
    [
      "an extended header of a gigabyte",
      () => {
        const header = block("x", "bad", "");
        header.write("10000000000\0", 124, "latin1");
        return checksummed(header);
      },
      "the tar header at byte 0 announces 1073741824 bytes of names",
    ],
  ])("%s", (_, change, message) => {
    const whole = archive(["--format", "posix", "block", "more"]);
    expect(() => entries(change(whole))).toThrow(new TarError(message));
  });

  test("what follows the end is left alone, as tar pads and signers append", () => {
    const whole = archive(["--format", "gnu", "block"]);
    expect(listing(Buffer.concat([whole, Buffer.from("garbage")]))).toEqual([["block", "file", 512, 0o644]]);
  });

  test("changed, cut and spliced archives are read to the end or refused, however they are cut into chunks", () => {
    const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
    const random = randomFrom(seed);
    const samples = ["oldgnu", "posix", "ustar"].map((format) =>
      archive(["--format", format, "block", "more", "setuid"]),
    );
    samples.push(archive(["--format", "oldgnu", "--sparse", "sparse/islands"]));
    samples.push(archive(["--format", "posix", "--sparse", "sparse/islands", LONG]));
    let refused = 0;
    for (let round = 0; round < 1000; round++) {
      const damaged = damage(samples[round % samples.length] as Buffer, random);
      const whole = outcome(damaged, () => damaged.length);
      const pieces = outcome(damaged, () => 1 + Math.floor(random() * 700));
      expect({ seed, round, result: pieces }).toEqual({ seed, round, result: whole });
      if (typeof whole.at(-1) === "string") refused++;
    }
    expect(refused).toBeGreaterThan(100);
  });
});

const archive = (args: readonly string[]): Buffer =>
  execFileSync("tar", ["--create", "--owner=0", "--group=0", "-C", join(folder, "tree"), ...args], {
    env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" },
    maxBuffer: 64 << 20,
  });

const entries = (bytes: Uint8Array, { isCut = false } = {}): readonly TarEntry[] => {
  const found: TarEntry[] = [];
  const reader = tarReader({ entry: (entry) => found.push(entry) });
  reader.push(bytes);
  if (!isCut) reader.end();
  return found;
};

const listing = (bytes: Uint8Array): readonly unknown[] =>
  entries(bytes).map(({ path, type, size, mode }) => [path, type, size, mode]);

/** All that the reader reports, ending with the message of its refusal if it refuses. */
const outcome = (bytes: Uint8Array, step: () => number): readonly unknown[] => {
  const seen: unknown[] = [];
  let stored = 0;
  const reader = tarReader({
    entry: (entry) => seen.push(entry),
    data: (data) => {
      stored += data.length;
    },
    close: () => seen.push([stored]),
  });
  try {
    for (let from = 0; from < bytes.length; ) {
      const to = from + step();
      reader.push(bytes.subarray(from, to));
      from = to;
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    seen.push(error.message);
  }
  return seen;
};

const damage = (sample: Buffer, random: () => number): Buffer => {
  const bytes = Buffer.from(sample);
  const at = (limit: number): number => Math.floor(random() * limit);
  for (let change = at(4); change >= 0; change--) bytes[at(Math.min(bytes.length, 3000))] = at(256);
  const header = 512 * at(4);
  if (random() < 0.5 && header + 512 <= bytes.length) checksummed(bytes.subarray(header, header + 512));
  if (random() < 0.3) return bytes.subarray(0, at(bytes.length));
  if (random() < 0.3) return Buffer.concat([bytes.subarray(0, 512 * at(6)), bytes.subarray(512 * at(6))]);
  return bytes;
};

const with_ = (bytes: Buffer, index: number, value: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed[index] = value;
  return changed;
};

const pax = (records: Readonly<Record<string, string>>): string =>
  Object.entries(records)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      const digits = String(rest.length + 2).length;
      return `${rest.length + digits}${rest}`;
    })
    .join("");

const block = (flag: string, name: string, body: string): Buffer => {
  const bytes = Buffer.alloc(512 + Math.ceil(body.length / 512) * 512);
  bytes.write(name, 0, "latin1");
  bytes.write("0000644\0", 100, "latin1");
  bytes.write("0".repeat(7), 108, "latin1");
  bytes.write("0".repeat(7), 116, "latin1");
  bytes.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  bytes.write(flag, 156, "latin1");
  bytes.write("ustar\x00" + "00", 257, "latin1");
  bytes.write(body, 512, "latin1");
  return checksummed(bytes);
};

const checksummed = (bytes: Buffer): Buffer => {
  bytes.fill(" ", 148, 156);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
};
