import type { BuildContext, StageFacts } from "../rules/audited-file.ts";
import { holdsPath } from "../rules/knowledge/context-paths.ts";

/** Which folder a Dockerfile is built in, and why when that may surprise. */
export interface ChosenContext {
  /** Absolute folder, or a URL. */
  readonly context: string;
  readonly note: string | undefined;
}

/**
 * The configured context; else the Dockerfile's own folder, unless what it copies is missing there and all there in
 * the repository's root. `contextAt` reads a folder only when it is asked.
 */
export const chooseContext = (request: {
  readonly path: string;
  readonly folder: string;
  /** Absolute. */
  readonly root: string;
  /** Absolute, or a URL. */
  readonly configured: string | undefined;
  readonly stages: readonly StageFacts[];
  readonly contextAt: (folder: string) => BuildContext | undefined;
}): ChosenContext => {
  const { folder, root, configured } = request;
  if (configured !== undefined) return { context: configured, note: undefined };
  const own = { context: folder, note: undefined };
  const sources = copiedPaths(request.stages);
  if (folder === root || sources.length === 0) return own;
  const here = request.contextAt(folder);
  if (here === undefined || sources.every((source) => holdsPath(here, source))) return own;
  const there = request.contextAt(root);
  const isRootBetter = there !== undefined && sources.every((source) => holdsPath(there, source));
  return isRootBetter
    ? { context: root, note: `${request.path} is built in the repository's root, where the files are that it copies` }
    : own;
};

/** Paths that COPY and ADD take from the context, as far as they are plain: no variables, globs or URLs. */
const copiedPaths = (stages: readonly StageFacts[]): readonly string[] => {
  const words = stages.flatMap((stage) =>
    stage.instructions.flatMap((instruction) =>
      (instruction.keyword === "COPY" || instruction.keyword === "ADD") &&
      !instruction.flags.some(({ name }) => name === "from")
        ? instruction.sources.map(({ text }) => text)
        : [],
    ),
  );
  const plain = words.filter((text) => !/[$*?[\\"']|^[a-z]+:\/\/|^git@|\.\./i.test(text));
  return [...new Set(plain.map((text) => text.replace(/^(?:\.?\/)+/, "").replace(/\/+$/, "")))].filter(
    (path) => path !== "" && path !== ".",
  );
};
