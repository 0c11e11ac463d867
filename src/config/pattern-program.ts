/** A step of the machine that a regular expression becomes; places are indexes into the program. */
export type Instruction =
  | { readonly kind: "text"; readonly text: string }
  /** One character of a class; sticky. */
  | { readonly kind: "class"; readonly pattern: RegExp }
  | { readonly kind: "start" | "end" | "match" }
  | { readonly kind: "boundary"; readonly isWanted: boolean }
  /** Goes on at both places, the first one preferred. */
  | { readonly kind: "split"; readonly first: number; readonly second: number }
  | { readonly kind: "jump"; readonly to: number }
  /** What is looked for stands behind it, up to `to`. */
  | { readonly kind: "look"; readonly isWanted: boolean; readonly to: number };

/** The program of a valid regular expression with the flag `u`; a text says what it may not do. */
export const programOf = (source: string): readonly Instruction[] | string => {
  const reader: Reader = { source, at: 0, refused: undefined };
  const tree = alternatives(reader);
  if (reader.refused !== undefined) return reader.refused;
  if (sizeOf(tree) > mostInstructions) return "repeats too much: a count stands for as many copies";
  const program: Instruction[] = [];
  emit(tree, program);
  program.push({ kind: "match" });
  return program;
};

const mostInstructions = 2000;

type Tree =
  | { readonly kind: "step"; readonly step: Exclude<Instruction, { readonly kind: "split" | "jump" | "look" }> }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly Tree[] }
  | { readonly kind: "look"; readonly isWanted: boolean; readonly part: Tree }
  | {
      readonly kind: "repeat";
      readonly part: Tree;
      readonly least: number;
      readonly most: number;
      readonly isLazy: boolean;
    };

interface Reader {
  readonly source: string;
  at: number;
  refused: string | undefined;
}

const alternatives = (reader: Reader): Tree => {
  const parts = [sequence(reader)];
  while (reader.source[reader.at] === "|") {
    reader.at += 1;
    parts.push(sequence(reader));
  }
  return { kind: "choice", parts };
};

const sequence = (reader: Reader): Tree => {
  const parts: Tree[] = [];
  while (reader.at < reader.source.length && !/[|)]/.test(reader.source[reader.at] as string))
    parts.push(repeated(reader, term(reader)));
  return { kind: "sequence", parts };
};

const repeated = (reader: Reader, part: Tree): Tree => {
  const [written, sign = "", least = "", comma, most = "", lazy] =
    take(reader, /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})(\?)?/y) ?? [];
  if (written === undefined) return part;
  const counts = { "*": [0, Infinity], "+": [1, Infinity], "?": [0, 1] }[sign];
  const [from = Number(least), to = comma === undefined ? Number(least) : most === "" ? Infinity : Number(most)] =
    counts ?? [];
  return { kind: "repeat", part, least: from, most: to, isLazy: lazy !== undefined };
};

const term = (reader: Reader): Tree => {
  const [group] = take(reader, /\((?:\?(?:[:=!]|<[=!]|<[^>]*>|[\w-]*:))?/y) ?? [];
  if (group !== undefined) return grouped(reader, group);
  if (take(reader, /\^/y)) return step({ kind: "start" });
  if (take(reader, /\$/y)) return step({ kind: "end" });
  const boundary = take(reader, /\\([bB])/y);
  if (boundary) return step({ kind: "boundary", isWanted: boundary[1] === "b" });
  if (take(reader, /\\(?:[1-9]|k<)/y))
    return refuse(reader, "takes no backreferences: there is no bound to the time that they take");
  const [written = ""] =
    take(
      reader,
      /\[(?:\\.|[^\]\\])*\]|\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[dD][89abAB].{2}\\u[dD][c-fC-F].{2}|u.{4}|x..|c.|.)|./suy,
    ) ?? [];
  return step(
    /^[[\\.]/.test(written) ? { kind: "class", pattern: new RegExp(written, "uy") } : { kind: "text", text: written },
  );
};

const grouped = (reader: Reader, opening: string): Tree => {
  if (/^\(\?<[=!]/.test(opening)) refuse(reader, "takes no lookbehind (`(?<=…)`, `(?<!…)`)");
  if (/^\(\?[\w-]+:/.test(opening)) refuse(reader, "takes no modifiers (`(?i:…)`)");
  const part = alternatives(reader);
  reader.at += 1;
  if (opening === "(?=" || opening === "(?!") return { kind: "look", isWanted: opening === "(?=", part };
  return part;
};

const refuse = (reader: Reader, why: string): Tree => {
  reader.refused ??= why;
  return { kind: "sequence", parts: [] };
};

const step = (one: Extract<Tree, { readonly kind: "step" }>["step"]): Tree => ({ kind: "step", step: one });

const take = (reader: Reader, pattern: RegExp): RegExpExecArray | null => {
  pattern.lastIndex = reader.at;
  const match = pattern.exec(reader.source);
  if (match !== null) reader.at = pattern.lastIndex;
  return match;
};

const sizeOf = (tree: Tree): number => {
  switch (tree.kind) {
    case "step":
      return 1;
    case "look":
      return sizeOf(tree.part) + 2;
    case "repeat":
      return (sizeOf(tree.part) + 2) * Math.max(1, Number.isFinite(tree.most) ? tree.most : tree.least + 1);
    default:
      return tree.parts.reduce((sum, part) => sum + sizeOf(part) + 2, 0);
  }
};

const emit = (tree: Tree, program: Instruction[]): void => {
  switch (tree.kind) {
    case "step":
      program.push(tree.step);
      return;
    case "sequence":
      for (const part of tree.parts) emit(part, program);
      return;
    case "choice":
      emitChoice(tree.parts, program);
      return;
    case "look": {
      const at = program.push({ kind: "match" }) - 1;
      emit(tree.part, program);
      program.push({ kind: "match" });
      program[at] = { kind: "look", isWanted: tree.isWanted, to: program.length };
      return;
    }
    case "repeat":
      emitRepeat(tree, program);
  }
};

const emitChoice = (parts: readonly Tree[], program: Instruction[]): void => {
  const jumps: number[] = [];
  parts.forEach((part, index) => {
    const isLast = index === parts.length - 1;
    const at = isLast ? -1 : program.push({ kind: "match" }) - 1;
    emit(part, program);
    if (isLast) return;
    jumps.push(program.push({ kind: "match" }) - 1);
    program[at] = { kind: "split", first: at + 1, second: program.length };
  });
  for (const at of jumps) program[at] = { kind: "jump", to: program.length };
};

const emitRepeat = (tree: Extract<Tree, { readonly kind: "repeat" }>, program: Instruction[]): void => {
  const { part, least, most, isLazy } = tree;
  for (let count = 0; count < least; count++) emit(part, program);
  const splits: number[] = [];
  if (most === Number.POSITIVE_INFINITY) {
    const at = program.push({ kind: "match" }) - 1;
    emit(part, program);
    program.push({ kind: "jump", to: at });
    splits.push(at);
  } else
    for (let count = least; count < most; count++) {
      splits.push(program.push({ kind: "match" }) - 1);
      emit(part, program);
    }
  for (const at of splits) {
    const [inside, behind] = [at + 1, program.length];
    program[at] = isLazy
      ? { kind: "split", first: behind, second: inside }
      : { kind: "split", first: inside, second: behind };
  }
};
