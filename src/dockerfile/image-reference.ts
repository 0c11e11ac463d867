/** A parsed image reference, as distribution/reference reads it; the engine's defaults are filled in but for the tag. */
export interface ImageReference {
  /** `docker.io` when none is written. */
  readonly registry: string;
  /** Without the registry: `library/debian` for `debian`. */
  readonly repository: string;
  /** The last part of the repository: `debian`. */
  readonly name: string;
  readonly tag: string | undefined;
  /** `sha256:…` */
  readonly digest: string | undefined;
}

/**
 * Reads a reference as `ParseNormalizedNamed` of https://github.com/distribution/reference does;
 * undefined where that gives an error.
 */
export const parseImageReference = (text: string): ImageReference | undefined => {
  // 64 hexadecimal digits could be an image id.
  if (text.length > longest || /^[a-f0-9]{64}$/.test(text)) return undefined;
  const { registry, remainder } = splitRegistry(text);
  const match = remainderPattern.exec(remainder);
  if (match === null || !registryPattern.test(registry)) return undefined;
  const [, repository = "", tag, digest] = match;
  if (repository.length > longestRepository) return undefined;
  if (digest !== undefined && !isDigest(digest)) return undefined;
  return { registry, repository, name: repository.slice(repository.lastIndexOf("/") + 1), tag, digest };
};

/** The reference as people write it: without `docker.io/` and `library/`. */
export const familiarName = (reference: ImageReference): string => {
  if (reference.registry !== dockerHub) return `${reference.registry}/${reference.repository}`;
  return reference.repository.startsWith(official) ? reference.repository.slice(official.length) : reference.repository;
};

const dockerHub = "docker.io";
const official = "library/";
const longestRepository = 255;
/** Far more than a host of 253 characters with a port, a repository, a tag of 128 and a digest can have. */
const longest = 2000;

const splitRegistry = (text: string): { readonly registry: string; readonly remainder: string } => {
  const slash = text.indexOf("/");
  if (slash < 0) return { registry: dockerHub, remainder: official + text };
  const first = text.slice(0, slash);
  const rest = text.slice(slash + 1);
  if (first === "index.docker.io" || first === dockerHub) {
    return { registry: dockerHub, remainder: rest.includes("/") ? rest : official + rest };
  }
  // Upper case is not allowed in a repository, so that it must be a host.
  const isHost = first === "localhost" || /[.:]/.test(first) || first.toLowerCase() !== first;
  return isHost ? { registry: first, remainder: rest } : { registry: dockerHub, remainder: text };
};

const hostPart = "(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)";
const registryPattern = new RegExp(`^(?:${hostPart}(?:\\.${hostPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const pathPart = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const tagPattern = "\\w[\\w.-]{0,127}";
const digestPattern = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const remainderPattern = new RegExp(`^(${pathPart}(?:/${pathPart})*)(?::(${tagPattern}))?(?:@(${digestPattern}))?$`);

/** The algorithms that go-digest registers, with the length of their lower-case hexadecimal value. */
const digestLengths: ReadonlyMap<string, number> = new Map([
  ["sha256", 64],
  ["sha384", 96],
  ["sha512", 128],
]);

const isDigest = (digest: string): boolean => {
  const colon = digest.indexOf(":");
  const hex = digest.slice(colon + 1);
  return digestLengths.get(digest.slice(0, colon)) === hex.length && /^[a-f0-9]+$/.test(hex);
};
