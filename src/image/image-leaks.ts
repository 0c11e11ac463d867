import type { Layer, Leak, LeakPlace, LeakSearch } from "./image.ts";
import { asArray, asText, at } from "./json-reading.ts";
import type { LayerContents } from "./layer-scan.ts";
import { type PatternSearch, patternSearch } from "./pattern-search.ts";
import { type SecretForms, type SecretValue, secretForms } from "./secret-forms.ts";

/** All that is needed to look for some secrets in many places. */
export interface LeakHunt {
  readonly forms: SecretForms;
  readonly patterns: PatternSearch;
}

export const leakHunt = (secrets: readonly SecretValue[]): LeakHunt => {
  const forms = secretForms(secrets);
  return { forms, patterns: patternSearch(forms.forms.map(({ bytes }) => bytes)) };
};

/** A document of an image, as its registry keeps it. */
export interface SearchedDocument {
  readonly in: "manifest" | "attestation";
  readonly bytes: Uint8Array;
}

/** Searches the documents, and puts what was found in the layers beside it. */
export const searchImage = (
  { forms, patterns }: LeakHunt,
  layers: readonly Layer[],
  contents: readonly LayerContents[],
  config: unknown,
  documents: readonly SearchedDocument[],
): LeakSearch => {
  const found = new Map<string, { readonly pattern: number; readonly leak: Leak }>();
  let bytes = contents.reduce((sum, { searchedBytes }) => sum + searchedBytes, 0);
  const hide = pathHider(forms);

  /** Of several forms in one place the plainest is told. */
  const report = (pattern: number, where: LeakPlace): void => {
    const form = forms.forms[pattern];
    if (form === undefined) return;
    const key = `${form.secretId}\n${JSON.stringify(where)}`;
    const before = found.get(key);
    if (before !== undefined && before.pattern <= pattern) return;
    const layer = where.in === "layer" || where.in === "history" ? where.layer : undefined;
    const lines = layer === undefined ? undefined : layers[layer]?.lines;
    found.set(key, { pattern, leak: { secretId: form.secretId, form: form.form, where, lines } });
  };

  const search = (document: Uint8Array, where: LeakPlace): void => {
    bytes += document.length;
    patterns.searchWhole(document, (pattern) => report(pattern, where));
  };

  for (const [layer, { hits }] of contents.entries()) {
    for (const { pattern, path, part } of hits) report(pattern, { in: "layer", layer, path: hide(path), part });
  }
  const { history, ...rest } = config as { readonly history?: unknown };
  search(encode(JSON.stringify(rest)), { in: "config" });
  let layer = 0;
  for (const entry of asArray(history)) {
    const hasLayer = at(entry, "empty_layer") !== true;
    const where: LeakPlace = { in: "history", layer: hasLayer ? layer++ : undefined };
    search(encode(JSON.stringify(entry)), where);
    search(encode(asText(at(entry, "created_by")) ?? ""), where);
  }
  for (const document of documents) search(document.bytes, { in: document.in });
  return {
    leaks: [...found.values()].map(({ leak }) => leak),
    secrets: forms.secrets,
    forms: forms.forms.length,
    bytes,
    unsearched: forms.unsearched,
    gaps: contents.flatMap(({ gaps }, index) => gaps.map((gap) => `Layer ${index + 1}: ${hide(gap)}`)),
  };
};

/** A secret may be the name of a file. */
const pathHider = (forms: SecretForms): ((path: string) => string) => {
  const texts = forms.forms.map(({ bytes }) => new TextDecoder().decode(bytes));
  const longestFirst = texts.sort((a, b) => b.length - a.length);
  return (path) => longestFirst.reduce((hidden, text) => hidden.replaceAll(text, "***"), path);
};

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
