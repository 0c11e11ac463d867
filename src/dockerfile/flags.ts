import type { Flag, JoinedText, Mount, SyntaxProblem } from "./model.ts";
import { nearest } from "./nearest.ts";
import type { Piece } from "./words.ts";

type FlagType = "text" | "texts" | "boolean";

/** Flags of BuildKit's built-in front end, the stable and the labs channel together. */
const known: Readonly<Record<string, Readonly<Record<string, FlagType>>>> = {
  ADD: {
    chown: "text",
    chmod: "text",
    link: "boolean",
    "keep-git-dir": "boolean",
    checksum: "text",
    unpack: "boolean",
    exclude: "texts",
  },
  COPY: { chown: "text", from: "text", chmod: "text", link: "boolean", exclude: "texts", parents: "boolean" },
  FROM: { platform: "text" },
  HEALTHCHECK: { interval: "text", timeout: "text", "start-period": "text", "start-interval": "text", retries: "text" },
  RUN: { mount: "texts", network: "text", security: "text", device: "texts" },
};

/** BuildKit takes any flag here and ignores it. */
const unchecked: readonly string[] = ["ARG", "STOPSIGNAL"];

export const readFlag = (joined: JoinedText, written: Piece): Flag => {
  const { text, start, end } = written;
  const sign = text.indexOf("=");
  const source = joined.text.slice(start, end);
  const sourceSign = source.indexOf("=");
  return {
    name: (sign === -1 ? text : text.slice(0, sign)).slice(2),
    value: sign === -1 ? undefined : text.slice(sign + 1),
    span: joined.locate(start, end),
    nameSpan: joined.locate(start, sourceSign === -1 ? end : start + sourceSign),
    valueSpan: sign === -1 ? undefined : joined.locate(start + sourceSign + 1, end),
  };
};

/** The first flag that BuildKit refuses. */
export const flagProblem = (keyword: string, flags: readonly Flag[]): SyntaxProblem | undefined => {
  if (unchecked.includes(keyword)) return undefined;
  const table = known[keyword] ?? {};
  const seen = new Set<string>();
  for (const flag of flags) {
    const type = Object.hasOwn(table, flag.name) ? table[flag.name] : undefined;
    const problem = type
      ? valueProblem(flag, type, seen.has(flag.name))
      : unknownProblem(keyword, flag, Object.keys(table));
    if (problem) return problem;
    seen.add(flag.name);
  }
  return undefined;
};

const unknownProblem = (keyword: string, flag: Flag, names: readonly string[]): SyntaxProblem => {
  const likely = nearest(flag.name, names);
  return {
    message: `${keyword} has no flag \`--${flag.name}\`${likely ? `; did you mean \`--${likely}\`?` : ""}`,
    span: flag.nameSpan,
    reach: "instruction",
    kind: "unknown-flag",
    ...(likely ? { replacement: `--${likely}` } : {}),
  };
};

const valueProblem = (flag: Flag, type: FlagType, isRepeated: boolean): SyntaxProblem | undefined => {
  const problem = (message: string): SyntaxProblem => ({ message, span: flag.span, reach: "instruction" });
  if (isRepeated && type !== "texts") return problem(`The flag \`--${flag.name}\` is given twice`);
  if (type !== "boolean")
    return flag.value === undefined ? problem(`The flag \`--${flag.name}\` needs a value`) : undefined;
  if (flag.value === "") return problem(`The flag \`--${flag.name}\` needs a value behind its \`=\``);
  const value = flag.value?.toLowerCase() ?? "true";
  return value === "true" || value === "false"
    ? undefined
    : problem(`The flag \`--${flag.name}\` is true or false, not \`${flag.value}\``);
};

const mountTypes: readonly string[] = ["bind", "cache", "tmpfs", "secret", "ssh"];
const longNames: Readonly<Record<string, string>> = {
  src: "source",
  dst: "target",
  destination: "target",
  ro: "readonly",
  rw: "readwrite",
};
const mountFields: readonly string[] = [
  "type",
  "from",
  "source",
  "target",
  "readonly",
  "readwrite",
  "required",
  "size",
  "id",
  "sharing",
  "mode",
  "uid",
  "gid",
  "env",
];

/** The mounts of a RUN and the first one that BuildKit refuses. */
export const readMounts = (
  flags: readonly Flag[],
): { readonly mounts: readonly Mount[]; readonly problem: SyntaxProblem | undefined } => {
  let problem: SyntaxProblem | undefined;
  const mounts = flags
    .filter((flag) => flag.name === "mount" && flag.value !== undefined)
    .map((flag): Mount => {
      const fields = new Map<string, string>();
      for (const field of splitCsv(flag.value ?? "")) {
        const sign = field.indexOf("=");
        const written = (sign === -1 ? field : field.slice(0, sign)).toLowerCase();
        const name = longNames[written] ?? written;
        if (!mountFields.includes(name) && !field.includes("$")) problem ??= unknownField(flag, written);
        fields.set(name, sign === -1 ? "" : field.slice(sign + 1));
      }
      const type = (fields.get("type") ?? "bind").toLowerCase();
      if (!mountTypes.includes(type) && !type.includes("$")) problem ??= unknownType(flag, type);
      return { type, fields, flag };
    });
  return { mounts, problem };
};

const unknownField = (flag: Flag, name: string): SyntaxProblem => ({
  message: `A mount has no field \`${name}\``,
  span: flag.valueSpan ?? flag.span,
  reach: "instruction",
});

const unknownType = (flag: Flag, type: string): SyntaxProblem => ({
  message: `\`${type}\` is no type of mount: it is one of ${mountTypes.join(", ")}`,
  span: flag.valueSpan ?? flag.span,
  reach: "instruction",
});

/** One CSV record: fields may be quoted as a whole. */
const splitCsv = (record: string): readonly string[] =>
  [...record.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((match) =>
    match[1] === undefined ? (match[2] ?? "") : match[1].replaceAll('""', '"'),
  );
