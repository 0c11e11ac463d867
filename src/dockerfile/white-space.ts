/** White space as Go's unicode.IsSpace knows it: U+0085 is one, U+FEFF is not, unlike `\s`. */
export const space = "\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const only = new RegExp(`^[${space}]$`);

export const isSpace = (character: string): boolean => isSpaceAt(character, 0);

export const isSpaceAt = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  if (code < 0x80) return code === 32 || (code >= 9 && code <= 13);
  return only.test(text.charAt(at));
};

/** Where the white space ends that begins at `from`; `to` when there is nothing else. */
export const skipSpace = (text: string, from: number, to: number): number => {
  let at = from;
  while (at < to && isSpaceAt(text, at)) at++;
  return at;
};

/** Where the white space begins that ends at `to`; `from` when there is nothing else. */
export const skipSpaceBack = (text: string, from: number, to: number): number => {
  let at = to;
  while (at > from && isSpaceAt(text, at - 1)) at--;
  return at;
};
