import { pathMatcher } from "../../discover/path-patterns.ts";
import type { AddInstruction, CopyInstruction, Word } from "../../dockerfile/model.ts";
import type { AuditedFile, BuildContext, StageFacts } from "../audited-file.ts";
import { isRemoteSource } from "./copy-sources.ts";
import { once } from "./once.ts";

/** A source of COPY or ADD that is taken from the main build context. */
export interface ContextSource {
  readonly stage: StageFacts;
  readonly copy: CopyInstruction | AddInstruction;
  readonly word: Word;
  /** From the context's root, without leading `/`, `./` and `../`; empty for the root; undefined with an unknown variable. */
  readonly path: string | undefined;
}

export const contextSources = once((file: AuditedFile): readonly ContextSource[] =>
  file.stages.flatMap((stage) =>
    stage.instructions.flatMap((copy) => {
      if (copy.keyword !== "COPY" && copy.keyword !== "ADD") return [];
      if (copy.flags.some(({ name }) => name === "from")) return [];
      return copy.sources.flatMap((word): ContextSource[] => {
        const source = file.expand(word, copy).value;
        if (source !== undefined && isRemoteSource(source)) return [];
        return [{ stage, copy, word, path: source === undefined ? undefined : contextPath(source) }];
      });
    }),
  ),
);

/** Whether a COPY of this source takes the whole context. */
export const isWholeContext = ({ path }: ContextSource): boolean => path === "" || path === "*" || path === "**";

/**
 * Tells whether a source takes a file of the context: it lies below the source, and neither the ignore file nor
 * `--exclude` keeps it out. The latter speaks of what lies below a directory, from there, and never of a file that
 * the source itself names or matches (moby/buildkit#5489); variables in it are not put in.
 */
export const takenBy = (context: BuildContext, source: ContextSource): ((path: string) => boolean) => {
  const { path } = source;
  if (path === undefined || /[*?[\]]/.test(path.replace(/^\*+$/, ""))) return () => false;
  const isExcluded = pathMatcher(
    source.copy.flags.filter(({ name }) => name === "exclude").map(({ value }) => value ?? ""),
  );
  return (one) => {
    const below = belowSource(path, one);
    return below !== undefined && (below === "" || !isExcluded(below)) && !context.isIgnored(one);
  };
};

/** From the directory that the source names or matches; empty for such a file itself, undefined for others. */
export const belowSource = (source: string, path: string): string | undefined => {
  if (source === "") return path;
  if (/^\*+$/.test(source)) return path.includes("/") ? path.slice(path.indexOf("/") + 1) : "";
  if (path === source) return "";
  return path.startsWith(`${source}/`) ? path.slice(source.length + 1) : undefined;
};

/** The path as the engine reads it: `..` at the front is dropped, the rest is cleaned. */
const contextPath = (source: string): string => {
  const parts: string[] = [];
  for (const part of source.replace(/\\/g, "/").split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
};
