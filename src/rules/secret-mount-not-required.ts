import { mountEnd } from "./knowledge/mount-spans.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { type SecretMount, secretMounts } from "./knowledge/secret-mounts.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "secret-mount-not-required",
  summary: "Mark secret mounts as required",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `A secret mount is optional unless it says otherwise: when nobody supplies the secret, the RUN starts without the file or variable and fails later, in words that do not say what is missing, or succeeds with an anonymous request and other results.

With \`required=true\` the engine refuses at once and names the id.`,
  aliases: [],
  silent: [
    "The script looks whether the file or the variable is there (`[ -f … ]`, a default of the variable, `if`, `|| true`).",
    "`required` is given, also as false, which says that it is optional on purpose.",
    "The script could not be parsed.",
  ],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/reference/dockerfile/#run---mounttypesecret"],
  examples: [
    {
      bad: "RUN ⟦--mount=type=secret,id=npmrc,target=/root/.npmrc⟧ npm ci\n",
      fixed: "RUN --mount=type=secret,id=npmrc,target=/root/.npmrc,required=true npm ci\n",
      message: "Nobody notices when the secret `npmrc` is not supplied: `required=true` is missing",
    },
    {
      title: "one of two, in quotes",
      bad: `RUN --mount=type=secret,id=a,required ⟦--mount="type=secret,id=b,env=B"⟧ make
`,
      fixed: `RUN --mount=type=secret,id=a,required --mount="type=secret,id=b,env=B,required=true" make
`,
    },
    {
      title: "only handed on",
      bad: 'RUN ⟦--mount=type=secret,id=t⟧ curl -fsS -H "Authorization: Bearer $(cat /run/secrets/t)" https://example.org/\n',
      fixed:
        'RUN --mount=type=secret,id=t,required=true curl -fsS -H "Authorization: Bearer $(cat /run/secrets/t)" https://example.org/\n',
    },
    {
      good: "RUN --mount=type=secret,id=npmrc,target=/root/.npmrc,required=true npm ci\nRUN --mount=type=secret,id=x,required=false make\n",
    },
    {
      title: "looked for",
      good: `RUN --mount=type=secret,id=t if [ -f /run/secrets/t ]; then export T=$(cat /run/secrets/t); fi; make
RUN --mount=type=secret,id=u,env=U test -z "\${U:-}" || make
RUN --mount=type=secret,id=v cat /run/secrets/v || true
`,
    },
    { title: "another kind of mount", good: "RUN --mount=type=cache,target=/root/.npm --mount=type=ssh npm ci\n" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      if (!run.isRead) continue;
      for (const secret of secretMounts(run.run)) {
        const { mount, id } = secret;
        if (mount.fields.has("required") || isOptional(secret, run)) continue;
        const end = mountEnd(file.text, mount);
        yield {
          at: mount.flag.span,
          message: `Nobody notices when the secret \`${id}\` is not supplied: \`required=true\` is missing`,
          ...fixAt(end),
        };
      }
    }
  },
});

const fixAt = (end: number): { readonly fix: Fix } => ({
  fix: {
    title: "Add required=true to the mount",
    safety: "unsafe",
    edits: [{ span: { start: end, end }, text: ",required=true" }],
  },
});

const isOptional = ({ path, variable }: SecretMount, { commands, scripts }: RunCommands): boolean => {
  const text = scripts.map((script) => script.text).join("\n");
  if (variable !== undefined && [":", "?", "+", "-"].some((sign) => text.includes(`\${${variable}${sign}`)))
    return true;
  const names = [path, variable === undefined ? undefined : `$${variable}`].filter((one) => one !== undefined);
  return commands.some(({ name, args, followedBy, enclosures }, at) => {
    const mentions = args.some(({ value }) =>
      names.some((one) => value.includes(one) || value.replace(/[{}]/g, "").includes(one)),
    );
    if (!mentions) return false;
    if (/^(test|\[|\[\[)$/.test(name) || enclosures.includes("condition")) return true;
    return followedBy === "||" && /^(true|:|echo)$/.test(commands[at + 1]?.name ?? "");
  });
};
