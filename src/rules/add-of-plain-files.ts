import type { AddInstruction, Instruction } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import { isRemoteSource, mayMatchArchive } from "./knowledge/copy-sources.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "add-of-plain-files",
  summary: "Use COPY for files of the context",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `ADD does more than copy: it unpacks what looks like a tar archive and fetches what looks like a URL. For plain files none of that is wanted, and a file that happens to be an archive, or becomes one later, is silently unpacked instead of copied.

COPY copies, and says so. Keep ADD for local archives that are to be unpacked, for URLs with \`--checksum\` and for git sources.`,
  aliases: ["DL3020", "DS-0005", "CKV_DOCKER_4", "CIS-DI-0009", "9513a694"],
  silent: [
    "A source is a URL, a git repository, an archive by its name, or a wildcard that may match one.",
    "A source is a variable without a known value.",
    "A flag that only ADD has (`--checksum`, `--keep-git-dir`, `--unpack`) is given.",
  ],
  fixes: "safe",
  sources: ["https://docs.docker.com/build/building/best-practices/#add-or-copy"],
  needs: { instructions: ["ADD"] },
  examples: [
    {
      bad: "⟦ADD⟧ package.json /app/\n",
      fixed: "COPY package.json /app/\n",
      message: "ADD copies `package.json`, which is neither an archive nor a URL",
    },
    {
      title: "flags and continuation lines stay",
      bad: `⟦add⟧ --chown=1000:1000 \\
  # the sources
  src *.json \\
  /app/
`,
      fixed: `copy --chown=1000:1000 \\
  # the sources
  src *.json \\
  /app/
`,
    },
    {
      title: "heredoc and trigger",
      bad: `⟦ADD⟧ <<EOF /etc/motd
hello
EOF
ONBUILD ⟦ADD⟧ . /app
`,
      fixed: `COPY <<EOF /etc/motd
hello
EOF
ONBUILD COPY . /app
`,
    },
    { title: "an archive that is to be unpacked", good: "ADD rootfs.tar.xz /\n" },
    { title: "may match an archive", good: "ADD dist/* /srv/\nARG FILES\nADD $FILES /srv/\n" },
    {
      title: "URL and git",
      good: "ADD --checksum=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef https://example.org/a /a\nADD git@example.org:a/b.git /b\n",
    },
  ],
  check: function* (file) {
    for (const instruction of file.dockerfile.instructions) {
      const add = asAdd(instruction);
      if (add === undefined || add.flags.some((flag) => onlyAdd.has(flag.name))) continue;
      if (!add.sources.every((source) => isPlain(file, source.text, add))) continue;
      const isLower = file.text.slice(add.keywordSpan.start, add.keywordSpan.end) === "add";
      const what = add.sources.length === 0 ? "a heredoc" : add.sources.map(({ text }) => `\`${text}\``).join(" and ");
      yield {
        at: add.keywordSpan,
        message: `ADD copies ${what}, which ${add.sources.length > 1 ? "are neither archives nor URLs" : "is neither an archive nor a URL"}`,
        fix: {
          title: "Write COPY in place of ADD",
          safety: "safe",
          edits: [{ span: add.keywordSpan, text: isLower ? "copy" : "COPY" }],
        },
      };
    }
  },
});

const onlyAdd: ReadonlySet<string> = new Set(["checksum", "keep-git-dir", "unpack"]);

const asAdd = (instruction: Instruction): AddInstruction | undefined => {
  if (instruction.keyword === "ONBUILD") return asAdd(instruction.trigger);
  return instruction.keyword === "ADD" ? instruction : undefined;
};

const isPlain = (file: AuditedFile, source: string, add: AddInstruction): boolean => {
  const path = file.expand(source, add).value;
  return path !== undefined && path !== "" && !isRemoteSource(path) && !mayMatchArchive(path);
};
