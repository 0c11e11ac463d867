import type { Span } from "../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { runsOf } from "./knowledge/run-commands.ts";
import { isForDevelopers } from "./knowledge/stage-purpose.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "debug-mode-shipped",
  summary: "Ship with debug features off",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  aliases: [],
  why: `Debug modes show source, variables and stack traces to whoever provokes an error, and debuggers run code for whoever
reaches their port: Flask's and Node's do so without a password. They also make the program slow. Turn them on from
outside, with \`docker run -e\` or an override of Compose, or in a stage of their own.`,
  silent: [
    "values that turn the mode off, and variables that a later ENV of the chain sets otherwise",
    "stages named for development, tests, debugging or building",
    "all variables and options that are not in the short list of well-known ones",
  ],
  fixes: "none",
  examples: [
    {
      bad: "FROM python:3.14-slim\nENV ⟦FLASK_DEBUG=1⟧",
      message: "`FLASK_DEBUG=1` turns debugging on in the image that ships",
    },
    { bad: 'FROM node:22-slim\nENV PORT=80 ⟦NODE_ENV=development⟧\nCMD ["node", ⟦"--inspect=0.0.0.0:9229"⟧, "a.js"]' },
    { bad: "FROM php:8.4-fpm\nRUN pecl install ⟦xdebug⟧-3.4 && docker-php-ext-enable ⟦xdebug⟧" },
    {
      bad: "FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS base\nENV ⟦ASPNETCORE_ENVIRONMENT=Development⟧\nFROM base\nCMD x",
    },
    { good: "FROM python:3.14-slim\nENV FLASK_DEBUG=0 NODE_ENV=production DJANGO_DEBUG=" },
    { good: "FROM node:22-slim AS base\nENV NODE_ENV=development\nFROM base\nENV NODE_ENV=production" },
    { good: 'FROM node:22-slim AS dev\nENV NODE_ENV=development\nCMD ["node", "--inspect=0.0.0.0", "a.js"]' },
  ],
  check: function* (file) {
    const reported = new Set<number>();
    for (const target of file.targetStages) {
      if (isForDevelopers(file, target)) continue;
      for (const { at, text } of [...settingsOf(target), ...startOptions(target), ...extensionsOf(file, target)]) {
        if (reported.has(at.start)) continue;
        reported.add(at.start);
        yield { at, message: `\`${text}\` turns debugging on in the image that ships` };
      }
    }
  },
});

interface Found {
  readonly at: Span;
  readonly text: string;
}

const settingsOf = (target: StageFacts): readonly Found[] =>
  target.lineage.flatMap(({ instructions }) =>
    instructions.flatMap((instruction) => {
      if (instruction.keyword !== "ENV" || instruction.isTrigger) return [];
      return instruction.assignments.flatMap(({ key, value, span }) => {
        const debug = variables.get(key.text);
        if (debug === undefined) return [];
        const written = value?.text.replace(/^(["'])(.*)\1$/, "$2") ?? "";
        const isFinal = target.environment.get(key.text) === written;
        return debug.test(written) && isFinal ? [{ at: span, text: `${key.text}=${written}` }] : [];
      });
    }),
  );

const startOptions = (target: StageFacts): readonly Found[] =>
  [target.entrypoint, target.cmd].flatMap((instruction) => {
    if (instruction === undefined || !("command" in instruction) || instruction.command?.form !== "exec") return [];
    return instruction.command.words
      .filter(
        ({ text }, at) =>
          /^--inspect(-brk)?=(0\.0\.0\.0|\[::\])/.test(text) ||
          text === "debugpy" ||
          (at === 0 && /(^|\/)dlv$/.test(text)),
      )
      .map(({ text, span }) => ({ at: span, text }));
  });

/** Xdebug: installed or enabled by PHP's own tools, or as a package. */
const extensionsOf = (file: AuditedFile, target: StageFacts): readonly Found[] =>
  target.lineage.flatMap((stage) =>
    runsOf(file, stage).flatMap(({ commands }) =>
      commands.flatMap(({ name, args }) =>
        /^(pecl|docker-php-ext-enable|install-php-extensions|pickle|phpenmod)$/.test(name)
          ? args
              .filter(({ value }) => /^xdebug(-[\d.\w]+)?$/.test(value))
              .map(({ span }) => ({ at: { start: span.start, end: span.start + "xdebug".length }, text: "xdebug" }))
          : [],
      ),
    ),
  );

const on = /^(1|true|yes|on)$/i;
const variables: ReadonlyMap<string, RegExp> = new Map([
  ["FLASK_DEBUG", on],
  ["DJANGO_DEBUG", on],
  ["FLASK_ENV", /^development$/],
  ["NODE_ENV", /^development$/],
  ["RAILS_ENV", /^development$/],
  ["RACK_ENV", /^development$/],
  ["ASPNETCORE_ENVIRONMENT", /^Development$/i],
  ["DOTNET_ENVIRONMENT", /^Development$/i],
]);
