import type { AuditOutcome, AuditProblem } from "./audit/audit.ts";
import { openIgnores, ruleHolders } from "./audit/ignores.ts";
import { withImported } from "./audit/imported.ts";
import { buildkitProblems, type CheckQuestion, checkQuestions } from "./audit/imported-buildkit.ts";
import type { LevelOptions } from "./audit/imported-checks.ts";
import { type ShellQuestion, shellProblems, shellQuestions } from "./audit/imported-shell.ts";
import type { BakeTarget } from "./build/bake.ts";
import { UserError } from "./errors.ts";
import type { Engine } from "./ports.ts";
import type { AuditedFile } from "./rules/audited-file.ts";
import { rules } from "./rules/registry.ts";
import type { OpenedFile } from "./run-audit.ts";
import type { Settings } from "./settings.ts";
import type { World } from "./world.ts";

/** A file that our own rules have judged. */
export interface JudgedFile {
  readonly path: string;
  readonly file: AuditedFile;
  readonly outcome: AuditOutcome;
  readonly levels: LevelOptions;
  /** How it is built; asked for only when BuildKit is. */
  readonly build: () => CheckedBuild;
}

export type CheckedBuild = Pick<CheckQuestion, "dockerfile" | "context" | "args" | "buildContexts">;

/** How BuildKit is to see a file: as the first of its Bake targets has it, else as the settings and the configuration do. */
export const checkedBuild = (
  { found, own }: Pick<OpenedFile, "found" | "own">,
  context: string,
  settings: Pick<Settings, "buildArgs" | "buildContexts">,
  baked: BakeTarget | undefined,
): CheckedBuild => {
  const args = new Map<string, string | undefined>([
    ...(own?.buildArgs ?? []),
    ...(baked?.buildArgs ?? []),
    ...settings.buildArgs,
  ]);
  return {
    dockerfile: found.absolute,
    // Where it builds on other targets of the Bake file, only bake itself could tell BuildKit what they are.
    context: (baked?.linked.size ?? 0) > 0 ? "" : (baked?.context ?? context),
    args,
    buildContexts: new Map([...(own?.buildContexts ?? []), ...(baked?.buildContexts ?? []), ...settings.buildContexts]),
  };
};

/** The engines that are run beside our own rules, each on many files at a time, while further files are judged. */
export interface ImportedChecks {
  /** Resolves to the outcome with the engines' findings, once they have answered. */
  readonly add: (judged: JudgedFile) => Promise<AuditOutcome>;
  /** No more files come. */
  readonly finish: () => void;
  /** What only a verbose report says: engines that are not there, files that one could not judge. */
  readonly remarks: () => readonly string[];
}

/** Scripts and targets that are asked for in one go. */
const scriptsAtOnce = 256;
const targetsAtOnce = 48;

/** Throws a UserError when an engine was asked for and is not there. */
export const openImportedChecks = async (request: {
  readonly settings: Pick<Settings, "command" | "shellcheck" | "buildkitChecks">;
  readonly world: Pick<World, "docker" | "shellcheck" | "buildChecks">;
  readonly engine: Engine | undefined;
  readonly signal: AbortSignal;
}): Promise<ImportedChecks> => {
  const { settings, world, signal } = request;
  const remarks = new Set<string>();
  const asksBuildkit = await isBuildkitAsked(request, remarks);

  const shell = inBatches<ShellQuestion, Awaited<ReturnType<typeof shellAnswers>>[number]>(scriptsAtOnce, (questions) =>
    shellAnswers(questions),
  );
  const shellAnswers = async (questions: readonly ShellQuestion[]) => {
    const answer = await world.shellcheck.check(questions, signal);
    if (answer.status === "done") return answer.comments;
    if (settings.shellcheck === true) throw new UserError(`shellcheck: ${answer.reason}.`);
    remarks.add(`Scripts were not judged by ShellCheck: ${answer.reason}`);
    return questions.map(() => []);
  };
  const buildkit = inBatches<CheckQuestion, Awaited<ReturnType<World["buildChecks"]["check"]>>[number]>(
    targetsAtOnce,
    (questions) => world.buildChecks.check(questions, signal),
  );

  const askShell = ({ path, file, levels }: JudgedFile): Promise<readonly AuditProblem[]> => {
    const questions = settings.shellcheck === false ? [] : shellQuestions(file);
    return Promise.all(questions.map(shell.ask)).then((answers) =>
      questions.flatMap((question, index) => {
        const comments = answers[index];
        if (comments === undefined) remarks.add(`${path}: ShellCheck took too long over a script`);
        return comments === undefined ? [] : shellProblems(question, comments, levels);
      }),
    );
  };
  const askBuildkit = ({ path, file, levels, build }: JudgedFile): Promise<readonly AuditProblem[]> => {
    const questions = checkQuestions(file, build());
    return Promise.all(questions.map(buildkit.ask)).then((answers) => {
      const error = answers.find((answer) => answer.error !== undefined)?.error;
      if (error !== undefined && !file.isBroken) remarks.add(`${path}: BuildKit could not check all of it: ${error}`);
      return buildkitProblems(file, answers, { ...levels, isOurs });
    });
  };

  return {
    add: (judged) => {
      const { outcome } = judged;
      // Until the answers are there the comments are kept, not the model that they stand in.
      const ignores = openIgnores({ ignores: judged.file.ignores, dockerfile: { stages: [] } }, rules);
      const fromShell = askShell(judged);
      const whole = Promise.all([fromShell, asksBuildkit ? askBuildkit(judged) : []]).then((found) =>
        withImported(outcome, found.flat(), ignores),
      );
      // Whoever awaits it hears of it; until then it is no unhandled rejection.
      whole.catch(() => {});
      return whole;
    },
    finish: () => {
      shell.flush();
      buildkit.flush();
    },
    remarks: () => [...remarks].sort(),
  };
};

const isOurs = (check: string): boolean => ruleHolders(rules).has(check.toLowerCase());

/** `auto` asks only where an engine is there for the builds anyway: an audit alone does without docker. */
const isBuildkitAsked = async (
  { settings, world, engine }: Parameters<typeof openImportedChecks>[0],
  remarks: Set<string>,
): Promise<boolean> => {
  const { buildkitChecks } = settings;
  if (buildkitChecks === false) return false;
  const known = engine ?? (buildkitChecks === true ? await world.docker.engine() : undefined);
  if (known?.status === "ready") return true;
  const reason = known?.reason ?? "nothing is going to be built, and `buildkit-checks` is not true";
  if (buildkitChecks === true) throw new UserError(`buildkit-checks: ${reason}.`);
  remarks.add(`BuildKit's checks were not made: ${reason}`);
  return false;
};

/** Collects questions until there are enough for one call; one call at a time. */
const inBatches = <Question, Answer>(
  size: number,
  call: (questions: readonly Question[]) => Promise<readonly Answer[]>,
) => {
  interface Waiting {
    readonly question: Question;
    readonly resolve: (answer: Answer) => void;
    readonly reject: (error: unknown) => void;
  }
  let waiting: Waiting[] = [];
  let last: Promise<void> = Promise.resolve();
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    last = last.then(async () => {
      try {
        const answers = await call(batch.map(({ question }) => question));
        batch.forEach(({ resolve }, index) => {
          resolve(answers[index] as Answer);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    });
  };
  return {
    flush,
    ask: (question: Question): Promise<Answer> =>
      new Promise((resolve, reject) => {
        waiting.push({ question, resolve, reject });
        if (waiting.length >= size) flush();
      }),
  };
};
