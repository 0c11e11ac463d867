import { nearest } from "../dockerfile/nearest.ts";
import { UserError } from "../errors.ts";
import { type Origin, readList } from "./records.ts";

/**
 * `platforms`: `os/architecture` with an optional variant, or what buildx completes: an operating system or an
 * architecture alone, or `local`. Which of them a builder can build for only it knows; what is none at all is refused.
 */
export const parsePlatforms = (text: string, origin: Origin): readonly string[] =>
  readList(text, origin).map((written) => {
    if (isPlatform(written)) return written;
    const near = nearest(written.replaceAll("-", "/"), usual) ?? usual.find((one) => one.endsWith(`/${written}`));
    const hint = near === undefined ? "" : ` Did you mean \`${near}\`?`;
    throw new UserError(
      `${origin.setting}: \`${written}\` is not a platform such as linux/amd64 or linux/arm/v7 (${origin.where}).${hint}`,
    );
  });

const usual = ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6", "linux/386", "windows/amd64"];

/** As containerd reads it: one part must be known, two and three need not. */
const isPlatform = (text: string): boolean => {
  const parts = text.toLowerCase().split("/");
  const [first = "", ...others] = parts;
  if (parts.length > 3 || !others.every((part) => /^[a-z0-9_.-]+$/.test(part))) return false;
  if (others.length > 0) return /^[a-z0-9_.-]+(?:\([a-z0-9_.-]*\))?$/.test(first);
  return first === "local" || operatingSystems.has(first) || architectures.has(first);
};

/** GOOS, and the name for macOS that containerd takes for it. */
const operatingSystems: ReadonlySet<string> = new Set(
  "aix android darwin dragonfly freebsd hurd illumos ios js linux macos nacl netbsd openbsd plan9 solaris windows zos".split(
    " ",
  ),
);

/** GOARCH, and what containerd takes for one of them. */
const architectures: ReadonlySet<string> = new Set(
  [
    "386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips mipsle mips64 mips64le mips64p32",
    "mips64p32le ppc riscv riscv64 s390 s390x sparc sparc64 wasm aarch64 armhf armel i386 x86_64 x86-64",
  ]
    .join(" ")
    .split(" "),
);
