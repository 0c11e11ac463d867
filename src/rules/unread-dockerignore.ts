import { contextSources } from "./knowledge/context-sources.ts";
import { baseName } from "./knowledge/paths.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "unread-dockerignore",
  summary: "Place .dockerignore where the engine reads it",
  level: { recommended: "warning", strict: "warning" },
  scope: "context",
  why: `The engine reads one ignore file: \`<Dockerfile>.dockerignore\` beside the Dockerfile, else \`.dockerignore\` in the root of the context. One in a sub-directory is a file like any other: what it means to keep out is copied.

Move its lines into the file of the root, with the directory in front, or rename it to \`<Dockerfile>.dockerignore\`.`,
  aliases: [],
  silent: [
    "A Dockerfile or a Compose file lies beside it: another build may use that directory as its context.",
    "It says the same as the ignore file that is read.",
    "No COPY or ADD takes the directory, or the context is not known.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/concepts/context/#filename-and-location"],
  examples: [
    {
      files: { "app/.dockerignore": "secret\n", "app/main.py": "" },
      bad: "COPY ⟦app⟧ /app\n",
      message: "`app/.dockerignore` is not read: the engine reads the one in the root of the context",
    },
    {
      title: "beside another one",
      files: { ".dockerignore": ".git\n", "web/.dockerignore": "node_modules\n", "web/a.js": "" },
      bad: "COPY ⟦web/⟧ /srv/\nCOPY web/a.js /a.js\n",
    },
    {
      title: "with the whole context",
      files: { "docker/.dockerignore": "*.log\n", "a.txt": "" },
      bad: "COPY ⟦.⟧ /app\n",
    },
    { files: { ".dockerignore": "app/secret\n", "app/main.py": "" }, good: "COPY app /app\n" },
    {
      title: "another build's",
      files: { "web/.dockerignore": "x\n", "web/Dockerfile": "", "a.txt": "" },
      good: "COPY . /app\n",
    },
    { title: "the same text", files: { ".dockerignore": "x\n", "web/.dockerignore": "x\n" }, good: "COPY web /app\n" },
    { title: "not copied", files: { "web/.dockerignore": "x\n", "src/a": "" }, good: "COPY src /app\n" },
  ],
  check: function* (file) {
    const { context } = file;
    if (context === undefined) return;
    const reported = new Set<string>();
    const nested = context.files.filter((path) => path.endsWith("/.dockerignore") && !path.includes("node_modules/"));
    for (const source of contextSources(file)) {
      const { path } = source;
      if (path === undefined) continue;
      const found = nested.find((one) => {
        const folder = one.slice(0, -"/.dockerignore".length);
        const isTaken = path === "" || folder === path || folder.startsWith(`${path}/`);
        return (
          isTaken &&
          !reported.has(one) &&
          !isContext(context.files, folder) &&
          context.read(one) !== context.ignoreFile?.text
        );
      });
      if (found === undefined) continue;
      reported.add(found);
      yield {
        at: source.word.span,
        message: `\`${found}\` is not read: the engine reads the one in the root of the context`,
      };
    }
  },
});

/** Whether another build may use the folder as its context. */
const isContext = (files: readonly string[], folder: string): boolean =>
  files.some((path) => {
    if (!path.startsWith(`${folder}/`)) return false;
    const rest = path.slice(folder.length + 1);
    return (
      /(^|\/)((Dockerfile|Containerfile)[^/]*|[^/]+\.(Dockerfile|dockerfile))$|^([^/]*compose[^/]*\.ya?ml|docker-bake\.\w+)$/.test(
        rest,
      ) && baseName(rest) !== ".dockerignore"
    );
  });
