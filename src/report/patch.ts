import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";

/** A unified patch for `git apply` or `patch -p1`, byte for byte; empty when nothing changes. */
export const unifiedPatch = (path: string, before: string, after: string): string => {
  if (before === after) return "";
  const name = path.replace(/^\/+/, "");
  return createTwoFilesPatch(`a/${name}`, `b/${name}`, before, after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
};
