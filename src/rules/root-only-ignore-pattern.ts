import { matchesWildcards } from "../dockerfile/wildcards.ts";
import { contextSources, takenBy } from "./knowledge/context-sources.ts";
import { baseName } from "./knowledge/paths.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "root-only-ignore-pattern",
  summary: "Begin ignore patterns with **/ to match in every directory",
  level: { recommended: "note", strict: "warning" },
  scope: "context",
  why: `Other than in .gitignore, a pattern of .dockerignore without a slash matches in the root of the context only: \`node_modules\` or \`*.pem\` lets the ones of every sub-directory through. \`**/node_modules\` matches everywhere.

The finding stands at the COPY that takes the files; the line to change is the one of the ignore file that the message names.`,
  aliases: [],
  silent: [
    "No file in a sub-directory has that name, or another line keeps it out.",
    "The pattern has a slash, or begins with `!`.",
    "The context is not known.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/concepts/context/#matching"],
  examples: [
    {
      files: { ".dockerignore": "node_modules\n", "web/node_modules/a.js": "", "a.js": "" },
      bad: "COPY ⟦.⟧ /app\n",
      message: "`node_modules` in .dockerignore keeps out the root's only: `web/node_modules/a.js` is copied",
    },
    {
      title: "a wildcard",
      files: { ".dockerignore": "# keys\n*.pem\n", "certs/a.pem": "" },
      bad: "COPY ⟦certs⟧ /certs\n",
    },
    {
      title: "with a line of its own",
      files: { "Dockerfile.dockerignore": ".env\n", "api/.env": "" },
      bad: "COPY src /s\nCOPY ⟦./⟧ /x/\n",
    },
    { files: { ".dockerignore": "**/node_modules\n", "web/node_modules/a.js": "" }, good: "COPY . /app\n" },
    {
      title: "kept out by another line",
      files: { ".dockerignore": "*.log\nweb/*.log\n", "web/a.log": "" },
      good: "COPY . /app\n",
    },
    {
      title: "only in the root",
      files: { ".dockerignore": "dist\n", "dist/a.js": "", "src/b.js": "" },
      good: "COPY . /app\n",
    },
  ],
  check: function* (file) {
    const { context } = file;
    if (context?.ignoreFile === undefined) return;
    const patterns = context.ignoreFile.text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== "" && !/^[#!]/.test(line) && !/[/\\]/.test(line) && /\w/.test(line));
    const matches = context.files.flatMap((path) => {
      const [, ...nested] = path.split("/");
      const pattern = patterns.find((one) => nested.some((part) => matchesWildcards(one, part)));
      return pattern === undefined ? [] : [{ path, pattern }];
    });
    const reported = new Set<string>();
    for (const source of contextSources(file)) {
      const isTaken = takenBy(context, source);
      for (const { path, pattern } of matches) {
        if (reported.has(pattern) || !isTaken(path)) continue;
        reported.add(pattern);
        yield {
          at: source.word.span,
          message: `\`${pattern}\` in ${baseName(context.ignoreFile.path)} keeps out the root's only: \`${path}\` is copied`,
        };
      }
    }
  },
});
