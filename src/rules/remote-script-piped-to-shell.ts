import { downloadsIn, interpreterOf } from "./knowledge/download-use.ts";
import { isLocalHost, printableUrl, readUrl } from "./knowledge/downloads.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "remote-script-piped-to-shell",
  summary: "Download, verify, then run remote scripts",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `\`curl … | sh\` runs whatever the server sends at that moment, as root and before anybody could look at it. A transfer that breaks off half-way runs the first half, a failing curl gives an empty script that succeeds, and no checksum can be compared because the script is never a file.

Write the script to a file, compare it with a known checksum or signature, then run it. Most installers also exist as a package or as a release archive with a published checksum, which is the better way.`,
  aliases: [],
  silent: [
    "The pipe ends in a program that does not run its input (tar, gpg, tee, jq), or the interpreter has a program of its own (`python3 -c …`).",
    "The host is the build itself (localhost).",
    "The URL begins with http://, which `clear-text-script-execution` reports.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/best-practices/"],
  needs: { commands: ["curl", "wget", "aria2c", "axel"] },
  examples: [
    {
      bad: "RUN ⟦curl⟧ -fsSL https://example.org/install.sh | bash -s -- --yes\n",
      message: "`bash` runs what `curl` fetches from `https://example.org/install.sh` before it can be verified",
    },
    {
      title: "through sudo and a variable",
      bad: `RUN apt-get update && \\
    ⟦wget⟧ -qO- "https://example.org/setup_\${MAJOR}.x" | sudo -E bash -
`,
    },
    { title: "as an argument", bad: 'RUN sh -c "$(⟦curl⟧ -fsSL https://example.org/install.sh)"\n' },
    { title: "another interpreter", bad: "RUN ⟦curl⟧ -sSL https://example.org/get.py | python3 - --version 1.2\n" },
    {
      title: "process substitution",
      bad: `SHELL ["/bin/bash", "-c"]
RUN bash <(⟦curl⟧ -fsSL https://example.org/install.sh)
`,
    },
    { title: "not a shell", good: "RUN curl -fsSL https://example.org/a.tgz | tar xz -C /opt\n" },
    {
      title: "data for a program",
      good: "RUN curl -fsS https://example.org/v.json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0])'\n",
    },
    {
      title: "verified before it runs",
      good: `RUN curl -fsSLo install.sh https://example.org/install.sh && echo "$SHA256 install.sh" | sha256sum -c && sh install.sh
`,
    },
  ],
  check: function* (file) {
    for (const { scripts } of runsIn(file, "every stage"))
      for (const { commands } of scripts)
        for (const download of downloadsIn(commands)) {
          const interpreter = interpreterOf(download, commands);
          const url = download.urls[0]?.value;
          if (interpreter === undefined || url === undefined) continue;
          const read = readUrl(url);
          if (read !== undefined && (isLocalHost(read.host) || read.scheme === "http" || read.scheme === "ftp"))
            continue;
          const { command } = download;
          yield {
            at: command.nameWord?.span ?? command.span,
            message: `\`${interpreter.name}\` runs what \`${command.name}\` fetches from \`${printableUrl(url)}\` before it can be verified`,
            related: [
              { at: interpreter.nameWord?.span ?? interpreter.span, message: `\`${interpreter.name}\` runs it here` },
            ],
          };
        }
  },
});
