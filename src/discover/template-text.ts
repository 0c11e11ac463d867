/**
 * Whether a text is what a template engine makes a Dockerfile from: `{{ … }}`, `{% … %}` or `<% … %>` stands where
 * BuildKit expects an instruction or an image. Commands may hold such marks themselves (`docker inspect -f '{{.Id}}'`).
 */
export const isTemplateText = (text: string): boolean => {
  if (!marks.some((mark) => text.includes(mark))) return false;
  return markedFrom.test(text) || markedStart.test(text) || markedLine.test(text) || !anyFrom.test(text);
};

const marks = ["{{", "{%", "<%"];
const markedFrom = /^[ \t]*FROM\b[^\n]*(?:\{\{|\{%|<%)/im;
const markedStart = /^(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*(?:\{\{|\{%|<%)/;
/** At the left margin, and no line before goes on: there an instruction would begin. */
const markedLine = /^(?![\s\S]*<<)[\s\S]*(?<![\\`]\r?)\n(?:\{\{|\{%|<%)/;
const anyFrom = /^[ \t]*FROM[ \t]/im;
