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
    fields.map((field) =>
      /^(?:src|dest)=./.test(field) ? `${field.replace(/(?<![\\/])[\\/]+$/, "")}/${scope}` : field,
    ),
  );
};

/**
 * What buildx passes over without a word: GitHub's cache, where neither the entry nor the environment has a token and
 * an address for it (buildx: util/buildflags/cache.go). One sentence, with the way out.
 */
export const unusedCaches = (
  caches: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] => {
  const missing = new Set(caches.flatMap((cache) => missingForGithub(splitFields(cache) ?? [], environment)));
  if (missing.size === 0) return [];
  const start = `The cache \`type=gha\` is not used: ${[...missing].join(" and ")} ${missing.size === 1 ? "is" : "are"} not set`;
  return environment.GITHUB_ACTIONS === "true"
    ? [
        `${start}, which GitHub gives to actions and to no \`run\` step. Use the action, or hand it on before: crazy-max/ghaction-github-runtime`,
      ]
    : [`${start}, which only a job of GitHub Actions has. Use \`type=local\` or \`type=registry\` here`];
};

const missingForGithub = (
  fields: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] => {
  const has = (name: string): boolean => fields.some((field) => field.startsWith(`${name}=`) && field !== `${name}=`);
  const isSet = (name: string): boolean => (environment[name] ?? "") !== "";
  if (!fields.includes("type=gha")) return [];
  return [
    ...(has("token") || isSet("ACTIONS_RUNTIME_TOKEN") ? [] : ["ACTIONS_RUNTIME_TOKEN"]),
    ...(has("url") || has("url_v2") || isSet("ACTIONS_RESULTS_URL") || isSet("ACTIONS_CACHE_URL")
      ? []
      : ["ACTIONS_RESULTS_URL"]),
  ];
};
