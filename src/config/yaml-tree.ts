import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";

/** One-based, in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type Tree = { readonly at: Position } & (
  | { readonly kind: "map"; readonly entries: readonly Entry[] }
  | { readonly kind: "list"; readonly items: readonly Tree[] }
  /** `text` is as written, so that `3.20` stays what it is. */
  | { readonly kind: "scalar"; readonly value: unknown; readonly text: string }
);

export interface Entry {
  readonly key: string;
  readonly keyAt: Position;
  readonly value: Tree;
}

/** Says at which place a text is not what it should be. */
export type Refuse = (at: Position, message: string) => never;

/** Reads one YAML document; undefined when it is empty. Aliases are followed, within bounds. */
export const readYaml = (text: string, refuse: Refuse): Tree | undefined => {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: true });
  const position = (offset: number): Position => {
    const { line, col } = counter.linePos(offset);
    return { line, column: col };
  };
  const error = document.errors[0];
  if (error?.code === "MULTIPLE_DOCS")
    return refuse(position(error.pos[0]), "the file holds a second document, which `---` begins; only one is read");
  if (error !== undefined) return refuse(position(error.pos[0]), `the file is not YAML: ${error.message}`);
  let nodes = 0;
  const convert = (node: Node | null, depth: number, fallback: Position): Tree => {
    const at = node?.range ? position(node.range[0]) : fallback;
    if (++nodes > 20_000 || depth > 50) return refuse(at, "the file nests or repeats too much");
    if (node === null) return { kind: "scalar", at, value: null, text: "" };
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target === undefined)
        return refuse(at, `there is no anchor \`&${node.source}\`; a text that begins with \`*\` is put in quotes`);
      return { ...convert(target, depth + 1, at), at };
    }
    if (isSeq(node))
      return { kind: "list", at, items: node.items.map((item) => convert(item as Node | null, depth + 1, at)) };
    if (isMap(node)) {
      const entries = node.items.map((pair): Entry => {
        const key = convert(pair.key as Node | null, depth + 1, at);
        if (key.kind !== "scalar") return refuse(key.at, "a key must be a text");
        return { key: key.text, keyAt: key.at, value: convert(pair.value as Node | null, depth + 1, key.at) };
      });
      return { kind: "map", at, entries };
    }
    if (isScalar(node)) {
      const isText = typeof node.value === "string";
      return { kind: "scalar", at, value: node.value, text: isText ? (node.value as string) : (node.source ?? "") };
    }
    return refuse(at, "the value is of an unknown kind");
  };
  return document.contents === null ? undefined : convert(document.contents as Node, 0, { line: 1, column: 1 });
};
