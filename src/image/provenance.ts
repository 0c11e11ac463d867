import { decodeText } from "../dockerfile/decode.ts";
import { asArray, asNumber, asText, at } from "./json-reading.ts";

export interface LineRange {
  readonly start: number;
  readonly end: number;
}

/** Where a step is written. */
export interface Location {
  readonly source: Source;
  readonly lines: LineRange;
}

/** A Dockerfile as the engine read it. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

/** One output of one step of a build. */
export interface StepOutput {
  readonly locations: readonly Location[];
  /** Whole chains of layer digests, from the base up to this step. */
  readonly chains: readonly (readonly string[])[];
  /** `busybox:1.37` when the step fetches an image. */
  readonly image: string | undefined;
}

/** What BuildKit recorded about one build in `mode=max`. */
export interface Provenance {
  /** The Dockerfile that the build was asked for. */
  readonly source: Source | undefined;
  /** From the base to the result: each step works on the files that the one before left. */
  readonly trunk: readonly StepOutput[];
}

/**
 * The Dockerfile that a build was asked for. Those of the targets that it is built on are recorded beside it, by their
 * basenames; one that has both its name and its text is recorded as the same.
 */
export const ownSource = (
  sources: readonly Source[],
  name: string | undefined,
  text: string | undefined,
): Source | undefined => {
  if (text === undefined) return sources.find((source) => source.name === name) ?? sources[0];
  const alike = sources.filter((source) => source.text === text);
  return alike.find((source) => source.name === name) ?? alike[0];
};

/**
 * Reads a SLSA provenance predicate, v0.2 or v1, bare or inside its in-toto statement; undefined when it does
 * not tell layers (`mode=min`, or another kind of document).
 * @param text of the Dockerfile that the build was asked for, where others are recorded with it
 */
export const readProvenance = (json: unknown, text?: string): Provenance | undefined => {
  const predicate = at(json, "predicate") ?? json;
  const metadata =
    at(predicate, "metadata", "https://mobyproject.org/buildkit@v1#metadata") ??
    at(predicate, "runDetails", "metadata", "buildkit_metadata");
  const config = at(predicate, "buildConfig") ?? at(predicate, "buildDefinition", "internalParameters", "buildConfig");
  if (at(metadata, "layers") === undefined) return undefined;
  const sources = asArray(at(metadata, "source", "infos")).map(readSource);
  const steps = new Map(asArray(at(config, "llbDefinition")).map((step) => [asText(at(step, "id")) ?? "", step]));
  const trunk = trunkOf(steps).map((ref) => ({
    locations: readLocations(at(metadata, "source", "locations", stepOf(ref)), sources),
    chains: asArray(at(metadata, "layers", ref)).map(readChain),
    image: imageName(asText(at(steps.get(stepOf(ref)), "op", "Op", "source", "identifier"))),
  }));
  const entry =
    asText(at(predicate, "invocation", "configSource", "entryPoint")) ??
    asText(at(predicate, "buildDefinition", "externalParameters", "configSource", "path"));
  return { source: ownSource(sources, baseName(entry), text), trunk };
};

const baseName = (path: string | undefined): string | undefined => path?.slice(path.lastIndexOf("/") + 1);

const readSource = (info: unknown): Source => ({
  name: baseName(asText(at(info, "filename"))) ?? "",
  text: fromBase64(asText(at(info, "data")) ?? ""),
});

const fromBase64 = (text: string): string => {
  try {
    return decodeText(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
  } catch {
    return "";
  }
};

const readLocations = (json: unknown, sources: readonly Source[]): readonly Location[] =>
  asArray(at(json, "locations")).flatMap((location) => {
    const source = sources[asNumber(at(location, "sourceIndex")) ?? 0];
    const ranges = asArray(at(location, "ranges"));
    const starts = ranges.map((range) => asNumber(at(range, "start", "line")) ?? 0);
    const ends = ranges.map((range) => asNumber(at(range, "end", "line")) ?? 0);
    const lines = { start: Math.min(...starts), end: Math.max(...ends) };
    return source !== undefined && lines.start > 0 && Number.isFinite(lines.start) ? [{ source, lines }] : [];
  });

const readChain = (chain: unknown): readonly string[] =>
  asArray(chain).map((descriptor) => asText(at(descriptor, "digest")) ?? "");

/** `step3:0` → `step3` */
const stepOf = (ref: string): string => ref.slice(0, ref.lastIndexOf(":"));

/**
 * The references from the base to the result. The last step of the definition has no operation: it names
 * the result.
 */
const trunkOf = (steps: ReadonlyMap<string, unknown>): readonly string[] => {
  const trunk: string[] = [];
  const seen = new Set<string>();
  let step: unknown = [...steps.values()].at(-1);
  let input: number | undefined = 0;
  while (step !== undefined && input !== undefined) {
    const ref: string = asText(asArray(at(step, "inputs"))[input]) ?? "";
    if (ref === "" || seen.has(ref)) break;
    seen.add(ref);
    trunk.push(ref);
    step = steps.get(stepOf(ref));
    input = rootInput(step, Number(ref.slice(ref.lastIndexOf(":") + 1)));
  }
  return trunk.reverse();
};

/** Which input of a step becomes the files it works on; undefined for none (a source, or FROM scratch). */
const rootInput = (step: unknown, output: number): number | undefined => {
  const op = at(step, "op", "Op");
  if (at(op, "exec") !== undefined) {
    const mounts = asArray(at(op, "exec", "mounts"));
    const root = mounts.find((mount) => (asNumber(at(mount, "output")) ?? 0) === output);
    return existing(asNumber(at(root, "input")) ?? 0);
  }
  if (at(op, "file") !== undefined) return fileInput(step, output);
  if (at(op, "merge") !== undefined) return existing(asNumber(at(asArray(at(op, "merge", "inputs"))[0], "input")) ?? 0);
  return undefined;
};

const existing = (input: number): number | undefined => (input < 0 ? undefined : input);

/** The actions of a file operation build on inputs, or (numbered behind them) on earlier actions. */
const fileInput = (step: unknown, output: number): number | undefined => {
  const actions = asArray(at(step, "op", "Op", "file", "actions"));
  const inputs = asArray(at(step, "inputs")).length;
  let action = actions.find((candidate) => asNumber(at(candidate, "output")) === output) ?? actions.at(-1);
  for (let hops = 0; hops <= actions.length; hops++) {
    const input = asNumber(at(action, "input")) ?? 0;
    if (input < inputs) return existing(input);
    action = actions[input - inputs];
  }
  return undefined;
};

/** `docker-image://docker.io/library/busybox:1.37@sha256:…` → `busybox:1.37` */
const imageName = (identifier: string | undefined): string | undefined => {
  const match = /^(?:docker-image|oci-layout)[a-z+]*:\/\/(.+?)(?:@sha256:[0-9a-f]+)?$/.exec(identifier ?? "");
  return match?.[1]?.replace(/^docker\.io\/(?:library\/)?/, "");
};
