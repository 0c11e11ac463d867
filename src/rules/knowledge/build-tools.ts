import type { ShellCommand, ShellWord } from "../../dockerfile/script.ts";
import type { PackageCommand } from "./package-managers.ts";

/** Words of an install that name compilers, build systems or headers. */
export const buildPackagesOf = (install: PackageCommand): readonly ShellWord[] =>
  install.action === "install" && install.manager.kind === "system"
    ? install.operands.filter((word) => isBuildPackage(word.value))
    : [];

export const isBuildPackage = (name: string): boolean => {
  const plain = name.replace(/[=<>~:].*$/, "").replace(/-\d.*$/, "");
  return tools.test(plain) || (/-(dev|devel)$/.test(plain) && !runtimeDev.test(plain));
};

/** Whether a later command of the same RUN takes out what `install` brought. */
export const isRemovedAgain = (
  install: PackageCommand,
  commands: readonly ShellCommand[],
  packages: readonly PackageCommand[],
): boolean => {
  const later = packages.filter(
    (other) => other.command.index > install.command.index || !commands.includes(other.command),
  );
  if (later.some((other) => other.action === "remove")) return true;
  return commands.some((command) => command.name === "apt-mark" && command.args[0]?.value === "auto");
};

const tools =
  /^(build-essential|build-base|alpine-sdk|base-devel|gcc|g\+\+|gcc-c\+\+|gcc-multilib|g\+\+-multilib|clang|clang-\d+|cmake|make|automake|autoconf|libtool|bison|flex|ninja-build|meson|nasm|yasm|golang|golang-go|rustc|cargo|rust|maven|gradle|dpkg-dev|rpm-build|musl-dev|gfortran|ghc|development-tools|patterns-devel-.*)$/;

/** Packages whose name ends in -dev without being headers to compile against. */
const runtimeDev = /^(tzdata|linux)-dev$/;
