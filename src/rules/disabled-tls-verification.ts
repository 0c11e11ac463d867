import type { Assignment, Instruction, RunInstruction } from "../dockerfile/model.ts";
import type { ShellCommand } from "../dockerfile/script.ts";
import type { AuditedFile } from "./audited-file.ts";
import { downloadsIn } from "./knowledge/download-use.ts";
import { isLocalHost, readUrl } from "./knowledge/downloads.ts";
import { deleteInstruction } from "./knowledge/edits.ts";
import { unquoted } from "./knowledge/labels.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { isElement } from "./knowledge/script-edits.ts";
import { spanWithin, withoutWords } from "./knowledge/text-edits.ts";
import { disablesTls, type TlsSwitch, tlsSwitches } from "./knowledge/tls-switches.ts";
import { isVerified } from "./knowledge/verification.ts";
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
    npm config set ⟦strict-ssl⟧ false
`,
      fixed: `RUN wget https://example.org/a && \\
    pip install app && \\
    git config --global http.sslVerify false && \\
    npm config set strict-ssl false
`,
    },
    {
      title: "variables",
      bad: `ENV ⟦NODE_TLS_REJECT_UNAUTHORIZED⟧=0
ENV A=1 ⟦GIT_SSL_NO_VERIFY⟧=true
RUN ⟦PYTHONHTTPSVERIFY⟧=0 python3 fetch.py && export ⟦npm_config_strict_ssl=false⟧ && npm ci
`,
      fixed: `ENV A=1 GIT_SSL_NO_VERIFY=true
RUN PYTHONHTTPSVERIFY=0 python3 fetch.py && export npm_config_strict_ssl=false && npm ci
`,
    },
    {
      title: "exec form: reported without a fix",
      bad: 'RUN ["wget", ⟦"--no-check-certificate"⟧, "https://example.org/a"]\n',
    },
    { title: "written into a configuration", bad: 'RUN echo "[main] ⟦sslverify=false⟧" >> /etc/yum.conf\n' },
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
    for (const { run, scripts } of runsIn(file, "every stage"))
      for (const { commands } of scripts)
        for (const command of commands) yield* inCommand(file, run, command, commands);
  },
});

const variable = function* (file: AuditedFile, at: Instruction, { key, value }: Assignment): Iterable<Problem> {
  const known = value === undefined ? undefined : file.expand(value, at).value;
  if (known === undefined || !disablesTls(unquoted(key.text), unquoted(known))) return;
  const isAlone = (at.keyword === "ENV" || at.keyword === "ARG") && at.assignments.length === 1;
  yield {
    at: key.span,
    message: `\`${key.text}\` turns off certificate checks`,
    ...(isAlone && !file.hasForeignSyntax ? fixed([deleteInstruction(file.text, at)]) : {}),
  };
};

const inCommand = function* (
  file: AuditedFile,
  run: RunInstruction,
  command: ShellCommand,
  commands: readonly ShellCommand[],
): Iterable<Problem> {
  for (const { name, value, span } of command.assignments)
    if (value !== undefined && disablesTls(name, value.value))
      yield {
        at: { start: span.start, end: span.start + name.length },
        message: `\`${name}\` turns off certificate checks`,
      };
  if (command.name === "export")
    for (const { value, span } of command.args) {
      const [, name = "", set = ""] = /^(\w+)=(.*)$/.exec(value) ?? [];
      if (disablesTls(name, set)) yield { at: span, message: `\`${name}\` turns off certificate checks` };
    }
  const found = tlsSwitches(command);
  if (found.length === 0) return;
  const downloads = downloadsIn(commands);
  const download = downloads.find((one) => one.command === command);
  if (download !== undefined && isVerified(download, commands, downloads)) return;
  if (download?.urls.some(({ value }) => isLocalHost(readUrl(value)?.host ?? "")) === true) return;
  for (const one of found)
    yield {
      at: one.text === one.word.value ? one.word.span : spanWithin(file.text, one.word.span, one.text),
      message: `\`${one.text}\` turns off the certificate check of \`${command.name}\``,
      ...(file.hasForeignSyntax || isElement(run, one.word) ? {} : fixed(deletion(file, one))),
    };
};

/** Options are deleted; a setting in words of its own (`config set strict-ssl false`) is left to a person. */
const deletion = (file: AuditedFile, { word, last, letter }: TlsSwitch): readonly Edit[] => {
  if (!word.value.startsWith("-")) return [];
  if (letter === undefined) return [withoutWords(file.text, word.span, last.span)];
  const written = file.text.slice(word.span.start, word.span.end);
  const at = written.indexOf(letter);
  return written !== word.value
    ? []
    : [{ span: { start: word.span.start + at, end: word.span.start + at + 1 }, text: "" }];
};

const fixed = (edits: readonly Edit[]): Pick<Problem, "fix"> | Record<string, never> =>
  edits.length === 0 ? {} : { fix: { title: "Keep the certificate check on", safety: "unsafe", edits } };
