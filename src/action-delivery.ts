import { checkName, commentKey, externalId, useKey } from "./action-identity.ts";
import type { ActionInputs } from "./action-inputs.ts";
import { hideSizes } from "./action-sizes.ts";
import type { Forge } from "./adapters/github.ts";
import { type CheckResult, longestText, type StartedCheck } from "./adapters/github-check.ts";
import { commentMarker } from "./adapters/github-comment.ts";
import type { Occasion } from "./adapters/github-event.ts";
import { explainFailure, type Undelivered } from "./adapters/github-failure.ts";
import { addedIn, type PullDiff } from "./adapters/github-review.ts";
import type { Runner } from "./adapters/github-runner.ts";
import { type Annotation, workflowCommands } from "./report/annotations.ts";
import { renderCheck, renderComment } from "./report/markdown.ts";
import { markChanged } from "./report/new-findings.ts";
import type { PageOptions } from "./report/page-options.ts";
import type { Finding, Report } from "./report/report.ts";
import { suggestions } from "./report/suggestions.ts";

/** Where a report goes besides log, summary and files. Whatever fails here is said, and changes no verdict. */
export interface Delivery {
  readonly start: () => Promise<void>;
  /** The findings, each with whether it stands on a line that the pull request changes, unless that is known already. */
  readonly markChanged: (
    report: Report,
    repositoryPath: DeliveredPage["repositoryPath"],
  ) => Promise<readonly Finding[]>;
  readonly finish: (report: Report, page: DeliveredPage) => Promise<Delivered>;
  /** Completes the check run of a run that ends without a report. */
  readonly abandon: (conclusion: CheckResult["conclusion"], title: string, summary: string) => Promise<void>;
}

export interface DeliveredPage {
  readonly annotations: readonly Annotation[];
  readonly markdown: PageOptions;
  readonly repositoryPath: (path: string) => string | undefined;
}

export interface Delivered {
  readonly checkUrl: string;
  readonly commentUrl: string;
}

export interface DeliveryOptions {
  /** Undefined without a token or a repository. */
  readonly forge: Forge | undefined;
  readonly occasion: Occasion | undefined;
  readonly inputs: ActionInputs;
  readonly runner: Runner;
}

/** State of the main step that the post step reads. */
export const checkState = "check-in-progress";

export const newDelivery = ({ forge, occasion, inputs, runner }: DeliveryOptions): Delivery => {
  const missing: Undelivered[] = [];
  let check: StartedCheck | undefined;

  const attempt = async <T>(what: string, permission: string, deliver: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await deliver();
    } catch (error) {
      missing.push(explainFailure(error, what, permission, { pull: occasion?.pull }));
      return undefined;
    }
  };

  const start = async (): Promise<void> => {
    if (inputs.check === false) return;
    if (forge === undefined || occasion === undefined) {
      const message = "The check run is left out: there is no token. Set the input `github-token`.";
      missing.push({ message, isExpected: inputs.check === "auto" });
      return;
    }
    const title = "Looking at the Dockerfiles";
    check = await attempt("the check run", "checks: write", () =>
      forge.createCheck({
        name: checkName(inputs),
        externalId: externalId(useKey(occasion, inputs.matrix), occasion),
        title,
        summary: `${title}, building and measuring them. The report follows here.`,
      }),
    );
    if (check !== undefined) runner.saveState(checkState, JSON.stringify(check));
  };

  const complete = async (result: CheckResult): Promise<string | undefined> => {
    const started = check;
    if (started === undefined || forge === undefined) return undefined;
    const done = await attempt("the check run", "checks: write", () => forge.completeCheck(started, result));
    if (done === undefined) return undefined;
    check = undefined;
    runner.saveState(checkState, "");
    if (done.refused.length > 0) {
      missing.push({ message: `GitHub did not take ${done.refused.join(", ")}.`, isExpected: false });
    }
    return done.url;
  };

  /** Check run or workflow commands, never both: the same words would be shown twice. */
  const annotate = async (report: Report, page: DeliveredPage): Promise<string | undefined> => {
    const sizes = hideSizes(report) ?? "";
    const shown = renderCheck(report, page.markdown, longestText - sizes.length - 1);
    const url = await complete({
      conclusion: report.verdict.status === "pass" ? "success" : "failure",
      ...shown,
      text: sizes === "" ? shown.text : `${shown.text}\n${sizes}`,
      annotations: page.annotations,
    });
    if (url !== undefined) return url;
    const { commands, leftOut } = workflowCommands(await changedFirst(page.annotations));
    runner.print(commands);
    if (leftOut > 0) {
      runner.print([
        `${leftOut} more are not shown on their lines: GitHub shows ten of a kind. The job summary holds all of them.`,
      ]);
    }
    return undefined;
  };

  /** Only ten of a kind are shown, so those that the pull request brings come before the others of their kind. */
  const changedFirst = async (all: readonly Annotation[]): Promise<readonly Annotation[]> => {
    if (workflowCommands(all).leftOut === 0) return all;
    const changed = await readDiff().catch(() => undefined);
    const isChanged = ({ path, start_line: line }: Annotation): boolean =>
      changed?.get(path)?.hunks.some((hunk) => hunk.has(line)) ?? false;
    return [...all.filter(isChanged), ...all.filter((annotation) => !isChanged(annotation))];
  };

  let diff: Promise<PullDiff | undefined> | undefined;
  const readDiff = async (): Promise<PullDiff | undefined> => {
    diff ??= (async () => occasion?.pull && forge?.readDiff(occasion.pull.number))();
    return diff;
  };

  /** Without the diff nothing is set apart, and nothing else is lost. */
  const mark = async (report: Report, repositoryPath: DeliveredPage["repositoryPath"]): Promise<readonly Finding[]> => {
    const { findings } = report;
    if (findings.every(({ isNew }) => isNew !== undefined)) return findings;
    const shown = await readDiff().catch(() => undefined);
    if (shown === undefined) return findings;
    return markChanged(report, (path) => {
      const inside = repositoryPath(path);
      return inside === undefined ? undefined : addedIn(shown, inside);
    });
  };

  const suggest = async (report: Report, page: DeliveredPage): Promise<void> => {
    const pull = occasion?.pull;
    if (!inputs.suggests || forge === undefined || pull === undefined) return;
    await attempt("the review with suggestions", "pull-requests: write", async () => {
      const shown = await readDiff();
      const offered = suggestions(report, {
        hunks: (path) => shown?.get(path)?.hunks ?? [],
        repositoryPath: page.repositoryPath,
      });
      await forge.createReview(pull.number, offered);
    });
  };

  const comment = async (report: Report, page: DeliveredPage): Promise<string | undefined> => {
    const pull = occasion?.pull;
    if (inputs.comment === "never" || forge === undefined || occasion === undefined || pull === undefined) {
      return undefined;
    }
    const marker = commentMarker(commentKey(occasion, inputs));
    const done = await attempt("the comment", "pull-requests: write", () =>
      forge.upsertComment({
        pull: pull.number,
        marker,
        body: renderComment(report, { ...page.markdown, marker }),
        createsNew: isWorthAComment(report, inputs.comment),
      }),
    );
    return done?.url;
  };

  return {
    start,
    markChanged: mark,
    finish: async (report, page) => {
      const checkUrl = await annotate(report, page);
      const commentUrl = await comment(report, page);
      await suggest(report, page);
      sayMissing(missing, runner);
      return { checkUrl: checkUrl ?? "", commentUrl: commentUrl ?? "" };
    },
    abandon: async (conclusion, title, summary) => {
      await complete({ conclusion, title, summary, annotations: [] });
      sayMissing(missing, runner);
    },
  };
};

/** Silence where nothing changed is why the comment is read when something did. */
export const isWorthAComment = (report: Report, when: ActionInputs["comment"]): boolean => {
  if (when === "always") return true;
  if (report.verdict.status === "fail") return true;
  return when === "changes" && report.sizes.some(({ change }) => change !== "same" && change !== "unknown");
};

const sayMissing = (missing: readonly Undelivered[], runner: Runner): void => {
  const messages = (isExpected: boolean): readonly string[] => [
    ...new Set(missing.filter((one) => one.isExpected === isExpected).map(({ message }) => message)),
  ];
  runner.print(messages(true));
  const faults = messages(false);
  if (faults.length > 0) runner.warn(faults.join("\n"));
};
