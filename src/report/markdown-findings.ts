import { codeFence, codeSpan, markdownLink, markdownProse, markdownText } from "./escape/markdown.ts";
import { clip } from "./escape/plain.ts";
import { markdownTable, more } from "./markdown-table.ts";
import { noLink, type PageOptions } from "./page-options.ts";
import type { Finding, Report } from "./report.ts";
import { byFile, failureWords, targetName, worstFirst } from "./words.ts";

/** Findings by file, worst first where not all are written. */
export const findingsTables = (
  findings: readonly Finding[],
  report: Report,
  { link = noLink, rule }: PageOptions,
  amount = findings.length,
): readonly string[] => {
  const shown = worstFirst(findings).slice(0, amount);
  const groups = [...byFile({ files: report.files, findings: shown })].filter(([, found]) => found.length > 0);
  return [
    ...groups.flatMap(([path, found]) => [
      // Four stars in a row would be a line across the page.
      `**${markdownText(clip(path, 200)).trim() || "?"}**`,
      "",
      ...markdownTable(
        ["line", "", "finding", "rule"],
        ["right", "left", "left", "left"],
        found.map((finding) => [
          markdownLink(String(finding.place.line), link(path, finding.place.line)),
          severityWord[finding.severity],
          `${markdownProse(clip(finding.message, 400))}${fixHint(finding)}`,
          markdownLink(codeSpan(clip(finding.rule, 100)), rule?.(finding.rule)?.helpUri),
        ]),
      ),
      "",
    ]),
    ...more(findings.length - shown.length, "finding"),
  ];
};

/** Each failed build with its line and the end of its output. */
export const failures = (report: Report, { link = noLink }: PageOptions, amount: number): readonly string[] => {
  const failed = (report.targets ?? []).filter(({ build }) => build.status === "failed");
  return [
    ...failed.slice(0, amount).flatMap(({ build }) => {
      if (build.status !== "failed") return [];
      const { failure, target } = build;
      const line = failure.lines?.start;
      const where =
        line === undefined
          ? markdownText(clip(target.dockerfile, 200))
          : markdownLink(`${markdownText(clip(target.dockerfile, 200))}, line ${line}`, link(target.dockerfile, line));
      return [
        `**${markdownText(clip(targetName(target.id), 200))}** did not build: ${markdownProse(clip(failureWords(failure), 500))} (${where})`,
        "",
        ...(failure.log.length === 0
          ? []
          : [
              codeFence(
                failure.log
                  .slice(-20)
                  .map((text) => clip(text, 300))
                  .join("\n")
                  // Whoever looks for the hidden marker of a comment must find none in here.
                  .replaceAll("<!--", "<!\u200b--"),
                "text",
              ),
              "",
            ]),
      ];
    }),
    ...more(failed.length - Math.min(amount, failed.length), "failed build"),
  ];
};

const severityWord = { error: "⛔\u00a0error", warning: "⚠️\u00a0warning", note: "note" };

const fixHint = ({ fix }: Finding): string =>
  fix === undefined ? "" : `<br>fix: ${markdownProse(clip(fix.title, 200))}`;
