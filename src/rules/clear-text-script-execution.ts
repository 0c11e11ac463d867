import { downloadsIn, interpreterOf, laterRunOf } from "./knowledge/download-use.ts";
import { isPrivateHost, printableUrl, readUrl } from "./knowledge/downloads.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { overHttps } from "./knowledge/text-edits.ts";
import { isVerified } from "./knowledge/verification.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "clear-text-script-execution",
  summary: "Run no script that came over http",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  why: `Over http anybody on the way can answer instead of the server: the network of the runner, a proxy, a spoofed DNS answer. When the answer is a script that runs as root during the build, that is all it takes to own the image and what the build can reach.

Use https, and compare the script with a known checksum before it runs.`,
  aliases: [],
  silent: [
    "The host is localhost, a private address or a name of an internal network, or a variable.",
    "The script is verified by checksum or signature before it runs.",
  ],
  fixes: "unsafe",
  sources: ["https://cwe.mitre.org/data/definitions/494.html"],
  needs: { commands: ["curl", "wget", "aria2c", "axel"] },
  examples: [
    {
      bad: "RUN curl -fsSL ⟦http://example.org/install.sh⟧ | sh\n",
      fixed: "RUN curl -fsSL https://example.org/install.sh | sh\n",
      message: "`sh` runs a script that `curl` fetches from `http://example.org/install.sh` in clear text",
    },
    {
      title: "by way of a file",
      bad: `RUN set -e; \\
    wget -O /tmp/setup.sh ⟦"http://example.org/\${V}/setup.sh"⟧; \\
    chmod +x /tmp/setup.sh; \\
    /tmp/setup.sh --yes
`,
      fixed: `RUN set -e; \\
    wget -O /tmp/setup.sh "https://example.org/\${V}/setup.sh"; \\
    chmod +x /tmp/setup.sh; \\
    /tmp/setup.sh --yes
`,
    },
    {
      title: "as an argument",
      bad: `RUN bash -c "$(wget -qO- ⟦http://example.org/i.sh⟧)"\n`,
      fixed: `RUN bash -c "$(wget -qO- https://example.org/i.sh)"\n`,
    },
    { good: "RUN curl -fsSL https://example.org/install.sh | sh\n" },
    {
      title: "verified before it runs",
      good: `RUN wget http://example.org/i.sh && echo "$SHA256  i.sh" | sha256sum -c && sh i.sh\n`,
    },
    {
      title: "inside the own network",
      good: "RUN curl -f http://10.0.0.5/i.sh | sh && curl -f http://mirror/i.sh | sh\n",
    },
    { title: "not run", good: "RUN curl -fo /srv/a.txt http://example.org/a.txt\n" },
  ],
  check: function* (file) {
    if (!/(http|ftp):\/\//i.test(file.text)) return;
    for (const { scripts } of runsIn(file, "every stage"))
      for (const { commands } of scripts) {
        const downloads = downloadsIn(commands);
        for (const download of downloads) {
          const runner = interpreterOf(download, commands) ?? laterRunOf(download, commands);
          if (runner === undefined || isVerified(download, commands, downloads)) continue;
          for (const url of download.urls) {
            const read = readUrl(url.value);
            if (read?.scheme !== "http" || isPrivateHost(read.host) || read.host.startsWith("$")) continue;
            const edit = overHttps(file.text, url.span);
            yield {
              at: url.span,
              message: `\`${runner.name}\` runs a script that \`${download.command.name}\` fetches from \`${printableUrl(url.value)}\` in clear text`,
              related: [{ at: runner.nameWord?.span ?? runner.span, message: "it runs here" }],
              ...(edit === undefined
                ? {}
                : { fix: { title: "Write https in place of http", safety: "unsafe", edits: [edit] } }),
            };
          }
        }
      }
  },
});
