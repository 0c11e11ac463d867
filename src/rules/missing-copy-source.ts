import { nearest } from "../dockerfile/nearest.ts";
import { matchesWildcards } from "../dockerfile/wildcards.ts";
import type { AuditedFile, BuildContext } from "./audited-file.ts";
import { holdsPath } from "./knowledge/context-paths.ts";
import { contextSources } from "./knowledge/context-sources.ts";
import { baseName } from "./knowledge/paths.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "missing-copy-source",
  summary: "Copy files that the context holds",
  level: { recommended: "warning", strict: "warning" },
  scope: "context",
  why: `A source that the build context does not hold ends the build, often minutes after it began. Usually a file was renamed, or the Dockerfile was written for another context than the one it is built with: sources are relative to the context, not to the Dockerfile.`,
  aliases: [],
  silent: [
    "The context is not known, or is another one than the main context (`--from`).",
    "Wildcards, and variables without a known value.",
    "The context is the Dockerfile's own folder below the repository's root, because nothing names another, and it has no name much like the missing one: the build may be given another context, or put the file there.",
    "A `.goreleaser.yml` lies in the context, and nothing there has a name much like the missing one; or the Dockerfile is named after GoReleaser, which builds in a folder of its own.",
    "The path is ignored by git, or has the name of something that a build puts there (dist, target, node_modules, *.jar).",
    "A `..` at the front, which the engine drops, is dropped before looking.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/dockerfile/#copy"],
  examples: [
    {
      files: { "package.json": "{}" },
      bad: "COPY package.json ⟦package-lock.json⟧ /app/\n",
      message: "The build context `.` does not hold `package-lock.json`",
    },
    {
      title: "a directory, by a variable",
      files: { "app/main.py": "" },
      bad: `ARG SRC=./ap
COPY ⟦\${SRC}/⟧ /app/
`,
    },
    { title: "exec form", files: { "a b": "" }, bad: 'ADD ["a b", ⟦"c d"⟧, "/x/"]\n' },
    {
      files: { "package.json": "{}", "src/a.js": "" },
      good: "COPY package.json /app/\nCOPY ../src/ ./src/a.js /app/\nCOPY . /all\n",
    },
    {
      title: "made by the build before",
      files: { ".gitignore": "/app.bin\n*.tmp\n", "a.txt": "" },
      good: "COPY app.bin x.tmp /\nCOPY dist /srv\nCOPY target/app.jar node_modules /app/\n",
    },
    {
      title: "wildcards, other contexts, unknown variables",
      files: { "a.txt": "" },
      good: "ARG DIR\nCOPY *.md $DIR/x /a/\nCOPY --from=busybox /bin/sh /sh\n",
    },
    {
      title: "a name much like it",
      files: { "conf/nginx.conf": "" },
      bad: "COPY ⟦conf/ngnix.conf⟧ /etc/nginx/\n",
      message: "The build context `.` does not hold `conf/ngnix.conf` (is `conf/nginx.conf` meant?)",
    },
    {
      title: "what GoReleaser puts there",
      files: { ".goreleaser.yaml": "", "main.go": "" },
      good: "COPY mytool /usr/bin/mytool\n",
    },
    {
      title: "a name much like it, beside GoReleaser",
      files: { ".goreleaser.yaml": "", "config.toml": "" },
      bad: "COPY ⟦confg.toml⟧ /etc/\n",
    },
    { title: "context unknown", good: "COPY nowhere /a\n" },
  ],
  check: function* (file) {
    const { context } = file;
    if (context === undefined || /goreleaser/i.test(baseName(file.dockerfile.path))) return;
    for (const { word, path } of contextSources(file)) {
      if (path === undefined || path === "" || /[*?[\]\\]/.test(path)) continue;
      if (holds(context, path) || mayBeBuilt(context, path)) continue;
      const near = nearName(context, path);
      if (near === undefined && (isOwnFolder(file, context) || isReleasedByGo(context))) continue;
      const hint = near === undefined ? "" : ` (is \`${near}\` meant?)`;
      yield { at: word.span, message: `The build context \`${context.path}\` does not hold \`${path}\`${hint}` };
    }
  },
});

/** Few are built there: what is missing lies mostly in the context that the build is given. */
const isOwnFolder = ({ dockerfile }: AuditedFile, { path }: BuildContext): boolean =>
  path !== "." && path === dockerfile.path.replace(/\/?[^/]*$/, "");

/** GoReleaser builds in a folder of its own, where it puts the programs that it has made. */
const isReleasedByGo = (context: BuildContext): boolean =>
  [".goreleaser.yml", ".goreleaser.yaml", "goreleaser.yml", "goreleaser.yaml"].some((path) => holdsPath(context, path));

/** What the folder holds in place of the missing name, give or take an edit or two. */
const nearName = ({ files }: BuildContext, path: string): string | undefined => {
  const name = baseName(path);
  if (name.length < 5) return undefined;
  const folder = path.slice(0, path.length - name.length);
  const names = files.flatMap((file) =>
    file.startsWith(folder) ? (file.slice(folder.length).split("/")[0] ?? []) : [],
  );
  const near = nearest(name, [...new Set(names)]);
  return near === undefined ? undefined : `${folder}${near}`;
};

const holds = (context: BuildContext, path: string): boolean =>
  holdsPath(context, path) || context.read(path) !== undefined;

const mayBeBuilt = (context: BuildContext, path: string): boolean => {
  const parts = path.split("/");
  if (parts.some((part) => builtNames.test(part)) || builtFiles.test(path)) return true;
  return parts.some((_, depth) => {
    const text = context.read([...parts.slice(0, depth), ".gitignore"].join("/"));
    return text !== undefined && ignores(text, parts.slice(depth));
  });
};

const builtNames =
  /^(dist|build|out|output|target|bin|_output|_build|release|public|node_modules|vendor|artifacts?|publish|coverage|generated|\.git|\.next|\.output|\.venv)$/i;
const builtFiles = /\.(jar|war|ear|whl|tgz|tar(\.\w+)?|zip|deb|rpm|apk|exe|so|a|o|wasm|pem|crt|key|iso|img)$/i;

/** Looks at names only, which is enough to keep silent. */
const ignores = (gitignore: string, parts: readonly string[]): boolean =>
  gitignore.split(/\r?\n/).some((line) => {
    const pattern = line.trim().replace(/^\//, "").replace(/\/$/, "");
    if (pattern === "" || /^[#!]/.test(pattern)) return false;
    const name = baseName(pattern);
    return parts.some((part) => matchesWildcards(name, part));
  });
