import type { Word } from "../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { createdIn } from "./knowledge/accounts.ts";
import { defaultUserOf } from "./knowledge/base-images.ts";
import { mayDropPrivileges } from "./knowledge/privilege-drop.ts";
import { isContainerAction, isForDevelopers } from "./knowledge/stage-purpose.ts";
import { type Start, startOf, startsNothing, startsPromptOrTool } from "./knowledge/start-command.ts";
import { switchUser } from "./knowledge/user-switch.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "missing-user",
  summary: "Switch to an unprivileged user before the image ships",
  level: { recommended: "warning", strict: "warning" },
  scope: "shipped stages",
  aliases: ["CKV_DOCKER_3", "CIS-DI-0001", "fd54f200"],
  why: `An image without \`USER\` runs its process as root, unless its base says otherwise. Who breaks into that process
owns all files of the container and everything that is mounted into it, and is one flaw away from the host.

Create a user, or take the one that the base brings (\`node\`, \`nobody\`, \`www-data\`), give it the few directories that the
program writes to, and end the stage with \`USER\`. A number (\`USER 10001\`) lets Kubernetes verify that it is not root.`,
  silent: [
    "a USER anywhere in the chain of stages that the image is built on; root-user judges it",
    "bases known to run as another user (`:nonroot`, Chainguard, Jupyter, Selenium and the like)",
    "stages that start nothing, or a shell, an interpreter or a compiler: they are bases and tools",
    "an entrypoint that hands over to another user, or an entrypoint script that cannot be read",
    "stages named for development, tests, debugging or building",
    "daemons that leave root by themselves (mosquitto), and a start that only prints a version or help",
    "a file in a folder named `testdata` or `fixtures`: the input of a test",
    "container actions of GitHub, which must run as root",
    "WebAssembly modules, Windows images, and files that the engine refuses",
  ],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/build/building/best-practices/#user"],
  needs: { instructions: ["ENTRYPOINT", "CMD"] },
  examples: [
    {
      bad: 'FROM ⟦node:22-slim⟧\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]',
      fixed: 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nUSER 65534:65534\nCMD ["node", "server.js"]',
      message: "No USER is set, so that `node server.js` runs as root",
    },
    {
      bad: 'FROM golang:1.27 AS build\nRUN go build -o /app\nFROM ⟦scratch⟧\nCOPY --from=build /app /app\nENTRYPOINT ["/app"]',
      fixed:
        'FROM golang:1.27 AS build\nRUN go build -o /app\nFROM scratch\nCOPY --from=build /app /app\nUSER 65534:65534\nENTRYPOINT ["/app"]',
    },
    {
      title: "The account that the file makes",
      bad: 'FROM ⟦debian:12⟧\nRUN useradd app && install -d -o app /data\nCMD ["serve"]\n',
      fixed: 'FROM debian:12\nRUN useradd app && install -d -o app /data\nUSER app\nCMD ["serve"]\n',
    },
    {
      title: "State makes it worse",
      bad: 'FROM ⟦debian:12⟧\nVOLUME /data\nCMD ["store", "--dir", "/data"]',
      fixed: 'FROM debian:12\nVOLUME /data\nUSER 65534:65534\nCMD ["store", "--dir", "/data"]',
      message: "No USER is set, so that `store --dir /data` runs as root and owns what it keeps in `/data`",
    },
    { good: 'FROM node:22-slim AS base\nUSER node\nFROM base\nCMD ["node", "server.js"]' },
    {
      title: "The base brings its user",
      good: 'FROM gcr.io/distroless/static-debian12:nonroot\nCOPY app /\nCMD ["/app"]',
    },
    {
      title: "GitHub starts its container actions as root",
      files: { "action.yml": "runs:\n  using: docker\n  image: Dockerfile\n" },
      good: 'FROM debian:12\nENTRYPOINT ["/action"]',
    },
    { title: "A WebAssembly module", good: 'FROM scratch\nCOPY app.wasm /\nENTRYPOINT ["/app.wasm"]' },
    {
      title: "Nothing else than such a module, under another name",
      good: 'FROM rust:1.94 AS build\nRUN cargo build\nFROM scratch\nCOPY --from=build /out/app.wasm /app\nENTRYPOINT ["/app"]',
    },
    {
      title: "A platform of WebAssembly",
      good: 'FROM --platform=wasi/wasm scratch\nCOPY app /app\nENTRYPOINT ["/app"]',
    },
    {
      title: "It only prints its version",
      good: 'FROM debian:12\nCOPY jdk /opt/jdk\nCMD ["/opt/jdk/bin/java", "-version"]',
    },
    {
      title: "The daemon changes its user",
      good: 'FROM alpine:3.22\nRUN apk add mosquitto\nCMD ["/usr/sbin/mosquitto"]',
    },
    {
      title: "Windows, by the name of the base or by what only it has",
      good: `FROM stefanscherer/node-windows:22 AS a
CMD ["node", "a.js"]
FROM microsoft/mssql-server-windows-express AS b
CMD ["sqlservr"]
FROM acme/base:1 AS c
WORKDIR C:/app
CMD ["app"]
FROM acme/base:1 AS d
VOLUME ["D:/data"]
CMD ["app"]
FROM acme/base:1 AS e
CMD start.cmd --all
FROM acme/base:1 AS f
SHELL ["powershell", "-Command"]
CMD ["app"]
FROM acme/base:1 AS g
ENTRYPOINT ["C:/tools/powershell.exe", "app.ps1"]
`,
    },
    {
      title: "Not Windows",
      bad: `FROM ⟦ghcr.io/cross-rs/x86_64-pc-windows-gnu:1⟧
CMD ["app"]
FROM ⟦acme/base:1⟧
VOLUME /c:/data
CMD ["start.cmdline"]
`,
    },
    { title: "Data only", good: "FROM scratch\nCOPY assets /assets" },
    { title: "Others build on it", good: 'FROM debian:12\nRUN apt-get update\nCMD ["bash"]' },
    {
      title: "The entrypoint hands over",
      good: 'FROM debian:12\nRUN apt-get update && apt-get install -y gosu\nCOPY start /start\nENTRYPOINT ["/start"]',
    },
    {
      title: "su, sudo and the like start it as another user",
      good: `FROM debian:12 AS a
CMD ["su", "app", "-c", "/srv/run"]
FROM debian:12 AS b
CMD su - app -c "/srv/run --port 80"
FROM debian:12 AS c
ENTRYPOINT ["su", "-s", "/bin/sh", "-c", "exec /srv/run", "app"]
FROM debian:12 AS d
ENTRYPOINT ["sudo", "-E", "-u", "app"]
CMD ["/srv/run"]
FROM debian:12 AS e
CMD exec sudo -u app /srv/run
FROM debian:12 AS f
CMD ["capsh", "--user=app", "--", "-c", "/srv/run"]
FROM debian:12 AS g
CMD ["doas", "-u", "app", "/srv/run"]
`,
    },
    {
      title: "sudo as root, and before the last command",
      bad: `FROM ⟦debian:12⟧ AS a
CMD ["sudo", "-E", "/srv/run", "-u", "app"]
FROM ⟦debian:12⟧ AS d
CMD ["sudo", "-u", "root", "/srv/run"]
FROM ⟦debian:12⟧ AS b
CMD ["su", "root", "-c", "/srv/run"]
FROM ⟦debian:12⟧ AS c
CMD su app -c /srv/prepare && /srv/run
`,
    },
    {
      title: "The official image leaves root by itself",
      good: 'FROM postgres:17\nCOPY init.sql /docker-entrypoint-initdb.d/\nCMD ["postgres"]',
    },
  ],
  check: function* (file) {
    if (file.isBroken || /(^|\/)(testdata|fixtures?)\//.test(file.dockerfile.path)) return;
    for (const stage of file.targetStages) {
      const start = startOf(file, stage);
      if (start === undefined || stage.user !== undefined || stage.isWindows) continue;
      if (
        isForDevelopers(file, stage) ||
        startsPromptOrTool(start) ||
        isWebAssembly(stage, start) ||
        startsNothing(file, stage, start) ||
        mayRunAsOther(stage)
      )
        continue;
      if (mayDropPrivileges(file, stage) || isContainerAction(file)) continue;
      yield {
        at: stage.stage.from.image.span,
        message: `No USER is set, so that \`${shown(start)}\` runs as root${stateOf(stage)}${doubtOf(stage)}`,
        related: [{ at: start.instruction.keywordSpan, message: "started here" }],
        ...switched(file, stage),
      };
    }
  },
});

/** To the only account that the file makes, else to nobody, by the number that needs no /etc/passwd. */
const switched = (file: AuditedFile, stage: StageFacts): Pick<Problem, "fix"> => {
  const [account, other] = createdIn(file, stage);
  const user = account === undefined ? "65534:65534" : account.name.value;
  return other !== undefined || account?.name.isLiteral === false ? {} : { fix: switchUser(file, stage, user) };
};

const mayRunAsOther = ({ rootBase }: StageFacts): boolean => {
  if (rootBase.kind === "scratch") return false;
  return rootBase.kind !== "image" || rootBase.reference === undefined || defaultUserOf(rootBase.reference) === "other";
};

/** Nobody knows the user of every image on a registry. */
const doubtOf = ({ rootBase }: StageFacts): string => {
  if (rootBase.kind !== "image" || rootBase.reference === undefined) return "";
  return defaultUserOf(rootBase.reference) === undefined ? ", unless the base says otherwise" : "";
};

const isModule = ({ text }: Word): boolean => /\.wasm["']?$/.test(text);

/** Users are a matter of the kernel; a WebAssembly runtime has none. */
const isWebAssembly = ({ lineage, rootBase }: StageFacts, { words }: Start): boolean => {
  const platform = lineage.at(-1)?.stage.from.flags.find(({ name }) => name === "platform")?.value ?? "";
  if (/\.wasm$/.test(words[0] ?? "") || /^wasi\b|\bwasm(32|64)?\b/i.test(platform)) return true;
  const copies = lineage.flatMap(({ instructions }) =>
    instructions.flatMap((copy) => (copy.keyword === "COPY" || copy.keyword === "ADD" ? [copy] : [])),
  );
  return (
    rootBase.kind === "scratch" &&
    copies.length > 0 &&
    copies.every(
      ({ sources, destination, heredocs }) =>
        heredocs.length === 0 && (sources.every(isModule) || (sources.length === 1 && isModule(destination))),
    )
  );
};

const shown = (start: Start): string => {
  const text = start.words.join(" ").replace(/\s+/g, " ");
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
};

const stateOf = (stage: StageFacts): string => {
  for (const facts of stage.lineage) {
    for (const instruction of facts.instructions) {
      const path = instruction.keyword === "VOLUME" ? instruction.paths[0] : undefined;
      if (path !== undefined && path.text !== "/tmp") return ` and owns what it keeps in \`${path.text}\``;
    }
  }
  return "";
};
