import type { Image, Leak } from "../image/image.ts";
import type { SecretSearch, TargetReport } from "./report.ts";

/** What the search of all images came to; undefined when there was nothing to search for. */
export const secretSearch = (targets: readonly TargetReport[]): SecretSearch | undefined => {
  const searched = targets.flatMap(({ build, images }) =>
    images.flatMap((image) => (image.leaks === undefined ? [] : [{ id: build.target.id, image, search: image.leaks }])),
  );
  if (searched.length === 0) return undefined;
  const unmeasured = targets.filter(({ build, images }) => build.status === "built" && images.length === 0);
  const most = (numbers: readonly number[]): number => Math.max(0, ...numbers);
  return {
    values: most(searched.map(({ search }) => search.secrets)),
    forms: most(searched.map(({ search }) => search.forms)),
    bytes: searched.reduce((sum, { search }) => sum + search.bytes, 0),
    images: searched.length,
    found: searched.flatMap(({ id, image, search }) =>
      search.leaks.map((leak) => ({ id: leak.secretId, target: id, place: leakPlace(leak, image) })),
    ),
    gaps: [
      ...unmeasured.map(({ build }) => `the image of ${build.target.id} could not be measured`),
      ...new Set(searched.flatMap(({ search }) => search.gaps)),
    ],
    unsearched: [
      ...new Map(
        searched.flatMap(({ search }) => search.unsearched.map((one) => [`${one.id} ${one.reason}`, one] as const)),
      ).values(),
    ],
  };
};

/** ``layer 3, line 12, `etc/token` (base64)`` */
const leakPlace = ({ where, form, lines }: Leak, image: Pick<Image, "layers">): string => {
  const line = lines === undefined ? "" : `, line ${lines.start}`;
  const written = form === "as it is" ? "" : ` (${form})`;
  if (where.in === "layer") {
    const of = image.layers[where.layer]?.isBase ? " of the base" : "";
    const part =
      where.part === "contents"
        ? ""
        : where.part === "name or attributes"
          ? "the name or attributes of "
          : "packed in ";
    return `layer ${where.layer + 1}${of}${line}, ${part}\`${where.path}\`${written}`;
  }
  if (where.in === "history") return `the history of the image${line}${written}`;
  return `${leakDocuments[where.in]}${written}`;
};

const leakDocuments = {
  config: "the configuration of the image",
  manifest: "the manifest of the image",
  attestation: "an attestation of the image",
} as const;
