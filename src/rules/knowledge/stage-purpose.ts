import type { ImageReference } from "../../dockerfile/image-reference.ts";
import { familiarName } from "../../dockerfile/image-reference.ts";
import type { AuditedFile, StageFacts } from "../audited-file.ts";
import { once } from "./once.ts";

/** What the name of a stage says that it is for; undefined when it says nothing of this kind. */
export type Purpose = "development" | "test" | "debug" | "build" | "release";

export const purposeOf = once((stage: StageFacts): Purpose | undefined => purposeIn(stage.name ?? ""));

/** Whether the name of the stage or the file says that it is a tool of the developers, not what runs in production. */
export const isForDevelopers = (file: AuditedFile, stage: StageFacts): boolean => {
  const purpose = purposeOf(stage);
  return purpose === undefined ? isFileForDevelopers(file) : purpose !== "release";
};

const isFileForDevelopers = once(({ dockerfile: { path } }: AuditedFile): boolean => {
  const purpose = purposeIn(path.slice(path.lastIndexOf("/") + 1).toLowerCase());
  return purpose === "development" || purpose === "debug" || /(^|\/)\.devcontainer\//.test(path);
});

/**
 * Whether the Dockerfile is that of a container action, which GitHub starts as root in a workspace of root's:
 * https://docs.github.com/actions/reference/workflows-and-actions/dockerfile-support#user
 */
export const isContainerAction = ({ context }: AuditedFile): boolean =>
  ["action.yml", "action.yaml"].some((path) => /^[ \t]*using:\s*["']?docker\b/m.test(context?.read(path) ?? ""));

/** The stages that images for production are made of, in file order. */
export const productionStages = (file: AuditedFile): readonly StageFacts[] => {
  const found = new Set(
    file.targetStages.filter((stage) => !isForDevelopers(file, stage)).flatMap(({ lineage }) => lineage),
  );
  return file.stages.filter((stage) => found.has(stage));
};

/** Whether an image is made for compiling: compilers, SDKs, package managers of compiled languages. */
export const isToolchainImage = (reference: ImageReference): boolean => {
  const name = familiarName(reference);
  const tag = reference.tag ?? "";
  if (toolchains.has(name)) return true;
  if (/^mcr\.microsoft\.com\/(.*\/)?dotnet\/(.*\/)?sdk$/.test(name)) return true;
  if (/(^|\/)cuda$/.test(name)) return /(^|-)devel(-|$)/.test(tag);
  // Hardened images name their variant with a compiler or package manager in the tag.
  return /(^|\/)(golang|rust|maven|gradle|go)$/.test(name) && /^(cgr\.dev|dhi\.io)\//.test(name);
};

const purposeIn = (name: string): Purpose | undefined => {
  for (const word of name.split(/[-_.]/)) {
    const purpose = purposes.get(word);
    if (purpose !== undefined) return purpose;
  }
  return undefined;
};

const words = (text: string): readonly string[] => text.split(" ");

const purposes: ReadonlyMap<string, Purpose> = new Map(
  (
    [
      ["development", "dev devel develop development devcontainer local watch hotreload"],
      [
        "test",
        "test tests tester testing unittest unittests e2e lint linter linting check checks ci vet coverage bench benchmark validate fmt",
      ],
      ["debug", "debug debugger debugging dbg"],
      ["build", "build builder builders buildenv building compile compiler deps dependencies sdk toolchain cross"],
      ["release", "prod production release runtime final"],
    ] as const
  ).flatMap(([purpose, names]) => words(names).map((name) => [name, purpose] as const)),
);

const toolchains: ReadonlySet<string> = new Set(
  words(
    "golang rust maven gradle gcc buildpack-deps haskell swift sbtscala/scala-sbt hseeberger/scala-sbt clojure dart " +
      "emscripten/emsdk microsoft/dotnet-sdk rustlang/rust silkeh/clang circleci/golang cimg/go cimg/rust gradle/gradle",
  ),
);
