import { writeFile } from "node:fs/promises";
import { type CheckQuestion, checkDefinition } from "../audit/imported-buildkit.ts";
import { stripTerminalCodes } from "../build/terminal-codes.ts";
import { type ProcessResult, runDocker } from "./buildx-process.ts";

/** What BuildKit is asked about targets, by calls of bake that answer for many of them at a time. */
export interface Inquiry<Answer> {
  readonly call: "check" | "outline";
  /** What bake prints, as answers by the names of its targets; undefined when it is none. */
  readonly read: (stdout: string) => ReadonlyMap<string, Answer> | undefined;
  readonly refused: (reason: string) => Answer;
  readonly builder: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Milliseconds that one call may take: it resolves base images. */
  readonly patience: number;
  /** Of one group; each costs 0.3 s and more. */
  readonly mostCalls: number;
  /** Where the Bake file is written; it holds values of build arguments. */
  readonly file: string;
}

/**
 * The answers to those questions that have one. A target that cannot be asked about at all fails the whole call: the
 * others are asked again without it.
 */
export const askBake = async <Answer>(
  questions: readonly CheckQuestion[],
  inquiry: Inquiry<Answer>,
): Promise<ReadonlyMap<CheckQuestion, Answer>> => {
  const session: Session<Answer> = { ...inquiry, calls: 0, answers: new Map() };
  await ask(questions, session);
  return session.answers;
};

interface Session<Answer> extends Inquiry<Answer> {
  calls: number;
  readonly answers: Map<CheckQuestion, Answer>;
}

const ask = async <Answer>(questions: readonly CheckQuestion[], session: Session<Answer>): Promise<void> => {
  if (questions.length === 0 || session.calls >= session.mostCalls || session.signal.aborted) return;
  session.calls++;
  const result = await bake(questions, session);
  const found = session.read(result.stdout);
  if (found !== undefined) {
    questions.forEach((question, index) => {
      const answer = found.get(`t${index}`);
      if (answer !== undefined) session.answers.set(question, answer);
    });
    return;
  }
  const refuse = (question: CheckQuestion): unknown =>
    session.answers.set(question, session.refused(reason(result, session.patience)));
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

const bake = async (
  questions: readonly CheckQuestion[],
  { call, builder, environment, signal, patience, file }: Session<unknown>,
): Promise<ProcessResult> => {
  const given = questions.map((question) => ({
    ...question,
    args: new Map([...question.args].map(([name, value]) => [name, value ?? environment[name]] as const)),
  }));
  await writeFile(file, checkDefinition(given), { mode: 0o600 });
  return runDocker(
    [
      ...["buildx", "bake", ...(builder === undefined ? [] : ["--builder", builder])],
      ...["--progress=plain", `--call=${call},format=json`, "--file", file],
      ...questions.map((_, index) => `t${index}`),
    ],
    {
      // Whoever may run this may read the files anyway.
      environment: { ...environment, BUILDX_BAKE_ENTITLEMENTS_FS: "0" },
      signal,
      timeout: patience,
    },
  );
};

const reason = ({ stderr, timedOut, started }: ProcessResult, patience: number): string => {
  if (!started) return "docker could not be started";
  if (timedOut) return `there was no answer within ${patience / 1000} seconds`;
  const lines = stripTerminalCodes(stderr).trim().split("\n");
  const error = lines.findLast((line) => line.startsWith("ERROR: ")) ?? lines.at(-1) ?? "";
  return error.replace(/^ERROR: (target t\d+: )?/, "") || "docker gave no reason";
};
