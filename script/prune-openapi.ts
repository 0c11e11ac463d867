/**
 * Cuts GitHub's own description of its API down to the operations that the action calls, for the tests' fake GitHub.
 *
 *   npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
 *   node script/prune-openapi.ts package/generated/api.github.com.json > __tests__/fixtures/github/api.github.com.json
 *
 * What comes out is plain JSON Schema: `nullable` becomes a type, also where the description forgets the type or
 * leaves null out of the enum (its own examples would be invalid otherwise).
 */
import { readFileSync } from "node:fs";

const operations: readonly (readonly [path: string, method: string, example: string | undefined])[] = [
  ["/repos/{owner}/{repo}/check-runs", "post", "check-run"],
  ["/repos/{owner}/{repo}/check-runs/{check_run_id}", "get", "check-run"],
  ["/repos/{owner}/{repo}/check-runs/{check_run_id}", "patch", "check-run"],
  ["/repos/{owner}/{repo}/commits/{ref}/check-runs", "get", undefined],
  ["/repos/{owner}/{repo}/issues/{issue_number}/comments", "get", undefined],
  ["/repos/{owner}/{repo}/issues/{issue_number}/comments", "post", "issue-comment"],
  ["/repos/{owner}/{repo}/issues/comments/{comment_id}", "patch", "issue-comment"],
  ["/repos/{owner}/{repo}/pulls/{pull_number}/files", "get", "diff-entry-items"],
  ["/repos/{owner}/{repo}/pulls/{pull_number}/comments", "get", "pull-request-review-comment-items"],
  ["/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "post", "pull-request-review"],
  ["/repos/{owner}/{repo}/compare/{basehead}", "get", "commit-comparison"],
  ["/repos/{owner}/{repo}/commits", "get", "commit-items"],
  ["/repos/{owner}/{repo}/pulls", "get", "pull-request-simple-items"],
];

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const main = (file: string): void => {
  const whole = JSON.parse(readFileSync(file, "utf8")) as JsonObject;
  const at = (reference: string): Json => {
    const parts = reference.replace("#/", "").split("/");
    return parts.reduce<Json>((value, part) => (isObject(value) ? (value[part] ?? null) : null), whole);
  };
  const schemas: JsonObject = {};
  const keep = (schema: Json): Json => withSchemas(schema, schemas, at);
  const paths: { [path: string]: JsonObject } = {};
  const examples: JsonObject = {};
  for (const [path, method, example] of operations) {
    const operation = (at(`#/paths`) as { [path: string]: JsonObject })[path]?.[method] as JsonObject;
    paths[path] = { ...paths[path], [method]: prunedOperation(operation, at, keep) };
    if (example !== undefined) examples[example] = (at(`#/components/examples/${example}`) as JsonObject).value ?? null;
  }
  const info = whole.info as JsonObject;
  const source = `@octokit/openapi ${String(info.version)}, api.github.com.json, MIT licence, Copyright (c) GitHub 2020 - see LICENSE-octokit-openapi`;
  process.stdout.write(
    `${JSON.stringify({ $comment: source, paths, components: { schemas, examples } }, undefined, 1)}\n`,
  );
};

const prunedOperation = (
  operation: JsonObject,
  at: (reference: string) => Json,
  keep: (schema: Json) => Json,
): Json => {
  const resolved = (value: Json): JsonObject =>
    isObject(value) && typeof value.$ref === "string" ? (at(value.$ref) as JsonObject) : (value as JsonObject);
  const jsonSchema = (holder: Json): Json => {
    const content = resolved(holder).content as { [type: string]: JsonObject } | undefined;
    const schema = content?.["application/json"]?.schema;
    return schema === undefined ? true : keep(schema);
  };
  const parameters = ((operation.parameters ?? []) as Json[]).map(resolved).map((parameter) => ({
    name: parameter.name ?? "",
    in: parameter.in ?? "",
    required: parameter.required ?? false,
    schema: keep(parameter.schema ?? true),
  }));
  const responses = Object.fromEntries(
    Object.entries((operation.responses ?? {}) as JsonObject).map(([status, response]) => [
      status,
      jsonSchema(response),
    ]),
  );
  return {
    operationId: operation.operationId ?? "",
    parameters,
    ...(operation.requestBody === undefined ? {} : { requestBody: jsonSchema(operation.requestBody) }),
    responses,
  };
};

/** The schema without prose, as JSON Schema; every schema that it names is put into `schemas`. */
const withSchemas = (schema: Json, schemas: JsonObject, at: (reference: string) => Json): Json => {
  const visit = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(visit);
    if (!isObject(value)) return value;
    if (typeof value.$ref === "string") {
      const name = value.$ref.replace("#/components/schemas/", "");
      if (schemas[name] === undefined) {
        schemas[name] = {};
        schemas[name] = visit(at(value.$ref));
      }
      return { $ref: value.$ref };
    }
    return nullRepaired(visitSchema(value));
  };
  const visitSchema = (value: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => !prose.has(key) && !key.startsWith("x-"))
        .map(([key, part]) => [key, key === "properties" ? visitProperties(part as JsonObject) : visit(part)]),
    );
  const visitProperties = (properties: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, visit(part)]));
  return visit(schema);
};

const prose = new Set(["description", "example", "examples", "title", "externalDocs", "deprecated", "readOnly"]);

const nullRepaired = (schema: JsonObject): JsonObject => {
  if (schema.nullable !== true) return without(schema, "nullable");
  const rest = without(schema, "nullable");
  if (typeof rest.type !== "string") return { anyOf: [rest, { type: "null" }] };
  const enumeration = rest.enum;
  return {
    ...rest,
    type: [rest.type, "null"],
    ...(Array.isArray(enumeration) && !enumeration.includes(null) ? { enum: [...enumeration, null] } : {}),
  };
};

const without = (schema: JsonObject, key: string): JsonObject =>
  Object.fromEntries(Object.entries(schema).filter(([name]) => name !== key));

main(process.argv[2] ?? "api.github.com.json");
