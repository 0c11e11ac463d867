import type { ShellCommand, ShellWord } from "../dockerfile/script.ts";
import { commandsNamed } from "./knowledge/commands-by-name.ts";
import { outputRedirect } from "./knowledge/downloads.ts";
import { cloneTargets, configurationOf, isConfigurationPath } from "./knowledge/kept-configuration.ts";
import { once } from "./knowledge/once.ts";
import { baseName, isBelow } from "./knowledge/paths.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { carriesSecret, readTaint, type SecretTaint } from "./knowledge/secret-flow.ts";
import { secretMounts } from "./knowledge/secret-mounts.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "secret-written-to-layer",
  summary: "Leave no copy of a mounted secret in a layer",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  why: `A secret mount is gone when its RUN ends, but a copy of it is not: \`cp /run/secrets/x ~/.npmrc\`, \`echo "token=$TOKEN" > file\`, \`npm config set\` and a token in the URL of \`git clone\` all leave the value in a file of the layer. Whoever pulls the image reads it; from a builder stage it still goes into every exported cache.

Mount the secret where the program looks for it (\`--mount=type=secret,id=npmrc,target=/root/.npmrc\`), give it as a variable (\`env=NPM_TOKEN\`), or remove the copy at the end of the same RUN. For git, \`git -c http.extraHeader=…\` or a credential helper keeps the token out of .git/config.`,
  aliases: [],
  silent: [
    "The copy is removed in the same RUN.",
    "The copy lies on another mount of the RUN, or in /dev, /proc or /sys.",
    "What is written is a certificate or a public key (`.crt`, `.pub`, a trust store).",
    "The script could not be followed: what a called program does with the secret is not known.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/secrets/#secret-mounts"],
  examples: [
    {
      bad: `RUN --mount=type=secret,id=npmrc cp /run/secrets/npmrc ⟦/root/.npmrc⟧ && npm ci
`,
      message: "The secret `npmrc` is written to `/root/.npmrc`, which stays in the layer",
    },
    {
      title: "through a variable and a redirect",
      bad: `RUN --mount=type=secret,id=token \\
    TOKEN="$(cat /run/secrets/token)"; \\
    echo "//npm.example.com/:_authToken=\${TOKEN}" \\
      >> ⟦.npmrc⟧; \\
    npm ci
`,
    },
    {
      title: "as a variable, in a configuration and in a clone",
      bad: `RUN --mount=type=secret,id=token,env=TOKEN npm config set //npm.example.com/:_authToken ⟦"$TOKEN"⟧ && npm ci
RUN --mount=type=secret,id=gh git clone ⟦"https://x:$(cat /run/secrets/gh)@example.org/a.git"⟧ /src
`,
    },
    {
      title: "through a pipe",
      bad: `RUN --mount=type=secret,id=env,target=/secret.env grep API /secret.env | tee ⟦/app/.env⟧ > /dev/null
`,
    },
    {
      title: "mounted where it is read",
      good: `RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci
RUN --mount=type=secret,id=token,env=NPM_TOKEN npm ci
RUN --mount=type=secret,id=token curl -fsS -H "Authorization: Bearer $(cat /run/secrets/token)" -o list.json https://example.org/list
`,
    },
    {
      title: "removed in the same RUN",
      good: `RUN --mount=type=secret,id=npmrc cp /run/secrets/npmrc ~/.npmrc && npm ci && rm -f ~/.npmrc
RUN --mount=type=secret,id=npmrc,target=/tmp/.npmrc cp /tmp/.npmrc . && npm ci && rm .npmrc
RUN --mount=type=secret,id=pw npm set //r/:_authToken "$(cat /run/secrets/pw)" && npm ci && npm config delete //r/:_authToken
`,
    },
    {
      title: "a certificate",
      good: `RUN --mount=type=secret,id=proxy-ca cp /run/secrets/proxy-ca /usr/local/share/ca-certificates/proxy.crt && update-ca-certificates
`,
    },
    {
      title: "no more than a number or a checksum of it",
      good: `RUN --mount=type=secret,id=x test -s /run/secrets/x && printf '%s' "$(wc -c < /run/secrets/x)" > /manifest
RUN --mount=type=secret,id=x echo "$(cat /run/secrets/x | sha256sum | cut -c1-8)" > /id && sha256sum /run/secrets/x > /sum
`,
    },
    {
      title: "on another mount",
      good: `RUN --mount=type=secret,id=key --mount=type=tmpfs,target=/mnt cat /run/secrets/key > /mnt/key && sign /mnt/key
RUN --mount=type=secret,id=key export KEY=$(cat /run/secrets/key) && make > /var/log/make.log
`,
    },
  ],
  check: function* (file) {
    if (!file.text.includes("type=secret")) return;
    for (const { run, scripts } of runsIn(file, "every stage")) {
      const secrets = secretMounts(run);
      if (secrets.length === 0) continue;
      const places = run.mounts.flatMap((mount) => mount.fields.get("target") ?? []);
      for (const { commands } of scripts) {
        const taint = readTaint(secrets, commands);
        for (const command of commands)
          for (const { word, path, how } of writesOf(command, commands, taint)) {
            const secret = secrets.find(({ id }) => id === taint.idIn(command, commands));
            const isOutside =
              path !== undefined && (/^\/(dev|proc|sys)\//.test(path) || places.some((place) => isBelow(path, place)));
            if (secret === undefined || isPublic(secret.id, path) || isOutside || isUndone(command, path, commands))
              continue;
            yield {
              at: word.span,
              message: `The secret \`${secret.id}\` is written to ${how}, which stays in the layer`,
              related: [{ at: secret.mount.flag.span, message: `\`${secret.id}\` is mounted here` }],
            };
          }
      }
    }
  },
});

/** Private authorities often come by a secret mount, to keep them out of the repository. */
const isPublic = (id: string, path: string | undefined): boolean =>
  /(^|[-_.])(ca|cacerts?|certs?|certificates?|crt|pub)([-_.]|$)/i.test(id) ||
  (path !== undefined && /ca-certificates|\/pki\/|\.(crt|cer|pub)$/.test(path));

interface Write {
  readonly word: ShellWord;
  /** The file, when it is known. */
  readonly path: string | undefined;
  readonly how: string;
}

const writesOf = (command: ShellCommand, commands: readonly ShellCommand[], taint: SecretTaint): readonly Write[] => {
  const operands = command.args.filter(({ value }) => !value.startsWith("-"));
  if (/^(cp|mv|install|rsync)$/.test(command.name)) {
    const target = operands.at(-1);
    const source = operands.slice(0, -1).find((word) => taint.isSecretPath(word.value));
    if (target === undefined || source === undefined) return [];
    const isFolder = /(^|\/)\.{0,2}$/.test(target.value);
    const path = isFolder ? `${target.value.replace(/\/$/, "")}/${baseName(source.value)}` : target.value;
    return [{ word: target, path, how: `\`${path}\`` }];
  }
  if (carriesSecret(command, commands, taint)) {
    const redirected = outputRedirect(command)?.target;
    const words = [...(command.name === "tee" ? operands : []), ...(redirected === undefined ? [] : [redirected])];
    return words.map((word) => ({ word, path: word.value, how: `\`${word.value}\`` }));
  }
  const word = command.args.find(({ value }) => taint.isSecret(value));
  if (word === undefined) return [];
  const how = configurationOf(command);
  return how === undefined ? [] : [{ word, path: undefined, how }];
};

const isUndone = (write: ShellCommand, path: string | undefined, commands: readonly ShellCommand[]): boolean => {
  if (path !== undefined) {
    const traps = commandsNamed(commands, "trap").some(({ args }) => args[0]?.value.includes(baseName(path)) === true);
    return traps || lastRemovalOf(path, commands) > write.index;
  }
  const later = (...names: readonly string[]): readonly ShellCommand[] =>
    commandsNamed(commands, ...names).filter(({ index }) => index > write.index);
  const removals = later("rm", "shred", "unlink");
  const removesKept = ({ value }: ShellWord): boolean =>
    isConfigurationPath(value) || cloneTargets(write).includes(baseName(value));
  if (removals.some(({ args }) => args.some(removesKept))) return true;
  return later(write.name).some(({ args }) =>
    args.some(({ value }) => /^(delete|unset|--unset(-all)?|rm|remove|logout|set-url)$/.test(value)),
  );
};

/** The index of the last command that removes a file of this name, the file or a folder above it; -1 without one. */
const lastRemovalOf = (path: string, commands: readonly ShellCommand[]): number => {
  const { names, folders } = removalsIn(commands);
  let last = names.get(baseName(path)) ?? -1;
  for (let end = path.length; end >= 0; end = end === 0 ? -1 : Math.max(path.lastIndexOf("/", end - 1), 0))
    if (end > 0 || path.startsWith("/")) last = Math.max(last, folders.get(path.slice(0, end)) ?? -1);
  return last;
};

const removalsIn = once((commands: readonly ShellCommand[]) => {
  const names = new Map<string, number>();
  const folders = new Map<string, number>();
  for (const { args, index } of commandsNamed(commands, "rm", "shred", "unlink"))
    for (const { value } of args) {
      names.set(baseName(value), index);
      folders.set(value.replace(/\/$/, ""), index);
    }
  return { names, folders };
});
