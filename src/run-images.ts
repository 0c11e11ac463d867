import type { AuditOptions, AuditProblem } from "./audit/audit.ts";
import { type BuiltFile, judgeImages, type Withdrawn } from "./audit/image-findings.ts";
import type { BuiltTarget } from "./ports.ts";
import type { Finding } from "./report/report.ts";
import { rules } from "./rules/registry.ts";
import type { KnownFile } from "./run-builds.ts";

/** A Dockerfile after its audit. */
export interface JudgedFile {
  /** Undefined when the file could not be read, or nothing is going to be built. */
  readonly facts: KnownFile | undefined;
  readonly levels: Pick<AuditOptions, "profile" | "settings">;
  readonly findings: readonly Finding[];
  readonly ignored: readonly Pick<AuditProblem, "rule" | "at">[];
}

export interface JudgedImages {
  /** Of all files, with what the images say. */
  readonly findings: readonly Finding[];
  readonly withdrawn: readonly Withdrawn[];
  /** Findings that comments hide, by path of the file. */
  readonly hidden: ReadonlyMap<string, number>;
  /** What only a verbose report says. */
  readonly remarks: readonly string[];
}

/** Lets the images that were built confirm, weigh and refute what was found in their Dockerfiles. */
export const judgeBuilt = (
  audits: readonly JudgedFile[],
  targets: readonly BuiltTarget[] | undefined,
): JudgedImages => {
  const judged = audits.map((audit) => judgeFile(audit, targets ?? []));
  const withdrawn = judged.flatMap((one) => one.withdrawn);
  return {
    findings: judged.flatMap(({ findings }) => findings),
    withdrawn,
    hidden: new Map(
      audits.flatMap(({ facts }, index) => (facts ? [[facts.planned.path, judged[index]?.hidden ?? 0] as const] : [])),
    ),
    remarks: withdrawn.map(
      ({ finding: { path, place, rule }, reason }) =>
        `${path}:${place.line}: ${rule} is withdrawn after the build: ${reason}`,
    ),
  };
};

const judgeFile = (audit: JudgedFile, targets: readonly BuiltTarget[]) => {
  const { facts, levels, findings, ignored } = audit;
  if (facts === undefined) return { findings, withdrawn: [], hidden: 0 };
  const built = targets.flatMap(({ build, images }) =>
    build.target.dockerfileAbsolute === facts.planned.absolute ? [{ target: build.target, images }] : [],
  );
  const file: BuiltFile = { file: facts.file, levels, findings, ignored, built };
  return judgeImages(file, rules);
};
