import type { AuditedFile, StageFacts } from "./audited-file.ts";
import type { PackageCommand } from "./knowledge/package-managers.ts";
import { type RunCommands, runsOf } from "./knowledge/run-commands.ts";
import { runtimeTexts } from "./knowledge/runtime-texts.ts";
import { type Start, startOf, startsPromptOrTool } from "./knowledge/start-command.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "temporary-tool-left",
  summary: "Remove tools that only the build needs",
  level: { recommended: "note", strict: "note" },
  scope: "shipped stages",
  why: `A download tool, git or gnupg that only a RUN uses ships with the image: it has to be patched with it, and it is what
an intruder uses next.

Remove it in the RUN that installed it (\`apt-get purge -y --auto-remove curl\`, \`apk add --virtual .fetch curl\` and
\`apk del .fetch\`), or do the work in a stage of its own and copy the result.`,
  aliases: [],
  silent: [
    "HEALTHCHECK, CMD, ENTRYPOINT or a copied file names the tool.",
    "Copied files cannot be read, or come from another stage.",
    "The RUN removes it.",
    "No RUN uses it: it is meant for the running container.",
    "Images that others are built on: no start command of their own, or a shell.",
  ],
  fixes: "none",
  needs: { packages: "system" },
  examples: [
    {
      bad: 'FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y --no-install-recommends ca-certificates ⟦curl⟧ \\\n && curl -fsSLo /usr/bin/tool https://example.com/tool\nCMD ["tool"]\n',
      message: "`curl` is needed by the build alone but ships: nothing that the container starts names it",
    },
    {
      title: "a pinned package, used in a later RUN",
      bad: 'FROM alpine:3.20\nRUN apk add --no-cache ⟦git=2.45.2-r0⟧ nginx\nRUN git clone -b v1 https://example.com/site.git /site\nENTRYPOINT ["nginx"]\n',
    },
    {
      title: "copied files do not name it",
      files: { "start.sh": "exec tool\n" },
      bad: 'FROM debian:12\nRUN apt-get install -y ⟦gnupg⟧ && gpg --version\nCOPY start.sh /\nCMD ["/start.sh"]\n',
    },
    {
      good: 'FROM debian:12\nRUN apt-get install -y curl && curl -fO https://example.com/a && apt-get purge -y --auto-remove curl\nCMD ["tool"]\n',
    },
    {
      title: "the health check needs it",
      good: 'FROM debian:12\nRUN apt-get install -y curl && curl -fO https://example.com/a\nHEALTHCHECK CMD curl -f http://localhost\nCMD ["tool"]\n',
    },
    {
      title: "a copied script needs it",
      files: { "start.sh": "git pull\n" },
      good: 'FROM debian:12\nRUN apt-get install -y git && git clone -b v1 https://example.com/a\nCOPY start.sh /\nCMD ["/start.sh"]\n',
    },
    {
      title: "removed as a group",
      good: 'FROM alpine:3.20\nRUN apk add --no-cache -t .fetch curl && curl -fO https://example.com/a && apk del .fetch\nCMD ["tool"]\n',
    },
    {
      title: "an image for others",
      good: "FROM debian:12\nRUN apt-get install -y curl && curl -fO https://example.com/a\n",
    },
    { title: "not used by the build", good: 'FROM debian:12\nRUN apt-get install -y git\nCMD ["tool"]\n' },
  ],
  check: function* (file) {
    const reported = new Set<number>();
    for (const stage of file.targetStages) {
      const start = startOf(file, stage);
      if (!stage.isShipped || start === undefined || startsPromptOrTool(start) || isBase(start)) continue;
      const atRuntime = runtimeTexts(file, stage);
      if (atRuntime === undefined) continue;
      for (const problem of toolsLeft(file, stage, atRuntime)) {
        if (!reported.has(problem.at.start)) yield problem;
        reported.add(problem.at.start);
      }
    }
  },
});

/** An entrypoint script alone prepares for the command that a child image or a person gives. */
const isBase = (start: Start): boolean => start.cmd === undefined && /entry-?point/i.test(start.words.join(" "));

/** The commands by which a package shows that a RUN uses it. */
const tools: ReadonlyMap<string, RegExp> = new Map([
  ["curl", /^curl$/],
  ["wget", /^wget$/],
  ["git", /^git$/],
  ["unzip", /^unzip$/],
  ["gnupg", /^(gpg|gpgv|apt-key|gpgconf)$/],
  ["gnupg2", /^(gpg2?|gpgv|apt-key|gpgconf)$/],
  ["gpg", /^(gpg|gpgv)$/],
  ["dirmngr", /^(gpg|dirmngr)$/],
  ["lsb-release", /^lsb_release$/],
  ["software-properties-common", /^(add-apt-repository|apt-add-repository)$/],
]);

const toolsLeft = function* (file: AuditedFile, stage: StageFacts, atRuntime: readonly string[]): Iterable<Problem> {
  const runs = stage.lineage.flatMap((ancestor) => runsOf(file, ancestor));
  if (!runs.every((run) => run.isRead)) return;
  for (const run of runs) {
    for (const called of run.packages) {
      if (called.action !== "install" || called.manager.kind !== "system") continue;
      for (const word of called.operands) {
        const name = word.value.replace(/[=<>~@].*/s, "");
        const uses = tools.get(name);
        if (!word.isLiteral || uses === undefined || isRemoved(run, called, name)) continue;
        if (!runs.some((other) => other.commands.some((command) => uses.test(command.name)))) continue;
        const isNamed = new RegExp(`\\b(${name}|${uses.source.replace(/[$^()]/g, "")})\\b`);
        if (atRuntime.some((text) => isNamed.test(text))) continue;
        yield {
          at: word.span,
          message: `\`${name}\` is needed by the build alone but ships: nothing that the container starts names it`,
        };
      }
    }
  }
};

const isRemoved = (run: RunCommands, install: PackageCommand, name: string): boolean => {
  const group = install.options.options.find((option) => option.name === "-t" || option.name === "--virtual")?.value;
  return run.packages.some(
    (called) =>
      called.action === "remove" &&
      (called.hasUnknown ||
        called.operands.length === 0 ||
        called.operands.some(({ value }) => value === name || value === group)),
  );
};
