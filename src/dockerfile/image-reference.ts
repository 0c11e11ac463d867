/** A parsed image reference, as distribution/reference reads it, with nothing filled in. */
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
