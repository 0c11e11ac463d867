import { describe, expect, test } from "@jest/globals";
import { familiarName, parseImageReference } from "../src/dockerfile/image-reference.ts";

const sha256 = `sha256:${"0123456789abcdef".repeat(4)}`;
const show = (text: string): string | undefined => {
  const reference = parseImageReference(text);
  if (reference === undefined) return undefined;
  const { registry, repository, name, tag, digest } = reference;
  return [registry, repository, name, tag ?? "-", digest === sha256 ? "digest" : (digest ?? "-")].join(" ");
};

describe("an image reference", () => {
  test.each([
    ["debian", "docker.io library/debian debian - -"],
    ["debian:bookworm-slim", "docker.io library/debian debian bookworm-slim -"],
    ["docker.io/debian", "docker.io library/debian debian - -"],
    ["index.docker.io/library/debian", "docker.io library/debian debian - -"],
    ["bitnami/node:22", "docker.io bitnami/node node 22 -"],
    ["localhost/app", "localhost app app - -"],
    ["localhost:5000/app", "localhost:5000 app app - -"],
    ["localhost", "docker.io library/localhost localhost - -"],
    // Without a slash the colon begins a tag.
    ["localhost:5000", "docker.io library/localhost localhost 5000 -"],
    ["ghcr.io/acme/tools/lint:v1.2", "ghcr.io acme/tools/lint lint v1.2 -"],
    [`registry:443/a/b@${sha256}`, "registry:443 a/b b - digest"],
    [`debian:12@${sha256}`, "docker.io library/debian debian 12 digest"],
    ["[2001:db8::1]:5000/app:1", "[2001:db8::1]:5000 app app 1 -"],
    // A first part in upper case can only be a host.
    ["Registry/app", "Registry app app - -"],
    ["a__b/c--d.e_f:_x", "docker.io a__b/c--d.e_f c--d.e_f _x -"],
    [`a:${"x".repeat(128)}`, `docker.io library/a a ${"x".repeat(128)} -`],
    ["a".repeat(247), `docker.io library/${"a".repeat(247)} ${"a".repeat(247)} - -`],
  ])("%s is read", (text, expected) => {
    expect(show(text)).toBe(expected);
  });

  test.each([
    "",
    " debian",
    "Debian",
    "acme/App",
    "debian:",
    "debian:-x",
    "debian:a:b",
    "debian:a/b",
    `a:${"x".repeat(129)}`,
    "a".repeat(248),
    "a___b",
    "-a",
    "a-",
    "a..b",
    "a//b",
    "/a",
    "a/",
    "-host.example/a",
    "host.example:port/a",
    "debian@",
    "debian@sha256:abc",
    `debian@sha256:${"A".repeat(64)}`,
    `debian@md5:${"a".repeat(32)}`,
    `debian@${sha256}:12`,
    "0123456789abcdef".repeat(4),
    "https://ghcr.io/acme/app",
    "debian\n",
    "debian:${TAG}",
    "é",
  ])("%j is refused", (text) => {
    expect(parseImageReference(text)).toBeUndefined();
  });

  test("names are shown as people write them", () => {
    const names = ["docker.io/library/debian:12", "docker.io/acme/app", "ghcr.io/acme/app:1"];
    expect(names.map((name) => familiarName(parseImageReference(name)!))).toEqual([
      "debian",
      "acme/app",
      "ghcr.io/acme/app",
    ]);
  });

  test("what is put together from valid parts is taken apart again", () => {
    const seed = Date.now() % 1_000_000;
    const random = randomOf(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    for (let round = 0; round < 500; round++) {
      const registry = pick(["docker.io", "localhost", "ghcr.io", "r.example:5000", "127.0.0.1:80", "UPPER"]);
      const parts = Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(["a", "b0", "c-d", "e__f", "g.h"]));
      const tag = pick([undefined, "1", "v1.2.3-rc_1", "_", "LATEST"]);
      const digest = pick([undefined, sha256]);
      const repository = registry === "docker.io" && parts.length === 1 ? `library/${parts[0]}` : parts.join("/");
      const text = `${registry}/${parts.join("/")}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
      expect({ seed, text, reference: parseImageReference(text) }).toEqual({
        seed,
        text,
        reference: { registry, repository, name: parts.at(-1), tag, digest },
      });
    }
  });

  test("a long hostile text is refused at once", () => {
    const started = performance.now();
    for (const part of ["a-", "a/", "a.", "-", "_", "a_"]) parseImageReference(part.repeat(500_000));
    for (const part of ["a-", "a/", "a.", "-", "_", "a_"]) parseImageReference(`${part.repeat(900)}!`);
    expect(performance.now() - started).toBeLessThan(100);
  });
});

const randomOf = (seed: number) => {
  let state = seed + 1;
  return (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};
