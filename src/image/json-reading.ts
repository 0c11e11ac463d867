/** Reads parsed JSON of unknown shape: what is not of the wanted kind reads as empty. */
export const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

export const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const asText = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

export const asNumber = (value: unknown): number | undefined =>
  Number.isFinite(value) ? (value as number) : undefined;

export const asTexts = (value: unknown): readonly string[] =>
  asArray(value).flatMap((item) => (typeof item === "string" ? [item] : []));

/** Follows keys through nested objects. */
export const at = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce<unknown>((inner, key) => {
    const object = asObject(inner);
    return Object.hasOwn(object, key) ? object[key] : undefined;
  }, value);
