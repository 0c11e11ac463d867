import type { Dockerfile, Instruction } from "../dockerfile/model.ts";
import type { Image, ImageContents } from "../image/image.ts";
import { diskBytes } from "../image/image.ts";
import { leftoverOf } from "../image/leftover-kinds.ts";
import { formatBytes } from "../report/numbers.ts";
import type { Finding } from "../report/report.ts";
import { cacheWords } from "./image-problems.ts";

/** A built image in which a Dockerfile's line can be looked up. */
export interface JudgedImage {
  readonly image: Image;
  /** The stages that the image is built from, by index. */
  readonly stages: ReadonlySet<number>;
  /** Of the stage whose image it is. */
  readonly stageIndex: number;
}

/** What the built images make of a finding on the Dockerfile. */
export type Weighed =
  | { readonly status: "kept" }
  | { readonly status: "weighed"; readonly message: string; readonly bytes: number }
  /** `reason`: a sentence without a full stop. */
  | { readonly status: "refuted"; readonly reason: string };

const kept: Weighed = { status: "kept" };

/** Images that cannot tell are not asked; one that confirms outweighs those that refute. */
export const weighFinding = (
  finding: Finding,
  dockerfile: Pick<Dockerfile, "instructions">,
  images: readonly JudgedImage[],
): Weighed => {
  const weigh = weighers.get(finding.rule);
  const at = dockerfile.instructions.find(
    ({ span }) => span.start <= finding.span.start && finding.span.start < span.end,
  );
  if (weigh === undefined || at === undefined) return kept;
  const concerned = images.filter(({ stages }) => at.stageIndex !== undefined && stages.has(at.stageIndex));
  const said = concerned.flatMap((judged) => weigh({ finding, at, ...judged }) ?? []);
  const heaviest = said
    .flatMap((one) => (one.status === "weighed" ? [one] : []))
    .toSorted((a, b) => b.bytes - a.bytes)[0];
  if (heaviest !== undefined) return heaviest;
  const [first] = said;
  return first !== undefined && said.every(({ status }) => status === "refuted") ? first : kept;
};

interface Question extends JudgedImage {
  readonly finding: Finding;
  readonly at: Instruction;
}

/** Undefined: this image cannot tell. */
type Weigher = (question: Question) => Weighed | undefined;

/** Layers that an instruction made; empty where the engine does not tell. */
const layersOf = ({ image, at }: Question): readonly number[] =>
  image.layers.flatMap(({ lines, isBase }, index) =>
    !isBase && lines !== undefined && lines.start >= at.startLine && lines.start <= at.endLine ? [index] : [],
  );

interface Measured {
  readonly contents: ImageContents;
  readonly layers: ReadonlySet<number>;
}

const measuredStep = (question: Question): Measured | undefined => {
  const layers = layersOf(question);
  const { contents } = question.image;
  return contents === undefined || layers.length === 0 ? undefined : { contents, layers: new Set(layers) };
};

const weighed = (message: string, bytes: number): Weighed => ({ status: "weighed", message, bytes });
const refuted = (reason: string): Weighed => ({ status: "refuted", reason });

const cache: Weigher = (question) => {
  const step = measuredStep(question);
  if (step === undefined) return undefined;
  const left = step.contents.leftovers.filter(
    ({ kind, layer }) => step.layers.has(layer) && (kind === "package lists" || kind === "package cache"),
  );
  const hidden = step.contents.waste.filter(({ layer }) => step.layers.has(layer));
  const hiddenCaches = hidden.flatMap(({ largest }) =>
    largest.flatMap(({ path, bytes }) => {
      const of = leftoverOf(path) ?? leftoverOf(`${path}/`);
      return of === undefined || !/^package /.test(of.kind) ? [] : [{ ...of, bytes }];
    }),
  );
  const all = [...left, ...hiddenCaches].filter(({ of }) => isMeant(question.finding, of));
  const bytes = all.reduce((sum, one) => sum + one.bytes, 0);
  if (bytes > 0)
    return weighed(cacheMessage(question.finding.message, `${formatBytes(bytes)} of ${cacheWords(all)}`), bytes);
  // What is hidden may be a folder of which nobody knows what was in it.
  return hidden.length > 0 || !isKnownCache(question.finding.message) ? kept : refuted("nothing of it is in the layer");
};

/** Whether the folder that a message names is one that the measurement looks for; else its silence proves nothing. */
const isKnownCache = (message: string): boolean => cacheOwner(message) !== undefined;

/** Who leaves the cache that a message names: `pip`. */
const cacheOwner = (message: string): string | undefined => {
  const folder = /(?:^|[\s(`])~?\/([\w.+-]+(?:\/[\w.+-]+)*)/.exec(message)?.[1];
  const found = folder === undefined ? undefined : leftoverOf(`${folder}/x`);
  return found !== undefined && /^package /.test(found.kind) ? found.of : undefined;
};

/** One RUN may call several managers. Those of systems share folders: what dnf leaves, yum may have made. */
const isMeant = ({ rule, message }: Finding, of: string): boolean =>
  rule === "system-package-cache-left" ? SYSTEM.test(of) : of === cacheOwner(message);

const SYSTEM = /^(?:apt|apk|dnf|yum|zypper|pacman)$/;

/** `` `apt-get update` leaves 19.1 MB of package lists of apt in the image`` */
const cacheMessage = (message: string, what: string): string => {
  const [, command, rest] = /^(`[^`]+`) (?:leaves|keeps) .* (?:of|in) this layer(.*)$/.exec(message) ?? [];
  return command === undefined ? `${message}: ${what}` : `${command} leaves ${what} in the image${rest}`;
};

const changedPermissions: Weigher = (question) => {
  const step = measuredStep(question);
  if (step === undefined) return undefined;
  const hidden = step.contents.waste.filter(({ hiddenBy }) => step.layers.has(hiddenBy));
  const bytes = hidden.reduce((sum, one) => (one.kind === "duplicated" ? sum + one.bytes : sum), 0);
  if (bytes > 0) return weighed(`${question.finding.message}: ${formatBytes(bytes)} more in the image`, bytes);
  return hidden.length > 0 ? kept : refuted("the step writes no file a second time");
};

const leftArchive: Weigher = (question) => {
  const step = measuredStep(question);
  const path = /`([^`]+)`/.exec(question.finding.message)?.[1];
  const name = path?.slice(path.lastIndexOf("/") + 1);
  if (step === undefined || name === undefined || name === "") return undefined;
  const found = [
    ...[...step.layers].flatMap((layer) => step.contents.largestFiles[layer] ?? []),
    ...step.contents.waste.filter(({ layer }) => step.layers.has(layer)).flatMap(({ largest }) => largest),
  ].find((file) => file.path === name || file.path.endsWith(`/${name}`));
  return found && weighed(`${question.finding.message}: ${formatBytes(found.bytes)}`, found.bytes);
};

/** Less is no compiler. */
const smallestTools = 1_000_000;

const buildTools: Weigher = (question) => {
  const { at, image, finding } = question;
  if (at.keyword === "FROM") return baseShare(question);
  const step = measuredStep(question);
  if (step === undefined) return undefined;
  const bytes = [...step.layers].reduce((sum, layer) => sum + (image.layers[layer]?.diskBytes ?? 0), 0);
  const isThere = step.contents.tools.some((path) => COMPILER.test(path));
  if (bytes < smallestTools && !isThere)
    return refuted(`the step adds ${formatBytes(bytes)}, and no compiler is in the image`);
  return weighed(
    `${finding.message}: the step adds ${formatBytes(bytes)} of the image's ${formatBytes(diskBytes(image))}`,
    bytes,
  );
};

const COMPILER = /\/(?:gcc|g\+\+|cc|c\+\+|clang|make|cmake|ld|cargo|rustc|go|javac)$/;

const baseShare: Weigher = ({ finding, image }) => {
  const bytes = image.layers.reduce((sum, layer) => (layer.isBase ? sum + layer.diskBytes : sum), 0);
  if (bytes === 0) return undefined;
  return weighed(
    `${finding.message}: the base is ${formatBytes(bytes)} of the image's ${formatBytes(diskBytes(image))}`,
    bytes,
  );
};

const developmentPackages: Weigher = (question) => {
  const step = measuredStep(question);
  const left = step?.contents.leftovers.filter(
    ({ kind, layer }) => step.layers.has(layer) && kind === "development dependencies",
  );
  const bytes = (left ?? []).reduce((sum, one) => sum + one.bytes, 0);
  // Only npm says which packages are for development.
  return bytes === 0 ? undefined : weighed(`${question.finding.message}: ${formatBytes(bytes)} in the image`, bytes);
};

/** Whether the user of a configuration is root: none is set, or its number or name. */
export const isRootUser = (user: string): boolean => /^(?:root|0*)(?::|$)/.test(user);

/** What a stage lacks, only its own image can have from its base. */
const ofOwnStage =
  (weigh: Weigher): Weigher =>
  (question) =>
    question.stageIndex === question.at.stageIndex ? weigh(question) : undefined;

/** The user that the built image starts with has the last word. */
const user: Weigher = ({ image }) =>
  isRootUser(image.config.user) ? kept : refuted(`the image runs as \`${image.config.user}\``);

const healthcheck: Weigher = ({ image }) =>
  image.config.hasHealthcheck ? refuted("the image has a HEALTHCHECK of its base") : kept;

const healthcheckTool: Weigher = ({ finding, image }) => {
  const { contents } = image;
  if (contents === undefined) return undefined;
  if (finding.message.startsWith("The shell form"))
    return contents.shells.length > 0 ? refuted("the image has a shell") : kept;
  const tool = /^`([^`]+)`/.exec(finding.message)?.[1] ?? "";
  const found = contents.tools.find((path) => path.endsWith(`/${tool}`));
  return found === undefined ? kept : refuted(`\`/${found}\` is in the image`);
};

const weighers: ReadonlyMap<string, Weigher> = new Map([
  ["system-package-cache-left", cache],
  ["language-package-cache-left", cache],
  ["permissions-changed-after-copy", changedPermissions],
  ["archive-left-in-layer", leftArchive],
  ["build-tools-in-shipped-stage", buildTools],
  ["large-base-variant", baseShare],
  ["dev-dependencies-shipped", developmentPackages],
  ["missing-user", ofOwnStage(user)],
  ["root-user", user],
  ["missing-healthcheck", ofOwnStage(healthcheck)],
  ["healthcheck-tool-missing", healthcheckTool],
]);
