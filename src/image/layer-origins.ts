import type { LineRange, Location, Provenance, StepOutput } from "./provenance.ts";

/** Where a layer comes from, as far as it is known. */
export interface LayerOrigin {
  readonly lines: LineRange | undefined;
  readonly instruction: string | undefined;
  readonly isBase: boolean;
}

/**
 * For each layer, from the base to the top, the step that made it: the first step whose whole chain of layers
 * is the image's own up to that layer. A single digest proves nothing: empty layers occur several times, and
 * a `COPY --link` is a chain of its own.
 * @param lineage the lines of the stages that the image is built from, its own and those it is built FROM;
 *   they decide where a step is written that stands in several stages.
 */
export const layerOrigins = (
  digests: readonly string[],
  provenance: Provenance,
  lineage: readonly LineRange[],
): readonly LayerOrigin[] => {
  const makers: (LayerOrigin | undefined)[] = [];
  for (const [index, step] of provenance.trunk.entries()) {
    const length = step.chains.find((chain) => isPrefix(chain, digests))?.length ?? 0;
    if (length <= makers.length) continue;
    const origin = originOf(step, index === 0, provenance, lineage);
    while (makers.length < length) makers.push(origin);
  }
  return digests.map((_, index) => makers[index] ?? UNKNOWN);
};

const UNKNOWN: LayerOrigin = { lines: undefined, instruction: undefined, isBase: false };

/** What `history` of an image's configuration says of each layer, for images without provenance. */
export const historyOrigins = (layerCount: number, history: readonly string[]): readonly LayerOrigin[] =>
  Array.from({ length: layerCount }, (_, index) => {
    const written = history.length === layerCount ? history[index] : undefined;
    return { lines: undefined, instruction: written === undefined ? undefined : fromHistory(written), isBase: false };
  });

const isPrefix = (chain: readonly string[], digests: readonly string[]): boolean =>
  chain.length > 0 && chain.length <= digests.length && chain.every((digest, index) => digest === digests[index]);

const originOf = (
  step: StepOutput,
  isRoot: boolean,
  provenance: Provenance,
  lineage: readonly LineRange[],
): LayerOrigin => {
  if (isRoot && step.image !== undefined) return { lines: undefined, instruction: step.image, isBase: true };
  const location = chooseLocation(step.locations, provenance, lineage);
  if (location === undefined) return UNKNOWN;
  const instruction = oneLine(location.source.text, location.lines);
  const isOwn = location.source === provenance.source;
  return isOwn
    ? { lines: location.lines, instruction, isBase: false }
    : { lines: undefined, instruction, isBase: true };
};

const chooseLocation = (
  locations: readonly Location[],
  provenance: Provenance,
  lineage: readonly LineRange[],
): Location | undefined => {
  const own = locations.filter((location) => location.source === provenance.source);
  const inLineage = own.find(({ lines }) =>
    lineage.some((stage) => stage.start <= lines.start && lines.end <= stage.end),
  );
  return inLineage ?? own[0] ?? locations[0];
};

const LONGEST = 120;

/** The lines as one, continuations and comments taken out. */
const oneLine = (text: string, lines: LineRange): string => {
  const written = text.split("\n").slice(lines.start - 1, lines.end);
  const kept = written.filter((line, index) => index === 0 || !/^\s*#/.test(line));
  return shorten(
    kept.map((line, index) => (index === kept.length - 1 ? line : line.replace(/[\\`]\s*$/, ""))).join(" "),
  );
};

const shorten = (text: string): string => {
  const plain = text.replace(/\s+/g, " ").trim();
  return plain.length <= LONGEST ? plain : `${plain.slice(0, LONGEST - 1).trimEnd()}…`;
};

/** `RUN |1 TOKEN=… /bin/sh -c make # buildkit` → `RUN make`: values of build arguments are left out. */
const fromHistory = (createdBy: string): string | undefined => {
  const classic = createdBy.replace(/^\/bin\/sh -c #\(nop\)\s*/, "").replace(/^(\|\d+ .*)?\/bin\/sh -c /, "RUN $&");
  const withoutArguments = classic.replace(/^RUN \|\d+ .*(?=\/bin\/(?:ba|da)?sh (?:-o \w+ |-\w+ )*-c )/s, "RUN ");
  const hasArguments = /^RUN \|\d+ /.test(withoutArguments);
  if (hasArguments) return "RUN";
  return shorten(withoutArguments.replace(/^RUN \/bin\/sh -c /, "RUN ").replace(/ # buildkit$/, "")) || undefined;
};
