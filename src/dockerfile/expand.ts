import { withoutPrefix, withoutSuffix, withReplacement } from "./shell-pattern.ts";

/** A variable's value; `value` is undefined when it is set to something that cannot be known here. */
export interface Variable {
  readonly value: string | undefined;
}

export interface Expanded {
  /** Undefined when a variable in the word has no known value. */
  readonly value: string | undefined;
  readonly unknown: readonly string[];
}

/**
 * A word of an instruction with quotes and escapes taken off and variables put in, as BuildKit's word
 * processing does it. A variable that `lookup` does not know may come from the base image, so it is unknown,
 * not empty; `${name:-word}` then gives the word, which is what the file itself says.
 */
export const expandWord = (
  text: string,
  escapeCharacter: string,
  lookup: (name: string) => Variable | undefined,
): Expanded => {
  if (!/[$'"]/.test(text) && !text.includes(escapeCharacter)) return { value: text, unknown: [] };
  const scanner: Scanner = {
    text,
    at: 0,
    escapeCharacter,
    lookup,
    unknown: new Set(),
    keepsEscapes: false,
    depth: 0,
    inserted: 0,
  };
  const value = scan(scanner, "");
  return { value: scanner.unknown.size > 0 ? undefined : value, unknown: [...scanner.unknown] };
};

interface Scanner {
  readonly text: string;
  at: number;
  readonly escapeCharacter: string;
  readonly lookup: (name: string) => Variable | undefined;
  readonly unknown: Set<string>;
  /** Inside a pattern, which has escapes of its own. */
  keepsEscapes: boolean;
  /** How many `${name:-…}` stand around. */
  depth: number;
  /** How long the values are that were put in, in UTF-16 units. */
  inserted: number;
}

/** In UTF-16 units: `ENV A=$A$A` in each line would double it each time. */
const longestInserted = 4096;

/** Far more than anybody writes, far less than the call stack holds. */
const deepest = 100;

const scan = (scanner: Scanner, stop: string): string => {
  const parts: string[] = [];
  while (scanner.at < scanner.text.length) {
    const character = scanner.text.charAt(scanner.at);
    if (stop !== "" && character === stop) {
      scanner.at++;
      return parts.join("");
    }
    if (character === "'") parts.push(singleQuoted(scanner));
    else if (character === '"') parts.push(doubleQuoted(scanner));
    else if (character === "$") parts.push(dollar(scanner));
    else if (character === scanner.escapeCharacter) {
      parts.push(scanner.text.slice(scanner.keepsEscapes ? scanner.at : scanner.at + 1, scanner.at + 2));
      scanner.at += 2;
    } else {
      parts.push(character);
      scanner.at++;
    }
  }
  return parts.join("");
};

const scanRaw = (scanner: Scanner, stop: string): string => {
  const before = scanner.keepsEscapes;
  scanner.keepsEscapes = true;
  const text = scan(scanner, stop);
  scanner.keepsEscapes = before;
  return text;
};

const singleQuoted = (scanner: Scanner): string => {
  const close = scanner.text.indexOf("'", scanner.at + 1);
  const end = close === -1 ? scanner.text.length : close;
  const inner = scanner.text.slice(scanner.at + 1, end);
  scanner.at = end + 1;
  return inner;
};

const doubleQuoted = (scanner: Scanner): string => {
  const parts: string[] = [];
  scanner.at++;
  while (scanner.at < scanner.text.length) {
    const character = scanner.text.charAt(scanner.at);
    if (character === '"') {
      scanner.at++;
      break;
    }
    if (character === "$") {
      parts.push(dollar(scanner));
      continue;
    }
    const next = scanner.text.charAt(scanner.at + 1);
    const isEscape = character === scanner.escapeCharacter && ['"', "$", scanner.escapeCharacter].includes(next);
    if (!isEscape || scanner.keepsEscapes) parts.push(character);
    if (isEscape) parts.push(next);
    scanner.at += isEscape ? 2 : 1;
  }
  return parts.join("");
};

const variableName = /^(?:[0-9]+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*)/u;

const dollar = (scanner: Scanner): string => {
  scanner.at++;
  const isBraced = scanner.text.charAt(scanner.at) === "{";
  if (isBraced) scanner.at++;
  const name = variableName.exec(scanner.text.slice(scanner.at, scanner.at + 256))?.[0] ?? "";
  if (name === "" && !isBraced) return "$";
  scanner.at += name.length;
  const variable = scanner.lookup(name);
  if (!isBraced) return plain(scanner, name, variable);
  if (scanner.depth === deepest) {
    scanner.at = scanner.text.length;
    return known(scanner, name, undefined);
  }
  const modifier = scanner.text.charAt(scanner.at);
  if (modifier === "}") {
    scanner.at++;
    return plain(scanner, name, variable);
  }
  scanner.depth++;
  const text = modified(scanner, name, variable, modifier);
  scanner.depth--;
  return text;
};

const plain = (scanner: Scanner, name: string, variable: Variable | undefined): string =>
  known(scanner, name, variable?.value);

const modified = (scanner: Scanner, name: string, variable: Variable | undefined, modifier: string): string => {
  const emptyIsUnset = modifier === ":";
  if (emptyIsUnset) scanner.at++;
  const operator = scanner.text.charAt(scanner.at);
  scanner.at++;
  if (operator === "/") return replaced(scanner, name, variable);
  const isPattern = operator === "#" || operator === "%";
  const isGreedy = isPattern && scanner.text.charAt(scanner.at) === operator;
  if (isGreedy) scanner.at++;
  const outside = new Set(scanner.unknown);
  const word = isPattern ? scanRaw(scanner, "}") : scan(scanner, "}");
  const value = variable?.value;
  const isSet = value !== undefined && !(emptyIsUnset && value === "");
  if (operator === "-") {
    if (isSet) restore(scanner, outside);
    return isSet ? known(scanner, name, value) : word;
  }
  if (operator === "+") {
    if (value === undefined) scanner.unknown.add(name);
    else if (!isSet) restore(scanner, outside);
    return isSet ? word : "";
  }
  if (operator === "?") {
    restore(scanner, outside);
    return plain(scanner, name, variable);
  }
  if (value === undefined || !isPattern) return known(scanner, name, undefined);
  const without = operator === "#" ? withoutPrefix : withoutSuffix;
  return known(scanner, name, without(value, word, isGreedy ? "longest" : "shortest"));
};

/** The value as a part of the word; without one, or with too much put in, the word is unknown. */
const known = (scanner: Scanner, name: string, value: string | undefined): string => {
  scanner.inserted += value?.length ?? 0;
  if (value !== undefined && scanner.inserted <= longestInserted) return value;
  scanner.unknown.add(name);
  return "";
};

/** Unknown names in a word that is not used do not matter. */
const restore = (scanner: Scanner, names: ReadonlySet<string>): void => {
  for (const name of scanner.unknown) if (!names.has(name)) scanner.unknown.delete(name);
};

const replaced = (scanner: Scanner, name: string, variable: Variable | undefined): string => {
  const isGlobal = scanner.text.charAt(scanner.at) === "/";
  if (isGlobal) scanner.at++;
  const pattern = scanRaw(scanner, "/");
  const replacement = scanRaw(scanner, "}");
  const value = variable?.value;
  return known(
    scanner,
    name,
    value === undefined ? undefined : withReplacement(value, pattern, { replacement, isGlobal }),
  );
};
