/** A secret or ssh id that BuildKit names for a target, after it has expanded every variable. */
export interface OutlinedMount {
  readonly kind: "secret" | "ssh";
  readonly id: string;
  /** That of the first mount of the id alone: a later one may require what this one does not. */
  readonly isRequired: boolean;
  /** One-based; for a trigger of the base image that of FROM. */
  readonly line: number;
}

/** What BuildKit's `outline` says of one target. */
export type OutlineAnswer =
  | { readonly status: "known"; readonly mounts: readonly OutlinedMount[] }
  | { readonly status: "unknown"; readonly reason: string };

/** Reads what `docker buildx bake --call outline,format=json` prints, by the names of its targets. */
export const readOutlines = (text: string): ReadonlyMap<string, OutlineAnswer> | undefined => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const targets = Object.entries(record(record(json).target));
  return new Map(targets.map(([name, target]) => [name, readOutline(record(target).outline)] as const));
};

const readOutline = (outline: unknown): OutlineAnswer => {
  if (typeof outline !== "object" || outline === null) return { status: "unknown", reason: "there was no outline" };
  const { secrets, ssh } = record(outline);
  return { status: "known", mounts: [...readMounts("secret", secrets), ...readMounts("ssh", ssh)] };
};

const readMounts = (kind: OutlinedMount["kind"], entries: unknown): readonly OutlinedMount[] =>
  (Array.isArray(entries) ? entries : []).flatMap((entry): readonly OutlinedMount[] => {
    const { name, required, location } = record(entry);
    const [range] = listOf(record(location).ranges);
    const { line } = record(record(range).start);
    if (typeof name !== "string" || name === "") return [];
    return [{ kind, id: name, isRequired: required === true, line: typeof line === "number" ? line : 1 }];
  });

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
