import type { Assignment, Instruction, Span } from "../dockerfile/model.ts";
import type { ShellCommand } from "../dockerfile/script.ts";
import type { AuditedFile } from "./audited-file.ts";
import { downloadsIn } from "./knowledge/download-use.ts";
import { isLocalHost, readUrl } from "./knowledge/downloads.ts";
import { deleteInstruction } from "./knowledge/edits.ts";
import { unquoted } from "./knowledge/labels.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { deleteCommandOrRun, isElement } from "./knowledge/script-edits.ts";
import { spanWithin } from "./knowledge/text-edits.ts";
import { decidesTls, disablesTls, type TlsSwitch, tlsSwitches } from "./knowledge/tls-switches.ts";
import { isVerified } from "./knowledge/verification.ts";
import { withoutWords } from "./knowledge/word-deletion.ts";
import { defineRule, type Edit, type Problem } from "./rule.ts";

export default defineRule({
  id: "disabled-tls-verification",
  summary: "Keep certificate checks on",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  why: `Without the check of its certificate, https is http with extra steps: any server on the way may answer for any host. As an ENV or in a configuration file the switch also goes on to work in every container of the image.

Install the certificate of your private authority instead (\`COPY ca.crt /usr/local/share/ca-certificates/\` and \`update-ca-certificates\`, or a secret mount), or install \`ca-certificates\` where a slim base has none.`,
  aliases: [
    "CKV2_DOCKER_2",
    "CKV2_DOCKER_3",
    "CKV2_DOCKER_4",
    "CKV2_DOCKER_5",
    "CKV2_DOCKER_6",
    "CKV2_DOCKER_12",
    "CKV2_DOCKER_13",
    "CKV2_DOCKER_14",
    "CKV2_DOCKER_15",
    "CKV2_DOCKER_16",
  ],
  silent: [
    "The file that comes is verified by checksum or signature in the same RUN.",
    "The host is localhost.",
    "The value leaves the check on (`strict-ssl true`, `PYTHONHTTPSVERIFY=1`), or is a variable.",
  ],
  fixes: "unsafe",
  sources: ["https://cwe.mitre.org/data/definitions/295.html"],
  examples: [
    {
      bad: "RUN curl ⟦-fsSLk⟧ -o /tool https://example.org/tool\n",
      fixed: "RUN curl -fsSL -o /tool https://example.org/tool\n",
      message: "`-fsSLk` turns off the certificate check of `curl`",
    },
    {
      title: "options and settings of other programs",
      bad: `RUN wget ⟦--no-check-certificate⟧ https://example.org/a && \\
    pip install ⟦--trusted-host⟧ pypi.example.org app && \\
    git config --global ⟦http.sslVerify⟧ false && \\
    git clone https://example.org/a && \\
    npm config set ⟦strict-ssl⟧ false
`,
      fixed: `RUN wget https://example.org/a && \\
    pip install app && \\
    git clone https://example.org/a
`,
    },
    {
      title: "on lines of their own, and behind another option",
      bad: `RUN wget https://example.org/a \\
      # the proxy
      ⟦--no-check-certificate⟧
RUN git -c ⟦http.sslVerify=false⟧ clone https://example.org/a && \\
    curl -f \\
      ⟦--insecure⟧ \\
      https://example.org/b
`,
      fixed: `RUN wget https://example.org/a
      # the proxy
RUN git clone https://example.org/a && \\
    curl -f \\
      https://example.org/b
`,
    },
    {
      title: "variables",
      bad: `ENV ⟦NODE_TLS_REJECT_UNAUTHORIZED⟧=0
ENV A=1 ⟦GIT_SSL_NO_VERIFY⟧=true
RUN ⟦PYTHONHTTPSVERIFY⟧=0 python3 fetch.py && export ⟦npm_config_strict_ssl=false⟧ && npm ci
`,
      fixed: `ENV A=1
RUN python3 fetch.py && npm ci
`,
    },
    {
      title: "exec form",
      bad: 'RUN ["wget", ⟦"--no-check-certificate"⟧, "https://example.org/a"]\n',
      fixed: 'RUN ["wget", "https://example.org/a"]\n',
    },
    {
      title: "written into a configuration",
      bad: `RUN echo "[main] ⟦sslverify=false⟧" >> /etc/yum.conf
RUN echo '⟦Acquire::https::Verify-Peer "false"⟧;' > /etc/apt/apt.conf.d/x
RUN echo ⟦insecure⟧ >> ~/.curlrc && printf 'silent\\n⟦--insecure⟧\\n' > /root/.curlrc
`,
      message: "`insecure` turns off certificate checks",
    },
    {
      title: "written elsewhere, or on",
      good: `RUN echo insecure >> /notes && echo 'Acquire::https::Verify-Peer "true";' > /etc/apt/apt.conf.d/x && echo proxy-insecure-not > ~/.curlrc\n`,
    },
    {
      title: "verified all the same",
      good: `RUN curl -kfsSLo a.zip https://example.org/a.zip && echo "$SHA256  a.zip" | sha256sum -c -\n`,
    },
    {
      title: "the check stays on",
      good: `ENV NODE_TLS_REJECT_UNAUTHORIZED=1 NPM_CONFIG_STRICT_SSL=true
RUN npm config set strict-ssl true && curl -f https://example.org/k -o k
`,
    },
    {
      title: "localhost, and the letter in a value",
      good: "RUN curl -kf https://localhost:8443/ && curl -fo k https://example.org/\n",
    },
  ],
  check: function* (file) {
    for (const instruction of file.dockerfile.instructions) {
      if (instruction.keyword !== "ENV" && instruction.keyword !== "ARG") continue;
      for (const assignment of instruction.assignments) yield* variable(file, instruction, assignment);
    }
    for (const run of runsIn(file, "every stage"))
      for (const command of run.commands) {
        if (command.assignments.length > 0 || command.name === "export") yield* variablesIn(file, run, command);
        const switches = tlsSwitches(command);
        if (switches.length > 0) yield* inCommand(file, run, command, switches);
      }
  },
});

const variable = function* (file: AuditedFile, at: Instruction, { key, value, span }: Assignment): Iterable<Problem> {
  const name = unquoted(key.text);
  const known = value === undefined || !decidesTls(name) ? undefined : file.expand(value, at).value;
  if (known === undefined || !disablesTls(name, unquoted(known))) return;
  const isAlone = (at.keyword === "ENV" || at.keyword === "ARG") && at.assignments.length === 1;
  const edits = isAlone ? [deleteInstruction(file.text, at)] : withoutWords(file, at, span);
  yield { at: key.span, message: `\`${key.text}\` turns off certificate checks`, ...fixed(edits) };
};

const inCommand = function* (
  file: AuditedFile,
  run: RunCommands,
  command: ShellCommand,
  found: readonly TlsSwitch[],
): Iterable<Problem> {
  const downloads = downloadsIn(run.commands);
  const download = downloads.find((one) => one.command === command);
  if (download !== undefined && isVerified(download, run.commands, downloads)) return;
  if (download?.urls.some(({ value }) => isLocalHost(readUrl(value)?.host ?? "")) === true) return;
  for (const one of found)
    yield {
      at: one.text === one.word.value ? one.word.span : spanWithin(file.text, one.word.span, one.text),
      message: `\`${one.text}\` turns off ${one.isWritten ? "certificate checks" : `the certificate check of \`${command.name}\``}`,
      ...fixed(deletion(file, run, command, one)),
    };
};

const variablesIn = function* (file: AuditedFile, run: RunCommands, command: ShellCommand): Iterable<Problem> {
  const problem = (at: Span, name: string, edits: readonly Edit[] | undefined): Problem => ({
    at,
    message: `\`${name}\` turns off certificate checks`,
    ...fixed(edits),
  });
  for (const { name, value, span } of command.assignments) {
    if (value === undefined || !disablesTls(name, value.value)) continue;
    const edits = command.name === "" ? undefined : withoutWords(file, run.run, span);
    yield problem({ start: span.start, end: span.start + name.length }, name, edits);
  }
  if (command.name !== "export") return;
  for (const { value, span } of command.args) {
    const [, name = "", set = ""] = /^(\w+)=(.*)$/.exec(value) ?? [];
    if (!disablesTls(name, set)) continue;
    const whole = command.args.length === 1 ? deleteCommandOrRun(file, run, command) : undefined;
    const edits = command.args.length === 1 ? whole && [whole] : withoutWords(file, run.run, span);
    yield problem(span, name, edits);
  }
};

/** An option goes with its value, a command that only writes the setting as a whole. */
const deletion = (
  file: AuditedFile,
  run: RunCommands,
  command: ShellCommand,
  { word, last, letter }: TlsSwitch,
): readonly Edit[] | undefined => {
  const before = command.args[command.args.indexOf(word) - 1];
  if (/^(-c|-o|--option)$/.test(before?.value ?? "") && before !== undefined)
    return withoutWords(file, run.run, before.span, last.span);
  if (!word.value.startsWith("-")) {
    const whole = command.args[0]?.value === "config" ? deleteCommandOrRun(file, run, command) : undefined;
    return whole && [whole];
  }
  if (letter === undefined) return withoutWords(file, run.run, word.span, last.span);
  const written = file.text.slice(word.span.start, word.span.end);
  const at = written.indexOf(letter);
  const isWritten = written === word.value || (isElement(run.run, word) && written === `"${word.value}"`);
  return isWritten ? [{ span: { start: word.span.start + at, end: word.span.start + at + 1 }, text: "" }] : undefined;
};

const fixed = (edits: readonly Edit[] | undefined): Pick<Problem, "fix"> =>
  edits === undefined ? {} : { fix: { title: "Keep the certificate check on", safety: "unsafe", edits } };
