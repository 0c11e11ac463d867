/** A variable in a word of an instruction, at offsets of its text. */
export interface VariableUse {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** `${X:-word}`, `${X:+word}` and the like say what to do without a value. */
  readonly isPlain: boolean;
}

/** The variables that the engine puts in: not those in single quotes or behind the escape character. */
export const variablesIn = (text: string, escapeCharacter: string): readonly VariableUse[] => {
  const found: VariableUse[] = [];
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote === "'") {
      if (character === "'") quote = "";
    } else if (character === escapeCharacter) at += 1;
    else if (character === '"') quote = quote === "" ? character : "";
    else if (character === "'" && quote === "") quote = character;
    else if (character === "$") {
      variable.lastIndex = at;
      const match = variable.exec(text);
      const name = match?.[1] ?? match?.[2];
      if (match === null || name === undefined) continue;
      found.push({ name, start: at, end: at + match[0].length, isPlain: (match[3] ?? "") === "" });
    }
  }
  return found;
};

const variable = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)([^}]*)\})/y;
