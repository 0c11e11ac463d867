import { failuresHtml, findingsHtml, inline, lineTablesHtml, sizesHtml, timelineHtml } from "./html-parts.ts";
import { style, styleHash } from "./html-style.ts";
import { formatDuration } from "./numbers.ts";
import type { PageOptions } from "./page-options.ts";
import type { Report } from "./report.ts";
import { filesCount, foundCounts, headline, secretGaps, secretsLine } from "./words.ts";

/** The full report as one page that loads nothing, runs nothing and follows the reader's light or dark. */
export const renderHtml = (report: Report, options: PageOptions = {}): string => {
  const words = inline(headline(report));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>docker-hygiene: ${words}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1><span class="verdict${report.verdict.status === "fail" ? " fail" : ""}">${report.verdict.status}</span>${words}</h1>
<p class="soft">${foundCounts(report.findings, "all")} in ${filesCount(report)}</p>
</header>
<main>
${[
  sizesHtml(report, options),
  failuresHtml(report, options),
  findingsHtml(report, options),
  lineTablesHtml(report, options),
  timelineHtml(report, options),
  notesHtml(report),
]
  .filter((part) => part !== "")
  .join("\n")}
</main>
<footer>${footer(report)}</footer>
</body>
</html>
`;
};

const notesHtml = ({ notes, secrets }: Report): string => {
  const said = [
    ...(secrets === undefined ? [] : [secretsLine(secrets), ...secretGaps(secrets)].map((line) => `secrets: ${line}`)),
    ...notes,
  ];
  return said.length === 0 ? "" : `<h2>Notes</h2><ul>${said.map((note) => `<li>${inline(note)}</li>`).join("\n")}</ul>`;
};

const footer = ({ baseline, baselineFrom, engine, version, timings }: Report): string =>
  [
    ...(baseline === undefined ? [] : [`sizes since ${inline([baseline, baselineFrom ?? ""].join(" ").trim())}`]),
    ...(engine === undefined ? [] : [inline(engine)]),
    ...timings.map(({ part, milliseconds }) => `${inline(part)} ${formatDuration(milliseconds)}`),
    `docker-hygiene ${inline(version)}`,
  ].join(" · ");
