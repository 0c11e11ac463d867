import type { Span } from "../dockerfile/model.ts";
import type { ShellCommand } from "../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { outputRedirect, receiversOf } from "./knowledge/downloads.ts";
import { runsOf } from "./knowledge/run-commands.ts";
import { spanWithin } from "./knowledge/text-edits.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "unverified-ssh-host",
  summary: "Pin the keys of SSH hosts",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `\`StrictHostKeyChecking=no\` talks to whatever server answers, and \`ssh-keyscan\` asks that same server which key it should be recognised by. Both hand the source code, and the use of the forwarded agent, to anybody who can answer in the host's place.

Write the host's published key into known_hosts: code hosts print theirs in their documentation. \`COPY known_hosts /etc/ssh/ssh_known_hosts\` or a heredoc does it, and BuildKit accepts the file for the ssh mount as well.`,
  aliases: [],
  silent: [
    "A known_hosts file is copied into the stage, or a bind mount brings one.",
    "The output of ssh-keyscan is compared with a fingerprint (ssh-keygen -l, grep, a checksum) in the same RUN.",
    "The option's value is a variable, or turns the check on.",
  ],
  fixes: "none",
  sources: [
    "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/githubs-ssh-key-fingerprints",
    "https://man.openbsd.org/ssh_config#StrictHostKeyChecking",
  ],
  examples: [
    {
      bad: "RUN --mount=type=ssh mkdir -p ~/.ssh && ⟦ssh-keyscan⟧ github.com >> ~/.ssh/known_hosts && git clone git@github.com:a/b.git\n",
      message: "`ssh-keyscan` takes the key of `github.com` from whoever answers",
    },
    {
      title: "as an option",
      bad: `RUN --mount=type=ssh ssh -o ⟦StrictHostKeyChecking=no⟧ git@example.org true
RUN --mount=type=ssh GIT_SSH_COMMAND="ssh -o ⟦StrictHostKeyChecking=accept-new⟧" git clone git@example.org:a/b.git
`,
    },
    {
      title: "written into the configuration",
      bad: `RUN printf 'Host *\\n  ⟦StrictHostKeyChecking no⟧\\n' > /root/.ssh/config
ENV GIT_SSH_COMMAND="ssh -o ⟦UserKnownHostsFile=/dev/null⟧"
`,
    },
    {
      title: "a file of known keys",
      good: "COPY known_hosts /etc/ssh/ssh_known_hosts\nRUN --mount=type=ssh git clone git@github.com:a/b.git\n",
    },
    {
      title: "compared with a fingerprint",
      good: `RUN ssh-keyscan -t ed25519 github.com > /tmp/key \\
 && ssh-keygen -lf /tmp/key | grep -q 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU' \\
 && cat /tmp/key >> /etc/ssh/ssh_known_hosts
`,
    },
    {
      title: "on, or not known",
      good: "RUN ssh -o StrictHostKeyChecking=yes git@example.org; ssh -o StrictHostKeyChecking=$CHECK git@example.org\n",
    },
    { title: "only listed", good: "RUN ssh-keyscan github.com\n" },
  ],
  check: function* (file) {
    if (!/StrictHostKeyChecking|UserKnownHostsFile|ssh-keyscan/i.test(file.text)) return;
    for (const stage of file.stages) {
      for (const env of stage.instructions)
        if (env.keyword === "ENV")
          for (const { value } of env.assignments)
            if (value !== undefined) yield* laxPart(file, value.text, value.span);
      const isPinned = bringsKnownHosts(stage);
      for (const { commands, scripts, run } of runsOf(file, stage)) {
        yield* commands.flatMap((command) => laxWords(file, command));
        const isMounted = run.mounts.some(({ fields }) => /known_hosts/.test(fields.get("target") ?? ""));
        if (!isPinned && !isMounted)
          for (const script of scripts) yield* script.commands.flatMap((one) => scans(one, script.commands));
      }
    }
  },
});

/** Not `=yes`, `=ask` or a variable. */
const lax = /StrictHostKeyChecking[=\s]+(no|off|accept-new)\b|UserKnownHostsFile[=\s]+\/dev\/null/i;

const laxWords = (file: AuditedFile, command: ShellCommand): readonly Problem[] =>
  [...command.args, ...command.assignments.flatMap(({ value }) => value ?? [])]
    .filter(({ value }) => !/^s(.).*\1(yes|ask)/.test(value))
    .flatMap(({ value, span }) => laxPart(file, value, span));

const laxPart = (file: AuditedFile, written: string, span: Span): readonly Problem[] => {
  const found = lax.exec(written)?.[0];
  if (found === undefined) return [];
  return [{ at: spanWithin(file.text, span, found), message: `\`${found}\` turns off the check of host keys` }];
};

const scans = (command: ShellCommand, commands: readonly ShellCommand[]): readonly Problem[] => {
  if (command.name !== "ssh-keyscan") return [];
  const receivers = receiversOf(command, commands);
  const isKept = [command, ...receivers].some((one) => outputRedirect(one) !== undefined || one.name === "tee");
  const isCompared = commands.some(
    ({ name, args }) =>
      (name === "ssh-keygen" && args.some(({ value }) => /^-\w*[lF]/.test(value))) ||
      /^(sha256sum|sha512sum|shasum|md5sum|diff|cmp)$/.test(name),
  );
  if (!isKept || isCompared || receivers.some(({ name }) => /^grep$/.test(name))) return [];
  const hosts = command.args.filter(
    ({ value }, at) => !value.startsWith("-") && !/^-[tpT]$/.test(command.args[at - 1]?.value ?? ""),
  );
  const host = hosts.map(({ value }) => `\`${value}\``).join(" and ") || "the host";
  return [
    {
      at: command.nameWord?.span ?? command.span,
      message: `\`ssh-keyscan\` takes the key of ${host} from whoever answers`,
    },
  ];
};

const bringsKnownHosts = (stage: StageFacts): boolean =>
  stage.lineage.some(({ instructions }) =>
    instructions.some(
      (copy) =>
        (copy.keyword === "COPY" || copy.keyword === "ADD") &&
        [...copy.sources, copy.destination].some(({ text }) => /known_hosts/.test(text)),
    ),
  );
