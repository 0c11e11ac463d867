/** What a file's name says about it. */
export type NamedAs = "dockerfile" | "template" | "other";

/** Folders whose content belongs to someone else. */
export const foreignFolders: ReadonlySet<string> = new Set([".git", "node_modules", "vendor"]);

/**
 * Judges a base name: `Dockerfile`, `Dockerfile.*`, `*.Dockerfile` and `Containerfile*`, in any case, because
 * the engine itself takes `dockerfile` too.
 */
export const nameOf = (base: string): NamedAs => {
  const name = base.toLowerCase();
  const template = templateEndings.find((ending) => name.endsWith(ending));
  if (template !== undefined) return isDockerfileName(name.slice(0, -template.length)) ? "template" : "other";
  return isDockerfileName(name) ? "dockerfile" : "other";
};

const templateEndings = [
  ".j2",
  ".jinja",
  ".jinja2",
  ".tmpl",
  ".tpl",
  ".erb",
  ".in",
  ".mustache",
  ".template",
  ".gotmpl",
];

/** Leftovers of editors and merges, ignore files, and what is plainly text about a Dockerfile. */
const otherEndings = [
  ".dockerignore",
  ".containerignore",
  "~",
  ".orig",
  ".rej",
  ".bak",
  ".swp",
  ".swo",
  ".diff",
  ".patch",
  ".md",
  ".rst",
  ".adoc",
  ".html",
  ".json",
];

const isDockerfileName = (name: string): boolean => {
  if (otherEndings.some((ending) => name.endsWith(ending))) return false;
  if (name === "dockerfile" || (name.startsWith("dockerfile.") && name.length > "dockerfile.".length)) return true;
  if (name.endsWith(".dockerfile") && name.length > ".dockerfile".length) return true;
  return name.startsWith("containerfile");
};
