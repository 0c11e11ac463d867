import type { Instruction } from "../dockerfile/model.ts";
import { partOf } from "./knowledge/edits.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "user-without-passwd",
  summary: "Create /etc/passwd before using a user by name",
  level: { recommended: "error", strict: "error" },
  scope: "shipped stages",
  aliases: [],
  why: `The engine looks a name up in the image's own \`/etc/passwd\` (and a group in \`/etc/group\`). \`FROM scratch\` has
neither, so that the container ends with “unable to find user”. Write numbers, as \`USER 65532:65532\`, or copy a file with
the account from an earlier stage.`,
  silent: [
    "stages into which something is copied or added to `/`, `/etc` or a place that is not known",
    "stages with a RUN, and any base but `scratch`",
  ],
  fixes: "none",
  needs: { instructions: ["USER"] },
  examples: [
    {
      bad: 'FROM scratch\nCOPY app /app\nUSER ⟦nobody⟧\nENTRYPOINT ["/app"]',
      message: "`nobody` is looked up in `/etc/passwd`, which this image does not have",
    },
    { bad: "FROM scratch AS base\nCOPY a /bin/a\nFROM base\nUSER ⟦app⟧:1000" },
    {
      bad: "FROM scratch\nCOPY app /app\nUSER 1000:⟦app⟧",
      message: "`app` is looked up in `/etc/group`, which this image does not have",
    },
    { good: "FROM scratch\nCOPY app /app\nUSER 65532:65532" },
    { good: "FROM debian:12 AS build\nFROM scratch\nCOPY --from=build /etc/passwd /etc/passwd\nUSER nobody" },
    { good: "FROM scratch\nCOPY rootfs/ /\nUSER app" },
    { good: "FROM debian:12\nUSER nobody" },
  ],
  check: function* (file) {
    for (const stage of file.shippedStages) {
      if (stage.rootBase.kind !== "scratch") continue;
      const before = stage.lineage.slice(1).flatMap(({ instructions }) => instructions);
      if (before.some(mayBringAccounts)) continue;
      for (const instruction of stage.instructions) {
        if (mayBringAccounts(instruction)) break;
        if (instruction.keyword !== "USER" || instruction.user.text.includes("$")) continue;
        const [user = "", group = ""] = instruction.user.text.split(":");
        const isNumber = /^\d*$/;
        const isUser = !isNumber.test(user);
        if (!isUser && isNumber.test(group)) continue;
        const start = isUser ? 0 : user.length + 1;
        const name = isUser ? user : group;
        yield {
          at: partOf(file.text, instruction.user, start, start + name.length),
          message: `\`${name}\` is looked up in \`/etc/${isUser ? "passwd" : "group"}\`, which this image does not have`,
        };
      }
    }
  },
});

const mayBringAccounts = (instruction: Instruction): boolean => {
  if (instruction.keyword === "RUN" || instruction.keyword === "INVALID") return true;
  if (instruction.keyword !== "COPY" && instruction.keyword !== "ADD") return false;
  const { destination, sources, keyword } = instruction;
  if (/[$\\]/.test(destination.text)) return true;
  const path = `/${destination.text}`.replace(/\/+(\.?\/+)*/g, "/");
  const isArchive = keyword === "ADD" && sources.some(({ text }) => /\.(tar|tgz|tbz2?|txz)(\.\w+)?$|[*?$]/.test(text));
  return /^\/(\.?|etc(\/.*)?)$/.test(path) || isArchive;
};
