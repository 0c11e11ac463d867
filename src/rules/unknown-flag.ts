import type { AuditedFile } from "./audited-file.ts";
import { isOneEditAway } from "./knowledge/one-edit.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "unknown-flag",
  summary: "Use flags that the syntax version of the file has",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  why: `BuildKit refuses an instruction with a flag that it does not know. Either the flag is misspelt, or it belongs to the
command and stands before it, or the engine that builds is older than the flag: then \`# syntax=docker/dockerfile:1\` at the
top of the file brings a version that has it.`,
  aliases: [],
  silent: ["A `# syntax=` of a foreign front end, or of a version above those known."],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/dockerfile/"],
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nCOPY ⟦--chwon⟧=app:app a /b\n",
      fixed: "FROM debian:bookworm-slim\nCOPY --chown=app:app a /b\n",
      message: "COPY has no flag `--chwon`; did you mean `--chown`?",
    },
    { title: "a flag of another instruction", bad: "FROM alpine:3.20\nWORKDIR ⟦--chown⟧=app /a\n" },
    {
      title: "the rest of the instruction stands",
      bad: "FROM alpine:3.20\nRUN ⟦--mounts⟧=type=ssh make\n",
      fixed: "FROM alpine:3.20\nRUN --mount=type=ssh make\n",
    },
    { good: "FROM alpine:3.20\nCOPY --link --chown=1:1 --chmod=644 a /b\nRUN --mount=type=ssh --network=none make\n" },
    { title: "a foreign front end", good: "# syntax=example.com/frontend:1\nFROM alpine:3.20\nCOPY --verify a /b\n" },
    { title: "a newer version", good: "# syntax=docker/dockerfile:1.99\nFROM alpine:3.20\nCOPY --verify a /b\n" },
    { title: "flags of the command", good: "FROM alpine:3.20\nRUN make --jobs=4\n" },
  ],
  check: function* (file) {
    if (file.hasForeignSyntax || isNewerSyntax(file)) return;
    for (const { kind, span, message, replacement } of file.dockerfile.problems) {
      if (kind !== "unknown-flag") continue;
      const written = file.text.slice(span.start, span.end);
      if (replacement === undefined || !isOneEditAway(written, replacement)) {
        yield { at: span, message };
        continue;
      }
      const title = `Write ${replacement}`;
      yield { at: span, message, fix: { title, safety: "safe", edits: [{ span, text: replacement }] } };
    }
  },
});

/** The last version of docker/dockerfile whose flags are known here. */
const knownMinor = 21;

const isNewerSyntax = (file: AuditedFile): boolean => {
  const syntax = file.dockerfile.directives.find(({ name }) => name === "syntax")?.value ?? "";
  const [, major, minor] = /:(\d+)\.(\d+)/.exec(syntax) ?? [];
  return Number(major ?? 1) > 1 || Number(minor ?? 0) > knownMinor;
};
