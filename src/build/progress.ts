import { stripTerminalCodes } from "./terminal-codes.ts";

/** What a build has told so far, read from `--progress=rawjson`. */
export interface Progress {
  /** Takes a piece of standard error as it comes; a line may be cut anywhere. Returns the step that now runs, when it changed. */
  readonly read: (chunk: string) => string | undefined;
  /** Call once the process has ended. */
  readonly end: () => ProgressSummary;
}

export interface ProgressSummary {
  /** In the order they began. */
  readonly steps: readonly ProgressStep[];
  /** The step that failed of itself: others are only cancelled because of it. */
  readonly failed: { readonly name: string; readonly error: string; readonly log: string } | undefined;
  /** The step of the Dockerfile that began last and did not end of itself, for a build that is stopped. */
  readonly last: { readonly name: string; readonly log: string } | undefined;
  /** What the process printed besides progress: the error and the excerpt of the Dockerfile. */
  readonly text: string;
}

export interface ProgressStep {
  readonly digest: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  /** The union of its intervals: a step is resolved, pulled and extracted under one digest. */
  readonly milliseconds: number;
  readonly isCached: boolean;
}

export const readProgress = (): Progress => {
  const vertices = new Map<string, Vertex>();
  let rest = "";
  let text = "";
  let current: string | undefined;

  const readLine = (line: string): void => {
    const message = parseMessage(line);
    if (message === undefined) {
      text = keepEnd(`${text}${line}\n`, longestText);
      return;
    }
    for (const vertex of message.vertexes ?? []) {
      const known = vertexOf(vertices, vertex.digest);
      update(known, vertex);
      if (isRunning(vertex) && isUserStep(known.name)) current = known.name;
    }
    for (const log of message.logs ?? []) appendLog(vertexOf(vertices, log.vertex), log.data);
  };

  return {
    read: (chunk) => {
      const before = current;
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) readLine(line);
      return current === before ? undefined : current;
    },
    end: () => {
      if (rest !== "") readLine(rest);
      rest = "";
      return { steps: stepsOf(vertices), failed: failedOf(vertices), last: unfinished(vertices), text };
    },
  };
};

/** The last lines of a log that show something, each at most 500 characters. `redact` sees the log whole. */
export const lastLines = (log: string, count: number, redact: (text: string) => string): readonly string[] =>
  redact(stripTerminalCodes(log))
    .split("\n")
    .map((line) => line.trimEnd())
    .map((line) => line.slice(line.lastIndexOf("\r") + 1))
    .filter((line) => line !== "")
    .slice(-count)
    .map((line) => (line.length > longestLine ? `${line.slice(0, longestLine)}…` : line));

interface Vertex {
  readonly digest: string;
  name: string;
  readonly intervals: Map<number, number>;
  isCached: boolean;
  isCompleted: boolean;
  error: string | undefined;
  log: string;
  readonly decoder: InstanceType<typeof TextDecoder>;
}

interface VertexMessage {
  readonly digest: string;
  readonly name: string;
  readonly started?: string;
  readonly completed?: string;
  readonly cached?: boolean;
  readonly error?: string;
}

interface Message {
  readonly vertexes?: readonly VertexMessage[];
  readonly logs?: readonly { readonly vertex: string; readonly data: string }[];
}

const longestText = 65_536;
const longestLog = 262_144;
const longestLine = 500;

const parseMessage = (line: string): Message | undefined => {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
};

const vertexOf = (vertices: Map<string, Vertex>, digest: string): Vertex => {
  const known = vertices.get(digest);
  if (known !== undefined) return known;
  const vertex: Vertex = {
    digest,
    name: "",
    intervals: new Map(),
    isCached: false,
    isCompleted: false,
    error: undefined,
    log: "",
    decoder: new TextDecoder(),
  };
  vertices.set(digest, vertex);
  return vertex;
};

const update = (vertex: Vertex, message: VertexMessage): void => {
  vertex.name = message.name;
  vertex.isCached ||= message.cached === true;
  if (message.error) vertex.error = message.error;
  vertex.isCompleted = message.completed !== undefined;
  if (message.started === undefined) return;
  const started = Date.parse(message.started);
  const completed = message.completed === undefined ? started : Date.parse(message.completed);
  vertex.intervals.set(started, Math.max(completed, vertex.intervals.get(started) ?? started));
};

const isRunning = (message: VertexMessage): boolean => message.started !== undefined && message.completed === undefined;

/** Steps of the Dockerfile (`[2/4] RUN …`, `[linux/amd64 builder 2/4] RUN …`); not the engine's own (`[internal] load …`). */
const isUserStep = (name: string): boolean => /^\[[^\]]*\b\d+\/\d+\] /.test(name);

const appendLog = (vertex: Vertex, data: string): void => {
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  vertex.log = keepEnd(vertex.log + vertex.decoder.decode(bytes, { stream: true }), longestLog);
};

/** Drops whole lines from the front, so that a secret at the cut is dropped or kept whole. */
const keepEnd = (text: string, length: number): string => {
  if (text.length <= 2 * length) return text;
  const lineBreak = text.indexOf("\n", text.length - length);
  return lineBreak === -1 ? "" : text.slice(lineBreak + 1);
};

const unfinished = (vertices: ReadonlyMap<string, Vertex>): Vertex | undefined => {
  const began = ({ intervals }: Vertex): number => Math.max(...intervals.keys());
  return [...vertices.values()]
    .filter(({ name, intervals, isCompleted, error }) => {
      return isUserStep(name) && intervals.size > 0 && (!isCompleted || error !== undefined);
    })
    .sort((a, b) => began(a) - began(b))
    .at(-1);
};

const stepsOf = (vertices: ReadonlyMap<string, Vertex>): readonly ProgressStep[] =>
  [...vertices.values()]
    .filter((vertex) => vertex.intervals.size > 0)
    .map(({ digest, name, intervals, isCached }) => ({
      digest,
      name,
      started: Math.min(...intervals.keys()),
      milliseconds: unionLength([...intervals]),
      isCached,
    }))
    .sort((a, b) => a.started - b.started);

const unionLength = (intervals: readonly (readonly [number, number])[]): number => {
  let total = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const [start, end] of [...intervals].sort((a, b) => a[0] - b[0])) {
    total += Math.max(0, end - Math.max(start, reached));
    reached = Math.max(reached, end);
  }
  return total;
};

const failedOf = (vertices: ReadonlyMap<string, Vertex>): ProgressSummary["failed"] => {
  for (const { name, error, log } of vertices.values()) {
    if (error !== undefined && !/context canceled|code = Canceled/.test(error)) return { name, error, log };
  }
  return undefined;
};
