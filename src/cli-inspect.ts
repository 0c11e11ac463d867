import { resolve } from "node:path";
import { createFiles } from "./adapters/files.ts";
import { inspectImage } from "./adapters/image-inspect.ts";
import { namedValues } from "./adapters/image-proof.ts";
import { MeasureError } from "./adapters/oci-layout.ts";
import { shownPath } from "./adapters/shown-path.ts";
import { levelOf } from "./audit/audit.ts";
import { contentHash } from "./audit/findings.ts";
import { imageProblems } from "./audit/image-problems.ts";
import { redactor } from "./build/redaction.ts";
import { namedTarget, type Target } from "./build/target.ts";
import { ruleInfo } from "./cli-report.ts";
import { describeError, type Terminal } from "./cli-terminal.ts";
import { openConfigs } from "./config.ts";
import { UserError } from "./errors.ts";
import type { Image } from "./image/image.ts";
import { redactReport } from "./redact-report.ts";
import { renderInspected } from "./report/inspected-text.ts";
import { renderJson } from "./report/json.ts";
import { noPaint } from "./report/paint.ts";
import type { Finding, Report, TargetReport } from "./report/report.ts";
import { secretSearch } from "./report/secret-search.ts";
import { sizeRows } from "./report/sizes.ts";
import { verdictOf } from "./report/verdict.ts";
import { rules } from "./rules/registry.ts";
import type { Config, Settings } from "./settings.ts";
import { type Arguments, flags } from "./settings-flags.ts";
import { readSettings, refuseChoice } from "./settings-values.ts";
import { version } from "./version.ts";

/** Measures images that exist already and applies the rules about built images; resolves to the exit code. */
export const inspectImages = async (request: {
  readonly references: readonly string[];
  readonly given: Arguments;
  readonly terminal: Terminal;
}): Promise<number> => {
  const { references, given, terminal } = request;
  if (references.length === 0)
    throw new UserError("inspect: name an image, an image layout or an archive (on the command line).");
  const format = readFormat(given);
  const output = given.values.get(flags.output.name);
  const cwd = process.cwd();
  const configs = await openConfigs({
    cwd,
    config: given.values.get(flags.config.name),
    paths: [],
    rules: async () => rules,
  });
  const { settings, secretEnvironment } = readSettings(given.given, {
    command: "audit",
    paths: [],
    config: configs.root,
    environment: process.env,
  });
  const secrets = await namedValues(settings.secrets, { ...process.env, ...Object.fromEntries(secretEnvironment) });
  const { targets, refused } = await inspectAll(references, secrets);
  for (const error of refused) terminal.err(describeError(error, version).text);
  if (targets.length === 0) return 2;
  const report = redactReport(reportOf(targets, settings, configs.root), redactor(secrets.map(({ value }) => value)));
  const style = { paint: output === undefined ? terminal.paint : noPaint, width: terminal.width };
  const isQuiet = given.values.has(flags.quiet.name);
  const text = format === "json" ? renderJson(report) : renderInspected(report, { ...style, isQuiet, rule: ruleInfo });
  if (output === undefined) terminal.out(text);
  else {
    await createFiles(cwd).writeText(output, text);
    if (!isQuiet) terminal.err(`wrote ${shownPath(cwd, resolve(cwd, output))}\n`);
  }
  return refused.length > 0 ? 2 : report.verdict.status === "pass" ? 0 : 1;
};

/** One that is not to be had does not hide the others. */
const inspectAll = async (references: readonly string[], secrets: Awaited<ReturnType<typeof namedValues>>) => {
  const targets: TargetReport[] = [];
  const refused: UserError[] = [];
  for (const reference of references) {
    try {
      targets.push(...(await inspectOne(reference, secrets)));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refused.push(error);
    }
  }
  return { targets, refused };
};

const inspectOne = async (
  reference: string,
  secrets: Awaited<ReturnType<typeof namedValues>>,
): Promise<readonly TargetReport[]> => {
  try {
    const images = await inspectImage(reference, secrets.length === 0 ? {} : { secrets });
    return targetsOf(reference, images, undefined);
  } catch (error) {
    // One broken platform of several does not hide the others.
    if (!(error instanceof MeasureError)) throw error;
    if (error.measured.length === 0)
      throw new UserError(`The image \`${reference}\` cannot be measured: ${sentence(error.message)}`);
    return targetsOf(reference, error.measured, error.message);
  }
};

const sentence = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`);

/** An archive or layout may hold several images: each is a target of its own, with all of its platforms. */
const targetsOf = (
  reference: string,
  images: readonly Image[],
  measureError: string | undefined,
): readonly TargetReport[] => {
  const groups = [...Map.groupBy(images, ({ names = [] }) => names.join(", "))].flatMap(([name, group]) => {
    const isOne = new Set(group.map(({ platform }) => platform)).size === group.length;
    return isOne
      ? [{ name, group }]
      : group.map((image) => ({ name: `${name} ${image.digest}`.trim(), group: [image] }));
  });
  return groups.map(({ name, group }, index) => ({
    build: {
      target: targetOf(reference, groups.length === 1 ? reference : `${reference} (${name || group[0]?.digest})`),
      milliseconds: 0,
      steps: [],
      status: "built",
    },
    images: group,
    measureError: index === 0 ? measureError : undefined,
  }));
};

/** Nothing is known of how it was built. */
const targetOf = (reference: string, id: string): Target =>
  namedTarget({ id, dockerfile: reference, dockerfileAbsolute: reference, stage: undefined, platforms: [] });

const reportOf = (targets: readonly TargetReport[], settings: Settings, config: Config): Report => {
  const levels = { profile: settings.profile, settings: config.rules };
  const findings = targets.flatMap(({ build, images }) =>
    images.flatMap((image) => findingsOf(build.target.id, image, levels)),
  );
  const sizes = sizeRows(targets, {
    baseline: undefined,
    budgets: (id) => {
      const reference = targets.find(({ build }) => build.target.id === id)?.build.target.dockerfile ?? id;
      return config.budgets.filter(({ matches }) =>
        matches({ id: reference, stage: undefined, dockerfileAbsolute: reference }),
      );
    },
    isWhole: false,
  });
  const secrets = secretSearch(targets);
  const judged = { findings, targets, sizes, ...(secrets && { secrets }) };
  return {
    version,
    files: targets.map(({ build }) => ({ path: build.target.id, text: "", error: undefined, ignored: 0 })),
    ...judged,
    baseline: undefined,
    engine: undefined,
    notes: targets.flatMap(({ build, measureError }) =>
      measureError === undefined ? [] : [`${build.target.dockerfile}: ${measureError}`],
    ),
    verdict: verdictOf({ ...judged, failureThreshold: settings.failureThreshold, buildImpossible: undefined }),
    timings: [],
  };
};

const findingsOf = (path: string, image: Image, levels: Parameters<typeof levelOf>[1]): readonly Finding[] =>
  imageProblems(image).flatMap((problem) => {
    const rule = rules.find(({ id }) => id === problem.rule);
    const severity = rule === undefined ? "off" : levelOf(rule, levels);
    if (severity === "off") return [];
    const layer = problem.layer === undefined ? "" : ` (layer ${problem.layer + 1})`;
    return [
      {
        rule: problem.rule,
        severity,
        path,
        span: { start: 0, end: 0 },
        place: { line: 1, column: 1, endLine: 1, endColumn: 1 },
        message: problem.message + (problem.rule === "secret-value-in-image" ? "" : layer),
        related: [],
        fix: undefined,
        isMeasured: true,
        ...(problem.bytes === undefined ? {} : { bytes: problem.bytes }),
        fingerprint: `${contentHash(`${problem.rule}\0${path}\0${problem.subject}\0${problem.layer}`)}:0`,
      },
    ];
  });

const readFormat = ({ values }: Arguments): "text" | "json" => {
  const written = values.get(flags.format.name) ?? "text";
  if (written === "text" || written === "json") return written;
  return refuseChoice({ setting: "--format", where: "on the command line" }, written, ["text", "json"]);
};
