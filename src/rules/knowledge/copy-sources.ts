/** What ADD fetches with git: `git@host:path`, `git://`, `ssh://`, and `https://….git` with or without a fragment. */
export const isGitSource = (source: string): boolean =>
  /^(git:\/\/|ssh:\/\/|git@[^:/]+:)/.test(source) || /^https?:\/\/[^?#]+\.git(#.*|\?.*)?$/.test(source);

export const isRemoteSource = (source: string): boolean => /^https?:\/\//i.test(source) || isGitSource(source);

/** Names that ADD unpacks: BuildKit looks at the content, and archives have these names. */
export const isArchiveName = (path: string): boolean =>
  /\.(tar|t?gz|tgz|tbz2?|bz2|txz|xz|tzst|zst|taz|tlz|lzma)$/i.test(path);

/** Whether a pattern may match an archive: `*`, `rootfs*`; not `*.json`. */
export const mayMatchArchive = (pattern: string): boolean => {
  if (!/[*?[]/.test(pattern)) return isArchiveName(pattern);
  const extension = /\.([\w-]+)$/.exec(pattern);
  return extension === null || isArchiveName(pattern);
};
