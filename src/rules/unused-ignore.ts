import type { Span } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import type { Ignore, UnusedIgnore } from "./ignore-comment.ts";
import { defineRule, type Edit, type Fix } from "./rule.ts";

export default defineRule({
  id: "unused-ignore",
  summary: "Remove ignores that hide nothing",
  level: { recommended: "note", strict: "warning" },
  scope: "whole file",
  aliases: [],
  why: `An ignore that hides nothing was mistyped, stands in the wrong place, or what it hid is gone. The first two leave a
finding that someone meant to silence; the last one silences what nobody has seen yet.

Delete it, or move it to the line above the finding.`,
  silent: [
    "comments of other linters, which may still need them: the option `peers` reports these too",
    "ids of rules that are off, or that could not run without a build context or an engine",
    "ids of checks that none of our rules covers",
    "files that the engine refuses",
  ],
  fixes: "safe",
  options: [{ name: "peers", summary: "Report comments of other linters too", type: "boolean", default: false }],
  examples: [
    {
      bad: "# docker-hygiene ignore=⟦legacy-key-value⟧ -- as upstream has it\nENV A=b\n",
      fixed: "ENV A=b\n",
      message: "Nothing here is found by `legacy-key-value`, which the comment ignores",
    },
    {
      title: "One of two",
      bad: "# docker-hygiene ignore=⟦add-of-plain-files⟧, legacy-key-value -- as upstream has it\nENV A b\n",
      fixed: "# docker-hygiene ignore=legacy-key-value -- as upstream has it\nENV A b\n",
    },
    {
      title: "A name that is none",
      bad: "# docker-hygiene ignore=⟦legacy-key-valu⟧ -- as upstream has it\nENV A b\n",
      fixed: "# docker-hygiene ignore=legacy-key-value -- as upstream has it\nENV A b\n",
      message: "There is no rule `legacy-key-valu`; did you mean `legacy-key-value`?",
    },
    {
      title: "Under the name of another linter",
      bad: "ENV A=b\n# docker-hygiene ignore-file=⟦DL3002⟧,⟦LegacyKeyValueFormat⟧\n",
      fixed: "ENV A=b\n",
    },
    {
      title: "Other linters' comments, when asked for",
      options: { peers: true },
      bad: "# hadolint ignore=⟦DL3002⟧\nENV A=b\n",
      message: "Nothing here is found by `DL3002` (root-user), which the comment ignores",
    },
    { good: "# docker-hygiene ignore=LegacyKeyValueFormat -- as upstream has it\nENV A b\n" },
    { title: "Other linters' comments", good: "# hadolint ignore=DL3002\nENV A=b\n" },
    { title: "Checks that others make", good: "# docker-hygiene ignore=SC2086,buildkit/Experimental\nENV A=b\n" },
  ],
  check: function* (file, { peers }) {
    for (const ignore of file.unusedIgnores) {
      if (ignore.format !== "own" && peers !== true) continue;
      const fix = ignore.format === "own" ? fixOf(file, ignore) : undefined;
      yield { at: ignore.idSpan, message: messageOf(ignore), ...(fix === undefined ? {} : { fix }) };
    }
  },
});

const messageOf = ({ id, rule, meant }: UnusedIgnore): string => {
  if (rule !== undefined)
    return `Nothing here is found by \`${id}\`${rule === id ? "" : ` (${rule})`}, which the comment ignores`;
  return `There is no rule \`${id}\`${meant === undefined ? "" : `; did you mean \`${meant}\`?`}`;
};

/** The whole comment goes when none of its ids is of use. */
const fixOf = (file: AuditedFile, ignore: UnusedIgnore): Fix => {
  const fix = (title: string, edit: Edit): Fix => ({ title, safety: "safe", edits: [edit] });
  if (ignore.meant !== undefined) return fix(`Write ${ignore.meant}`, { span: ignore.idSpan, text: ignore.meant });
  const isBeside = ({ comment }: Ignore): boolean => comment.start === ignore.comment.start;
  const beside = file.ignores.filter(isBeside);
  const unused = file.unusedIgnores.filter(isBeside);
  if (unused.length === beside.length && unused.every(({ meant }) => meant === undefined))
    return fix("Delete the comment", { span: wholeLine(file.text, ignore.comment), text: "" });
  const at = beside.findIndex(({ idSpan }) => idSpan.start === ignore.idSpan.start);
  const [before, after] = [beside[at - 1], beside[at + 1]];
  const span = {
    start: after === undefined && before ? before.idSpan.end : ignore.idSpan.start,
    end: after === undefined ? ignore.idSpan.end : after.idSpan.start,
  };
  return fix(`Delete ${ignore.id} from the comment`, { span, text: "" });
};

/** A comment has its line to itself. */
const wholeLine = (text: string, { start, end }: Span): Span => {
  const lineBreak = text.indexOf("\n", end);
  return { start: text.lastIndexOf("\n", start - 1) + 1, end: lineBreak < 0 ? text.length : lineBreak + 1 };
};
