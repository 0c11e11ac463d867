import { manyLines } from "./plain.ts";

/** For text and for quoted attributes. */
export const htmlText = (text: string): string =>
  manyLines(text).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
