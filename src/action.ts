import { readFile } from "node:fs/promises";
import { findBase } from "./action-base.ts";
import { lookUpBaseline } from "./action-baseline.ts";
import { commentReport } from "./action-comment.ts";
import { type Delivery, newDelivery } from "./action-delivery.ts";
import { type ReportFileOptions, writeReportFiles } from "./action-files.ts";
import { useKey } from "./action-identity.ts";
import { type ActionInputs, readActionInputs } from "./action-inputs.ts";
import { repositoryLinks } from "./action-links.ts";
import { type Compared, logText, prepare, runPipeline } from "./action-pipeline.ts";
import { cleanUp } from "./action-post.ts";
import { connectForge } from "./adapters/github.ts";
import { type Occasion, readOccasion } from "./adapters/github-event.ts";
import { connectRunner, type Runner, summaryLimit } from "./adapters/github-runner.ts";
import { maskForms, redactor } from "./build/redaction.ts";
import { ruleInfo, ruleInfosOf } from "./cli-report.ts";
import { UserError } from "./errors.ts";
import { redactReport } from "./redact-report.ts";
import { annotations } from "./report/annotations.ts";
import { cutBytes } from "./report/fit.ts";
import { renderMarkdown } from "./report/markdown.ts";
import type { Report } from "./report/report.ts";
import type { RuleInfo } from "./report/rule-info.ts";
import { renderMeasured, renderResults } from "./report/text.ts";

/** Runs the main or the post step of the action; the result is the exit code. */
export const runAction = async (): Promise<number> => {
  const runner = connectRunner();
  const occasion = readOccasion(process.env, await readPayload(process.env.GITHUB_EVENT_PATH));
  if (runner.state("isPost") === "true") {
    await cleanUp(runner, occasion);
    return 0;
  }
  runner.saveState("isPost", "true");
  try {
    return await runMain(runner, occasion);
  } catch (error) {
    return failWith(error, runner);
  }
};

const exitCodes = { pass: 0, fail: 1, usage: 2, bug: 70, stopped: 130 } as const;

const runMain = async (runner: Runner, occasion: Occasion | undefined): Promise<number> => {
  refuseForeignCode(process.env.GITHUB_EVENT_NAME);
  const inputs = readActionInputs(runner.input);
  if (inputs.reportFrom !== "") return commentOnly(runner, occasion, inputs);
  const prepared = await prepare(runner);
  const redact = redactor([...prepared.secretValues, inputs.token]);
  runner.mask([...prepared.secretValues, inputs.token].flatMap(maskForms));
  const forge =
    occasion === undefined || inputs.token === "" ? undefined : connectForge({ token: inputs.token, occasion, redact });
  const delivery = newDelivery({ forge, occasion, inputs, runner });
  const stop = stopOnSignals(delivery);
  await delivery.start();
  try {
    const isBuilding = prepared.settings.build !== false;
    const wantsBase = inputs.onlyNew || (isBuilding && inputs.baseline !== "other");
    const base = wantsBase ? await findBase(forge, occasion, process.cwd()) : undefined;
    const { baseline, note } =
      isBuilding && inputs.baseline === "auto"
        ? await lookUpBaseline(forge, occasion, inputs, base)
        : { baseline: undefined, note: undefined };
    const compared = comparedWith(base, occasion, inputs);
    const run = await runPipeline({ prepared, baseline, compared, runner, redact, signal: stop });
    const measured = {
      ...run,
      findings: await delivery.markChanged(run, repositoryLinks(occasion, process.cwd()).repositoryPath),
    };
    const report = note === undefined ? measured : { ...measured, notes: [...measured.notes, note] };
    if (stop.aborted) return await stopped(delivery);
    return await publish(report, { runner, occasion, inputs, delivery, redact, rule: prepared.rule });
  } catch (error) {
    if (stop.aborted) return await stopped(delivery);
    const message = error instanceof UserError ? error.message : "docker-hygiene itself failed; the log says where.";
    await delivery.abandon("failure", "docker-hygiene could not finish", message);
    throw error;
  }
};

const commentOnly = (runner: Runner, occasion: Occasion | undefined, inputs: ActionInputs): Promise<number> => {
  const redact = redactor([inputs.token]);
  const forge =
    occasion === undefined || inputs.token === "" ? undefined : connectForge({ token: inputs.token, occasion, redact });
  return commentReport({ forge, occasion, inputs, runner, rule: ruleInfo });
};

/** A run without a commit to compare with is one on the default branch by schedule or by hand. */
const comparedWith = (
  base: string | undefined,
  occasion: Occasion | undefined,
  { baseline, onlyNew, token }: ActionInputs,
): Compared | undefined => {
  if (base === undefined || occasion?.base === undefined || base === occasion.headSha) return undefined;
  const { serverUrl, owner, repository } = occasion;
  return {
    base,
    branch: occasion.base.branch,
    remote: { url: `${serverUrl}/${owner}/${repository}`, serverUrl, token },
    asksFindings: onlyNew,
    asksSizes: baseline === "build",
  };
};

/** Building a Dockerfile runs its code, which here would hold a write token and the repository's secrets. */
const refuseForeignCode = (event: string | undefined): void => {
  if (event !== "pull_request_target") return;
  throw new UserError(
    "pull_request_target: building a Dockerfile runs the pull request's code, and this event would hand it a write token and the secrets. Use `on: pull_request`.",
  );
};

/** The runner sends SIGINT, SIGTERM after 7.5 s and SIGKILL 2.5 s later; what is not done by then, the post step does. */
const stopOnSignals = (delivery: Delivery): AbortSignal => {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.stopped);
    controller.abort();
    void stopped(delivery);
    setTimeout(() => process.exit(exitCodes.stopped), 7000).unref();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return controller.signal;
};

const stopped = async (delivery: Delivery): Promise<number> => {
  await delivery.abandon("cancelled", "Cancelled", "The job was cancelled before docker-hygiene was done.");
  return exitCodes.stopped;
};

interface Publication {
  readonly runner: Runner;
  readonly occasion: Occasion | undefined;
  readonly inputs: ActionInputs;
  readonly delivery: Delivery;
  readonly redact: (text: string) => string;
  readonly rule: (id: string) => RuleInfo | undefined;
}

/** Log, files and summary hold everything whatever GitHub does; then come check run, comment and outputs. */
const publish = async (raw: Report, publication: Publication): Promise<number> => {
  const { runner, occasion, inputs, delivery, redact, rule } = publication;
  const report = redactReport(raw, redact);
  const links = repositoryLinks(occasion, process.cwd());
  const page = { link: links.link, rule };
  runner.printInert(renderMeasured(report, { ...logText, rule }) + renderResults(report, { ...logText, rule }));
  if (report.files.length === 0) runner.warn("There is no Dockerfile here. Check the inputs `paths` and `files`.");
  const category = occasion === undefined ? "docker-hygiene" : useKey(occasion, inputs.matrix);
  const sarif = { rules: ruleInfosOf(report), repositoryPath: links.repositoryPath, category };
  const files = await attempt(runner, "the report files", () =>
    writeReportFiles(report, { folder: inputs.outputFolder, page, sarif, commit: commitOf(occasion) }),
  );
  await attempt(runner, "the job summary", () => runner.summary(cutBytes(renderMarkdown(report, page), summaryLimit)));
  const { annotate } = inputs;
  const shown =
    annotate === "none" ? [] : annotations(report, { annotate, repositoryPath: links.repositoryPath, rule });
  const delivered = await attempt(runner, "the check run or the comment", () =>
    delivery.finish(report, { annotations: shown, markdown: page, repositoryPath: links.repositoryPath }),
  );
  const found = (severity: string): string =>
    String(report.findings.filter((finding) => finding.severity === severity).length);
  const outputs = {
    verdict: report.verdict.status,
    errors: found("error"),
    warnings: found("warning"),
    notes: found("note"),
    sizes: JSON.stringify(report.sizes.map(sizeOutput)),
    ...files,
    "comment-url": delivered?.commentUrl ?? "",
    "check-url": delivered?.checkUrl ?? "",
  };
  await attempt(runner, "the outputs", async () => {
    for (const [name, value] of Object.entries(outputs)) runner.output(name, value);
  });
  return exitCodes[report.verdict.status];
};

const commitOf = (occasion: Occasion | undefined): ReportFileOptions["commit"] =>
  occasion && { repository: `${occasion.owner}/${occasion.repository}`, sha: occasion.headSha };

const sizeOutput = (row: Report["sizes"][number]): unknown => ({
  id: row.id,
  platform: row.platform,
  change: row.change,
  pullBytes: row.pullBytes ?? null,
  diskBytes: row.diskBytes ?? null,
  before: row.before ?? null,
});

const attempt = async <T>(runner: Runner, what: string, write: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await write();
  } catch (error) {
    runner.warn(`${what} could not be written: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
};

const failWith = (error: unknown, runner: Runner): number => {
  if (error instanceof UserError) {
    runner.fail(error.message);
    return exitCodes.usage;
  }
  runner.printInert(error instanceof Error ? (error.stack ?? error.message) : String(error));
  runner.fail("docker-hygiene itself failed. Please report it with the lines of the log above.");
  return exitCodes.bug;
};

const readPayload = async (path: string | undefined): Promise<unknown> => {
  if (path === undefined) return {};
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return {};
  }
};
