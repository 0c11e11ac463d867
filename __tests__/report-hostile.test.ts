import { describe, expect, test } from "@jest/globals";
import { marked } from "marked";
import { describeError } from "../src/cli-terminal.ts";
import { UserError } from "../src/errors.ts";
import { type Annotation, annotations, workflowCommands } from "../src/report/annotations.ts";
import { htmlText } from "../src/report/escape/html.ts";
import { codeFence, codeSpan, markdownProse, markdownText } from "../src/report/escape/markdown.ts";
import { clip, manyLines, oneLine } from "../src/report/escape/plain.ts";
import { cells, textWidth } from "../src/report/escape/terminal.ts";
import { withoutCommands, workflowCommand } from "../src/report/escape/workflow-command.ts";
import { renderHtml } from "../src/report/html.ts";
import { renderBaseline, renderJson } from "../src/report/json.ts";
import { renderCheck, renderComment, renderMarkdown } from "../src/report/markdown.ts";
import { noPaint } from "../src/report/paint.ts";
import { advance, liveLines, logLines, startProgress } from "../src/report/progress.ts";
import type { Report } from "../src/report/report.ts";
import { renderSarif } from "../src/report/sarif.ts";
import { renderText } from "../src/report/text.ts";
import { ganttDiagram } from "../src/report/timeline.ts";
import { hostileText } from "./fixtures/report/random.ts";
import { growth } from "./fixtures/report/reports.ts";
import { sarifValidator } from "./fixtures/sarif/validator.ts";
import { randomFrom } from "./random.ts";

const seeds = Array.from({ length: 10 }, (_, index) => index + 1);
const texts = (seed: number): readonly string[] => {
  const random = randomFrom(seed);
  return Array.from({ length: 40 }, () => hostileText(random));
};

/** Every text of a report that somebody else wrote, rewritten. */
const rewritten = (report: Report, write: () => string): Report => {
  const paths = new Map(report.files.map(({ path }, index) => [path, `${index}${write()}`]));
  const path = (old: string): string => paths.get(old) ?? old;
  const ids = new Map((report.targets ?? []).map(({ build }, index) => [build.target.id, `id${index}${write()}`]));
  const id = (old: string): string => ids.get(old) ?? old;
  return {
    ...report,
    files: report.files.map((file) => ({
      ...file,
      path: path(file.path),
      text: file.text.replace(/make|alpine|apk|node/g, () => write().replace(/\n/g, " ")),
    })),
    findings: report.findings.map((finding) => ({
      ...finding,
      path: path(finding.path),
      rule: `r${write()}`,
      message: `m${write()}`,
      related: [{ place: finding.place, message: `o${write()}` }],
      fix: finding.fix && {
        ...finding.fix,
        title: `t${write()}`,
        edits: finding.fix.edits.map((edit) => ({ ...edit, text: write() })),
      },
    })),
    targets: (report.targets ?? []).map(({ build, images, measureError }) => {
      const target = { ...build.target, id: id(build.target.id), dockerfile: path(build.target.dockerfile) };
      const steps = build.steps.map((step) => ({ ...step, name: `s${write()}` }));
      return {
        build:
          build.status === "failed"
            ? {
                ...build,
                target,
                steps,
                failure: {
                  ...build.failure,
                  message: `f${write()}`,
                  log: [`l${write()}`, `l${write()}`],
                  step: steps[0]?.name,
                },
              }
            : { ...build, target, steps },
        images: images.map((image) => ({
          ...image,
          layers: image.layers.map((layer) => ({ ...layer, instruction: `i${write()}` })),
        })),
        measureError,
      };
    }),
    sizes: report.sizes.map((row) => ({
      ...row,
      id: id(row.id),
      dockerfile: path(row.dockerfile),
      lines: row.lines.map((line) => ({ ...line, instruction: `i${write()}` })),
    })),
    baseline: `b${write()}`,
    engine: `e${write()}`,
    notes: [`n${write()}`, `n${write()}`],
    secrets: {
      values: 1,
      forms: 1,
      bytes: 1,
      images: 1,
      found: [{ id: `i${write()}`, target: `t${write()}`, place: `p${write()}` }],
    },
    timings: [{ part: `p${write()}`, milliseconds: 1 }],
  };
};

const hostileReport = (seed: number): Report => {
  const random = randomFrom(seed);
  return rewritten(growth, () => hostileText(random));
};
const harmless = rewritten(growth, () => "word");

const isSarif = sarifValidator();

const link = (_path: string, line: number): string => `https://github.com/org/app/blob/main/Dockerfile#L${line}`;
const marker = "<!-- docker-hygiene:ci -->";

/** What no log, file or page may hold: a command of the runner, or characters that steer a terminal. */
const isInertLog = (text: string): boolean =>
  !text.includes("##[") &&
  !/^[^\S\n]*::(?!endgroup::$|group::)/m.test(text) &&
  !/(?![\n\t])\p{Cc}|(?!\u200b)\p{Cf}|[\u2028\u2029]|\p{Cs}/u.test(text);

/** The elements of a page, without those that code and formulas in a sentence make. */
const elements = (html: string): readonly string[] =>
  (html.match(/<[a-z/!][^>]*>/gi) ?? [])
    .filter((tag) => !/^<\/?(code|span)>$/.test(tag))
    .map((tag) => tag.replace(/ href="https:\/\/github\.com\/org\/app\/blob\/main\/Dockerfile#L\d+"/, " href"));

const markdown = (text: string): string => marked.parse(text, { async: false, gfm: true });

const words = (html: string): string =>
  html
    .replace(/<[^>]*>/g, "")
    .replace(/&(?:#(\d+)|(lt|gt|amp|quot));/g, (_, code: string | undefined, name: string) =>
      code === undefined ? { lt: "<", gt: ">", amp: "&", quot: '"' }[name as "lt"] : String.fromCodePoint(Number(code)),
    )
    .replaceAll("\u200b", "")
    .replace(/\s+/g, " ")
    .trim();

describe("every character that somebody else wrote", () => {
  test.each(seeds)("is a plain sentence in markdown (seed %i)", (seed) => {
    for (const text of texts(seed)) {
      const html = markdown(`a ${markdownText(text)} z`);
      expect([text, elements(html)]).toEqual([text, ["<p>", "</p>"]]);
      expect(words(html)).toBe(`a ${oneLine(text).trim()} z`.replace(/\s+/g, " "));
      expect(html.replace(/&[^;]+;/g, "&")).not.toMatch(/@\w|#\w|gh-\d|:\/\/|www\./i);
    }
  });

  test.each(seeds)("is one piece of code in markdown, also in a table (seed %i)", (seed) => {
    for (const text of texts(seed).filter((each) => oneLine(each).trim() !== "")) {
      const html = markdown(`| a | b |\n|---|---|\n| x ${codeSpan(text)} y | z |`);
      expect([text, html.match(/<t[dh][ >]/g)?.length, html.match(/<code>/g)?.length]).toEqual([text, 4, 1]);
      expect(words(html)).toBe(`a b x ${oneLine(text).trim()} y z`.replace(/\s+/g, " "));
      expect(html).not.toContain("<!--");
    }
  });

  test.each(seeds)("stays in its fence and in its sentence (seed %i)", (seed) => {
    for (const text of texts(seed)) {
      expect([text, elements(markdown(`${codeFence(text, "text")}\n\nz`))]).toEqual([
        text,
        ["<pre>", '<code class="language-text">', "</pre>", "<p>", "</p>"],
      ]);
      expect([text, elements(markdown(`a ${markdownProse(text)} z`))]).toEqual([text, ["<p>", "</p>"]]);
    }
  });

  test.each(seeds)("is no markup in HTML (seed %i)", (seed) => {
    for (const text of texts(seed)) {
      expect(htmlText(text)).not.toMatch(/[<>"'`]|&(?!#\d+;)/);
      expect(words(htmlText(text))).toBe(manyLines(text).replace(/\s+/g, " ").trim());
    }
  });

  test.each(seeds)("cannot steer a terminal (seed %i)", (seed) => {
    for (const text of texts(seed)) {
      const drawn = cells(text.replace(/\n/g, " "));
      const line = drawn.map((cell) => cell.text).join("");
      expect(line).not.toMatch(/\p{Cc}|\p{Cf}|\p{Cs}|[\u2028\u2029]/u);
      expect([text, drawn.reduce((sum, cell) => sum + cell.width, 0)]).toEqual([text, textWidth(line)]);
      expect(isInertLog(withoutCommands(oneLine(text)))).toBe(true);
    }
  });

  test.each(seeds)("comes out of a workflow command as it went in (seed %i)", (seed) => {
    for (const text of texts(seed)) {
      const command = workflowCommand("error", { file: text, line: 1, title: text }, text);
      const [, file, title, message] = /^::error file=([^:,]*),line=1,title=([^:,]*)::(.*)$/s.exec(command) ?? [];
      const shown = (raw = ""): string => raw.replaceAll("\u200b", "");
      const decoded = (raw = ""): string =>
        shown(raw).replace(/%(0A|0D|3A|2C|25)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
      expect([decoded(file), decoded(title), decoded(message)]).toEqual([shown(text), shown(text), shown(text)]);
      expect(command).not.toContain("##[");
    }
  });
});

test("a message that quotes hostile text is inert", () => {
  const error = new UserError("`extends` names \u001b]8;;http://evil\u0007a\u001b[31m ##[error]b\n::error::c");
  expect(describeError(error, "1").text).toBe("docker-hygiene: `extends` names a ##\u200b[error]b\n\u200b::error::c\n");
});

describe("a report full of hostile text", () => {
  test.each(seeds)("is inert in a terminal and in a log (seed %i)", (seed) => {
    const report = hostileReport(seed);
    for (const width of [40, 80, 200]) {
      for (const verbosity of ["quiet", "normal", "verbose"] as const) {
        expect(isInertLog(renderText(report, { paint: noPaint, width, verbosity }))).toBe(true);
      }
    }
    const source = (): string => hostileText(randomFrom(seed));
    for (const { build } of report.targets ?? []) {
      const { target } = build;
      const options = { paint: noPaint, width: 60, source, groups: true };
      const started = advance(startProgress(3), { type: "started", target }, 0);
      const running = advance(started, { type: "step", target, name: hostileText(randomFrom(seed)) }, 0);
      const lines = [
        ...liveLines(running, 1000, options),
        ...logLines({ type: "started", target }, options),
        ...logLines({ type: "step", target, name: hostileText(randomFrom(seed)) }, options),
        ...logLines({ type: "finished", result: build }, options),
      ];
      expect(lines.filter((line) => line.includes("\n"))).toEqual([]);
      expect(isInertLog(lines.join("\n"))).toBe(true);
    }
  });

  test.each(seeds)("has the elements of a harmless one in markdown (seed %i)", (seed) => {
    const report = hostileReport(seed);
    const pages = [
      (each: Report) => renderMarkdown(each, { link }),
      (each: Report) => renderComment(each, { link, marker }),
      (each: Report) => renderCheck(each, { link }).summary,
      (each: Report) => renderCheck(each, { link }).text,
    ];
    for (const render of pages) {
      expect(elements(markdown(render(report)))).toEqual(elements(markdown(render(harmless))));
      expect(isInertLog(render(report))).toBe(true);
    }
    expect(renderComment(report, { link, marker }).match(/<!--/g)).toHaveLength(1);
    expect(renderMarkdown(report, { link })).not.toContain("<!--");
  });

  test.each(seeds)("has the elements of a harmless one in HTML (seed %i)", (seed) => {
    const tags = (report: Report): readonly string[] =>
      elements(renderHtml(report, { link }).replace(/<mark><\/mark>/g, ""));
    expect(tags(hostileReport(seed))).toEqual(tags(harmless));
  });

  test.each(seeds)("draws a diagram with the lines of a harmless one (seed %i)", (seed) => {
    const shape = (report: Report): readonly string[] =>
      (ganttDiagram(report) ?? "")
        .split("\n")
        .map((line) => line.replace(/^( *(?:section|line \d+)).*?( :[^:]*)?$/, "$1$2"));
    expect(shape(hostileReport(seed))).toEqual(shape(harmless));
  });

  test.each(seeds)("says the same after JSON (seed %i)", (seed) => {
    const report = hostileReport(seed);
    for (const text of [renderJson(report), renderBaseline(report)]) {
      expect(isInertLog(text)).toBe(true);
      expect(JSON.parse(text)).toEqual(expect.objectContaining({ schemaVersion: 1, version: "1.0.0" }));
    }
    const findings = (JSON.parse(renderJson(report)) as { findings: { message: string }[] }).findings;
    expect(findings.map(({ message }) => message)).toEqual(report.findings.map(({ message }) => message));
  });

  test.each(seeds)("is valid SARIF with addresses of the repository (seed %i)", (seed) => {
    const text = renderSarif(hostileReport(seed), { rules: [], repositoryPath: (path) => path, category: "a/b" });
    expect(isInertLog(text)).toBe(true);
    isSarif(JSON.parse(text));
    expect(isSarif.errors).toBeNull();
    const addresses = [...text.matchAll(/"uri": "([^"]*)"/g)].map(([, uri]) => uri);
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.filter((uri) => !/^[\w.!~*'()%/-]+$/.test(uri!))).toEqual([]);
  });

  test.each(seeds)("makes annotations that GitHub takes (seed %i)", (seed) => {
    const report = hostileReport(seed);
    const made = annotations(report, { annotate: "note", repositoryPath: (path) => path });
    expect(made.filter((annotation) => !isAccepted(annotation))).toEqual([]);
    expect(made.length).toBe(5);
    for (const command of workflowCommands(made).commands) {
      expect(command).toMatch(/^::(error|warning|notice) file=[^\n\r]*$/);
      expect(command).not.toContain("##[");
    }
  });
});

const isAccepted = (annotation: Annotation): boolean =>
  annotation.start_line >= 1 &&
  annotation.end_line >= annotation.start_line &&
  (annotation.start_column === undefined) === (annotation.end_column === undefined) &&
  (annotation.start_column === undefined ||
    (annotation.start_line === annotation.end_line && annotation.end_column! >= annotation.start_column)) &&
  annotation.title.length <= 255 &&
  annotation.message.length > 0 &&
  new TextEncoder().encode(annotation.message).length <= 64_000 &&
  clip(annotation.title, 255) === annotation.title;
