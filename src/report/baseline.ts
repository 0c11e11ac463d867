import { UserError } from "../errors.ts";

/** The sizes that a run is compared with. */
export interface Baseline {
  /** Of the run that measured them, as its report describes it. */
  readonly engine?: string;
  readonly targets: readonly BaselineTarget[];
}

export interface BaselineTarget {
  readonly id: string;
  readonly dockerfile: string;
  readonly stage: string | undefined;
  readonly platform: string;
  readonly pullBytes: number;
  readonly diskBytes: number;
  readonly isPullEstimated?: true;
  readonly lines: readonly {
    readonly from: "line" | "base";
    readonly line: number | undefined;
    readonly instruction: string;
    /** Undefined where an older version wrote the baseline. */
    readonly pullBytes: number | undefined;
    readonly diskBytes: number;
  }[];
}

/**
 * Reads a report in JSON as the sizes to compare with: what `run --format json` printed, or the sizes alone.
 * Throws a UserError that names `file` and what is wrong with it.
 */
export const parseBaseline = (text: string, file: string): Baseline => {
  const refuse = (reason: string): never => {
    throw new UserError(
      `baseline: ${file} ${reason}. Give the output of \`docker-hygiene run --format json\` (setting \`baseline\`).`,
    );
  };
  const report = parseJson(text, refuse);
  if (!isRecord(report)) return refuse("is not a JSON object");
  if (report.schemaVersion !== 1) {
    return refuse(
      report.schemaVersion === undefined
        ? "has no `schemaVersion`"
        : "has a `schemaVersion` that this version does not read; it reads 1",
    );
  }
  const { targets } = report;
  if (!Array.isArray(targets)) return refuse("has no list `targets`");
  if (targets.length > maxTargets) return refuse(`has more than ${maxTargets} targets`);
  const read = targets.flatMap((target: unknown, index) => readTarget(target, `targets[${index}]`, refuse));
  const keys = new Set(read.map(({ id, platform }) => `${id} ${platform}`));
  if (keys.size < read.length) return refuse("lists one target twice for the same platform");
  return { ...(isText(report.engine) ? { engine: report.engine } : {}), targets: read };
};

const maxTargets = 10_000;
const maxLayers = 1000;

type Refuse = (reason: string) => never;

const parseJson = (text: string, refuse: Refuse): unknown => {
  if (text.trim() === "") return refuse("is empty");
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    // The parser's own message quotes the text, which may be anything.
    return refuse("is not valid JSON");
  }
};

const readTarget = (value: unknown, at: string, refuse: Refuse): readonly BaselineTarget[] => {
  if (!isRecord(value)) return refuse(`holds no object at ${at}`);
  // A target that failed or could not be measured has no size to compare with.
  if (value.status !== "built" || value.pullBytes === null) return [];
  const { id, platform, dockerfile, stage, layers } = value;
  if (!isText(id)) return refuse(`has no text at ${at}.id`);
  if (!isText(platform)) return refuse(`has no text at ${at}.platform`);
  if (!Array.isArray(layers) || layers.length > maxLayers) {
    return refuse(`has no list of at most ${maxLayers} layers at ${at}.layers`);
  }
  return [
    {
      id,
      platform,
      dockerfile: isText(dockerfile) ? dockerfile : id,
      stage: isText(stage) ? stage : undefined,
      pullBytes: size(value.pullBytes, `${at}.pullBytes`, refuse),
      diskBytes: size(value.diskBytes, `${at}.diskBytes`, refuse),
      ...(value.pullEstimated === true ? { isPullEstimated: true } : {}),
      lines: byLine(layers, `${at}.layers`, refuse),
    },
  ];
};

const byLine = (layers: readonly unknown[], at: string, refuse: Refuse): BaselineTarget["lines"] => {
  const rows = new Map<string, BaselineTarget["lines"][number]>();
  for (const [index, layer] of layers.entries()) {
    if (!isRecord(layer)) return refuse(`holds no object at ${at}[${index}]`);
    const from = layer.base === true ? "base" : "line";
    const instruction = isText(layer.instruction) ? layer.instruction : "";
    const line = from === "line" && Number.isSafeInteger(layer.line) ? Number(layer.line) : undefined;
    const key = from === "base" ? "base" : `${line ?? ""} ${instruction === "" ? index : instruction}`;
    const bytes = size(layer.diskBytes, `${at}[${index}].diskBytes`, refuse);
    const packed =
      layer.pullBytes === undefined ? undefined : size(layer.pullBytes, `${at}[${index}].pullBytes`, refuse);
    const row = rows.get(key);
    rows.set(key, {
      from,
      line,
      instruction: row?.instruction || instruction,
      pullBytes: packed === undefined ? undefined : (row?.pullBytes ?? 0) + packed,
      diskBytes: (row?.diskBytes ?? 0) + bytes,
    });
  }
  return [...rows.values()];
};

const size = (value: unknown, at: string, refuse: Refuse): number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0
    ? value
    : refuse(`has no whole number of bytes at ${at}`);

const isText = (value: unknown): value is string => typeof value === "string" && value !== "" && value.length <= 4096;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
