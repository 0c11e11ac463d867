import type { BuildContext } from "./audited-file.ts";
import { contextSources } from "./knowledge/context-sources.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "ignored-copy-source",
  summary: "Copy files that the ignore file leaves in the context",
  level: { recommended: "warning", strict: "warning" },
  scope: "context",
  aliases: ["CopyIgnoredFile"],
  why: `What \`.dockerignore\` keeps out never reaches the engine: the COPY finds nothing and the build ends. Take the
pattern out of the ignore file, or add an exception behind it (\`!path\`).`,
  silent: [
    "wildcards, variables without a known value, sources of other stages and contexts",
    "a folder of which some files are in the context all the same",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/build-checks/copy-ignored-file/"],
  needs: { instructions: ["COPY", "ADD"] },
  examples: [
    {
      files: { "app.js": "", ".env.production": "", ".dockerignore": ".env*\n" },
      bad: "COPY app.js ⟦.env.production⟧ /app/\n",
      message: "`.dockerignore` keeps `.env.production` out of the context",
    },
    {
      title: "a folder, and what a build puts there",
      files: { "docs/a.md": "", ".dockerignore": "docs\ndist\n" },
      bad: 'COPY ⟦./docs/⟧ /docs/\nADD [⟦"dist"⟧, "/srv"]\n',
    },
    {
      title: "an exception",
      files: { "docs/a.md": "", "docs/b.txt": "", ".dockerignore": "docs\n!docs/*.md\n" },
      good: "COPY docs /docs\nCOPY docs/a.md /a\n",
    },
    {
      title: "wildcards, other stages",
      files: { "a.md": "", ".dockerignore": "*.md\n" },
      good: "FROM debian:12 AS a\nFROM debian:12\nCOPY *.md /\nCOPY --from=a a.md /\n",
    },
    { title: "no ignore file", files: { "a.md": "" }, good: "COPY a.md /\n" },
  ],
  check: function* (file) {
    const { context } = file;
    const ignore = context?.ignoreFile;
    if (context === undefined || ignore === undefined) return;
    for (const { word, path } of contextSources(file)) {
      if (path === undefined || path === "" || /[*?[\]\\]/.test(path) || !isKeptOut(context, ignore.text, path))
        continue;
      yield { at: word.span, message: `\`${ignore.path}\` keeps \`${path}\` out of the context` };
    }
  },
});

/** An exception may bring back parts of a folder. */
const isKeptOut = (context: BuildContext, patterns: string, path: string): boolean => {
  if (!context.isIgnored(path)) return false;
  if (!/^[ \t]*!/m.test(patterns)) return true;
  if (context.isTruncated === true) return false;
  const below = context.files.filter((one) => one === path || one.startsWith(`${path}/`));
  return below.length > 0 && below.every(context.isIgnored);
};
