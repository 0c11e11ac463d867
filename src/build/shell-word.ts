/** A text as one word of a shell, on one line; what draws nothing is written as an escape of `$'…'`. */
export const shellWord = (text: string): string => {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!unseen.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  return `$'${text.replace(/[\\']/g, "\\$&").replace(new RegExp(unseen, "gu"), escaped)}'`;
};

const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/u;

const escaped = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\${code.toString(8).padStart(3, "0")}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
};
