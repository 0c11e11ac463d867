import { contextSources, isWholeContext } from "./knowledge/context-sources.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "missing-dockerignore",
  summary: "Keep a .dockerignore where the context is copied",
  level: { recommended: "note", strict: "warning" },
  scope: "context",
  why: `Without a .dockerignore, \`COPY . .\` takes the .git directory (with the whole history, and often a token in .git/config), local .env files, dependencies and build output into the image. Each of them also makes the engine repeat the COPY when it changes.

A .dockerignore in the root of the context, or \`<Dockerfile>.dockerignore\` beside the Dockerfile, keeps them out; \`.git\`, \`**/node_modules\` and \`.env*\` are a good beginning.`,
  aliases: [],
  silent: [
    "An ignore file is there, also one that belongs to this Dockerfile only.",
    "No COPY or ADD takes the root of the context.",
    "The context is not known, or every such COPY has an `--exclude`.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/concepts/context/#dockerignore-files"],
  examples: [
    {
      files: { "app.py": "" },
      bad: "COPY ⟦.⟧ /app\nCOPY . /again\n",
      message: "`COPY .` takes all files of the build context `.`, which has no .dockerignore",
    },
    { title: "as a wildcard", files: { "app.py": "" }, bad: "COPY ⟦*⟧ /app/\n" },
    {
      title: "in a builder stage",
      files: { "go.mod": "" },
      bad: "FROM golang:1.25 AS build\nADD ⟦./⟧ /src/\nFROM scratch\n",
    },
    { files: { ".dockerignore": ".git\n", "app.py": "" }, good: "COPY . /app\n" },
    {
      title: "of this Dockerfile only",
      files: { "Dockerfile.dockerignore": ".git\n", "app.py": "" },
      good: "COPY . /app\n",
    },
    { title: "named directories", files: { "src/app.py": "" }, good: "COPY src /app\nCOPY --exclude=.git . /all\n" },
    { title: "context unknown", good: "COPY . /app\n" },
  ],
  check: function* (file) {
    const { context } = file;
    if (context === undefined || context.ignoreFile !== undefined) return;
    const source = contextSources(file).find(
      (one) => isWholeContext(one) && !one.copy.flags.some(({ name }) => name === "exclude"),
    );
    if (source === undefined) return;
    yield {
      at: source.word.span,
      message: `\`${source.copy.keyword} ${source.word.text}\` takes all files of the build context \`${context.path}\`, which has no .dockerignore`,
    };
  },
});
