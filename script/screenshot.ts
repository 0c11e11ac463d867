/**
 * Draws markdown as GitHub shows it, for the README:
 *
 *   node script/screenshot.ts comment.md docs/images/comment.png [width]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { marked } from "marked";

const style = `
body { margin: 0; background: #fff; color: #1f2328; font: 14px/1.5 "Noto Sans", "Liberation Sans", "DejaVu Sans", sans-serif }
main { margin: 12px; padding: 16px 20px; border: 1px solid #d1d9e0; border-radius: 6px }
h2 { font-size: 21px; border-bottom: 1px solid #d1d9e0b3; padding-bottom: 6px } h3 { font-size: 17px } h2, h3 { margin: 0 0 12px }
p, table, details { margin: 0 0 12px }
table { border-collapse: collapse } th, td { border: 1px solid #d1d9e0; padding: 5px 11px } tr:nth-child(2n) td { background: #f6f8fa }
code { background: #818b981f; padding: 2px 5px; border-radius: 6px; font: 12px "Liberation Mono", "DejaVu Sans Mono", monospace }
pre { background: #f6f8fa; padding: 12px; border-radius: 6px } pre code { background: none; padding: 0 }
a { color: #0969da } sub { font-size: 11px; color: #59636e } p:last-child { margin: 0 }`;

const chromium = (argv: readonly string[]): string =>
  execFileSync("chromium", ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", ...argv], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 60_000,
  });

const draw = (from: string, to: string, width: number): void => {
  const folder = mkdtempSync(join(tmpdir(), "docker-hygiene-screenshot-"));
  const page = join(folder, "page.html");
  const body = marked.parse(readFileSync(from, "utf8"), { async: false, gfm: true });
  const measure = "document.title = document.documentElement.scrollHeight";
  try {
    writeFileSync(
      page,
      `<!doctype html><meta charset="utf-8"><style>${style}</style><main>${body}</main><script>${measure}</script>`,
    );
    const address = pathToFileURL(page).href;
    const dom = chromium([`--user-data-dir=${folder}/profile`, `--window-size=${width},100`, "--dump-dom", address]);
    const height = Number(/<title>(\d+)<\/title>/.exec(dom)?.[1] ?? 800);
    chromium([
      `--user-data-dir=${folder}/profile`,
      `--window-size=${width},${height}`,
      `--screenshot=${resolve(to)}`,
      address,
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
};

const [from, to, width] = process.argv.slice(2);
if (from === undefined || to === undefined)
  throw new Error("usage: node script/screenshot.ts FILE.md FILE.png [width]");
draw(from, to, Number(width ?? 1012));
