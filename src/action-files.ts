import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { makeFolder } from "./adapters/make-folder.ts";
import { renderHtml } from "./report/html.ts";
import { type ReportedCommit, renderJson } from "./report/json.ts";
import type { PageOptions } from "./report/page-options.ts";
import type { Report } from "./report/report.ts";
import { renderSarif, type SarifOptions } from "./report/sarif.ts";

/** Paths of the files, by the names of the action's outputs. */
export interface ReportFiles {
  readonly report: string;
  readonly sarif: string;
  readonly html: string;
}

export interface ReportFileOptions {
  readonly folder: string;
  readonly page: PageOptions;
  readonly sarif: SarifOptions;
  /** What the report is about. */
  readonly commit: ReportedCommit | undefined;
}

/** Writes the report in its three forms; without a folder into one that lives as long as the job. */
export const writeReportFiles = async (report: Report, options: ReportFileOptions): Promise<ReportFiles> => {
  const folder =
    options.folder === ""
      ? await mkdtemp(join(process.env.RUNNER_TEMP ?? tmpdir(), "docker-hygiene-report-"))
      : resolve(process.cwd(), options.folder);
  await makeFolder(folder);
  const files = {
    report: join(folder, "report.json"),
    sarif: join(folder, "report.sarif"),
    html: join(folder, "report.html"),
  };
  await writeFile(files.report, renderJson(report, options.commit));
  await writeFile(files.sarif, renderSarif(report, options.sarif));
  await writeFile(files.html, renderHtml(report, options.page));
  return files;
};
