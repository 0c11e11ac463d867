/**
 * Whether a text is what a template engine makes a Dockerfile from: `{{ … }}`, `{% … %}` or `<% … %>` stands where
 * BuildKit expects an instruction or an image. Commands may hold such marks themselves (`docker inspect -f '{{.Id}}'`).
 */
export const isTemplateText = (text: string): boolean => {
  if (!marks.some((mark) => text.includes(mark))) return false;
  return markedFrom.test(text) || markedStart.test(text) || markedLine.test(text) || !anyFrom.test(text);
};

/**
 * Whether a file that is named like a Dockerfile and like a source file (`dockerfile.go`, `Dockerfile.rego`) is the
 * latter: it does not begin with an instruction.
 */
export const isSourceText = (path: string, text: string): boolean => {
  const hasEnding = /dockerfile\.[^/\\]+$/i.test(path);
  if (!hasEnding) return false;
  const first = firstLine.exec(text)?.[1] ?? "";
  if (!sourceEnding.test(path)) return sourceStart.test(first);
  return !instruction.test(first) || /^from\s+\S+\s+import\b/i.test(first);
};

const sourceEnding =
  /\.(go|[cm]?[jt]sx?|py|rb|php|java|kts?|rs|cs|c|cc|cpp|h|hpp|swift|dart|zig|nim|scala|groovy|clj|exs?|erl|hs|mli?|fs|jl|pl|el|vim|sh|ps1|lua|sql|css|scss|vue|proto|tf|hcl|rego|bzl|txt|mdx|golden|snippets|sublime-syntax|ya?ml|toml|lock|xml)$/i;
/** What a file in another language begins with, whatever its ending. */
const sourceStart =
  /^(?:(?:let|package|import|export|const|var|function|def|defmodule|class|module|namespace|use|using|fn|local)[ \t]|---|%|-module\(|\(\*|[{[]|"""|\/\/|\/\*|;;|<[a-z!?])/;
const firstLine = /^\uFEFF?(?:[ \t]*(?:#[^\n]*|\r)?\n)*[ \t]*([^\s#][^\n]*)/;
const instruction =
  /^(?:add|arg|cmd|copy|entrypoint|env|expose|from|healthcheck|label|maintainer|onbuild|run|shell|stopsignal|user|volume|workdir)[ \t\\`]/i;

const marks = ["{{", "{%", "<%"];
const markedFrom = /^[ \t]*FROM\b.*(?:\{\{|\{%|<%)/im;
const markedStart = /^(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*(?:\{\{|\{%|<%)/;
/** At the left margin, and no line before goes on: there an instruction would begin. */
const markedLine = /^(?![\s\S]*<<)[\s\S]*(?<![\\`]\r?)\n(?:\{\{|\{%|<%)/;
const anyFrom = /^[ \t]*FROM[ \t]/im;
