import type { ArgInstruction, Assignment, EnvInstruction, Instruction } from "../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { deleteInstruction } from "./knowledge/edits.ts";
import { unquoted } from "./knowledge/labels.ts";
import { once } from "./knowledge/once.ts";
import { isHarmlessValue, isSecretName } from "./knowledge/secret-names.ts";
import { insertFlag } from "./knowledge/text-edits.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "secret-in-arg-or-env",
  summary: "Pass secrets by mount, not by ARG or ENV",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `An ENV is part of the image's configuration, where \`docker inspect\` and every process of every container read it. A build argument is kept in the history of the image and in its provenance, and in the build's log where a command prints it. Both also end in the build cache.

\`RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci\` gives the same command the same variable and leaves nothing behind. What the running container needs is given when it starts, not when it is built.`,
  aliases: ["DL3064", "SecretsUsedInArgOrEnv", "DS-0031", "CIS-DI-0010"],
  silent: [
    "The name tells a place or a property of a secret (FILE, PATH, DIR, URL, SERVER, NAME, ID, TTL, VERSION, ENABLED, …) or something public (PUBLIC, GPG, and what is compiled into a page: VITE_…, REACT_APP_…).",
    "The value is a path, a URL without credentials, a fingerprint, a short number or a switch.",
    "ENV gives the variable an empty value, which takes it away.",
  ],
  fixes: "unsafe",
  sources: [
    "https://docs.docker.com/build/building/secrets/",
    "https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/",
  ],
  needs: { instructions: ["ARG", "ENV"] },
  examples: [
    {
      bad: `FROM node:24 AS build
ARG ⟦NPM_TOKEN⟧
COPY . .
RUN echo "//npm.example.com/:_authToken=\${NPM_TOKEN}" > .npmrc && npm ci && rm .npmrc
`,
      fixed: `FROM node:24 AS build
COPY . .
RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN echo "//npm.example.com/:_authToken=\${NPM_TOKEN}" > .npmrc && npm ci && rm .npmrc
`,
      message: "ARG `NPM_TOKEN` takes a secret, which stays in the history of the image",
    },
    {
      title: "several in one ENV",
      bad: `ENV APP_HOME=/app \\
    ⟦DB_PASSWORD⟧=hunter2 \\
    ⟦apiKey⟧="abc def"
`,
      message: "ENV `DB_PASSWORD` holds a secret, which every container of the image shows",
    },
    {
      title: "old form, and two uses of an argument",
      bad: `ENV ⟦AUTH_TOKEN⟧ abc123xyz
ARG ⟦SSH_PRIVATE_KEY⟧
RUN echo "$SSH_PRIVATE_KEY" > /root/.ssh/id_rsa
RUN test -n "$SSH_PRIVATE_KEY"
`,
    },
    {
      title: "names of places, properties and public things",
      good: `ENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D PASSWORD_FILE=/run/secrets/db
ARG SSH_PUBLIC_KEY
ARG VITE_MAPS_API_KEY
ARG REACT_APP_STRIPE_KEY
ENV TOKEN_TTL=3600 SECRET_NAME=db KEY_ID=abc AUTH_ENABLED=true
ENV Filters__0__Key=ProcessId Filters__0__Value=1
`,
    },
    {
      title: "values that are no secrets",
      good: "ENV sa_password=_ KEY_RPM_SHA256=fcf0eab4f05a1c0de6363ac4b707600a SSL_KEY=/etc/ssl/private/server.pem AUTH=off TOKEN= KEY=https://example.org/key.asc\n",
    },
    { title: "a mounted secret", good: "RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci\n" },
  ],
  check: function* (file) {
    for (const instruction of file.dockerfile.instructions) {
      if (instruction.keyword !== "ARG" && instruction.keyword !== "ENV") continue;
      for (const assignment of instruction.assignments) {
        const name = unquoted(assignment.key.text);
        if (!isSecretName(name) || hasHarmlessValue(file, instruction, assignment)) continue;
        const message =
          instruction.keyword === "ARG"
            ? `ARG \`${name}\` takes a secret, which stays in the history of the image`
            : `ENV \`${name}\` holds a secret, which every container of the image shows`;
        const fix = instruction.keyword === "ARG" ? mountFix(file, instruction, assignment, name) : undefined;
        yield { at: assignment.key.span, message, ...(fix === undefined ? {} : { fix }) };
      }
    }
  },
});

const hasHarmlessValue = (file: AuditedFile, at: ArgInstruction | EnvInstruction, { value }: Assignment): boolean => {
  if (value === undefined) return false;
  const written = unquoted(value.text);
  if (at.keyword === "ARG" && written === "") return false;
  const expanded = file.expand(value, at).value;
  return isHarmlessValue(unquoted(expanded ?? written));
};

/** Only where one RUN of the stage uses the argument and nothing else does. */
const mountFix = (file: AuditedFile, arg: ArgInstruction, assignment: Assignment, name: string): Fix | undefined => {
  const stage = file.stages.find(({ index }) => index === arg.stageIndex);
  if (stage === undefined || !/^\w+$/.test(name) || assignment.value !== undefined || arg.assignments.length > 1)
    return undefined;
  if (isGlobal(file, name)) return undefined;
  const heirs = file.stages.filter((other) => other !== stage && other.lineage.includes(stage));
  if (heirs.some((heir) => wordsOf(heir, file).has(name))) return undefined;
  const [declaration, run, ...others] = wordsOf(stage, file).get(name) ?? [];
  if (declaration !== arg || run?.keyword !== "RUN" || others.length > 0) return undefined;
  const mount = `--mount=type=secret,id=${name.toLowerCase()},env=${name}`;
  return {
    title: `Mount the secret ${name.toLowerCase()} as ${name} in place of ARG`,
    safety: "unsafe",
    edits: [deleteInstruction(file.text, arg), insertFlag(run, mount)],
  };
};

const isGlobal = ({ dockerfile }: AuditedFile, name: string): boolean => {
  for (const { keyword, ...rest } of dockerfile.instructions) {
    if (keyword === "FROM") return false;
    if ("assignments" in rest && rest.assignments.some(({ key }) => key.text === name)) return true;
  }
  return false;
};

/** Which instructions of a stage hold a word. */
const wordsOf = once((stage: StageFacts, file: AuditedFile): ReadonlyMap<string, readonly Instruction[]> => {
  const index = new Map<string, Instruction[]>();
  for (const instruction of stage.instructions)
    for (const word of new Set(file.text.slice(instruction.span.start, instruction.span.end).match(/\w+/g))) {
      const same = index.get(word);
      if (same === undefined) index.set(word, [instruction]);
      else same.push(instruction);
    }
  return index;
});
