import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { annotations, workflowCommands } from "../src/report/annotations.ts";
import { renderHtml } from "../src/report/html.ts";
import { renderBaseline, renderJson } from "../src/report/json.ts";
import { renderCheck, renderComment, renderMarkdown } from "../src/report/markdown.ts";
import { noPaint } from "../src/report/paint.ts";
import type { Report } from "../src/report/report.ts";
import { renderSarif } from "../src/report/sarif.ts";
import { renderText } from "../src/report/text.ts";
import { link, repositoryPath, rule, rules, samples } from "./fixtures/report/reports.ts";

const folder = fileURLToPath(new URL("./fixtures/report/", import.meta.url));

/** Set UPDATE=1 to write the files that these tests compare with. */
const isUpdate = process.env.UPDATE === "1";

const outputs: Readonly<Record<string, (report: Report) => string>> = {
  "text.txt": (report) => renderText(report, { paint: noPaint, width: 100, verbosity: "normal", rule }),
  "verbose.txt": (report) => renderText(report, { paint: noPaint, width: 80, verbosity: "verbose", rule }),
  "quiet.txt": (report) => renderText(report, { paint: noPaint, width: 80, verbosity: "quiet" }),
  "report.json": renderJson,
  "baseline.json": renderBaseline,
  "summary.md": (report) => renderMarkdown(report, { link, rule }),
  "comment.md": (report) => renderComment(report, { link, rule, marker: "<!-- docker-hygiene:ci -->" }),
  "check.json": (report) => `${JSON.stringify(renderCheck(report, { link, rule }), undefined, 2)}\n`,
  "report.html": (report) => renderHtml(report, { link, rule }),
  "report.sarif": (report) => renderSarif(report, { rules, repositoryPath, category: "ci" }),
  "annotations.json": (report) =>
    `${JSON.stringify(annotations(report, { annotate: "warning", repositoryPath, rule }), undefined, 2)}\n`,
  "commands.txt": (report) => {
    const { commands, leftOut } = workflowCommands(annotations(report, { annotate: "note", repositoryPath, rule }), 3);
    return `${commands.join("\n")}\nleft out: ${leftOut}\n`;
  },
};

describe.each(Object.entries(samples))("the report of %s", (name, report) => {
  test.each(Object.entries(outputs))("as %s", (output, render) => {
    const path = join(folder, name, output);
    const actual = render(report);
    if (isUpdate) {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(path, actual);
    }
    expect(actual).toBe(readFileSync(path, "utf8"));
  });
});
