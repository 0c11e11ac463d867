import type { ShellCommand } from "../../dockerfile/script.ts";
import { baseName } from "./paths.ts";

/** Where a program keeps what it is told: `npm config set`, `git clone https://token@…`. */
export const configurationOf = ({ name, args }: ShellCommand): string | undefined => {
  const words = args.map(({ value }) => value);
  const says = (...wanted: readonly string[]): boolean => wanted.some((one) => words.includes(one));
  if (name === "git" && says("clone", "remote", "submodule") && !says("-c", "ls-remote")) return ".git/config";
  if (name === "git" && says("config") && !says("--unset"))
    return says("--global", "--system") ? ".gitconfig" : ".git/config";
  if (/^(npm|pnpm|yarn)$/.test(name) && says("set") && words[0] !== "cache") return `the configuration of ${name}`;
  if (/^(pip3?|poetry|composer|conda|bundle|aws|gem)$/.test(name) && says("config", "configure"))
    return `the configuration of ${name}`;
  if (/^(docker|podman|helm|cargo|az|oc)$/.test(name) && says("login")) return `the configuration of ${name}`;
  if ((name === "dotnet" || name === "nuget") && says("nuget", "sources", "source")) return "NuGet.Config";
  return undefined;
};

/** Whether a path is one of the files or folders where such programs keep it. */
export const isConfigurationPath = (path: string): boolean => keptIn.test(path);

/** The folders that `git clone` may make. */
export const cloneTargets = ({ name, args }: ShellCommand): readonly string[] => {
  if (name !== "git" || !args.some(({ value }) => value === "clone")) return [];
  return args.slice(1).map(({ value }) => baseName(value).replace(/\.git$/, ""));
};

const keptIn =
  /(^|\/)(\.git|\.gitconfig|\.git-credentials|\.git\/config|\.npmrc|\.yarnrc(\.yml)?|pip\.conf|auth\.json|auth\.toml|\.docker|\.aws|\.bundle|NuGet\.Config)(\/|$)/i;
