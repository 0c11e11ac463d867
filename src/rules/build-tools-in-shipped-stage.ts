import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { buildPackagesOf, keptInstalls } from "./knowledge/build-tools.ts";
import { runsOf } from "./knowledge/run-commands.ts";
import { isForDevelopers, isToolchainImage } from "./knowledge/stage-purpose.ts";
import { baseName, startOf, startsNothing, startsPromptOrTool } from "./knowledge/start-command.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "build-tools-in-shipped-stage",
  summary: "Compile in a stage of its own and copy the result",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  aliases: [],
  why: `A compiler, headers and package sources are often ten times the size of the program they make, and each is one more
thing to patch, and to use for whoever gets in. What ships needs the result alone.

Build in a stage of its own (\`FROM golang:1.27 AS build\`) and \`COPY --from=build\` the program into a small base. Where a
language must compile on the spot, remove the tools in the same RUN that installs them; in a later one they stay in the
layer below.`,
  silent: [
    "packages that the same RUN removes again (`apt-get purge`, `apk del`, `apt-mark auto`)",
    "stages that start nothing, a shell, an interpreter or a compiler: tools are their purpose",
    "stages named for development, tests, debugging or building",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/multi-stage/"],
  needs: { instructions: ["ENTRYPOINT", "CMD"] },
  examples: [
    {
      bad: 'FROM ⟦golang:1.27⟧\nCOPY . .\nRUN go build -o /app\nCMD ["/app"]',
      message: "The image ships with the toolchain of `golang`, though it only runs `/app`",
    },
    {
      bad: 'FROM python:3.14-slim\nRUN apt-get update && apt-get install -y curl ⟦build-essential⟧ libpq-dev\nCMD ["python", "app.py"]',
      message: "`build-essential` and `libpq-dev` stay in the image that ships",
    },
    {
      title: "Removed too late",
      bad: 'FROM alpine:3.22\nRUN apk add --no-cache ⟦gcc⟧ musl-dev\nRUN apk del gcc musl-dev\nENTRYPOINT ["app"]',
    },
    {
      good: 'FROM golang:1.27 AS build\nRUN go build -o /app\nFROM scratch\nCOPY --from=build /app /app\nCMD ["/app"]',
    },
    {
      good: 'FROM alpine:3.22\nRUN apk add --no-cache --virtual .deps gcc musl-dev && make install && apk del .deps\nCMD ["app"]',
    },
    { title: "Compiling is its purpose", good: 'FROM debian:12\nRUN apt-get install -y gcc make\nENTRYPOINT ["make"]' },
    { good: 'FROM golang:1.27 AS dev\nCMD ["air"]' },
  ],
  check: function* (file) {
    const reported = new Set<number>();
    for (const stage of file.targetStages) {
      const start = startOf(file, stage);
      if (
        start === undefined ||
        stage.isWindows ||
        isForDevelopers(file, stage) ||
        startsPromptOrTool(start) ||
        startsNothing(file, stage, start)
      )
        continue;
      for (const problem of problemsOf(file, stage, start.words[0] ?? "")) {
        if (reported.has(problem.at.start)) continue;
        reported.add(problem.at.start);
        yield problem;
      }
    }
  },
});

function* problemsOf(file: AuditedFile, stage: StageFacts, program: string): Iterable<Problem> {
  const root = stage.lineage.at(-1);
  if (root !== undefined && stage.rootBase.kind === "image" && stage.rootBase.reference !== undefined) {
    const { reference } = stage.rootBase;
    // `dart server.dart` in dart runs what the image is made for.
    if (isToolchainImage(reference) && baseName(program) !== reference.name) {
      const name = stage.rootBase.text.split(/[:@]/)[0];
      yield {
        at: root.stage.from.image.span,
        message: `The image ships with the toolchain of \`${name}\`, though it only runs \`${program}\``,
      };
    }
  }
  for (const facts of stage.lineage) {
    for (const run of runsOf(file, facts)) {
      const found = keptInstalls(run).flatMap(buildPackagesOf);
      const [first, ...others] = found;
      if (first === undefined) continue;
      const names = found.map((word) => `\`${word.value}\``);
      const shown = names.length > 3 ? [...names.slice(0, 2), `${names.length - 2} more build packages`] : names;
      const text = shown.length === 1 ? shown[0] : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
      yield {
        at: first.span,
        message: `${text} ${others.length === 0 ? "stays" : "stay"} in the image that ships`,
        related: others.map((word) => ({ at: word.span, message: "a build package too" })),
      };
    }
  }
}
