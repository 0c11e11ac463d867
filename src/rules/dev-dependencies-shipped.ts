import type { StageFacts } from "./audited-file.ts";
import { mayHaveOption } from "./knowledge/command-options.ts";
import type { PackageCommand } from "./knowledge/package-managers.ts";
import { type ProductionInstall, productionInstalls } from "./knowledge/production-installs.ts";
import { runsOf } from "./knowledge/run-commands.ts";
import { isForDevelopers } from "./knowledge/stage-purpose.ts";
import { startOf } from "./knowledge/start-command.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "dev-dependencies-shipped",
  summary: "Leave development dependencies out of shipped stages",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  aliases: [],
  why: `Test runners, linters and compilers of the project are often the larger part of what a package manager installs, and
their flaws are reported against the image though nothing there ever runs them. Install for production in the stage that
ships; build and test in another one.`,
  silent: [
    "NODE_ENV=production, BUNDLE_WITHOUT or COMPOSER_NO_DEV known in the chain of stages, `bundle config set without …` before",
    "a later prune in the same RUN, and options that a variable may hold",
    "stages that start nothing in the file, and those named for development, tests, debugging or building",
  ],
  fixes: "unsafe",
  needs: { packages: "language" },
  examples: [
    {
      bad: 'FROM node:22-slim\nCOPY package*.json ./\nRUN ⟦npm ci⟧\nCMD ["node", "server.js"]',
      fixed: 'FROM node:22-slim\nCOPY package*.json ./\nRUN npm ci --omit=dev\nCMD ["node", "server.js"]',
      message: "`npm ci` installs the development dependencies too",
    },
    {
      bad: 'FROM php:8.4-fpm\nRUN ⟦composer install⟧ --no-interaction\nCMD ["php-fpm"]',
      fixed: 'FROM php:8.4-fpm\nRUN composer install --no-dev --no-interaction\nCMD ["php-fpm"]',
    },
    {
      bad: 'FROM ruby:3.4\nRUN ⟦bundle install⟧ -j4\nCMD ["rackup"]',
      fixed: 'FROM ruby:3.4\nRUN bundle install -j4\nCMD ["rackup"]',
    },
    {
      bad: 'FROM python:3.14\nRUN ⟦poetry install⟧\nCMD ["app"]',
      fixed: 'FROM python:3.14\nRUN poetry install --only main\nCMD ["app"]',
    },
    { good: 'FROM node:22-slim\nENV NODE_ENV=production\nRUN npm ci\nCMD ["node", "server.js"]' },
    { good: 'FROM node:22 AS build\nRUN npm ci\nFROM node:22-slim\nCOPY --from=build /app /app\nCMD ["node", "a"]' },
    { good: 'FROM node:22\nRUN npm ci && npm run build && npm prune --omit=dev\nCMD ["node", "a"]' },
    { good: 'FROM node:22\nRUN npm install -g pm2@5\nCMD ["pm2"]' },
    {
      title: "Settings of Bundler",
      good: "FROM ruby:3.4 AS base\nRUN bundle config set --local without 'development test'\nFROM base\nRUN bundle install\nCMD [\"rackup\"]",
    },
    {
      title: "Settings of Bundler that come too late, or leave nothing out",
      bad: 'FROM ruby:3.4\nRUN bundle config set --global jobs 4 && ⟦bundle install⟧\nRUN bundle config set without test\nCMD ["rackup"]',
    },
    { good: 'FROM node:22 AS dev\nRUN npm ci\nCMD ["npm", "run", "watch"]' },
  ],
  check: function* (file) {
    const reported = new Set<StageFacts>();
    for (const target of file.targetStages) {
      if (isForDevelopers(file, target) || startOf(file, target) === undefined) continue;
      for (const stage of target.lineage) {
        if (reported.has(stage)) continue;
        reported.add(stage);
        for (const { packages, run } of runsOf(file, stage)) {
          if (packages.some(({ subcommand }) => subcommand === "prune" || subcommand === "workspaces focus")) continue;
          for (const install of packages) {
            const kind = productionInstalls.get(install.manager.name);
            if (kind?.firstSetting !== undefined && kind.firstSetting(stage, file) <= run.index) continue;
            if (kind === undefined || !isOfProject(install) || !takesDevelopment(target, kind, install)) continue;
            yield problem(install, kind);
          }
        }
      }
    }
  },
});

const problem = ({ command, manager, subcommand, actionWord }: PackageCommand, kind: ProductionInstall) => {
  const end = (actionWord ?? command.nameWord)?.span.end ?? command.span.end;
  const start = command.nameWord?.span.start ?? command.span.start;
  const fix: Fix | undefined =
    kind.insert === undefined
      ? undefined
      : {
          title: `Add \`${kind.insert}\``,
          safety: "unsafe",
          edits: [{ span: { start: end, end }, text: ` ${kind.insert}` }],
        };
  return {
    at: { start, end },
    message: `\`${[manager.name, subcommand].join(" ").trim()}\` installs the development dependencies too`,
    ...(fix === undefined ? {} : { fix }),
  };
};

const isOfProject = ({ action, operands, options }: PackageCommand): boolean =>
  action === "install" &&
  operands.length === 0 &&
  !options.options.some(({ name }) => name === "-g" || name === "--global");

const takesDevelopment = (
  stage: StageFacts,
  kind: ProductionInstall,
  { subcommand, options, command, hasUnknown }: PackageCommand,
): boolean => {
  if (hasUnknown || !kind.subcommands.test(subcommand) || mayHaveOption(options, ...kind.options)) return false;
  for (const [name, pattern] of kind.variables) {
    if (command.assignments.some((assignment) => assignment.name === name)) return false;
    if (!stage.environment.has(name)) continue;
    const value = stage.environment.get(name);
    if (value === undefined || pattern.test(value)) return false;
  }
  return true;
};
