import { joinFields, splitFields } from "./records.ts";

/**
 * A cache of buildx, kept apart for each target: of two that write one entry of GitHub's cache, or one folder, the
 * later overwrites the other. `type=gha` gets a scope when it has none, `type=local` a folder below the given one;
 * others are left as they are.
 */
export const ownCache = (cache: string, targetId: string): string => {
  const fields = splitFields(cache);
  const scope = targetId.replace(/[^A-Za-z0-9_.-]+/g, "-");
  const has = (pattern: RegExp): boolean => fields?.some((field) => pattern.test(field)) === true;
  if (fields === undefined) return cache;
  if (has(/^type=gha$/) && !has(/^scope=/)) return joinFields([...fields, `scope=${scope}`]);
  if (!has(/^type=local$/)) return cache;
  return joinFields(
    fields.map((field) => (/^(?:src|dest)=./.test(field) ? `${field.replace(/[\\/]+$/, "")}/${scope}` : field)),
  );
};
