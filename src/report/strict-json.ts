import { UserError } from "../errors.ts";

/** Reads a value of parsed JSON, or throws a UserError that names the place and never the value. */
export type Read<Value> = (value: unknown, at: string) => Value;

export type Shape<Reader> = Reader extends Read<infer Value> ? Value : never;

/** A property that may be left out. */
export interface Maybe<Value> {
  readonly isOptional: true;
  readonly read: Read<Value>;
}

type Property = Read<unknown> | Maybe<unknown>;

type Properties<Shapes extends Readonly<Record<string, Property>>> = {
  readonly [Name in keyof Shapes]: Shapes[Name] extends Maybe<infer Value> ? Value | undefined : Shape<Shapes[Name]>;
};

/** Every property is one of these, and each that is not optional is there. */
export const object =
  <const Shapes extends Readonly<Record<string, Property>>>(shapes: Shapes): Read<Properties<Shapes>> =>
  (value, at) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse(at, "is no object");
    const given = value as Readonly<Record<string, unknown>>;
    if (Object.keys(given).some((name) => !Object.hasOwn(shapes, name))) {
      return refuse(at, "has a property that this version does not know");
    }
    return Object.fromEntries(
      Object.entries(shapes).flatMap(([name, property]) => {
        const isThere = Object.hasOwn(given, name);
        if (typeof property === "function") {
          return isThere ? [[name, property(given[name], `${at}.${name}`)]] : refuse(at, `lacks \`${name}\``);
        }
        return isThere ? [[name, property.read(given[name], `${at}.${name}`)]] : [];
      }),
    ) as Properties<Shapes>;
  };

export const list =
  <Value>(read: Read<Value>, most: number): Read<readonly Value[]> =>
  (value, at) => {
    if (!Array.isArray(value)) return refuse(at, "is no list");
    if (value.length > most) return refuse(at, `has more than ${most} entries`);
    return value.map((item: unknown, index) => read(item, `${at}[${index}]`));
  };

export const maybe = <Value>(read: Read<Value>): Maybe<Value> => ({ isOptional: true, read });

export const nothingOr =
  <Value>(read: Read<Value>): Read<Value | null> =>
  (value, at) =>
    value === null ? null : read(value, at);

export const oneOf =
  <const Value extends string | number>(...accepted: readonly Value[]): Read<Value> =>
  (value, at) =>
    accepted.find((one) => one === value) ?? refuse(at, `is not one of ${accepted.join(", ")}`);

export const flag: Read<boolean> = (value, at) =>
  typeof value === "boolean" ? value : refuse(at, "is not true or false");

export const wholeNumber =
  (least: number, most = Number.MAX_SAFE_INTEGER): Read<number> =>
  (value, at) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most
      ? value
      : refuse(at, "is no whole number that makes sense");

/** Of no use here, whatever it is. */
export const unread: Read<undefined> = () => undefined;

const longestText = 20_000;

export const text: Read<string> = (value, at) => {
  if (typeof value !== "string") return refuse(at, "is no text");
  return value.length > longestText ? refuse(at, `is longer than ${longestText} characters`) : value;
};

export const safeText =
  (pattern: RegExp): Read<string> =>
  (value, at) =>
    typeof value === "string" && pattern.test(value) ? value : refuse(at, "is not of its form");

const refuse = (at: string, reason: string): never => {
  throw new UserError(`report-from: ${at} ${reason}.`);
};
