import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CheckAnswer, type CheckQuestion, checkDefinition, readCheckAnswers } from "../audit/imported-buildkit.ts";
import { stripTerminalCodes } from "../build/terminal-codes.ts";
import type { BuildChecks } from "../ports.ts";
import { inPool } from "./buildx-lanes.ts";
import { type ProcessResult, runDocker } from "./buildx-process.ts";

/** Milliseconds that one call may take: it resolves base images, so that a slow registry is waited for. */
const patience = 60_000;
/** Of one group; each costs 0.3 s and more. */
const mostCalls = 12;

/** BuildKit's own checks, by one call of bake for all targets whose files ask for the same front end. */
export const connectBuildChecks = (options: {
  readonly builder: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly temporaryFolder?: string;
}): BuildChecks => ({
  check: async (questions, signal) => {
    const folder = await mkdtemp(join(options.temporaryFolder ?? tmpdir(), "docker-hygiene-checks-"));
    try {
      const groups = [...Map.groupBy(questions, ({ syntax }) => syntax).values()];
      const answers = new Map<CheckQuestion, CheckAnswer>();
      await inPool(groups, 2, async (group, index) => {
        const session = { ...options, signal, file: join(folder, `checks-${index}.json`), calls: 0, answers };
        await ask(group, session);
      });
      return questions.map((question) => answers.get(question) ?? unanswered);
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  },
});

const unanswered: CheckAnswer = { warnings: [], error: "there was no answer" };

interface Session {
  readonly builder: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Where the Bake file is written; it holds values of build arguments. */
  readonly file: string;
  calls: number;
  readonly answers: Map<CheckQuestion, CheckAnswer>;
}

/** A target that cannot be checked at all fails the whole call: the others are asked again without it. */
const ask = async (questions: readonly CheckQuestion[], session: Session): Promise<void> => {
  if (questions.length === 0 || session.calls >= mostCalls || session.signal.aborted) return;
  session.calls++;
  const result = await bake(questions, session);
  const found = readCheckAnswers(result.stdout);
  if (found !== undefined) {
    questions.forEach((question, index) => {
      const answer = found.get(`t${index}`);
      if (answer !== undefined) session.answers.set(question, answer);
    });
    return;
  }
  const refuse = (question: CheckQuestion): unknown =>
    session.answers.set(question, { warnings: [], error: reason(result) });
  const named = /^ERROR: target t(\d+): /m.exec(stripTerminalCodes(result.stderr))?.[1];
  const guilty = named === undefined ? undefined : questions[Number(named)];
  if (questions.length === 1 || result.timedOut || !result.started) {
    questions.forEach(refuse);
  } else if (guilty !== undefined) {
    // What one file asks for in its syntax line, all of the group ask for.
    for (const question of questions) if (question === guilty || guilty.syntax !== undefined) refuse(question);
    await ask(guilty.syntax === undefined ? questions.filter((question) => question !== guilty) : [], session);
  } else {
    const middle = questions.length >> 1;
    await ask(questions.slice(0, middle), session);
    await ask(questions.slice(middle), session);
  }
};

const bake = async (questions: readonly CheckQuestion[], session: Session): Promise<ProcessResult> => {
  await writeFile(session.file, checkDefinition(questions), { mode: 0o600 });
  const builder = session.builder === undefined ? [] : ["--builder", session.builder];
  return runDocker(
    [
      ...["buildx", "bake", ...builder, "--progress=plain", "--call=check,format=json", "--file", session.file],
      ...questions.map((_, index) => `t${index}`),
    ],
    {
      // Whoever may run this may read the files anyway.
      environment: { ...session.environment, BUILDX_BAKE_ENTITLEMENTS_FS: "0" },
      signal: session.signal,
      timeout: patience,
    },
  );
};

const reason = ({ stderr, timedOut, started }: ProcessResult): string => {
  if (!started) return "docker could not be started";
  if (timedOut) return `there was no answer within ${patience / 1000} seconds`;
  const lines = stripTerminalCodes(stderr).trim().split("\n");
  const error = lines.findLast((line) => line.startsWith("ERROR: ")) ?? lines.at(-1) ?? "";
  return error.replace(/^ERROR: (target t\d+: )?/, "") || "docker gave no reason";
};
