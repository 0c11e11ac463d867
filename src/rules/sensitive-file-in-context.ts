import type { BuildContext } from "./audited-file.ts";
import { type ContextSource, contextSources, filesTaken } from "./knowledge/context-sources.ts";
import { credentialFileOf, holdsCredential } from "./knowledge/credential-files.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "sensitive-file-in-context",
  summary: "Exclude credentials and .git from the context that is copied",
  level: { recommended: "warning", strict: "warning" },
  scope: "context",
  why: `A COPY of a directory takes everything below it: the .env of whoever builds, keys, and .git with the whole history and, after a checkout in a workflow, a token in .git/config. None of it belongs to the image, and a layer keeps it for everybody who pulls.

Add a line for it to .dockerignore, or \`--exclude\` it from the COPY.`,
  aliases: [],
  silent: [
    "The ignore file or an `--exclude` keeps it out, or no COPY takes its directory.",
    "`.git` in builder stages.",
    "Files that are not there, samples, public halves, and configurations without a credential in them.",
    "The context is not known.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/concepts/context/#dockerignore-files"],
  examples: [
    {
      files: { ".env": "TOKEN=abc\n", "app.py": "" },
      bad: "COPY ⟦.⟧ /app\n",
      message: "COPY . takes .env along, an environment file",
    },
    {
      title: "in a directory",
      files: { "deploy/keys/id_ed25519": "key\n", "deploy/a": "" },
      bad: "COPY ⟦deploy/⟧ /deploy/\n",
    },
    {
      title: "the history, in what ships",
      files: { ".git/HEAD": "ref: refs/heads/main\n", "a.js": "" },
      bad: "FROM debian:bookworm-slim AS build\nCOPY . /src\nFROM debian:bookworm-slim\nCOPY --from=build /out /out\nCOPY --chown=1000 ⟦.⟧ /app\n",
      message: "COPY . takes .git along, the history of the repository",
    },
    {
      title: "kept out",
      files: { ".dockerignore": ".env\n.git\n", ".env": "A=b\n", ".git/HEAD": "x\n" },
      good: "COPY . /app\n",
    },
    {
      title: "excluded",
      files: { "a/.env": "A=b\n" },
      good: "COPY --exclude=.env a /app\nCOPY --exclude=**/.env . /b\n",
    },
    {
      title: "samples, and no credential",
      files: { ".env.example": "A=\n", ".npmrc": "save-exact=true\n", "ca.pem": "x\n" },
      good: "COPY . /app\n",
    },
    { title: "another directory", files: { ".env": "A=b\n", "src/a.py": "" }, good: "COPY src /app\n" },
  ],
  check: function* (file) {
    const { context } = file;
    if (context === undefined) return;
    const reported = new Set<string>();
    for (const source of contextSources(file)) {
      const found = sensitiveIn(context, source);
      if (found === undefined || reported.has(found.path)) continue;
      reported.add(found.path);
      yield {
        at: source.word.span,
        message: `${source.copy.keyword} ${source.word.text} takes ${found.path} along, ${found.what}`,
      };
    }
  },
});

interface Sensitive {
  readonly path: string;
  readonly what: string;
}

/** The worst first; a source that is itself the file is left to `secret-file-copied`. */
const sensitiveIn = (context: BuildContext, source: ContextSource): Sensitive | undefined => {
  for (const path of filesTaken(context, source)) {
    if (
      path === source.path ||
      path.startsWith(".git/") ||
      /(^|\/)(node_modules|testdata|fixtures|__tests__|tests?|examples?)\//.test(path)
    )
      continue;
    const kind = credentialFileOf(path);
    if (kind === undefined) continue;
    const text = context.read(path);
    if (kind.evidence === "content" && (text === undefined || !holdsCredential(text))) continue;
    if (/\.(pem|key)$/.test(path) && text !== undefined && !text.includes("PRIVATE KEY")) continue;
    return { path, what: kind.what };
  }
  const takesHistory =
    source.path === "" && source.stage.isShipped && !context.isIgnored(".git/HEAD") && !context.isIgnored(".git");
  const isExcluded = source.copy.flags.some(({ name, value }) => name === "exclude" && /\.git\b/.test(value ?? ""));
  if (!takesHistory || isExcluded || context.read(".git/HEAD") === undefined) return undefined;
  return { path: ".git", what: "the history of the repository" };
};
