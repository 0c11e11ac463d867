import type { Image, Layer, Leak, Waste } from "../image/image.ts";
import { formatBytes } from "../report/numbers.ts";

/** What a rule about built images found in one image. */
export interface ImageProblem {
  readonly rule: ImageRule;
  /** The layer to blame, the lowest is 0; undefined when it is the image as a whole. */
  readonly layer: number | undefined;
  /** Problems of one step with the same subject are one finding, whatever the target. */
  readonly subject: string;
  /** One sentence without a full stop; `step` follows where there is one. */
  readonly message: string;
  readonly bytes: number | undefined;
}

export type ImageRule =
  | "secret-value-in-image"
  | "secret-file-in-image"
  | "faulty-account-in-image"
  | "setuid-file-in-image"
  | "package-cache-in-image"
  | "wasted-space-in-image";

/** All that the rules about built images have to say, whatever their levels. */
export const imageProblems = (image: Image): readonly ImageProblem[] => [
  ...leaked(image),
  ...secretFiles(image),
  ...faultyAccounts(image),
  ...setuidFiles(image),
  ...packageCaches(image),
  ...wastedSpace(image),
];

const isOwn = ({ layers }: Image, layer: number): boolean => layers[layer]?.isBase === false;

const leaked = ({ leaks, layers }: Image): readonly ImageProblem[] =>
  [...Map.groupBy(leaks?.leaks ?? [], (leak) => `${leak.secretId}\n${layerOf(leak)}`).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const more =
      group.length === 1 ? "" : `, and in ${group.length - 1} more ${group.length === 2 ? "place" : "places"}`;
    return [
      {
        rule: "secret-value-in-image",
        layer: layerOf(first),
        subject: first.secretId,
        message: `The secret \`${first.secretId}\` is in the image: ${placeWords(first, layers)}${more}`,
        bytes: undefined,
      },
    ];
  });

const layerOf = ({ where }: Leak): number | undefined =>
  where.in === "layer" || where.in === "history" ? where.layer : undefined;

/** ``layer 4 holds it in `root/.npmrc` (base64)`` */
const placeWords = ({ where, form }: Leak, layers: readonly Layer[]): string => {
  const written = form === "as it is" ? "" : `, as ${form}`;
  if (where.in === "history") return `its history shows it${written}`;
  if (where.in !== "layer") return `${documents[where.in]} shows it${written}`;
  const layer = `layer ${where.layer + 1}${layers[where.layer]?.isBase ? " of the base" : ""}`;
  const part =
    where.part === "contents"
      ? `in \`${where.path}\``
      : where.part === "packed contents"
        ? `packed in \`${where.path}\``
        : `in the name or attributes of \`${where.path}\``;
  const { instruction, isBase } = layers[where.layer] ?? {};
  return `${layer} holds it ${part}${written}${instruction === undefined || isBase ? "" : `, written by \`${quoted(instruction)}\``}`;
};

const documents = { config: "its configuration", manifest: "its manifest", attestation: "an attestation" } as const;

/** An instruction inside backticks; the finding stands on the whole of it. */
const quoted = (instruction: string): string => {
  const plain = instruction.replaceAll("`", "'");
  return plain.length > longestQuoted ? `${plain.slice(0, longestQuoted - 1).trimEnd()}…` : plain;
};

const longestQuoted = 60;

const secretFiles = (image: Image): readonly ImageProblem[] => {
  const leakedIn = new Set(
    (image.leaks?.leaks ?? []).flatMap(({ where }) => (where.in === "layer" ? [`${where.layer} ${where.path}`] : [])),
  );
  return (image.contents?.secretFiles ?? [])
    .filter(({ layer, path }) => isOwn(image, layer) && !leakedIn.has(`${layer} ${path}`))
    .map(({ layer, path, what, isSeen }) => ({
      rule: "secret-file-in-image",
      layer,
      subject: path,
      message: `The image holds ${what}: \`/${path}\`${isSeen ? "" : ", which a later layer only hides"}`,
      bytes: undefined,
    }));
};

const faultyAccounts = (image: Image): readonly ImageProblem[] =>
  (image.contents?.accountFaults ?? [])
    .filter(({ layer }) => isOwn(image, layer))
    .map(({ layer, account, fault, uid, with: other }) => ({
      rule: "faulty-account-in-image",
      layer,
      subject: `${account} ${fault}`,
      message:
        fault === "no password"
          ? `The account \`${account}\` needs no password`
          : `The accounts \`${other}\` and \`${account}\` share the id ${uid}`,
      bytes: undefined,
    }));

const setuidFiles = (image: Image): readonly ImageProblem[] =>
  byLayer((image.contents?.setuidFiles ?? []).filter(({ since }) => isOwn(image, since))).map(([layer, files]) => ({
    rule: "setuid-file-in-image",
    layer,
    subject: "",
    message: `${list(files.map(({ path }) => `\`/${path}\``))} ${files.length === 1 ? "runs" : "run"} with the rights of ${files.every(({ uid }) => uid === 0) ? "root" : "another account"}, whoever starts ${files.length === 1 ? "it" : "them"}`,
    bytes: undefined,
  }));

/** Smaller ones are not worth a word. */
const smallestCache = 1 << 20;

const packageCaches = (image: Image): readonly ImageProblem[] =>
  byLayer(
    (image.contents?.leftovers ?? []).filter(
      ({ kind, layer }) => (kind === "package lists" || kind === "package cache") && isOwn(image, layer),
    ),
  ).flatMap(([layer, caches]) => {
    const bytes = caches.reduce((sum, cache) => sum + cache.bytes, 0);
    if (bytes < smallestCache) return [];
    const folders = list(caches.map(({ folder }) => `\`/${folder}\``));
    return [
      {
        rule: "package-cache-in-image",
        layer,
        subject: "",
        message: `${formatBytes(bytes)} of ${cacheWords(caches)} stay in the image (${folders})`,
        bytes,
      },
    ];
  });

/** `package lists and caches of apt` */
export const cacheWords = (caches: readonly { readonly kind: string; readonly of: string }[]): string => {
  const kinds = new Set(caches.map(({ kind }) => kind));
  const what =
    kinds.size > 1 ? "package lists and caches" : kinds.has("package lists") ? "package lists" : "package caches";
  const managers = [...new Set(caches.map(({ of }) => of))];
  return `${what} of ${managers.length > 2 ? `${managers.length} package managers` : managers.join(" and ")}`;
};

const largestOverlooked = 5 << 20;

const wastedSpace = (image: Image): readonly ImageProblem[] => {
  const own = image.layers.reduce((sum, layer) => (layer.isBase ? sum : sum + layer.diskBytes), 0);
  const problems = (image.contents?.waste ?? []).flatMap((waste) => {
    const bytes = waste.bytes - databaseBytes(waste);
    const isSmall = bytes < largestOverlooked && (bytes < smallestCache || bytes < own * 0.05);
    return isSmall || !isOwn(image, waste.hiddenBy) ? [] : [{ waste, bytes }];
  });
  return problems.map(({ waste, bytes }): ImageProblem => {
    const layer = waste.kind === "deleted" && isOwn(image, waste.layer) ? waste.layer : waste.hiddenBy;
    return {
      rule: "wasted-space-in-image",
      layer,
      subject: `${waste.kind} ${layer === waste.layer ? waste.hiddenBy : waste.layer}`,
      message: wasteWords(waste, bytes, image),
      bytes,
    };
  });
};

/** What every install writes again. */
const DATABASE =
  /^(?:var\/lib\/(?:dpkg|apt|rpm|dnf|pacman)|usr\/lib\/sysimage|(?:usr\/)?lib\/apk|var\/cache\/(?:apt|debconf|ldconfig))(?:\/|$)|^etc\/ld\.so\.cache$/;

const databaseBytes = ({ largest }: Waste): number =>
  largest.reduce((sum, { path, bytes }) => (DATABASE.test(path) ? sum + bytes : sum), 0);

const wasteWords = ({ kind, layer, hiddenBy, files, largest }: Waste, bytes: number, image: Image): string => {
  const [first] = largest.filter(({ path }) => !DATABASE.test(path));
  const most = first === undefined ? "" : `, most of it \`/${first.path}\``;
  const named = files === 1 && first !== undefined ? `: \`/${first.path}\`` : most;
  const size = formatBytes(bytes);
  if (kind === "deleted")
    return isOwn(image, layer)
      ? `${size} of this layer are deleted by ${stepWords(image, hiddenBy)} and still pulled${named}`
      : `${size} of the base are deleted here and still pulled${named}`;
  const lower = isOwn(image, layer) ? stepWords(image, layer) : "the base";
  return kind === "duplicated"
    ? `${size} of ${lower} are written a second time with the same contents${named}`
    : `${size} of ${lower} are written again and still pulled${named}`;
};

const stepWords = ({ layers }: Image, layer: number): string => {
  const lines = layers[layer]?.lines;
  return lines === undefined ? `layer ${layer + 1}` : `line ${lines.start}`;
};

const byLayer = <Item extends { readonly layer: number }>(items: readonly Item[]) => [
  ...Map.groupBy(items, ({ layer }) => layer),
];

const mostListed = 3;

const list = (names: readonly string[]): string => {
  const shown = names.length > mostListed ? [...names.slice(0, mostListed - 1)] : names;
  const last = names.length > mostListed ? `${names.length - shown.length} more` : undefined;
  const all = last === undefined ? shown : [...shown, last];
  return all.length === 1 ? (all[0] ?? "") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
};
