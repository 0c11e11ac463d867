import { lockDiscipline } from "./knowledge/lock-files.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { insertAfter, replaceWord } from "./knowledge/script-edits.ts";
import { defineRule, type Edit } from "./rule.ts";

export default defineRule({
  id: "unlocked-dependency-install",
  summary: "Install exactly what the lock file says",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `The lock file names the versions that were reviewed and tested. An install that may change it takes newer ones as
soon as the manifest and the lock file differ, silently and only inside the image.

Use the form that fails instead: \`npm ci\`, \`yarn install --frozen-lockfile\` (\`--immutable\` from Yarn 2 on),
\`pnpm install --frozen-lockfile\`, \`uv sync --locked\`, \`cargo install --path . --locked\`, or
\`bundle config set frozen true\`.`,
  aliases: [],
  silent: [
    "No lock file is known to lie in the image: none is copied, mounted, or in the part of the context that is.",
    "Packages are named, or installed globally.",
    "`CI=true` for pnpm and Yarn 2 and later; the variables and settings that mean the same elsewhere, also of an earlier RUN or a copied `.yarnrc.yml`.",
    "`composer install` and `poetry install`, which are exact; `cargo build`, which nearly nobody locks and which keeps to a lock file that fits.",
    "The RUN removes the lock file.",
  ],
  fixes: "unsafe",
  sources: ["https://docs.npmjs.com/cli/commands/npm-ci", "https://docs.astral.sh/uv/concepts/projects/sync/"],
  needs: { packages: "language" },
  examples: [
    {
      bad: "FROM node:22-slim\nCOPY package.json package-lock.json ./\nRUN npm ⟦install⟧ --omit=dev\n",
      fixed: "FROM node:22-slim\nCOPY package.json package-lock.json ./\nRUN npm ci --omit=dev\n",
      message: "`npm install` may deviate from package-lock.json: `npm ci` does not",
    },
    {
      title: "the lock file is in the context that is copied",
      files: { "package.json": "{}", "yarn.lock": "" },
      bad: "FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN corepack enable && \\\n    ⟦yarn⟧ && yarn build\n",
      fixed:
        "FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN corepack enable && \\\n    yarn --frozen-lockfile && yarn build\n",
    },
    {
      title: "Yarn 2 and later",
      files: { "package.json": "{}", "yarn.lock": "", ".yarnrc.yml": "" },
      bad: "FROM node:22-slim\nCOPY . .\nRUN yarn ⟦install⟧\n",
      fixed: "FROM node:22-slim\nCOPY . .\nRUN yarn install --immutable\n",
    },
    {
      title: "uv with a mounted lock file, cargo, pnpm",
      bad: `FROM python:3.12-slim
RUN --mount=type=bind,source=uv.lock,target=uv.lock uv ⟦sync⟧ --no-dev
COPY Cargo.toml Cargo.lock pnpm-lock.yaml ./
RUN cargo ⟦install⟧ --path . && pnpm ⟦i⟧ --prod
`,
      fixed: `FROM python:3.12-slim
RUN --mount=type=bind,source=uv.lock,target=uv.lock uv sync --locked --no-dev
COPY Cargo.toml Cargo.lock pnpm-lock.yaml ./
RUN cargo install --locked --path . && pnpm i --frozen-lockfile --prod
`,
    },
    {
      title: "updates pass over the lock file",
      bad: "FROM php:8.3-cli\nCOPY composer.json composer.lock Cargo.lock go.mod go.sum ./\nRUN composer ⟦update⟧ --no-dev && cargo ⟦update⟧ && go mod ⟦tidy⟧\n",
      message: "`go mod tidy` may deviate from go.sum: tidy before the build, and call `go mod download` here",
    },
    {
      good: "FROM node:22-slim\nCOPY package*.json ./\nRUN npm ci && yarn install --frozen-lockfile && pnpm i --frozen-lockfile\n",
    },
    {
      title: "there is no lock file",
      files: { "package.json": "{}" },
      good: "FROM node:22-slim\nCOPY . .\nRUN npm install\n",
    },
    {
      title: "the lock file is ignored",
      files: { "package-lock.json": "{}", ".dockerignore": "package-lock.json\n" },
      good: "FROM node:22-slim\nCOPY . .\nRUN npm install\n",
    },
    {
      title: "named or global packages",
      good: "FROM node:22-slim\nCOPY package-lock.json .\nRUN npm install -g pnpm@9 && npm install left-pad@1\n",
    },
    {
      title: "frozen by a variable",
      good: "FROM node:22-slim\nENV CI=true\nCOPY pnpm-lock.yaml .\nRUN pnpm install\n",
    },
    {
      title: "frozen by settings of an earlier RUN",
      good: `FROM ruby:3.4 AS base
RUN bundle config set --local deployment true
FROM base
COPY Gemfile Gemfile.lock ./
RUN bundle install
FROM ruby:3.4
COPY Gemfile.lock .
RUN bundle config --global frozen 1
RUN bundle install
FROM node:22
COPY yarn.lock .
RUN yarn config set enableImmutableInstalls true
RUN yarn install
`,
    },
    {
      title: "other settings, and those that come too late",
      bad: `FROM ruby:3.4
COPY Gemfile.lock .
RUN bundle config set --local frozen false && bundle config set jobs 4
RUN bundle ⟦install⟧
RUN bundle config set frozen true
`,
      message: "`bundle install` may deviate from Gemfile.lock: set `BUNDLE_FROZEN=true`",
    },
    {
      title: "frozen by a file of settings",
      files: { "yarn.lock": "", ".yarnrc.yml": "nodeLinker: node-modules\nenableImmutableInstalls: true\n" },
      good: "FROM node:22\nCOPY package.json yarn.lock .yarnrc.yml ./\nRUN yarn install\nFROM node:22\nCOPY . .\nRUN yarn install\n",
    },
    {
      title: "a file of settings that is not copied",
      files: { "yarn.lock": "", ".yarnrc.yml": "enableImmutableInstalls: true\n" },
      bad: "FROM node:22\nCOPY package.json yarn.lock ./\nRUN yarn ⟦install⟧\n",
    },
    {
      title: "removed on purpose",
      good: "FROM node:22-slim\nCOPY package-lock.json .\nRUN rm -f package-lock.json && npm install\n",
    },
    { title: "exact by itself", good: "FROM php:8.3-cli\nCOPY composer.lock .\nRUN composer install --no-dev\n" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      for (const called of run.packages) {
        const fault = lockDiscipline(file, run, called);
        if (fault === undefined) continue;
        const { word, lock, remedy, advice } = fault;
        const written = `${called.command.name} ${called.subcommand}`.trim();
        const how =
          remedy === undefined ? (advice === undefined ? "" : `: ${advice}`) : `: \`${remedy.shown}\` does not`;
        const message = `\`${written}\` may deviate from ${lock.name}${how}`;
        const related =
          lock.at === undefined ? {} : { related: [{ at: lock.at, message: "The lock file comes from here" }] };
        if (remedy === undefined) {
          yield { at: word.span, message, ...related };
          continue;
        }
        const edit: Edit = remedy.replaces
          ? replaceWord(run.run, word, remedy.text)
          : insertAfter(run.run, word, remedy.text);
        const title = remedy.replaces ? `Write ${remedy.shown}` : `Insert ${remedy.text}`;
        yield { at: word.span, message, ...related, fix: { title, safety: "unsafe", edits: [edit] } };
      }
    }
  },
});
