import type { Instruction } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import { productionStages } from "./knowledge/stage-purpose.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "passwordless-sudo",
  summary: "Ship no account that becomes root without a password",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  aliases: [],
  why: `\`NOPASSWD: ALL\` undoes \`USER\`: whoever breaks into the process types \`sudo\` and is root. The image looks as if it
ran unprivileged, and scanners that ask for a USER are content.

Do what needs root before \`USER\`, in the build. Where the program itself needs one privileged step, allow that one command
(\`app ALL=(root) NOPASSWD: /usr/sbin/reload\`), or grant a capability at run time.`,
  silent: [
    "lines that allow certain commands only, and comments",
    "stages and files for development, tests, debugging or building, as those of dev containers",
  ],
  fixes: "none",
  sources: ["https://www.sudo.ws/docs/man/sudoers.man/#NOPASSWD"],
  needs: { instructions: ["RUN", "COPY", "ADD"] },
  examples: [
    {
      bad: "FROM debian:12\nRUN useradd app && echo 'app ALL=(ALL) ⟦NOPASSWD: ALL⟧' > /etc/sudoers.d/app\nUSER app\n",
      message: "`app` becomes root without a password",
    },
    {
      title: "the whole group, by sed and in a heredoc",
      bad: `FROM debian:12
RUN sed -i 's/^%sudo.*/%sudo ALL=(ALL:ALL) ⟦NOPASSWD:ALL⟧/' /etc/sudoers
COPY <<EOF /etc/sudoers.d/app
# app ALL=(ALL) NOPASSWD: ALL
$USER ALL=(ALL) \\
  ⟦NOPASSWD: ALL⟧
EOF
`,
    },
    {
      title: "certain commands",
      good: "FROM debian:12\nRUN echo 'app ALL=(root) NOPASSWD: /usr/sbin/reload' > /etc/sudoers.d/app\n",
    },
    {
      title: "for developers",
      good: "FROM debian:12 AS dev\nRUN echo 'dev ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/dev\n",
    },
    {
      title: "in a stage that does not ship",
      good: "FROM debian:12 AS a\nRUN echo 'a ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/a\nFROM debian:12\nCOPY --from=a /a /a\n",
    },
  ],
  check: function* (file) {
    if (!file.text.includes("NOPASSWD")) return;
    for (const { instructions } of productionStages(file))
      for (const instruction of instructions)
        if (/^(RUN|COPY|ADD)$/.test(instruction.keyword) && !instruction.isTrigger) yield* grants(file, instruction);
  },
});

const grants = function* ({ text }: AuditedFile, { span }: Instruction): Iterable<Problem> {
  for (const match of text.slice(span.start, span.end).matchAll(/NOPASSWD\s*:\s*ALL\b/g)) {
    const start = span.start + match.index;
    const line = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
    if (/^\s*#/.test(line)) continue;
    const [, account] = /(?<![$%{}\w.-])([$%{}\w.-]+)[ \t]+ALL[ \t]*=[^=]*$/.exec(line) ?? [];
    const who = account === undefined ? "An account" : `\`${account}\``;
    yield { at: { start, end: start + match[0].length }, message: `${who} becomes root without a password` };
  }
};
