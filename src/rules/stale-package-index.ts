import { installWithoutUpdate, loneUpdate } from "./knowledge/package-index.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "stale-package-index",
  summary: "Update the package index in the RUN that installs",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `A RUN that only updates the index is cached by itself. When the list of packages in the next RUN changes, the old
index is used again: packages are missing on the mirror (404), or versions are installed that had been replaced long
ago. An install without any update before it works only as long as the base happens to carry a fresh index.

Write both as one step, so that a change of the packages fetches a new index:
\`apt-get update && apt-get install …\`.`,
  aliases: ["DS-0017", "CKV_DOCKER_5", "CIS-DI-0007", "9bae49be"],
  silent: [
    "The same RUN calls a script, pipes one into a shell or sets up a repository: these may update or install.",
    "`apt-get install --update` and installs of local files.",
    "A cache mount holds the index.",
    "The update stands in an earlier RUN of a stage that never ships.",
    "`apk add`, which fetches the index itself.",
  ],
  fixes: "safe",
  sources: ["https://docs.docker.com/build/building/best-practices/#apt-get"],
  needs: { commands: ["apt-get", "apt", "aptitude", "apk", "pacman"] },
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN apt-get ⟦update⟧\nRUN apt-get install -y curl\n",
      fixed: "FROM debian:bookworm-slim\nRUN apt-get update && \\\n    apt-get install -y curl\n",
      message: "`apt-get update` in a RUN of its own leaves later installs with a stale index",
    },
    {
      title: "only comments between",
      bad: `FROM ubuntu:24.04
RUN set -e; apt-get ⟦update⟧

# what the service needs
RUN apt-get install -y \\
    curl
`,
      fixed: `FROM ubuntu:24.04
RUN set -e; apt-get update && \\
    # what the service needs
    apt-get install -y \\
    curl
`,
    },
    {
      title: "other instructions between, and a second install",
      bad: `FROM debian:12
RUN apt-get ⟦update⟧
ENV A=1
RUN apt-get install -y curl
RUN apt-get ⟦install⟧ -y git
`,
    },
    { title: "no update at all", bad: "FROM debian:12\nRUN apt-get ⟦install⟧ -y curl && apt-get install -y git\n" },
    { title: "another command behind it", bad: "FROM debian:12\nRUN apt-get ⟦update⟧ && echo ok\n" },
    { title: "Alpine Linux", bad: "FROM alpine:3.20\nRUN apk ⟦update⟧\nCOPY . /app\n" },
    { good: "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n" },
    { title: "in one go", good: "FROM debian:12\nRUN apt-get install -y --update curl\n" },
    { title: "through xargs", good: "FROM debian:12\nRUN apt-get update && xargs apt-get install -y < list\n" },
    {
      title: "scripts install or update",
      good: "FROM debian:12\nRUN apt-get update && ./install.sh\nRUN curl -fsSL https://example.com/setup | bash && apt-get install -y nodejs\n",
    },
    {
      title: "purge and build-dep read the index too",
      good: "FROM debian:12\nRUN apt-get update && apt-get build-dep -y git\n",
    },
    { title: "local packages", good: "FROM debian:12\nCOPY a.deb /tmp/\nRUN apt-get install -y /tmp/a.deb\n" },
    {
      title: "the index is in a cache mount",
      good: `FROM debian:12
RUN --mount=type=cache,target=/var/lib/apt apt-get update
RUN --mount=type=cache,target=/var/lib/apt apt-get install -y curl
`,
    },
    {
      title: "a stage that does not ship",
      good: "FROM debian:12 AS build\nRUN apt-get update\nRUN apt-get install -y gcc\nFROM debian:12\nCOPY --from=build /a /a\n",
    },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      if (run.packages.length === 0 || !run.isRead || run.stage.rootBase.kind === "scratch") continue;
      yield* loneUpdate(file, run);
      yield* installWithoutUpdate(file, run);
    }
  },
});
