/**
 * The script with blanks in place of quoted text, comments and here-documents, offsets kept, for looking at its
 * syntax. Expansions inside double quotes stay: they are syntax there too.
 */
export const maskedScript = (text: string): string => {
  const out: string[] = [];
  const heredocs: { readonly name: string; readonly chomp: boolean }[] = [];
  let at = 0;
  const blank = (to: number): void => {
    out.push(text.slice(at, to).replace(/[^\n]/g, " "));
    at = Math.max(at, to);
  };
  const keep = (to: number): void => {
    out.push(text.slice(at, to));
    at = Math.max(at, to);
  };
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === "\\") blank(Math.min(at + 2, text.length));
    else if (character === "'") {
      // `$'…'` is syntax of bash: its beginning stays
      if (text[at - 1] === "$") keep(at + 1);
      const end = text.indexOf("'", at + (text[at - 1] === "'" && text[at - 2] === "$" ? 0 : 1));
      blank(end < 0 ? text.length : end + 1);
    } else if (character === '"') maskDouble(text, at, blank, keep);
    else if (character === "#" && (at === 0 || /[\s;&|(]/.test(text.charAt(at - 1)))) {
      const end = text.indexOf("\n", at);
      blank(end < 0 ? text.length : end);
    } else if (text.startsWith("<<", at) && text[at + 2] !== "<" && text[at - 1] !== "<") {
      const [, dash, quoted, plain] =
        /^<<(-?)[ \t]*(?:["'\\]([\w.-]+)["']?|([\w.-]+))/.exec(text.slice(at, at + 200)) ?? [];
      const name = quoted ?? plain;
      if (name !== undefined) heredocs.push({ name, chomp: dash === "-" });
      keep(at + 2);
    } else if (character === "\n" && heredocs.length > 0) {
      keep(at + 1);
      for (const heredoc of heredocs.splice(0)) blank(endOfHeredoc(text, at, heredoc));
    } else {
      special.lastIndex = at + 1;
      keep(special.exec(text)?.index ?? text.length);
    }
  }
  return out.join("");
};

/** Where anything but plain text may begin. */
const special = /[\\'"#<\n]/g;

const maskDouble = (text: string, start: number, blank: (to: number) => void, keep: (to: number) => void): void => {
  let at = start + 1;
  blank(at);
  while (at < text.length && text[at] !== '"') {
    if (text[at] === "\\") at = Math.min(at + 2, text.length);
    else if (text.startsWith("${", at)) {
      const end = text.indexOf("}", at);
      at = end < 0 ? text.length : end + 1;
      keep(at);
      continue;
    } else at++;
    blank(at);
  }
  blank(Math.min(at + 1, text.length));
};

const endOfHeredoc = (
  text: string,
  from: number,
  heredoc: { readonly name: string; readonly chomp: boolean },
): number => {
  let start = from;
  while (start < text.length) {
    const lineBreak = text.indexOf("\n", start);
    const end = lineBreak < 0 ? text.length : lineBreak;
    const line = text.slice(start, end).replace(/\r$/, "");
    if ((heredoc.chomp ? line.replace(/^\t+/, "") : line) === heredoc.name) return end;
    start = end + 1;
  }
  return text.length;
};
