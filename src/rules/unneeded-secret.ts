import { mountFieldSpan } from "./knowledge/mount-spans.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { secretMounts } from "./knowledge/secret-mounts.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "unneeded-secret",
  summary: "Supply only secrets that a target mounts",
  level: { recommended: "note", strict: "warning" },
  scope: "whole file",
  why: `A secret that is supplied under one name and mounted under another never arrives: the optional mount stays empty, nobody says so, and the secret lies on the runner for nothing. Mostly the two names differ by a dash, an underscore or their case.

Write the same id in the workflow and in the Dockerfile, and supply no more than what is mounted.`,
  aliases: [],
  silent: [
    "Nothing is going to be built: only the files are audited.",
    "The supplied id resembles none of the ids that this file mounts: another Dockerfile may need it.",
    "The mount is required, which `unsupplied-secret` reports.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/secrets/"],
  examples: [
    {
      supplied: { secrets: ["npm-token"] },
      bad: "RUN --mount=type=secret,id=⟦npm_token⟧ npm ci\n",
      message: "`npm_token` is mounted and `npm-token` is supplied, so that the secret does not arrive",
    },
    {
      title: "by its case",
      supplied: { secrets: ["NPM_TOKEN", "other"] },
      bad: "RUN --mount=type=secret,id=⟦npm_token⟧,env=NPM_TOKEN npm ci\n",
    },
    {
      title: "by its target",
      supplied: { secrets: ["pip_conf"] },
      bad: "RUN --mount=type=secret,target=⟦/etc/pip.conf⟧ pip install app\n",
    },
    { supplied: { secrets: ["npm_token", "npm-token"] }, good: "RUN --mount=type=secret,id=npm_token npm ci\n" },
    {
      title: "for another file",
      supplied: { secrets: ["aws"] },
      good: "RUN --mount=type=secret,id=npm_token npm ci\n",
    },
    { title: "nothing is built", good: "RUN --mount=type=secret,id=npm_token npm ci\n" },
  ],
  check: function* (file) {
    const { supplied } = file;
    if (supplied === undefined) return;
    const mounts = runsIn(file, "every stage").flatMap(({ run }) => secretMounts(run));
    const mounted = new Set(mounts.map(({ id }) => id));
    for (const { id, mount } of mounts) {
      if (supplied.secrets.has(id) || mount.fields.has("required")) continue;
      const similar = [...supplied.secrets].find((one) => !mounted.has(one) && plain(one) === plain(id));
      if (similar === undefined) continue;
      yield {
        at: mountFieldSpan(file.text, mount, "id", "source", "src", "target", "dst", "destination"),
        message: `\`${id}\` is mounted and \`${similar}\` is supplied, so that the secret does not arrive`,
      };
    }
  },
});

const plain = (id: string): string => id.toLowerCase().replace(/[^a-z0-9]/g, "");
