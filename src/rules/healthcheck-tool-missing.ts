import { familiarName, type ImageReference } from "../dockerfile/image-reference.ts";
import type { AddInstruction, CopyInstruction, HealthcheckInstruction, Span } from "../dockerfile/model.ts";
import type { ShellCommand } from "../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { familyOf } from "./knowledge/base-images.ts";
import { filesNamed, holdsPath } from "./knowledge/context-paths.ts";
import { isArchiveName, isRemoteSource } from "./knowledge/copy-sources.ts";
import { isBelow, resolvePath } from "./knowledge/paths.ts";
import { type RunCommands, runsOf } from "./knowledge/run-commands.ts";
import { baseName } from "./knowledge/start-command.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "healthcheck-tool-missing",
  summary: "Call only tools in HEALTHCHECK that the image holds",
  level: { recommended: "warning", strict: "warning" },
  scope: "shipped stages",
  aliases: [],
  why: `A HEALTHCHECK whose program is missing fails every time: the container is marked unhealthy although it serves, and
Swarm restarts it for ever. Debian, Ubuntu and the slim images have neither curl nor wget, Alpine has wget, and distroless
and scratch have no shell to run anything.

Install the tool, or better, let the service's own program or language ask: \`HEALTHCHECK CMD ["/app", "health"]\`.`,
  silent: [
    "bases whose contents are not known",
    "tools that are installed or copied anywhere in the chain of stages",
    "stages that run scripts of their own, install what a variable names, or copy whole directories of programs",
  ],
  fixes: "none",
  needs: { instructions: ["HEALTHCHECK"] },
  examples: [
    {
      bad: 'FROM node:22-slim\nHEALTHCHECK CMD ⟦curl⟧ -f http://localhost/ || exit 1\nCMD ["node", "a"]',
      message: "`curl` is not in `node:22-slim`, and nothing here installs it",
    },
    { bad: 'FROM alpine:3.22\nRUN apk add --no-cache wget\nHEALTHCHECK CMD [⟦"curl"⟧, "localhost"]' },
    {
      bad: "FROM gcr.io/distroless/static-debian12:nonroot\nCOPY app /app\n⟦HEALTHCHECK⟧ CMD /app health",
      message: "The shell form needs `/bin/sh`, which is not in `gcr.io/distroless/static-debian12:nonroot`",
    },
    { bad: "FROM debian:12 AS base\nFROM base\nHEALTHCHECK --interval=5s CMD sh -c '⟦wget⟧ -q localhost'" },
    { good: "FROM debian:12\nRUN apt-get update && apt-get install -y curl\nHEALTHCHECK CMD curl -f localhost" },
    { good: "FROM alpine:3.22\nHEALTHCHECK CMD wget -q --spider localhost" },
    { good: "FROM acme/app:1\nHEALTHCHECK CMD curl localhost" },
    { good: 'FROM gcr.io/distroless/static-debian12:nonroot\nCOPY app /app\nHEALTHCHECK CMD ["/app", "health"]' },
    { good: "FROM debian:12\nARG PKGS\nRUN apt-get install -y $PKGS\nHEALTHCHECK CMD curl localhost" },
    { good: "FROM debian:12\nCOPY --from=acme/curl:1 /usr/bin/curl /usr/bin/curl\nHEALTHCHECK CMD curl localhost" },
    {
      title: "A folder of programs from another stage",
      good: `FROM debian:12 AS build
FROM debian:12
COPY --from=build /install /usr/local
HEALTHCHECK CMD curl localhost
FROM debian:12
COPY --from=build /install /usr
HEALTHCHECK CMD curl localhost
FROM debian:12
RUN --mount=from=build,source=/out,target=/o cp -a /o/. /
HEALTHCHECK CMD curl localhost
`,
    },
    {
      title: "A folder of the context that holds the tool",
      files: { "rootfs/usr/bin/curl": "" },
      good: "FROM debian:12\nCOPY rootfs/ /\nHEALTHCHECK CMD curl localhost\nFROM debian:12\nCOPY . /\nHEALTHCHECK CMD curl localhost\n",
    },
    {
      title: "A folder that is not known",
      good: "FROM debian:12\nCOPY rootfs/ /\nHEALTHCHECK CMD curl localhost\nFROM debian:12\nADD rootfs.tar.gz /\nHEALTHCHECK CMD curl localhost\n",
    },
    {
      title: "A folder of the context without the tool, and single files",
      files: { "rootfs/etc/app.conf": "", start: "" },
      bad: "FROM debian:12 AS build\nFROM debian:12\nCOPY rootfs/ /\nCOPY start /usr/local/bin/\nCOPY --from=build /out /srv\nRUN cp /srv/app /usr/local/bin/\nHEALTHCHECK CMD ⟦curl⟧ localhost\n",
    },
  ],
  check: function* (file) {
    const reported = new Set<HealthcheckInstruction>();
    for (const stage of file.targetStages) {
      const check = stage.healthcheck;
      if (check?.keyword !== "HEALTHCHECK" || check.command === undefined || reported.has(check) || stage.isWindows)
        continue;
      const { text, missing, hasShell } = contentsOf(stage);
      if (missing.size === 0 && hasShell) continue;
      if (!hasShell && check.command.form === "shell" && !mayBring(file, stage, "sh")) {
        // On scratch shell-in-scratch-stage says so.
        if (stage.rootBase.kind === "scratch") continue;
        reported.add(check);
        yield { at: check.keywordSpan, message: `The shell form needs \`/bin/sh\`, which is not in ${text}` };
        continue;
      }
      const called = toolsOf(file, check).find(({ name }) => missing.has(name) && !mayBring(file, stage, name));
      if (called === undefined) continue;
      reported.add(check);
      yield { at: called.at, message: `\`${called.name}\` is not in ${text}, and nothing here installs it` };
    }
  },
});

const toolsOf = (
  file: AuditedFile,
  check: HealthcheckInstruction,
): readonly { readonly name: string; readonly at: Span }[] => {
  const { command } = check;
  if (command === undefined) return [];
  const script = file.script(command, check);
  if (script?.status === "parsed")
    return script.commands.map(({ name, nameWord, span }) => ({ name, at: nameWord?.span ?? span }));
  const first = command.form === "exec" ? command.words[0] : undefined;
  return first === undefined ? [] : [{ name: baseName(first.text), at: first.span }];
};

const contentsOf = ({
  rootBase,
}: StageFacts): { readonly text: string; readonly missing: ReadonlySet<string>; readonly hasShell: boolean } => {
  if (rootBase.kind === "scratch") return { text: "`scratch`", missing: network, hasShell: false };
  if (rootBase.kind !== "image" || rootBase.reference === undefined)
    return { text: "", missing: new Set(), hasShell: true };
  const text = `\`${rootBase.text}\``;
  const { reference } = rootBase;
  const family = familyOf(reference);
  const tag = reference.tag ?? "";
  if (family === "distroless") return { text, missing: network, hasShell: /debug/.test(tag) };
  if (family === "alpine" && isPlainAlpine(reference)) return { text, missing: new Set(["curl"]), hasShell: true };
  const isPlain =
    /^(debian|ubuntu)$/.test(familiarName(reference)) || (family === "debian" && /(^|-)slim(-|$)/.test(tag));
  return { text, missing: isPlain ? network : new Set(), hasShell: true };
};

/** Images of languages on Alpine; servers often bring curl. */
const isPlainAlpine = (reference: ImageReference): boolean =>
  /^(alpine|node|python|ruby|golang)$/.test(familiarName(reference));

const network: ReadonlySet<string> = new Set(["curl", "wget", "nc"]);

const mayBring = (file: AuditedFile, stage: StageFacts, tool: string): boolean =>
  stage.lineage.some((facts) => {
    const isCopied = facts.instructions.some((instruction) => {
      if (instruction.keyword !== "COPY" && instruction.keyword !== "ADD") return false;
      const names = [instruction.destination, ...instruction.sources].map(({ text }) => baseName(text));
      return names.includes(tool) || bringsPrograms(file, facts, instruction, tool);
    });
    return isCopied || runsOf(file, facts).some((run) => mayInstall(run, tool));
  });

/** Whether a folder, which may hold the tool, is copied over the folders of programs. */
const bringsPrograms = (
  file: AuditedFile,
  stage: StageFacts,
  copy: CopyInstruction | AddInstruction,
  tool: string,
): boolean => {
  const target = resolvePath(copy.destination.text, stage.workdirAt(copy) ?? "/");
  if (target === undefined || !programFolder.test(target)) return false;
  const isUnpacked = copy.keyword === "ADD" && copy.sources.some(({ text }) => isArchiveName(text));
  if (isUnpacked || copy.flags.some(({ name }) => name === "from")) return true;
  return copy.sources.some((source) => {
    const path = file.expand(source, copy).value;
    return path === undefined || mayHoldTool(file, path, tool);
  });
};

const programFolder = /^\/((usr\/(local\/)?)?s?bin|usr(\/local)?)?$/;

/** By what the context holds; of what it does not hold, or when it is unknown, only the name tells a folder from a file. */
const mayHoldTool = ({ context }: AuditedFile, source: string, tool: string): boolean => {
  const path = resolvePath(source, "/")?.slice(1) ?? "";
  if (context === undefined || (path !== "" && !holdsPath(context, path)))
    return !isRemoteSource(source) && /[^./]\/$|(^|\/)(root|rootfs|overlay)$/.test(source);
  return filesNamed(context, tool).some((one) => path === "" || isBelow(one, path));
};

const mayInstall = ({ packages, commands, isRead }: RunCommands, tool: string): boolean => {
  if (!isRead) return true;
  const pattern = new RegExp(
    `^(${tool === "nc" ? "netcat.*|ncat|nmap.*|busybox.*" : `${tool}|${tool}-.*|busybox.*`})$`,
  );
  for (const { action, hasUnknown, operands } of packages) {
    if (action !== "install") continue;
    if (hasUnknown || operands.some(({ value }) => pattern.test(value.replace(/[=~<>].*/s, "")))) return true;
  }
  return commands.some((command) => {
    const { name, nameWord, args } = command;
    return (
      name === tool ||
      copiesPrograms(command, tool) ||
      /\.(sh|bash)$/.test(name) ||
      (/^\.{0,2}\//.test(nameWord?.value ?? "") && !/^\/(usr\/)?s?bin\//.test(nameWord?.value ?? "")) ||
      nameWord?.isLiteral === false ||
      (/^(sh|bash|\.|source|make|dpkg|rpm)$/.test(name) && args.length > 0)
    );
  });
};

/** `cp -a /out/. /`, and the tool itself under any path. */
const copiesPrograms = ({ name, args }: ShellCommand, tool: string): boolean => {
  if (!/^(cp|mv|ln|install|rsync)$/.test(name)) return false;
  const takesFolders = args
    .slice(0, -1)
    .some(({ value }) => /^-\w*[aRr]|^--(archive|recursive)$|[/*]$|\/\.$/.test(value));
  const target = resolvePath(args.at(-1)?.value ?? "", "/");
  return (
    args.some(({ value }) => baseName(value) === tool) ||
    (takesFolders && target !== undefined && programFolder.test(target))
  );
};
