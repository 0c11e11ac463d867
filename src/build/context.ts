import type { BuildContext, StageFacts } from "../rules/audited-file.ts";
import { holdsPath } from "../rules/knowledge/context-paths.ts";
import { withoutEndSlashes } from "../rules/knowledge/paths.ts";

/** Which folder a Dockerfile is built in, and why when that may surprise. */
export interface ChosenContext {
  /** Absolute folder, or a URL. */
  readonly context: string;
  readonly note: string | undefined;
}

/**
 * The configured context; else the Dockerfile's own folder, unless what it copies is missing there and all there in
 * a folder above, the nearest first. `contextAt` reads a folder only when it is asked.
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
  const better = foldersAbove(folder, root).find((above) => {
    const there = request.contextAt(above);
    return there !== undefined && sources.every((source) => holdsPath(there, source));
  });
  if (better === undefined) return own;
  const where = better === root ? "the repository's root" : better.slice(root.length + 1);
  return { context: better, note: `${request.path} is built in ${where}, where the files are that it copies` };
};

/** From the parent up to the root; the root alone when the folder does not lie in it. */
const foldersAbove = (folder: string, root: string): readonly string[] => {
  const above: string[] = [];
  for (let at = folder.replace(/[\\/][^\\/]*$/, ""); at.length > root.length; at = at.replace(/[\\/][^\\/]*$/, "")) {
    if (!at.startsWith(root)) break;
    above.push(at);
  }
  return [...above, root];
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
  return [...new Set(plain.map((text) => withoutEndSlashes(text.replace(/^(?:\.?\/)+/, ""))))].filter(
    (path) => path !== "" && path !== ".",
  );
};
