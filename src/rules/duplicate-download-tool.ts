import type { ShellCommand, ShellWord } from "../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import type { PackageCommand } from "./knowledge/package-managers.ts";
import { runsOf } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "duplicate-download-tool",
  summary: "Install one of curl and wget",
  level: { recommended: "off", strict: "note" },
  scope: "shipped stages",
  why: `curl and wget do the same for a build, and each brings libraries of its own into the image that need updates. Choose one of them; for a single file, \`ADD --checksum=sha256:… URL\` needs neither.`,
  aliases: ["DL4001", "DS-0014", "fc775e75"],
  silent: [
    "Only one of them is installed by the file, or one of them comes with the base.",
    "They are installed in stages that do not ship, or one of them is removed again.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages"],
  examples: [
    {
      bad: "RUN apt-get update && apt-get install -y curl ca-certificates ⟦wget⟧\n",
      message: "`wget` is installed beside `curl`, and one of them is enough",
    },
    {
      title: "in two RUNs",
      bad: `RUN apk add --no-cache \\
      wget=1.25.0-r1
RUN apk add --no-cache \\
      git \\
      ⟦curl⟧
`,
    },
    {
      title: "along the chain",
      bad: `FROM debian:bookworm-slim AS base
RUN apt-get update && apt-get install -y curl
FROM base
RUN apt-get update && apt-get install -y ⟦wget⟧
`,
    },
    { good: "RUN apt-get update && apt-get install -y curl\nRUN wget -q https://example.org/a\n" },
    {
      title: "in a builder stage",
      good: `FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y curl wget
FROM debian:bookworm-slim
COPY --from=build /out /out
`,
    },
    {
      title: "removed with all that is not marked",
      good: "RUN apt-get update && apt-get install -y curl wget && apt-mark auto curl wget && apt-get purge -y --auto-remove\n",
    },
    { title: "removed again", good: "RUN apt-get update && apt-get install -y curl wget && apt-get purge -y wget\n" },
  ],
  check: function* (file) {
    const reported = new Set<number>();
    for (const stage of file.targetStages) {
      const tools = new Map<string, ShellWord>();
      for (const { name, word } of toolsOf(file, stage)) {
        const [other] = [...tools].filter(([known]) => known !== name);
        if (other !== undefined && !tools.has(name) && !reported.has(word.span.start)) {
          reported.add(word.span.start);
          yield {
            at: word.span,
            message: `\`${name}\` is installed beside \`${other[0]}\`, and one of them is enough`,
            related: [{ at: other[1].span, message: `\`${other[0]}\` is installed here` }],
          };
        }
        if (!tools.has(name)) tools.set(name, word);
      }
    }
  },
});

interface Tool {
  readonly name: string;
  readonly word: ShellWord;
}

/** In the order of installation, base stages first; what may be removed again is left out. */
const toolsOf = (file: AuditedFile, stage: StageFacts): readonly Tool[] => {
  const runs = stage.lineage.toReversed().flatMap((one) => runsOf(file, one));
  const removed = new Set(runs.flatMap(({ packages }) => named(packages, "remove")).map(({ name }) => name));
  return runs
    .filter(({ commands, packages }) => !cleansUp(commands, packages))
    .flatMap(({ packages }) => named(packages, "install"))
    .filter(({ name }) => !removed.has(name));
};

const named = (packages: readonly PackageCommand[], action: PackageCommand["action"]): readonly Tool[] =>
  packages
    .filter((one) => one.action === action && one.manager.kind === "system")
    .flatMap(({ operands }) => operands)
    .map((word) => ({ name: word.value.replace(/[=~<>].*/s, ""), word }))
    .filter(({ name }) => name === "curl" || name === "wget");

/** Removes packages that it does not name: `apt-mark auto` with `--auto-remove`, a virtual package of apk, a variable. */
const cleansUp = (commands: readonly ShellCommand[], packages: readonly PackageCommand[]): boolean =>
  commands.some(({ name }) => name === "apt-mark") ||
  packages.some(
    ({ action, operands, manager, hasUnknown }) =>
      action === "remove" && (operands.length === 0 || hasUnknown || manager.name === "apk"),
  );
