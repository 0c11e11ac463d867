import type { Mount, Span } from "../../dockerfile/model.ts";

/** The value of a field inside the flag, as it stands in the file; the whole flag where it cannot be told. */
export const mountFieldSpan = (text: string, mount: Mount, ...names: readonly string[]): Span => {
  const { span } = mount.flag;
  const written = text.slice(span.start, span.end);
  for (const name of names) {
    const found = new RegExp(`[=,"']${name}=([^,"'\\s]+)`).exec(written);
    const value = found?.[1];
    if (found === null || value === undefined) continue;
    const start = span.start + found.index + found[0].length - value.length;
    return { start, end: start + value.length };
  }
  return span;
};

/** Where a further field is appended: before a closing quote. */
export const mountEnd = (text: string, mount: Mount): number => {
  const { end } = mount.flag.span;
  return /["']/.test(text[end - 1] ?? "") ? end - 1 : end;
};

/** `required`, `required=true`: BuildKit takes the bare word as true. */
export const isRequired = (mount: Mount): boolean => {
  const value = mount.fields.get("required");
  return value !== undefined && !/^(false|0|f)$/i.test(value);
};
