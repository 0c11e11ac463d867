import { runsIn } from "./knowledge/run-commands.ts";
import { systemCachesLeft } from "./knowledge/system-caches.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "system-package-cache-left",
  summary: "Remove package indexes and caches in the RUN that made them",
  level: { recommended: "warning", strict: "warning" },
  scope: "shipped stages",
  why: `The index that a package manager downloads, and with some the packages themselves, stay in the layer of the RUN:
about 20 MB for Debian, 100 MB and more for dnf. A later RUN can hide the files but not take them out of the layer.

Remove them in the same RUN (\`rm -rf /var/lib/apt/lists/*\`, \`dnf clean all\`, \`apk add --no-cache\`), or keep them out
of the layer with \`--mount=type=cache\`.`,
  aliases: [
    "DL3009",
    "DL3019",
    "DL3032",
    "DL3036",
    "DL3040",
    "DS-0015",
    "DS-0019",
    "DS-0020",
    "DS-0025",
    "DS-0027",
    "DKL-DI-0004",
    "DKL-DI-0005",
    "00481784",
    "295acb63",
    "38300d1a",
    "ae9c56a6",
    "df746b39",
  ],
  silent: [
    "A cache or tmpfs mount holds the directory.",
    "It is removed anywhere later in the same RUN.",
    "The RUN calls a script that may remove it.",
    "The stage does not ship.",
  ],
  fixes: "safe",
  sources: ["https://docs.docker.com/build/building/best-practices/#apt-get", "https://wiki.alpinelinux.org/wiki/Apk"],
  needs: { packages: "system" },
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN apt-get ⟦update⟧ && apt-get install -y curl\n",
      fixed:
        "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n",
      message: "`apt-get update` leaves the package index in /var/lib/apt/lists of this layer",
    },
    {
      title: "one of several bases, of which an argument chooses",
      good: "ARG BASE=alpine\nFROM alpine:3.22 AS base-alpine\nFROM debian:12 AS base-debian\nRUN apt-get update\nFROM base-${BASE} AS build\nRUN make\nFROM scratch\nCOPY --from=build /a /a\n",
    },
    {
      title: "the layout of the RUN is kept",
      bad: `FROM debian:bookworm-slim
RUN set -eux; \\
	apt-get ⟦update⟧; \\
	apt-get install -y --no-install-recommends \\
		curl \\
	; \\
	apt-get clean
RUN rm -rf /var/lib/apt/lists/*
`,
      fixed: `FROM debian:bookworm-slim
RUN set -eux; \\
	apt-get update; \\
	apt-get install -y --no-install-recommends \\
		curl \\
	; \\
	apt-get clean; \\
	rm -rf /var/lib/apt/lists/*
RUN rm -rf /var/lib/apt/lists/*
`,
    },
    {
      title: "apk has an option for it",
      bad: "FROM alpine:3.20\nRUN apk update && apk ⟦add⟧ curl\n",
      fixed: "FROM alpine:3.20\nRUN apk add --no-cache curl\n",
      message: "`apk add` keeps its index in /var/cache/apk of this layer: `--no-cache` is missing",
    },
    {
      title: "where the index is needed again",
      bad: "FROM alpine:3.20\nRUN apk ⟦update⟧ && apk upgrade\n",
      fixed: "FROM alpine:3.20\nRUN apk update && apk upgrade && rm -rf /var/cache/apk/*\n",
    },
    {
      title: "dnf in the style of the file",
      bad: "FROM almalinux:9\nRUN dnf -y ⟦install⟧ \\\n        git \\\n        make \\\n && make --version\n",
      fixed:
        "FROM almalinux:9\nRUN dnf -y install \\\n        git \\\n        make \\\n && make --version \\\n && dnf clean all\n",
    },
    {
      title: "dnf in Fedora 41 and later",
      bad: "FROM fedora:41\nRUN dnf -y ⟦install⟧ git\n",
      fixed: "FROM fedora:41\nRUN dnf -y install git && dnf clean all\n",
      message: "`dnf install` leaves its downloads and index in /var/cache/libdnf5 of this layer",
    },
    {
      title: "dnf in an older release",
      bad: "FROM fedora:40\nRUN dnf -y ⟦install⟧ git\n",
      fixed: "FROM fedora:40\nRUN dnf -y install git && dnf clean all\n",
      message: "`dnf install` leaves its downloads and index in /var/cache/dnf of this layer",
    },
    {
      title: "deleted by path",
      good: "FROM fedora:44\nRUN dnf install -y git && rm -rf /var/cache/libdnf5\nRUN yum install -y make && rm -rf /var/cache/libdnf5/*\n",
    },
    {
      title: "zypper in a heredoc",
      bad: "FROM opensuse/leap:15.6\nRUN <<END\nset -e\nzypper -n ⟦in⟧ git\nEND\n",
      fixed: "FROM opensuse/leap:15.6\nRUN <<END\nset -e\nzypper -n in git\nzypper clean --all\nEND\n",
    },
    { good: "FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n" },
    {
      title: "deleted otherwise",
      good: "FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm -rf /tmp/* /var/lib/{apt,dpkg}/ && dnf install -y a && rm -r /var/cache/dnf\n",
    },
    {
      title: "in a cache mount",
      good: "FROM debian:12\nRUN --mount=type=cache,target=/var/lib/apt,sharing=locked apt-get update && apt-get install -y curl\n",
    },
    {
      title: "a script may clean up",
      good: "FROM debian:12\nRUN apt-get update && apt-get install -y curl && ./clean-layer.sh\n",
    },
    {
      title: "no cache",
      good: "FROM alpine:3.20\nRUN apk --no-cache add curl && apk add -q --no-cache git && apk add --allow-untrusted ./a.apk\n",
    },
    {
      title: "a stage that does not ship",
      good: "FROM alpine:3.20 AS build\nRUN apk add gcc\nFROM alpine:3.20\nCOPY --from=build /a /a\n",
    },
    {
      title: "a check, of which nobody keeps the image",
      good: "FROM alpine:3.20 AS base\nRUN apk add git\nFROM scratch AS files\nCOPY a /a\nFROM base AS validate\nRUN ./check\n",
    },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "shipped stages")) yield* systemCachesLeft(file, run);
  },
});
