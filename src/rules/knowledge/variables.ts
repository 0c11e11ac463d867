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
  let brace = -1;
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
      if (match === null) continue;
      const [{ length }, plain, braced] = match;
      if (plain !== undefined) found.push({ name: plain, start: at, end: at + length, isPlain: true });
      if (braced === undefined) continue;
      if (brace < at) brace = text.indexOf("}", at);
      if (brace === -1) break;
      found.push({ name: braced, start: at, end: brace + 1, isPlain: brace === at + length });
    }
  }
  return found;
};

const variable = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*))/y;

/** What BuildKit sets before the first FROM without being asked: `TARGETARCH`, `BUILDPLATFORM`, … */
export const platformArguments: ReadonlySet<string> = new Set(
  ["TARGET", "BUILD"].flatMap((side) =>
    ["PLATFORM", "OS", "ARCH", "VARIANT", "OSVERSION", "STAGE"].map((part) => side + part),
  ),
);
