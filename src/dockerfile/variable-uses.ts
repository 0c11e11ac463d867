import type { Span } from "./model.ts";

/** Where `$NAME` and `${NAME…}` stand in a text; without a closing brace to its end. */
export const variableUses = (text: string, name: string): readonly Span[] =>
  [...text.matchAll(/\$(\{?)(\w+)/g)].flatMap(({ 0: whole, 1: brace, 2: used, index }) => {
    if (used !== name) return [];
    const plain = index + whole.length;
    return [{ start: index, end: brace === "" ? plain : text.indexOf("}", plain) + 1 || text.length }];
  });
