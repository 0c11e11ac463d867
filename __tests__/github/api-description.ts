import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";

/** GitHub's own description of the operations that are used here; script/prune-openapi.ts makes the file. */
const description = JSON.parse(
  readFileSync(new URL("../fixtures/github/api.github.com.json", import.meta.url), "utf8"),
) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: { readonly examples: Readonly<Record<string, unknown>> };
};

interface DescribedOperation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: Schema;
  readonly responses: Readonly<Record<string, unknown>>;
}

type Schema = { readonly [key: string]: unknown };

export interface Operation {
  readonly id: string;
  readonly path: Readonly<Record<string, string>>;
  /** One sentence per fault of a request; what GitHub silently ignores is a fault as well. */
  readonly faultsOfRequest: (query: URLSearchParams, body: unknown) => readonly string[];
  readonly faultsOfResponse: (status: number, body: unknown) => readonly string[];
}

export const example = (name: string): unknown => structuredClone(description.components.examples[name]);

export const findOperation = (method: string, pathname: string): Operation | undefined => {
  for (const [template, methods] of Object.entries(description.paths)) {
    const described = methods[method.toLowerCase()];
    const path = matched(template, pathname);
    if (described === undefined || path === undefined) continue;
    return {
      id: described.operationId,
      path,
      faultsOfRequest: (query, body) => [
        ...faultsOfQuery(described, path, query),
        ...faultsOfBody(described, template, method, body),
      ],
      faultsOfResponse: (status, body) => faultsOfResponse(described, template, method, status, body),
    };
  }
  return undefined;
};

const matched = (template: string, pathname: string): Record<string, string> | undefined => {
  const wanted = template.split("/");
  const given = pathname.split("/");
  if (wanted.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (part.startsWith("{")) values[part.slice(1, -1)] = decodeURIComponent(value);
    else if (part !== value) return undefined;
  }
  return values;
};

const ajv = new Ajv({ strict: false, allErrors: true, logger: false, coerceTypes: false });
addFormats.default(ajv);
ajv.addSchema(description, "github");
const compiled = new Map<string, ValidateFunction>();

const validator = (pointer: string): ValidateFunction => {
  const known = compiled.get(pointer);
  if (known !== undefined) return known;
  const validate = ajv.compile({ $ref: `github#${pointer}` });
  compiled.set(pointer, validate);
  return validate;
};

const escaped = (part: string): string => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
const pointerTo = (template: string, method: string, rest: string): string =>
  `/paths/${escaped(template)}/${method.toLowerCase()}/${rest}`;

const faultsOf = (pointer: string, value: unknown, where: string): readonly string[] => {
  const validate = validator(pointer);
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => `${where}${error.instancePath} ${error.message ?? "is invalid"}`);
};

const faultsOfQuery = (
  described: DescribedOperation,
  path: Readonly<Record<string, string>>,
  query: URLSearchParams,
): readonly string[] => {
  const known = new Set(described.parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name));
  const unknown = [...query.keys()].filter((name) => !known.has(name)).map((name) => `unknown query parameter ${name}`);
  const empty = Object.entries(path)
    .filter(([, value]) => value === "" || value === "undefined")
    .map(([name]) => `path parameter ${name} is missing`);
  return [...unknown, ...empty];
};

const faultsOfBody = (
  described: DescribedOperation,
  template: string,
  method: string,
  body: unknown,
): readonly string[] => {
  if (described.requestBody === undefined) return body === undefined ? [] : ["a body is sent and none is described"];
  const faults = faultsOf(pointerTo(template, method, "requestBody"), body, "body");
  return [...faults, ...unknownProperties(described.requestBody, body, "body")];
};

const faultsOfResponse = (
  described: DescribedOperation,
  template: string,
  method: string,
  status: number,
  body: unknown,
): readonly string[] => {
  if (described.responses[String(status)] === undefined)
    return status < 400 ? [`status ${status} is not described`] : [];
  return faultsOf(pointerTo(template, method, `responses/${status}`), body, "response");
};

/** GitHub ignores what it does not know, so a misspelt property would pass unseen. */
const unknownProperties = (schema: Schema, value: unknown, where: string): readonly string[] => {
  if (Array.isArray(value)) {
    const items = schema.items as Schema | undefined;
    return items === undefined
      ? []
      : value.flatMap((item, index) => unknownProperties(items, item, `${where}/${index}`));
  }
  if (typeof value !== "object" || value === null) return [];
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  return Object.entries(value).flatMap(([name, part]) => {
    const described = properties[name];
    return described === undefined
      ? [`${where}/${name} is unknown`]
      : unknownProperties(described, part, `${where}/${name}`);
  });
};
