import type { BuildContext } from "./audited-file.ts";
import { type ContextSource, contextSources, takenBy } from "./knowledge/context-sources.ts";
import { credentialFileOf, isCredentialFile } from "./knowledge/credential-files.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "sensitive-file-in-context",
  summary: "Exclude credentials and .git from the context that is copied",
  level: { recommended: "warning", strict: "warning" },
  scope: "context",
  why: `A COPY of a directory takes everything below it: the .env of whoever builds, keys, and .git with the whole history and, after a checkout in a workflow, a token in .git/config. None of it belongs to the image, and a layer keeps it for everybody who pulls.

Add a line for it to .dockerignore, or \`--exclude\` it from the COPY. The engine reads \`--exclude\` from the source on, without variables: \`.env\` is the one next to the source's own files, \`**/.env\` all of them, \`/.env\` none, and it never speaks of a file that the source names or a wildcard matches.`,
  aliases: [],
  silent: [
    "The ignore file or an `--exclude` keeps it out, or no COPY takes its directory.",
    "`.git` in builder stages.",
    "Files that are not there, samples, public halves, and configurations without a credential in them.",
    "The context is not known.",
  ],
  fixes: "none",
  sources: [
    "https://docs.docker.com/build/concepts/context/#dockerignore-files",
    "https://github.com/moby/buildkit/issues/5489",
  ],
  examples: [
    {
      files: { ".env": "TOKEN=abc\n", "app.py": "" },
      bad: "COPY ⟦.⟧ /app\n",
      message: "`COPY .` takes `.env` along, an environment file",
    },
    {
      title: "several",
      files: { ".env": "TOKEN=abc\n", "key/id_rsa": "key\n", ".git/HEAD": "ref: refs/heads/main\n" },
      bad: "COPY ⟦.⟧ /app\n",
      message: "`COPY .` takes `.env` along, an environment file, and `key/id_rsa` and `.git` too",
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
      message: "`COPY .` takes `.git` along, the history of the repository",
    },
    {
      title: "kept out",
      files: { ".dockerignore": ".env\n.git\n", ".env": "A=b\n", ".git/HEAD": "x\n" },
      good: "COPY . /app\n",
    },
    {
      title: "excluded",
      files: { "a/.env": "A=b\n" },
      good: "COPY --exclude=.env a /app\nCOPY --exclude=**/.env . /b\nCOPY --exclude=a/** . /c\n",
    },
    {
      title: "an exclusion that speaks of another file",
      files: { ".env": "TOKEN=abc\n", "a/.env": "TOKEN=abc\n" },
      bad: "COPY --exclude=.env ⟦.⟧ /app\n",
      message: "`COPY .` takes `a/.env` along, an environment file",
    },
    {
      title: "an exclusion beside a wildcard",
      files: { ".env": "TOKEN=abc\n", "a/.env": "TOKEN=abc\n" },
      bad: "COPY --exclude=.env ⟦*⟧ /app/\n",
      message: "`COPY *` takes `.env` along, an environment file",
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
    const sources = contextSources(file);
    if (sources.length === 0) return;
    const candidates = context.files.filter((path) => !isForTests.test(path) && credentialFileOf(path) !== undefined);
    const reported = new Set<string>();
    for (const source of sources) {
      const isTaken = takenBy(context, source);
      const found = candidates.filter(
        (path) => path !== source.path && isTaken(path) && isCredentialFile(context, path),
      );
      const [taken, ...others] = takesHistory(context, source) ? [...found, ".git"] : found;
      if (taken === undefined || reported.has(taken)) continue;
      reported.add(taken);
      const what = taken === ".git" ? "the history of the repository" : credentialFileOf(taken)?.what;
      const more = others.length === 0 ? "" : `, and ${namesOf(others)} too`;
      yield {
        at: source.word.span,
        message: `\`${source.copy.keyword} ${source.word.text}\` takes \`${taken}\` along, ${what}${more}`,
      };
    }
  },
});

const namesOf = (paths: readonly string[]): string => {
  const [first, second] = paths;
  if (second === undefined) return `\`${first}\``;
  return paths.length === 2 ? `\`${first}\` and \`${second}\`` : `\`${first}\` and ${paths.length - 1} other files`;
};

const isForTests = /^\.git\/|(^|\/)(node_modules|testdata|fixtures|__tests__|tests?|examples?)\//;

const takesHistory = (context: BuildContext, source: ContextSource): boolean =>
  source.path === "" &&
  source.stage.isShipped &&
  takenBy(context, source)(".git/HEAD") &&
  context.read(".git/HEAD") !== undefined;
