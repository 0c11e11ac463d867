import type { ShellWord } from "../../dockerfile/script.ts";
import type { PackageCommand } from "./package-managers.ts";
import type { RunCommands } from "./run-commands.ts";

/** Words of an install that name compilers, build systems or headers. */
export const buildPackagesOf = (install: PackageCommand): readonly ShellWord[] =>
  install.action === "install" && install.manager.kind === "system"
    ? install.operands.filter((word) => isBuildPackage(word.value))
    : [];

const isBuildPackage = (name: string): boolean => {
  const plain = name.replace(/[=<>~:].*/s, "").replace(/-\d.*/s, "");
  return tools.test(plain) || (/-(dev|devel)$/.test(plain) && !runtimeDev.test(plain));
};

/** The installs of a RUN whose packages no later command of the same RUN takes out again. */
export const keptInstalls = ({ commands, packages }: RunCommands): readonly PackageCommand[] => {
  if (commands.some(({ name, args }) => name === "apt-mark" && args[0]?.value === "auto")) return [];
  const lastRemoval = packages.findLastIndex(({ action }) => action === "remove");
  return packages.slice(lastRemoval + 1);
};

const tools =
  /^(build-essential|build-base|alpine-sdk|base-devel|gcc|g\+\+|gcc-c\+\+|gcc-multilib|g\+\+-multilib|clang|clang-\d+|cmake|make|automake|autoconf|libtool|bison|flex|ninja-build|meson|nasm|yasm|golang|golang-go|rustc|cargo|rust|maven|gradle|dpkg-dev|rpm-build|musl-dev|gfortran|ghc|development-tools|patterns-devel-.*)$/;

/** Packages whose name ends in -dev without being headers to compile against. */
const runtimeDev = /^(tzdata|linux)-dev$/;
