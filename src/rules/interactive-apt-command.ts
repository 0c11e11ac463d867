import { runsIn } from "./knowledge/run-commands.ts";
import { defineRule, type Edit } from "./rule.ts";

export default defineRule({
  id: "interactive-apt-command",
  summary: "Call apt-get and apt-cache in scripts, not apt",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `\`apt\` is made for people at a terminal: its manual says that its output and behaviour may change between versions, and
it prints that warning into every build log. \`apt-get\` and \`apt-cache\` are the same programs with an interface that
stays.`,
  aliases: ["DL3027", "CKV_DOCKER_9", "b84a0b47"],
  silent: ["`apt` as an argument of another command."],
  fixes: "safe",
  sources: ["https://manpages.debian.org/bookworm/apt/apt.8.en.html#SCRIPT_USAGE_AND_DIFFERENCES_FROM_OTHER_APT_TOOLS"],
  needs: { commands: ["apt"] },
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN ⟦apt⟧ update && ⟦apt⟧ install -y git\n",
      fixed: "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y git\n",
      message: "`apt` has no stable interface for scripts: write `apt-get`",
    },
    {
      title: "behind sudo, by path, in a continued RUN",
      bad: "FROM ubuntu:24.04\nRUN set -e; \\\n    sudo ⟦/usr/bin/apt⟧ -y \\\n      purge git\n",
      fixed: "FROM ubuntu:24.04\nRUN set -e; \\\n    sudo /usr/bin/apt-get -y \\\n      purge git\n",
    },
    {
      title: "questions go to apt-cache; a listing has no counterpart",
      bad: "FROM debian:12\nRUN ⟦apt⟧ policy git && ⟦apt⟧ list --installed\n",
      fixed: "FROM debian:12\nRUN apt-cache policy git && apt list --installed\n",
    },
    { good: "FROM debian:12\nRUN apt-get update && apt-get install -y git && apt-cache policy git\n" },
    { title: "an argument", good: "FROM debian:12\nRUN rm -rf /var/lib/apt && man apt && which apt\n" },
    { title: "another program", good: "FROM debian:12\nRUN apt-mark hold git && apt-key list\n" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      for (const called of run.packages) {
        const word = called.command.nameWord;
        if (called.manager.name !== "apt" || called.command.name !== "apt" || word === undefined) continue;
        const other = counterparts.get(called.subcommand);
        const message = `\`apt\` has no stable interface for scripts: write \`${other ?? "apt-get"}\``;
        const edit = other === undefined ? undefined : renamed(file.text, word.span, other);
        if (edit === undefined) yield { at: word.span, message };
        else yield { at: word.span, message, fix: { title: `Write ${other}`, safety: "safe", edits: [edit] } };
      }
    }
  },
});

const counterparts: ReadonlyMap<string, string> = new Map(
  [
    "apt-get: install update upgrade dist-upgrade remove purge autoremove clean autoclean build-dep source download changelog",
    "apt-cache: show policy depends rdepends showsrc",
  ].flatMap((row) => {
    const [name = "", list = ""] = row.split(": ");
    return list.split(" ").map((subcommand) => [subcommand, name] as const);
  }),
);

/** Replaces the last `apt` of the word, whose path and quotes stay. */
const renamed = (text: string, span: Edit["span"], name: string): Edit | undefined => {
  const at = text.slice(span.start, span.end).lastIndexOf("apt");
  return at < 0 ? undefined : { span: { start: span.start + at, end: span.start + at + 3 }, text: name };
};
