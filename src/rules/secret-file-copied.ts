import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { isRemoteSource } from "./knowledge/copy-sources.ts";
import { credentialFileOf, isCredentialFile } from "./knowledge/credential-files.ts";
import { baseName } from "./knowledge/paths.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "secret-file-copied",
  summary: "Copy no credential file into a stage",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  why: `A file that COPY brings in stays in its layer, also when a later RUN deletes it: whoever pulls the image, or a cache that was exported from a builder stage, has the key.

Mount it for the one RUN that needs it: \`RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci\`, \`--mount=type=ssh\` for SSH keys. What the running container needs is mounted by the orchestrator. Put the file's name into .dockerignore, so that no wider COPY takes it along.`,
  aliases: [],
  silent: [
    "Samples (`.env.example`, `.sample`, `.template`, `.dist`), public keys and certificates.",
    "Package manager configurations, .pem and .key files in which no credential is seen, or which cannot be read.",
    "`.git` in stages that do not ship; sources from another stage.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/secrets/"],
  needs: { instructions: ["COPY", "ADD"] },
  examples: [
    {
      bad: "COPY ⟦.env⟧ package.json /app/\n",
      message: "`.env` is an environment file, and a copy of it stays in the layer",
    },
    {
      title: "keys, also in a builder stage and in the exec form",
      bad: `FROM debian:bookworm-slim AS build
COPY --chmod=600 ⟦./ssh/id_ed25519⟧ /root/.ssh/
ADD [⟦"certs/server.key"⟧, "/etc/ssl/"]
COPY ⟦keys/id_rsa*⟧ /keys/
RUN rm /root/.ssh/id_ed25519
FROM scratch
COPY --from=build /root/.ssh/id_ed25519 /x
COPY ⟦.git⟧ /src/.git
`,
    },
    {
      title: "a configuration with a token",
      files: {
        ".npmrc": "//npm.example.com/:_authToken=0a1b2c3d-4e5f-6071\n",
        "a.pem": "-----BEGIN CERTIFICATE-----\n",
      },
      bad: "COPY ⟦.npmrc⟧ a.pem /app/\n",
    },
    {
      title: "samples and public halves",
      good: "COPY .env.example .env.sample /app/\nCOPY id_ed25519.pub server.crt /etc/keys/\n",
    },
    {
      title: "a configuration without a token",
      files: {
        ".npmrc": `save-exact=true
//npm.example.com/:_authToken=\${NPM_TOKEN}
`,
      },
      good: "COPY .npmrc package.json /app/\n",
    },
    {
      title: "not known to hold one",
      good: "COPY .npmrc ca.pem repository.key /app/\n",
    },
    {
      title: "an environment file without a secret",
      files: { ".env": "PORT=8080\nLOG_LEVEL=info\n" },
      good: "COPY .env /app/\n",
    },
    {
      title: "the history in a builder stage",
      good: `FROM golang:1.25 AS build
COPY .git /src/.git
FROM scratch
COPY --from=build /app /app
`,
    },
  ],
  check: function* (file) {
    for (const stage of file.stages)
      for (const copy of stage.instructions) {
        if ((copy.keyword !== "COPY" && copy.keyword !== "ADD") || copy.flags.some(({ name }) => name === "from"))
          continue;
        for (const source of copy.sources) {
          const path = file.expand(source, copy).value ?? source.text;
          const what = isRemoteSource(path) ? undefined : kindOf(file, stage, path);
          if (what === undefined) continue;
          yield { at: source.span, message: `\`${source.text}\` is ${what}, and a copy of it stays in the layer` };
        }
      }
  },
});

const kindOf = (file: AuditedFile, stage: StageFacts, path: string): string | undefined => {
  if (baseName(path) === ".git") return stage.isShipped ? "the history of the repository" : undefined;
  const clean = path.replace(/^(\.{0,2}\/)+|(?<!\*)\*+$/g, "");
  return isCredentialFile(file.context, clean) ? credentialFileOf(clean)?.what : undefined;
};
