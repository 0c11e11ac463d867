/** Measured on one platform of one built target. Sizes are bytes. */
export interface Image {
  /** Digest of the manifest. */
  readonly digest: string;
  /** `linux/amd64` */
  readonly platform: string;
  /** From the base to the top. */
  readonly layers: readonly Layer[];
  readonly config: ImageConfig;
  /** True when compressed sizes are estimates, because the engine's store keeps none. */
  readonly isPullEstimated: boolean;
}

export interface Layer {
  readonly digest: string;
  /** Compressed: what a pull transfers. */
  readonly pullBytes: number;
  /** Sum of the sizes of its regular files. */
  readonly diskBytes: number;
  /** Lines of the Dockerfile, one-based; undefined for base layers and where the engine does not tell. */
  readonly lines: { readonly start: number; readonly end: number } | undefined;
  /** The instruction as written, shortened to one line; for base layers the base's name. */
  readonly instruction: string | undefined;
  readonly isBase: boolean;
}

export interface ImageConfig {
  readonly user: string;
  readonly hasHealthcheck: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly exposedPorts: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

export const pullBytes = (image: Image): number => image.layers.reduce((sum, layer) => sum + layer.pullBytes, 0);
export const diskBytes = (image: Image): number => image.layers.reduce((sum, layer) => sum + layer.diskBytes, 0);
