import { gunzipSync, gzipSync } from "node:zlib";
import { renderBaseline } from "./report/json.ts";
import type { Report } from "./report/report.ts";

/** Longest hidden comment: the rest of a check run's text is for people. */
export const sizesSpace = 30_000;

/** Of what is read back, in bytes. */
const largestSizes = 16 * 1024 * 1024;

/**
 * The sizes of a run, hidden in the text of its check run for later runs to compare themselves with; without the
 * layers where they do not fit, and undefined where nothing was measured or not even the totals fit.
 */
export const hideSizes = (report: Report): string | undefined => {
  const json = renderBaseline(report);
  const { targets } = JSON.parse(json) as { readonly targets: readonly object[] };
  if (targets.length === 0) return undefined;
  const totals = JSON.stringify({ ...JSON.parse(json), targets: targets.map((target) => ({ ...target, layers: [] })) });
  return [json, totals].map(hidden).find((comment) => comment.length <= sizesSpace);
};

/** The JSON that `hideSizes` put at the end of a text; anywhere else a build's output may have put it. */
export const findSizes = (text: string): string | undefined => {
  const packed = /(?:^|\n)<!-- docker-hygiene sizes 1 gzip ([A-Za-z0-9+/=]+) -->\s*$/.exec(text)?.[1];
  if (packed === undefined) return undefined;
  try {
    return gunzipSync(Buffer.from(packed, "base64"), { maxOutputLength: largestSizes }).toString("utf8");
  } catch {
    return undefined;
  }
};

const hidden = (json: string): string =>
  `<!-- docker-hygiene sizes 1 gzip ${gzipSync(json, { level: 9 }).toString("base64")} -->`;
