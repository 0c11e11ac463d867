/** White space as Go's unicode.IsSpace knows it: U+0085 is one, U+FEFF is not, unlike `\s`. */
export const space = "\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const only = new RegExp(`^[${space}]$`);
const leading = new RegExp(`^[${space}]+`);

export const isSpace = (character: string): boolean => {
  const code = character.charCodeAt(0);
  if (code < 0x80) return code === 32 || (code >= 9 && code <= 13);
  return only.test(character);
};

/** Length of the white space that a text begins with. */
export const leadingSpace = (text: string): number => leading.exec(text)?.[0].length ?? 0;

export const trailingSpace = (text: string): number => {
  let end = text.length;
  while (end > 0 && isSpace(text.charAt(end - 1))) end--;
  return text.length - end;
};
