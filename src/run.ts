import { findingsOf } from "./audit/findings.ts";
import type { Target } from "./build/target.ts";
import type { Configs } from "./config.ts";
import { decodeText } from "./dockerfile/decode.ts";
import { UserError } from "./errors.ts";
import type { BuildEvent, Engine, FoundFile } from "./ports.ts";
import { type Baseline, parseBaseline } from "./report/baseline.ts";
import { markNew, newFindings } from "./report/new-findings.ts";
import type { Finding, Report, ReportedFile } from "./report/report.ts";
import { secretSearch } from "./report/secret-search.ts";
import { sizeRows } from "./report/sizes.ts";
import { verdictOf } from "./report/verdict.ts";
import { type OpenedFile, openDockerfile } from "./run-audit.ts";
import { budgetsOf, idleBudgets } from "./run-budgets.ts";
import { type BakedFiles, type BuildPlan, buildTargets, noBakedFiles, readBaked } from "./run-builds.ts";
import { type JudgedFile, judgeBuilt } from "./run-images.ts";
import { type CheckedBuild, checkedBuild, type ImportedChecks, openImportedChecks } from "./run-imported.ts";
import { sortKnown } from "./run-known.ts";
import { askOutlines, type Outlines } from "./run-outlines.ts";
import { markFindings, planBuilds, withRefusals } from "./run-preflight.ts";
import { ruleSettingsFor, type Settings } from "./settings.ts";
import { version } from "./version.ts";
import type { World } from "./world.ts";

export interface RunRequest {
  readonly settings: Settings;
  readonly configs: Configs;
  readonly world: World;
  /** Sizes to compare with, under the name they are shown by; else the settings name a file. */
  readonly baseline?: NamedBaseline | undefined;
  /** What the commit is like that this one is compared with; each is asked for once, when it is needed. */
  readonly earlier?: {
    /** Fingerprints of its findings, so that only others count; undefined: nobody knows, and all count. */
    readonly findings?: () => Promise<ReadonlySet<string> | undefined>;
    /** Its sizes, where there is no other baseline. */
    readonly sizes?: () => Promise<NamedBaseline | undefined>;
  };
  readonly signal: AbortSignal;
  /** The findings are complete, nothing is built yet. */
  readonly onAudited?: (audited: Pick<Report, "files" | "findings">) => void;
  /** What is going to be built, and by what. */
  readonly onPlanned?: (targets: readonly Target[], engine: string) => void;
  readonly onEvent?: (event: BuildEvent) => void;
}

export interface NamedBaseline {
  readonly name: string;
  /** Its commit and how it was had, behind the name: "at 1a2b3c4, from the check run of that commit". */
  readonly from?: string;
  readonly sizes: Baseline;
}

/** Find, audit, plan, build, measure, compare, judge: the whole job as one value. */
export const run = async (request: RunRequest): Promise<Report> => {
  const { settings, configs, world } = request;
  const clock = stopwatch(world.now);
  const { root } = configs;
  const given = request.baseline ?? (await baselineOfSettings(settings, world));
  const { discovery, baked, engine, outlines, remarks, ...found } = await findAndAudit(request, clock);
  const known = found.audits.flatMap(({ facts }) => facts ?? []);
  const plan = engine && (await planBuilds(known, outlines, request));
  const audits = plan && engine.status === "ready" ? withRefusals(found.audits, plan) : found.audits;
  const files = audits.map(({ reported }) => reported);
  const earlier = await request.earlier?.findings?.();
  const sort = async (found: readonly Finding[]): ReturnType<typeof sortKnown> => {
    const sorted = await sortKnown(found, files, request);
    return earlier === undefined ? sorted : { ...sorted, findings: markNew(sorted.findings, earlier) };
  };
  const audited = await sort(audits.flatMap((audit) => audit.findings));
  clock.lap("audit");
  request.onAudited?.({ files, findings: audited.findings });

  const marked = plan && markFindings(plan, audited.findings);
  const targets = marked && (await buildTargets(known, marked, engine, request));
  const judged = judgeBuilt(audits, targets);
  const sorted = targets === undefined ? audited : await sort(judged.findings);
  const { findings } = sorted;
  const secrets = secretSearch(targets ?? []);
  if (targets) clock.lap("build and measure");
  const baseline = given ?? (targets && (await request.earlier?.sizes?.()));
  const isPartial = settings.targets.length > 0 || settings.paths.length > 0;
  const budgets = await budgetsOf(targets ?? [], configs);
  const sizes = targets
    ? sizeRows(targets, {
        baseline: baseline?.sizes,
        engine: engine?.status === "ready" ? engine.description : undefined,
        budgets: (id) => budgets.get(id) ?? [],
        isWhole: !isPartial,
      })
    : [];
  const buildImpossible = engine?.status === "absent" ? engine.reason : undefined;
  const verdict = verdictOf({
    findings: earlier === undefined ? findings : newFindings(findings),
    targets,
    sizes,
    ...(secrets && { secrets }),
    failureThreshold: settings.failureThreshold,
    unread: files.filter(({ error }) => error !== undefined).length,
    // A builder that is named and missing is a mistake, not a machine without an engine.
    buildImpossible: settings.build === true || settings.builder !== undefined ? buildImpossible : undefined,
  });
  return {
    version,
    files: files.map((file) => ({ ...file, ignored: file.ignored + (judged.hidden.get(file.path) ?? 0) })),
    findings,
    known: sorted.known,
    ...(judged.withdrawn.length > 0 && { withdrawn: judged.withdrawn }),
    targets,
    sizes,
    baseline: baseline?.name,
    baselineFrom: baseline?.from,
    engine: engine?.status === "ready" ? engine.description : undefined,
    // A configuration's notes come with each of its files and are said once.
    notes: [
      ...new Set([
        ...discovery.notes,
        ...root.notes,
        ...baked.notes,
        ...audits.flatMap(({ notes }) => notes),
        ...sorted.notes,
        ...(engine?.status === "ready" && marked ? notesOf(marked) : []),
        ...(targets === undefined || isPartial ? [] : idleBudgets(targets, root)),
        ...(buildImpossible === undefined ? [] : [`Nothing was built: ${buildImpossible}`]),
      ]),
    ],
    ...(secrets && { secrets }),
    remarks: [...remarks, ...(plan?.remarks ?? []), ...judged.remarks],
    verdict,
    timings: clock.laps(),
  };
};

/** The findings of a run that builds nothing, each with a fingerprint. */
export const auditAsRun = async (request: RunRequest): Promise<readonly Finding[]> => {
  const { audits } = await findAndAudit(request, stopwatch(request.world.now));
  return audits.flatMap(({ findings }) => findings);
};

/** What `run` would build. */
export interface DryRun extends BuildPlan {
  readonly engine: Engine | undefined;
}

/** Finds, audits and plans as `run` does, and builds nothing. */
export const dryRun = async (request: RunRequest): Promise<DryRun> => {
  const settings = { ...request.settings, shellcheck: false, buildkitChecks: false };
  const { discovery, baked, engine, audits, outlines } = await findAndAudit(
    { ...request, settings },
    stopwatch(request.world.now),
  );
  const plan = await planBuilds(
    audits.flatMap(({ facts }) => facts ?? []),
    outlines,
    request,
  );
  return { ...plan, engine, notes: [...discovery.notes, ...baked.notes, ...notesOf(plan)] };
};

const notesOf = ({ unused, notes }: BuildPlan): readonly string[] => [
  ...unused.map(({ message }) => message),
  ...notes,
];

const findAndAudit = async (request: RunRequest, clock: ReturnType<typeof stopwatch>) => {
  const { settings, world } = request;
  const wantsBuild = settings.command !== "audit" && settings.build !== false;
  const baked = wantsBuild ? await readBaked(request) : noBakedFiles;
  const discovery = await world.files.discover({
    // A Dockerfile that a Bake file names is one whatever its name.
    paths: settings.paths.length > 0 || baked.byFile.size === 0 ? settings.paths : [".", ...baked.byFile.keys()],
    files: settings.files,
    exclude: settings.exclude,
  });
  clock.lap("find");

  const isBuilding = wantsBuild && discovery.files.length > 0;
  const engine: Engine | undefined = isBuilding ? await world.docker.engine() : undefined;
  const imported = await openImportedChecks({ ...request, engine });
  const { audits, outlines } = await auditAll(discovery.files, request, { engine, baked, imported });
  return { discovery, baked, engine, audits, outlines, remarks: imported.remarks() };
};

interface Audit extends JudgedFile {
  readonly found: FoundFile;
  readonly reported: ReportedFile;
  readonly notes: readonly string[];
}

interface Around {
  readonly engine: Engine | undefined;
  readonly baked: BakedFiles;
  readonly imported: ImportedChecks;
}

/** Further files are judged while engines look at the first ones. */
const auditAll = async (
  found: readonly FoundFile[],
  request: RunRequest,
  around: Around,
): Promise<{ readonly audits: readonly Audit[]; readonly outlines: Outlines }> => {
  const started: Started[] = [];
  for (const file of found) started.push(await auditOne(file, request, around));
  around.imported.finish();
  const known = started.flatMap(({ facts }) => facts ?? []);
  const [outlines, audits] = await Promise.all([
    askOutlines(known, around.engine, request),
    Promise.all(started.map(({ whole }) => whole)),
  ]);
  return { audits, outlines };
};

/** A file whose own findings are there, while engines may still look at it. */
interface Started {
  readonly facts: Audit["facts"];
  readonly whole: Promise<Audit>;
}

const auditOne = async (
  found: FoundFile,
  request: RunRequest,
  { engine, baked: allBaked, imported }: Around,
): Promise<Started> => {
  const baked = allBaked.byFile.get(found.absolute);
  const isBuilding = engine?.status === "ready";
  let opened: OpenedFile;
  try {
    opened = await openDockerfile(found, { ...request, isBuilding, baked });
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const unread: Audit = {
      found,
      reported: { path: found.path, text: "", error: reason, ignored: 0 },
      findings: [],
      ignored: [],
      notes: [],
      facts: undefined,
      levels: { profile: request.settings.profile, settings: new Map() },
    };
    return { facts: undefined, whole: Promise.resolve(unread) };
  }
  const { own, context, audit } = opened;
  const { dockerfile, file, outcome } = audit(decodeText(opened.bytes));
  const note = isBuilding ? context().note : undefined;
  const levels = { profile: request.settings.profile, settings: ruleSettingsFor(opened.config, found.absolute) };
  const build = (): CheckedBuild => checkedBuild(opened, context().context, request.settings, baked?.[0]);
  const whole = imported.add({ path: found.path, file, outcome, levels, build });
  const { path, text } = dockerfile;
  const audited: Omit<Audit, "reported" | "findings" | "ignored"> = {
    found,
    levels,
    notes: [
      ...opened.config.notes,
      ...(note === undefined ? [] : [note]),
      ...outcome.failures.map(
        ({ rule, error }) => `${found.path}: the rule ${rule} failed (${String(error)}); please report it`,
      ),
    ],
    // A model weighs a hundred times its file: without a build nobody asks for it again.
    facts: engine && {
      dockerfile,
      file,
      planned: {
        path: found.path,
        absolute: found.absolute,
        text,
        stages: file.stages,
        get context() {
          return context().context;
        },
        config: own,
        ...(baked && { bake: baked }),
      },
    },
  };
  return {
    facts: audited.facts,
    whole: whole.then(({ problems, ignored }) => ({
      ...audited,
      reported: { path, text, error: undefined, ignored: ignored.length },
      findings: findingsOf({ path, text }, problems),
      ignored: engine ? ignored : [],
    })),
  };
};

const baselineOfSettings = async ({ baseline }: Settings, world: World): Promise<RunRequest["baseline"]> =>
  baseline === undefined ? undefined : { name: baseline, sizes: await readBaseline(baseline, world) };

const readBaseline = async (path: string, world: World): Promise<Baseline> => {
  let bytes: Uint8Array;
  try {
    bytes = await world.files.readBytes(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`baseline: \`${path}\` cannot be read: ${reason}`);
  }
  return parseBaseline(decodeText(bytes), path);
};

const stopwatch = (now: () => number) => {
  const laps: { part: string; milliseconds: number }[] = [];
  let last = now();
  return {
    lap: (part: string): void => {
      const at = now();
      laps.push({ part, milliseconds: Math.round(at - last) });
      last = at;
    },
    laps: () => laps,
  };
};
