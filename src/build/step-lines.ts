import { decodeText } from "../dockerfile/decode.ts";
import type { Dockerfile } from "../dockerfile/model.ts";
import type { BuildFailure } from "./target.ts";

/**
 * The lines of a step that BuildKit names without them (`[builder 2/4] RUN make`), where one instruction alone reads
 * like it; a step that hangs has no other address.
 */
export const linesOfStep = (step: string, { text, instructions }: Dockerfile): BuildFailure["lines"] => {
  const wanted = /^\[[^\]]*\] (.+)$/s.exec(step)?.[1];
  if (wanted === undefined) return undefined;
  const alike = instructions.filter(({ span }) => asNamed(text.slice(span.start, span.end)) === wanted);
  const [only] = alike;
  return alike.length === 1 && only !== undefined ? { start: only.startLine, end: only.endLine } : undefined;
};

/** As one line, without comments between continued lines. */
const asNamed = (written: string): string =>
  written
    .replace(/[\\`][ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*/g, "")
    .replace(/\s+/g, " ")
    .trim();

/**
 * The first line in the Dockerfile of each step, by its digest, from the max provenance in buildx's metadata; empty without it.
 * @param text of the target's own Dockerfile, where those of other targets are recorded with it: their lines are left out
 */
export const stepLines = (metadata: unknown, text?: string): ReadonlyMap<string, number> => {
  const provenance = field(metadata, "buildx.build.provenance");
  const digests = field(field(provenance, "buildConfig"), "digestMapping");
  const source = field(field(field(provenance, "metadata"), "https://mobyproject.org/buildkit@v1#metadata"), "source");
  const locations = field(source, "locations");
  const lines = new Map<string, number>();
  if (typeof digests !== "object" || digests === null) return lines;
  for (const [digest, step] of Object.entries(digests)) {
    const all = asList(field(field(locations, String(step)), "locations"));
    const own = text === undefined ? all[0] : all.find((one) => recordedText(source, one) === text);
    const line = field(field(asList(field(own, "ranges"))[0], "start"), "line");
    if (typeof line === "number") lines.set(digest, line);
  }
  return lines;
};

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The Dockerfile that a location is in; its index is left out when it is 0. */
const recordedText = (source: unknown, location: unknown): string | undefined => {
  const data = field(asList(field(source, "infos"))[Number(field(location, "sourceIndex") ?? 0)], "data");
  if (typeof data !== "string") return undefined;
  return decodeText(Uint8Array.from(atob(data), (character) => character.charCodeAt(0)));
};
