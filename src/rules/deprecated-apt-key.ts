import type { ImageReference } from "../dockerfile/image-reference.ts";
import type { StageFacts } from "./audited-file.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "deprecated-apt-key",
  summary: "Store repository keys in a keyring that signed-by names",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `A key that \`apt-key\` adds may sign every repository, the one of the distribution included. The program is deprecated
since Debian 11 and Ubuntu 20.10 and is no longer part of Debian 13.

Store the key as a file of its own, with a fingerprint that the file checks, and name it in the source:
\`deb [signed-by=/usr/share/keyrings/example.gpg] https://example.com stable main\`.`,
  aliases: [],
  silent: [
    "`apt-key list` and other questions.",
    "The base is older than Debian 9 or Ubuntu 16.04, which know no `signed-by`.",
  ],
  fixes: "none",
  sources: ["https://manpages.debian.org/bookworm/apt/apt-key.8.en.html"],
  needs: { commands: ["apt-key"] },
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN curl -fsSL https://example.com/key.asc | ⟦apt-key⟧ add -\n",
      message:
        "`apt-key add` lets this key sign every repository: store it in a keyring and name that with `signed-by`",
    },
    {
      title: "from a key server",
      bad: "FROM ubuntu:22.04\nRUN set -e; sudo ⟦apt-key⟧ adv --keyserver keyserver.ubuntu.com --recv-keys ABCDEF\n",
    },
    {
      title: "into a file of its own",
      bad: "FROM debian:12\nRUN ⟦apt-key⟧ --keyring /etc/apt/trusted.gpg.d/a.gpg add key.asc\n",
    },
    {
      good: "FROM debian:12\nRUN curl -fsSL https://example.com/key.asc | gpg --dearmor -o /usr/share/keyrings/a.gpg\n",
    },
    { title: "a question", good: "FROM debian:12\nRUN apt-key list && apt-key finger\n" },
    { title: "a release without signed-by", good: "FROM ubuntu:14.04\nRUN apt-key add key.asc\n" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      if (isOld(run.stage)) continue;
      for (const { name, nameWord, args } of run.commands) {
        const action = args.find((word) => /^(add|adv|update|net-update)$/.test(word.value))?.value;
        if (name !== "apt-key" || nameWord === undefined || action === undefined) continue;
        const message = `\`apt-key ${action}\` lets this key sign every repository: store it in a keyring and name that with \`signed-by\``;
        yield { at: nameWord.span, message };
      }
    }
  },
});

const isOld = (stage: StageFacts): boolean =>
  stage.rootBase.kind === "image" && stage.rootBase.reference !== undefined && isOldRelease(stage.rootBase.reference);

const isOldRelease = ({ name, tag }: ImageReference): boolean =>
  (name === "debian" && /^([78](\.|-|$)|jessie|wheezy|squeeze)/.test(tag ?? "")) ||
  (name === "ubuntu" && /^(1[0-5]\.|trusty|precise)/.test(tag ?? ""));
