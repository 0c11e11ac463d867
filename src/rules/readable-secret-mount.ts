import { mountFieldSpan } from "./knowledge/mount-spans.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "readable-secret-mount",
  summary: "Keep secret and ssh mounts readable by one user",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `The default mode of a secret is 0400, of the agent's socket 0600: only its owner reads it. With a wider mode every process of the RUN does, also one that a package's install script starts under another user.

Where the RUN works as another user than root, give that user the mount instead: \`--mount=type=secret,id=x,uid=1000\`.`,
  aliases: [],
  silent: [
    "The mode has no bits for others, or is a variable.",
    "The RUN works as a named user and the mount has no `uid`: the id is not known.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/reference/dockerfile/#run---mounttypesecret"],
  examples: [
    {
      bad: "RUN --mount=type=secret,id=npmrc,mode=⟦0444⟧ npm ci\n",
      message: "Mode `0444` lets every user of the RUN read the secret `npmrc`",
    },
    {
      title: "the agent",
      bad: "RUN --mount=type=ssh,mode=⟦0666⟧ git clone git@example.org:a/b.git\n",
      message: "Mode `0666` lets every user of the RUN use the SSH agent",
    },
    { title: "as a user with a number", bad: "USER 1000\nRUN --mount=type=secret,id=x,uid=1000,mode=⟦777⟧ make\n" },
    { good: "RUN --mount=type=secret,id=npmrc,mode=0400 npm ci\nRUN --mount=type=secret,id=x,mode=0440 make\n" },
    {
      title: "as a named user without a known id",
      good: "USER node\nRUN --mount=type=secret,id=npmrc,mode=0444 npm ci\n",
    },
    {
      title: "default, variable, another kind",
      good: "ARG MODE\nRUN --mount=type=secret,id=a --mount=type=secret,id=b,mode=$MODE --mount=type=cache,target=/c,mode=0777 make\n",
    },
  ],
  check: function* (file) {
    for (const { run, stage } of runsIn(file, "every stage"))
      for (const mount of run.mounts) {
        if (mount.type !== "secret" && mount.type !== "ssh") continue;
        const mode = mount.fields.get("mode") ?? "";
        if (!/^[0-7]{3,4}$/.test(mode) || (Number.parseInt(mode, 8) & 0o7) === 0) continue;
        const user = stage.userAt(run);
        const isNamed = user !== undefined && !/^(\d+|root)(:|$)/.test(user);
        if (isNamed && !mount.fields.has("uid")) continue;
        const what =
          mount.type === "ssh"
            ? "use the SSH agent"
            : `read the secret \`${mount.fields.get("id") ?? mount.fields.get("target") ?? ""}\``.trim();
        yield {
          at: mountFieldSpan(file.text, mount, "mode"),
          message: `Mode \`${mode}\` lets every user of the RUN ${what}`,
        };
      }
  },
});
