import type { Report } from "./report/report.ts";

/**
 * The report without the values of secrets, before anything is rendered: escaping (`_` to `&#95;`) would hide them
 * from a search of the rendered text, and from GitHub's own masks.
 */
export const redactReport = <Part extends Partial<Report>>(report: Part, redact: (text: string) => string): Part =>
  redactAny(report, redact) as Part;

/** Any value with its texts redacted. */
export const redactDeep = <Value>(value: Value, redact: (text: string) => string): Value =>
  redactAny(value, redact) as Value;

const redactAny = (value: unknown, redact: (text: string) => string): unknown => {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactAny(item, redact));
  if (value instanceof Map) {
    return new Map([...value].map(([name, part]) => [name, redactAny(part, redact)]));
  }
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, redactAny(part, redact)]));
};
