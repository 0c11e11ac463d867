import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { CheckedDialect, ScriptComment, ScriptToCheck } from "../audit/imported-shell.ts";
import type { ShellCheck } from "../ports.ts";
import { inPool } from "./buildx-lanes.ts";

/** Files that one process gets: with 64 its start-up is lost in the work, and no process keeps the others waiting. */
const batchSize = 64;
/** Milliseconds that a process may take. */
const defaultPatience = 30_000;

/**
 * ShellCheck where it is on the PATH. Scripts go into files of one folder that only this user can read; one process
 * judges many of one dialect, because starting it costs more than judging a script.
 */
export const connectShellcheck = (options: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly temporaryFolder?: string;
  /** Milliseconds that a process may take; a script alone, after its batch took too long, a tenth of it. */
  readonly patience?: number;
}): ShellCheck => {
  const patience = options.patience ?? defaultPatience;
  // Neither its own variables nor its rc files decide what is reported here.
  const environment = { PATH: options.environment.PATH, HOME: options.environment.HOME, LANG: "C.UTF-8" };
  return {
    check: async (scripts, signal) => {
      if (scripts.length === 0) return { status: "done", comments: [] };
      const folder = await mkdtemp(join(options.temporaryFolder ?? tmpdir(), "docker-hygiene-scripts-"));
      try {
        return await checkAll(scripts, { folder, environment, patience, signal });
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      }
    },
  };
};

interface Session {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly patience: number;
  readonly signal: AbortSignal;
}

/** Scripts that are the same are judged once: generated Dockerfiles repeat each other. */
const checkAll = async (scripts: readonly ScriptToCheck[], session: Session): ReturnType<ShellCheck["check"]> => {
  const known = new Map<string, Named>();
  const named = scripts.map((script) => {
    const key = `${script.dialect}\0${script.text}`;
    const one = known.get(key) ?? { ...script, file: `${known.size}.sh` };
    known.set(key, one);
    return one;
  });
  const all = [...known.values()];
  await inPool(all, 16, ({ file, text }) => writeFile(join(session.folder, file), text, { mode: 0o600 }));
  const batches = batchesOf(all);
  const answers = await inPool(batches, availableParallelism(), (batch) => checkBatch(batch, session));
  const missing = answers.find((answer) => typeof answer === "string");
  if (missing !== undefined) return { status: "absent", reason: missing };
  const comments = new Map(answers.flatMap((answer) => [...(answer as ByFile)]));
  return { status: "done", comments: named.map(({ file }) => comments.get(file)) };
};

interface Named extends ScriptToCheck {
  readonly file: string;
}

/** Comments by file; a file that could not be judged has none. */
type ByFile = ReadonlyMap<string, readonly ScriptComment[]>;

const dialects: readonly CheckedDialect[] = ["sh", "dash", "bash", "ksh"];

/** Of one dialect each, and as many as there are processors before they are full. */
const batchesOf = (scripts: readonly Named[]): readonly (readonly Named[])[] =>
  dialects.flatMap((dialect) => {
    const own = scripts.filter((script) => script.dialect === dialect);
    const size = Math.min(batchSize, Math.max(8, Math.ceil(own.length / availableParallelism())));
    return Array.from({ length: Math.ceil(own.length / size) }, (_, at) => own.slice(at * size, (at + 1) * size));
  });

/** A text when the program cannot be used at all. */
const checkBatch = async (batch: readonly Named[], session: Session): Promise<ByFile | string> => {
  const first = await runShellcheck(batch, session.patience, session);
  if (typeof first !== "symbol") return first;
  // One of them keeps it busy: each alone, until the time of the batch is up once more.
  const found = new Map<string, readonly ScriptComment[]>();
  const end = performance.now() + session.patience;
  for (const script of batch) {
    if (performance.now() > end || session.signal.aborted) break;
    const answer = await runShellcheck([script], session.patience / 10, session);
    if (answer instanceof Map) for (const [file, comments] of answer) found.set(file, comments);
  }
  return found;
};

const tookTooLong = Symbol("took too long");

const runShellcheck = (
  batch: readonly Named[],
  timeout: number,
  { folder, environment, signal }: Session,
): Promise<ByFile | string | typeof tookTooLong> => {
  const dialect = batch[0]?.dialect ?? "sh";
  const argv = ["--norc", `--shell=${dialect}`, "--format=json1", "--", ...batch.map(({ file }) => file)];
  return new Promise((resolve) => {
    execFile(
      "shellcheck",
      argv,
      { cwd: folder, env: environment, timeout, killSignal: "SIGKILL", signal, maxBuffer: 1 << 28, encoding: "utf8" },
      (error, stdout, stderr) => {
        if (error?.killed || signal.aborted || /MAXBUFFER/.test(`${error?.code}`)) return resolve(tookTooLong);
        if (error?.code === "ENOENT" || error?.code === "EACCES") return resolve("ShellCheck is not on the PATH");
        const comments = readComments(stdout);
        // 3 and 4: it does not know the options.
        if (comments === undefined) return resolve(`ShellCheck cannot be used: ${lastLine(stderr)}`);
        const unread = new Set([...stderr.matchAll(/^(\d+\.sh):/gm)].map(([, file]) => file));
        resolve(
          new Map(batch.flatMap(({ file }) => (unread.has(file) ? [] : [[file, comments.get(file) ?? []] as const]))),
        );
      },
    );
  });
};

const readComments = (stdout: string): ReadonlyMap<string, readonly ScriptComment[]> | undefined => {
  try {
    const { comments } = JSON.parse(stdout) as { readonly comments: readonly (ScriptComment & { file: string })[] };
    const byFile = new Map<string, ScriptComment[]>();
    for (const { file, code, level, message, line, column, endLine, endColumn } of comments) {
      const own = byFile.get(file) ?? [];
      own.push({ code, level, message, line, column, endLine, endColumn });
      byFile.set(file, own);
    }
    return byFile;
  } catch {
    return undefined;
  }
};

const lastLine = (text: string): string => text.trim().split("\n").at(-1) || "it gave no reason";
