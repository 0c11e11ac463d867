import type { AddInstruction, CopyInstruction } from "../../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "../audited-file.ts";
import { holdsPath } from "./context-paths.ts";

/** An absolute path without `.`, `..` and doubled slashes; undefined when the directory it is relative to is not known. */
export const resolvePath = (path: string, workdir: string | undefined): string | undefined => {
  if (!path.startsWith("/") && workdir === undefined) return undefined;
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${workdir}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
};

export const isBelow = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory.endsWith("/") ? directory : `${directory}/`);

/** `a/b//` is `a/b`. Looks behind, so that of a thousand slashes inside a path each is not the start of another try. */
export const withoutEndSlashes = (path: string): string => path.replace(/(?<!\/)\/+$/, "");

/** The part behind the last slash, trailing slashes dropped. */
export const baseName = (path: string): string => withoutEndSlashes(path).replace(/^.*\//s, "");

export interface CopiedPath {
  readonly path: string;
  readonly copy: CopyInstruction | AddInstruction;
  /** As written; undefined for the directory that takes all of them. */
  readonly source: string | undefined;
  /** The source is a file for certain: by the context, or by an extension. */
  readonly isFile: boolean;
}

/** The absolute paths that COPY and ADD of a stage create, as far as they are known. */
export const copiedPaths = (file: AuditedFile, stage: StageFacts): readonly CopiedPath[] =>
  stage.instructions.flatMap((copy) => {
    if (copy.keyword !== "COPY" && copy.keyword !== "ADD") return [];
    const written = file.expand(copy.destination, copy).value;
    const target = written === undefined ? undefined : resolvePath(written, stage.workdirAt(copy));
    if (written === undefined || target === undefined) return [];
    const isDirectory = /(^|\/)\.{0,2}$/.test(written) || copy.sources.length + copy.heredocs.length > 1;
    const found: CopiedPath[] = [];
    let mayBeWhole = false;
    for (const word of copy.sources) {
      const source = file.expand(word, copy).value ?? word.text;
      const isFile = looksLikeFile(file, copy, source);
      mayBeWhole ||= !isFile;
      if (isDirectory && isFile && !/[*?[$]/.test(source))
        found.push({ path: resolvePath(baseName(source), target) ?? target, copy, source, isFile });
      else if (!isDirectory) found.push({ path: target, copy, source, isFile });
    }
    if (!isDirectory && copy.heredocs.length > 0) found.push({ path: target, copy, source: undefined, isFile: true });
    if (isDirectory && mayBeWhole) found.push({ path: target, copy, source: undefined, isFile: false });
    return found;
  });

const looksLikeFile = (file: AuditedFile, copy: CopyInstruction | AddInstruction, source: string): boolean => {
  const path = source.replace(/^(\.{0,2}\/)+/, "").replace(/\/$/, "");
  const isFromContext = !copy.flags.some((flag) => flag.name === "from");
  if (isFromContext && file.context !== undefined) {
    if (file.context.files.includes(path)) return true;
    if (path === "" || path === "." || holdsPath(file.context, path)) return false;
  }
  return !/\/$/.test(source) && /^[^.].*\.\w+$|^(Makefile|Gemfile|Rakefile|Procfile)$/.test(baseName(source));
};
