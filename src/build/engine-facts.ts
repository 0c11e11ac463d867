/** The oldest buildx that writes provenance to the metadata file and progress as JSON, with all flags used here. */
const oldest = [0, 15] as const;

/** `0.29.1` of `github.com/docker/buildx v0.29.1 a1b2c3`; undefined when the text is no version. */
export const readBuildxVersion = (text: string): string | undefined => /\bv?(\d+\.\d+\.\d+)/.exec(text)?.[1];

export const isTooOld = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
};

export const oldestBuildx = oldest.join(".");

export interface Builder {
  readonly name: string;
  /** `docker`, `docker-container`, `kubernetes`, `remote`; empty when it could not be reached. */
  readonly driver: string;
  readonly error: string | undefined;
}

/** What `docker buildx inspect` prints. */
export const readBuilder = (text: string): Builder => {
  const value = (key: string): string => new RegExp(`^${key}: *(.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
  return { name: value("Name"), driver: value("Driver"), error: value("Error") || undefined };
};

export interface Daemon {
  readonly version: string;
  readonly store: "containerd" | "classic";
}

/** Where the program of buildx lies, as `docker info --format '{{json .}}'` tells. */
export const readPluginPath = (text: string): string | undefined => {
  try {
    const { ClientInfo: client } = JSON.parse(text) as {
      readonly ClientInfo?: { readonly Plugins?: readonly { readonly Name?: unknown; readonly Path?: unknown }[] };
    };
    const path = client?.Plugins?.find(({ Name: name }) => name === "buildx")?.Path;
    return typeof path === "string" && path !== "" ? path : undefined;
  } catch {
    return undefined;
  }
};

/** What `docker info --format '{{json .}}'` prints; undefined when no daemon answered. */
export const readDaemon = (text: string): Daemon | undefined => {
  try {
    const { ServerVersion: version, DriverStatus: status } = JSON.parse(text) as {
      readonly ServerVersion?: unknown;
      readonly DriverStatus?: unknown;
    };
    if (typeof version !== "string" || version === "") return undefined;
    const isContainerd = JSON.stringify(status ?? null).includes("io.containerd.snapshotter");
    return { version, store: isContainerd ? "containerd" : "classic" };
  } catch {
    return undefined;
  }
};
