import type { Target } from "../build/target.ts";
import type { Instruction, Span } from "../dockerfile/model.ts";
import type { Image } from "../image/image.ts";
import type { Finding } from "../report/report.ts";
import type { AuditedFile, StageFacts } from "../rules/audited-file.ts";
import { isForDevelopers } from "../rules/knowledge/stage-purpose.ts";
import type { Rule } from "../rules/rule.ts";
import { type AuditOptions, type AuditProblem, levelOf } from "./audit.ts";
import { findingsOf } from "./findings.ts";
import { openIgnores } from "./ignores.ts";
import { type ImageProblem, type ImageRule, imageProblems } from "./image-problems.ts";
import { isRootUser, type JudgedImage, weighFinding } from "./measured-findings.ts";

/** One Dockerfile that was audited, and the images that were built from it. */
export interface BuiltFile {
  readonly file: AuditedFile;
  readonly levels: Pick<AuditOptions, "profile" | "settings">;
  /** Of the audit, after ignores. */
  readonly findings: readonly Finding[];
  /** What comments hid of the audit. */
  readonly ignored: readonly Pick<AuditProblem, "rule" | "at">[];
  readonly built: readonly { readonly target: Target; readonly images: readonly Image[] }[];
}

export interface ImageVerdicts {
  /** Those of the audit that stay, with what they weigh, and those of the images, in the order of the file. */
  readonly findings: readonly Finding[];
  readonly withdrawn: readonly Withdrawn[];
  /** Findings about images that a comment hides. */
  readonly hidden: number;
}

/** A finding of the audit that the built image refutes. */
export interface Withdrawn {
  readonly finding: Finding;
  /** A sentence without a full stop. */
  readonly reason: string;
}

/** What was measured has the last word: it confirms, weighs and withdraws findings, and adds its own. */
export const judgeImages = (given: BuiltFile, rules: readonly Rule[]): ImageVerdicts => {
  const { file, built } = given;
  const judged = built.flatMap(({ target, images }) =>
    images.map((image) => ({ target, ...judgedImage(file, target, image) })),
  );
  if (judged.length === 0) return { findings: given.findings, withdrawn: [], hidden: 0 };
  const findings: Finding[] = [];
  const withdrawn: Withdrawn[] = [];
  for (const finding of given.findings) {
    const said = weighFinding(finding, file.dockerfile, judged);
    if (said.status === "refuted") withdrawn.push({ finding, reason: said.reason });
    else if (said.status === "weighed") findings.push({ ...finding, message: said.message, bytes: said.bytes });
    else findings.push(finding);
  }
  const { problems, hidden } = ownProblems(given, judged, rules);
  const added = findingsOf(file.dockerfile, problems).map((finding, index) => {
    const bytes = problems[index]?.bytes;
    return { ...finding, isMeasured: true as const, ...(bytes === undefined ? {} : { bytes }) };
  });
  const all = [...findings, ...added].sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  return { findings: all, withdrawn, hidden };
};

interface TargetImage extends JudgedImage {
  readonly target: Target;
}

const judgedImage = ({ stages }: AuditedFile, target: Target, image: Image): JudgedImage => ({
  image,
  stageIndex: target.stageIndex,
  stages: new Set(stages[target.stageIndex]?.lineage.map(({ index }) => index)),
});

interface PlacedProblem extends AuditProblem {
  readonly bytes: number | undefined;
}

const ownProblems = (
  given: BuiltFile,
  judged: readonly TargetImage[],
  rules: readonly Rule[],
): { readonly problems: readonly PlacedProblem[]; readonly hidden: number } => {
  const { file, levels } = given;
  const ignores = openIgnores(file, rules);
  const placed = new Map<string, PlacedProblem & { readonly targets: Set<string> }>();
  for (const one of judged) {
    const facts = file.stages[one.stageIndex];
    for (const problem of [...imageProblems(one.image), ...rootAtLast(one, given)]) {
      const rule = rules.find(({ id }) => id === problem.rule);
      const severity = rule === undefined ? "off" : levelOf(rule, levels);
      if (severity === "off" || isOutOfScope(problem, facts, file)) continue;
      const at = spanOf(problem, one, file);
      if (isSaid(problem, at, given)) continue;
      const key = `${problem.rule} ${at.start} ${problem.subject}`;
      const known = placed.get(key);
      known?.targets.add(one.target.id);
      if (known !== undefined && (known.bytes ?? 0) >= (problem.bytes ?? 0)) continue;
      const targets = known?.targets ?? new Set([one.target.id]);
      placed.set(key, { rule: problem.rule, severity, at, message: problem.message, bytes: problem.bytes, targets });
    }
  }
  const all = [...placed.values()].map(({ targets, ...problem }) => ({
    ...problem,
    message: problem.message + targetWords([...targets], new Set(judged.map(({ target }) => target.id)).size),
  }));
  const problems = all.filter((problem) => !ignores.hides(problem));
  return { problems, hidden: all.length - problems.length };
};

/** Which images of the file a finding is about, where that is not all of them. */
const targetWords = (targets: readonly string[], all: number): string => {
  if (targets.length === all) return "";
  const names = targets.map((id) => `\`${id.slice(id.lastIndexOf(":") + 1)}\``);
  return names.length > 2 ? ` (in ${names.length} images)` : ` (in ${names.join(" and ")})`;
};

/** A leak counts in every image, hygiene in those that ship. */
const isOutOfScope = ({ rule }: AnyProblem, facts: StageFacts | undefined, file: AuditedFile): boolean => {
  if (facts === undefined || rule === "secret-value-in-image") return false;
  if (!facts.isShipped || facts.isWindows) return true;
  return relaxedRules.has(rule) && isForDevelopers(file, facts);
};

const relaxedRules: ReadonlySet<string> = new Set([
  "setuid-file-in-image",
  "package-cache-in-image",
  "wasted-space-in-image",
  "root-user",
]);

type AnyProblem = Omit<ImageProblem, "rule"> & { readonly rule: ImageRule | "root-user"; readonly at?: Span };

/** The keyword of the line that made the layer, else the base image of the stage. */
const spanOf = (problem: AnyProblem, { image, target }: TargetImage, { dockerfile, stages }: AuditedFile): Span => {
  if (problem.at !== undefined) return problem.at;
  const lines = problem.layer === undefined ? undefined : image.layers[problem.layer]?.lines;
  const made = lines && instructionAt(dockerfile.instructions, lines.start);
  if (made !== undefined) return made.keyword === "FROM" ? made.image.span : made.keywordSpan;
  return stages[target.stageIndex]?.stage.from.image.span ?? target.span;
};

const instructionAt = (instructions: readonly Instruction[], line: number): Instruction | undefined =>
  instructions.find(({ startLine, endLine }) => startLine <= line && line <= endLine);

/** The rule on the Dockerfile knows the words, so it speaks, or was told to be silent. */
const isSaid = ({ rule }: AnyProblem, at: Span, { file, findings, ignored }: BuiltFile): boolean => {
  const others = saidBy[rule];
  if (others === undefined) return false;
  const step = file.dockerfile.instructions.find(({ span }) => span.start <= at.start && at.start < span.end);
  const isHere = (start: number): boolean =>
    rule === "root-user" || (step !== undefined && step.span.start <= start && start < step.span.end);
  return (
    findings.some((finding) => others.includes(finding.rule) && isHere(finding.span.start)) ||
    ignored.some((problem) => others.includes(problem.rule) && isHere(problem.at.start))
  );
};

const saidBy: Readonly<Partial<Record<AnyProblem["rule"], readonly string[]>>> = {
  "package-cache-in-image": ["system-package-cache-left", "language-package-cache-left", "missing-cache-mount"],
  "wasted-space-in-image": [
    "permissions-changed-after-copy",
    "archive-left-in-layer",
    "archive-unpacked-after-copy",
    "system-package-cache-left",
    "language-package-cache-left",
    "temporary-tool-left",
    "system-upgrade",
  ],
  "root-user": ["root-user", "missing-user"],
};

/** USER with a variable that nobody could resolve, and the image starts as root all the same. */
const rootAtLast = ({ image, stageIndex }: TargetImage, { file }: BuiltFile): readonly AnyProblem[] => {
  const facts = file.stages[stageIndex];
  const user = facts?.user;
  if (user === undefined || user.value !== undefined || facts?.isWindows || !isRootUser(image.config.user)) return [];
  const at = user.word.span;
  const message = `The image runs as ${image.config.user === "" ? "root" : `\`${image.config.user}\``}, which \`${user.word.text}\` turned out to be`;
  return [{ rule: "root-user", layer: undefined, subject: "", message, bytes: undefined, at }];
};
