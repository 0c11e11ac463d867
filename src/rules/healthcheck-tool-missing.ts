import { familiarName, type ImageReference } from "../dockerfile/image-reference.ts";
import type { HealthcheckInstruction, Span } from "../dockerfile/model.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { familyOf } from "./knowledge/base-images.ts";
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
      const isFromElsewhere = instruction.flags.some(({ name }) => name === "from");
      return (
        names.includes(tool) ||
        (isFromElsewhere && /^\/?((usr\/)?(local\/)?(s?bin)?)?\/?$/.test(instruction.destination.text))
      );
    });
    return isCopied || runsOf(file, facts).some((run) => mayInstall(run, tool));
  });

const mayInstall = ({ packages, commands, isRead }: RunCommands, tool: string): boolean => {
  if (!isRead) return true;
  const pattern = new RegExp(
    `^(${tool === "nc" ? "netcat.*|ncat|nmap.*|busybox.*" : `${tool}|${tool}-.*|busybox.*`})$`,
  );
  for (const { action, hasUnknown, operands } of packages) {
    if (action !== "install") continue;
    if (hasUnknown || operands.some(({ value }) => pattern.test(value.replace(/[=~<>].*/s, "")))) return true;
  }
  return commands.some(
    ({ name, nameWord, args }) =>
      name === tool ||
      /\.(sh|bash)$/.test(name) ||
      (/^\.{0,2}\//.test(nameWord?.value ?? "") && !/^\/(usr\/)?s?bin\//.test(nameWord?.value ?? "")) ||
      nameWord?.isLiteral === false ||
      (/^(sh|bash|\.|source|make|dpkg|rpm)$/.test(name) && args.length > 0),
  );
};
