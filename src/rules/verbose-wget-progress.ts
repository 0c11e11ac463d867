import type { StageFacts } from "./audited-file.ts";
import { familyOf } from "./knowledge/base-images.ts";
import { readOptions } from "./knowledge/command-options.ts";
import { readDownload, wgetSyntax } from "./knowledge/downloads.ts";
import { runsOf } from "./knowledge/run-commands.ts";
import { insertAfter } from "./knowledge/script-edits.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "verbose-wget-progress",
  summary: "Keep the wget progress bar out of the log",
  level: { recommended: "off", strict: "note" },
  scope: "every stage",
  why: `Where the output is no terminal, wget writes a line of dots for every 50 kB: a large download fills the build's log, and BuildKit cuts a step's log off at 2 MiB, together with the error that one is looking for.

\`--progress=dot:giga\` writes a line for every 32 MB; \`-nv\` writes one per file, and errors.`,
  aliases: ["DL3047"],
  silent: [
    "`-q`, `-nv`, `--no-verbose`, `--progress`, a log file (`-o`, `-a`), or a variable that may hold one of them.",
    "A .wgetrc is written before.",
    "Bases that are not known to have the wget of GNU: that of BusyBox (Alpine) has no such option.",
  ],
  fixes: "safe",
  sources: ["https://www.gnu.org/software/wget/manual/wget.html"],
  needs: { commands: ["wget"] },
  examples: [
    {
      bad: "RUN ⟦wget⟧ https://example.org/big.tar.gz\n",
      fixed: "RUN wget --progress=dot:giga https://example.org/big.tar.gz\n",
      message: "`wget` writes its progress into the log",
    },
    {
      title: "deep in a RUN",
      bad: `RUN set -e; \\
    cd /tmp; \\
    ⟦wget⟧ -O a.zip "$URL"; \\
    unzip a.zip
`,
      fixed: `RUN set -e; \\
    cd /tmp; \\
    wget --progress=dot:giga -O a.zip "$URL"; \\
    unzip a.zip
`,
    },
    {
      title: "only shown",
      bad: "RUN ⟦wget⟧ -S https://example.org/a\n",
      fixed: "RUN wget --progress=dot:giga -S https://example.org/a\n",
    },
    {
      good: "RUN wget -qO- https://example.org/a && wget -nv https://example.org/b && wget --progress=bar:force https://example.org/c\n",
    },
    { title: "BusyBox", good: "FROM alpine:3.22\nRUN wget https://example.org/a\n" },
    { title: "may be given", good: "RUN wget $WGET_OPTIONS https://example.org/a\n" },
    { title: "into a file", good: "RUN wget -o /tmp/log https://example.org/a\n" },
  ],
  check: function* (file) {
    for (const stage of file.stages) {
      if (!hasGnuWget(stage)) continue;
      for (const { run, commands } of runsOf(file, stage))
        for (const command of commands) {
          if (command.name !== "wget" || readDownload(command) === undefined) continue;
          const read = readOptions(command.args, wgetSyntax);
          const mayBeQuiet = read.unknown.some(({ value }) => !/^\$\{?\w*ur[li]/i.test(value));
          const word = command.nameWord;
          if (word === undefined || mayBeQuiet || command.args.some(({ value }) => isQuiet(value))) continue;
          if (commands.some(({ redirects }) => redirects.some(({ target }) => /wgetrc$/.test(target?.value ?? ""))))
            continue;
          yield {
            at: word.span,
            message: "`wget` writes its progress into the log",
            fix: {
              title: "Add --progress=dot:giga to wget",
              safety: "safe",
              edits: [insertAfter(run, word, "--progress=dot:giga")],
            },
          };
        }
    }
  },
});

const isQuiet = (value: string): boolean =>
  /^(-[b-npr-zA-NP-Z]*[qoa]\S*|-nv\S*|--quiet|--no-verbose|--progress(=.*)?|--output-file(=.*)?|--append-output(=.*)?)$/.test(
    value,
  );

/** Only distributions whose wget is the one of GNU. */
const hasGnuWget = ({ rootBase }: StageFacts): boolean => {
  if (rootBase.kind !== "image" || rootBase.reference === undefined) return false;
  return /^(debian|ubuntu|rhel|suse|arch)$/.test(familyOf(rootBase.reference) ?? "");
};
