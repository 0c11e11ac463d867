import type { Connection } from "./github-connection.ts";
import type { Occasion } from "./github-event.ts";
import { isUncertain, readFailure } from "./github-retry.ts";

export interface CheckRequest {
  readonly name: string;
  /** Tells this use of the action from every other one on the same commit. */
  readonly externalId: string;
  readonly title: string;
  readonly summary: string;
}

export interface StartedCheck {
  readonly id: number;
  readonly url: string;
  /** Annotations that are on the check run already. */
  readonly annotations: number;
}

/** GitHub's own form, one-based. Columns are allowed on a single line only. */
export interface CheckAnnotation {
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly start_column?: number;
  readonly end_column?: number;
  readonly annotation_level: "notice" | "warning" | "failure";
  readonly title?: string;
  readonly message: string;
  readonly raw_details?: string;
}

export interface CheckResult {
  readonly conclusion: "success" | "failure" | "neutral" | "cancelled";
  readonly title: string;
  readonly summary: string;
  readonly text?: string;
  /** Worst first: where GitHub stops taking them, the rest is left out. */
  readonly annotations: readonly CheckAnnotation[];
}

export interface CompletedCheck {
  readonly url: string;
  /** Annotations that GitHub refused, one sentence each. */
  readonly refused: readonly string[];
}

interface CheckRun {
  readonly id: number;
  readonly html_url: string | null;
  readonly external_id: string | null;
  readonly output: { readonly annotations_count: number };
}

const batchSize = 50;
/** Of a summary and of a text, in characters. */
export const longestText = 65_535;

export const newChecks = (
  connection: Connection,
  occasion: Occasion,
): {
  readonly create: (request: CheckRequest) => Promise<StartedCheck>;
  readonly complete: (check: StartedCheck, result: CheckResult) => Promise<CompletedCheck>;
} => {
  const create = async (request: CheckRequest, attempt = 1): Promise<StartedCheck> => {
    try {
      return started(
        await connection.send<CheckRun>("POST /repos/{owner}/{repo}/check-runs", {
          name: request.name,
          head_sha: occasion.headSha,
          external_id: request.externalId,
          status: "in_progress",
          started_at: new Date().toISOString(),
          output: { title: request.title, summary: request.summary },
        }),
      );
    } catch (error) {
      if (!isUncertain(error) || attempt >= 3) throw error;
      return (await find(request)) ?? create(request, attempt + 1);
    }
  };

  /** The one that an unanswered request may have made. */
  const find = async ({ name, externalId }: CheckRequest): Promise<StartedCheck | undefined> => {
    const { check_runs: found } = await connection.send<{ readonly check_runs: readonly CheckRun[] }>(
      "GET /repos/{owner}/{repo}/commits/{ref}/check-runs",
      { ref: occasion.headSha, check_name: name, filter: "all", per_page: 100 },
    );
    const own = found.find((run) => run.external_id === externalId);
    return own === undefined ? undefined : started(own);
  };

  const update = (id: number, changes: Readonly<Record<string, unknown>>, isRepeatable: boolean): Promise<CheckRun> =>
    connection.send<CheckRun>(
      "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}",
      { check_run_id: id, ...changes },
      isRepeatable,
    );

  /** Each request appends, so one without an answer must not be sent again before the count is looked at. */
  const append = async (
    check: StartedCheck,
    output: { readonly title: string; readonly summary: string },
    annotations: readonly CheckAnnotation[],
    attempt = 1,
  ): Promise<StartedCheck> => {
    try {
      await update(check.id, { output: { ...output, annotations } }, false);
    } catch (error) {
      if (!isUncertain(error) || attempt >= 3) throw error;
      const seen = await connection.send<CheckRun>("GET /repos/{owner}/{repo}/check-runs/{check_run_id}", {
        check_run_id: check.id,
      });
      if (seen.output.annotations_count < check.annotations + annotations.length) {
        return append(check, output, annotations, attempt + 1);
      }
    }
    return { ...check, annotations: check.annotations + annotations.length };
  };

  /** GitHub refuses a batch for one bad entry without naming it: halves are tried until it is alone. */
  const appendSplitting = async (
    check: StartedCheck,
    output: { readonly title: string; readonly summary: string },
    annotations: readonly CheckAnnotation[],
  ): Promise<{ readonly check: StartedCheck; readonly refused: readonly CheckAnnotation[] }> => {
    try {
      return { check: await append(check, output, annotations), refused: [] };
    } catch (error) {
      if (readFailure(error).status !== 422) throw error;
      if (annotations.length <= 1) return { check, refused: annotations };
      const middle = Math.ceil(annotations.length / 2);
      const first = await appendSplitting(check, output, annotations.slice(0, middle));
      const second = await appendSplitting(first.check, output, annotations.slice(middle));
      return { check: second.check, refused: [...first.refused, ...second.refused] };
    }
  };

  const complete = async (check: StartedCheck, result: CheckResult): Promise<CompletedCheck> => {
    const refused: string[] = [];
    // A summary known to be taken, so that a refusal can only mean an annotation.
    const output = { title: result.title.slice(0, 255), summary: result.title };
    let current = check;
    try {
      for (let start = 0; start < result.annotations.length; start += batchSize) {
        const done = await appendSplitting(current, output, result.annotations.slice(start, start + batchSize));
        current = done.check;
        refused.push(...done.refused.map(({ path, start_line: line }) => `the annotation at ${path}:${line}`));
      }
    } catch {
      refused.push(`${result.annotations.length - current.annotations} of ${result.annotations.length} annotations`);
    }
    await finish(current, result, output);
    return { url: current.url, refused };
  };

  const finish = async (
    check: StartedCheck,
    result: CheckResult,
    plain: { readonly title: string; readonly summary: string },
  ): Promise<void> => {
    const end = { status: "completed", conclusion: result.conclusion, completed_at: new Date().toISOString() };
    const full = {
      title: plain.title,
      summary: cut(result.summary),
      ...(result.text === undefined ? {} : { text: cut(result.text) }),
    };
    try {
      await update(check.id, { ...end, output: full }, true);
    } catch (error) {
      if (readFailure(error).status !== 422) throw error;
      await update(check.id, { ...end, output: plain }, true);
    }
  };

  return { create: (request) => create(request), complete };
};

const started = (run: CheckRun): StartedCheck => ({
  id: run.id,
  url: run.html_url ?? "",
  annotations: run.output.annotations_count,
});

const cut = (text: string): string => {
  const note = "\n\n… cut: GitHub takes no more. The job summary holds the rest.";
  return text.length <= longestText ? text : text.slice(0, longestText - note.length) + note;
};
