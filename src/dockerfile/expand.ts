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
  const scanner: Scanner = { text, at: 0, escapeCharacter, lookup, unknown: new Set() };
  const value = scan(scanner, "");
  return { value: scanner.unknown.size > 0 ? undefined : value, unknown: [...scanner.unknown] };
};

interface Scanner {
  readonly text: string;
  at: number;
  readonly escapeCharacter: string;
  readonly lookup: (name: string) => Variable | undefined;
  readonly unknown: Set<string>;
}

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
      parts.push(scanner.text.charAt(scanner.at + 1));
      scanner.at += 2;
    } else {
      parts.push(character);
      scanner.at++;
    }
  }
  return parts.join("");
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
    parts.push(isEscape ? next : character);
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
  const modifier = scanner.text.charAt(scanner.at);
  if (modifier === "}") {
    scanner.at++;
    return plain(scanner, name, variable);
  }
  return modified(scanner, name, variable, modifier);
};

const plain = (scanner: Scanner, name: string, variable: Variable | undefined): string => {
  if (variable?.value === undefined) scanner.unknown.add(name);
  return variable?.value ?? "";
};

const modified = (scanner: Scanner, name: string, variable: Variable | undefined, modifier: string): string => {
  const emptyIsUnset = modifier === ":";
  if (emptyIsUnset) scanner.at++;
  const operator = scanner.text.charAt(scanner.at);
  scanner.at++;
  if (operator === "/") return replaced(scanner, name, variable);
  const isGreedy = (operator === "#" || operator === "%") && scanner.text.charAt(scanner.at) === operator;
  if (isGreedy) scanner.at++;
  const outside = new Set(scanner.unknown);
  const word = scan(scanner, "}");
  const value = variable?.value;
  const isSet = value !== undefined && !(emptyIsUnset && value === "");
  if (operator === "-") {
    if (isSet) restore(scanner, outside);
    return isSet ? value : word;
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
  if (value === undefined || (operator !== "#" && operator !== "%")) {
    scanner.unknown.add(name);
    return "";
  }
  return trimmed(value, word, operator, isGreedy);
};

/** Unknown names in a word that is not used do not matter. */
const restore = (scanner: Scanner, names: ReadonlySet<string>): void => {
  for (const name of scanner.unknown) if (!names.has(name)) scanner.unknown.delete(name);
};

const replaced = (scanner: Scanner, name: string, variable: Variable | undefined): string => {
  const isGlobal = scanner.text.charAt(scanner.at) === "/";
  if (isGlobal) scanner.at++;
  const pattern = scan(scanner, "/");
  const replacement = scan(scanner, "}");
  if (variable?.value === undefined) {
    scanner.unknown.add(name);
    return "";
  }
  return variable.value.replace(new RegExp(globSource(pattern), isGlobal ? "g" : ""), () => replacement);
};

const trimmed = (value: string, pattern: string, operator: "#" | "%", isGreedy: boolean): string => {
  const matches = new RegExp(`^(?:${globSource(pattern)})$`, "s");
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => length);
  const length = (isGreedy ? lengths.reverse() : lengths).find((candidate) =>
    matches.test(operator === "#" ? value.slice(0, candidate) : value.slice(value.length - candidate)),
  );
  if (length === undefined) return value;
  return operator === "#" ? value.slice(length) : value.slice(0, value.length - length);
};

const globSource = (pattern: string): string =>
  pattern.replace(/[\\^$.|+()[\]{}*?]/g, (character) =>
    character === "*" ? ".*" : character === "?" ? "." : `\\${character}`,
  );
